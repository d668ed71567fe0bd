"""Models: values go with variables, and are baked in as what they begin with."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import residual

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.quantize.model import Model, fixed_nodes


def test_values_that_are_not_given_are_the_initial_ones() -> None:
    graph = residual()
    model = Model.of(graph, {"first_b": np.full(16, 7, np.float32)})
    assert model.values["first_b"].tolist() == [7.0] * 16
    np.testing.assert_array_equal(model.values["last_b"], flow.State(graph)["last_b"])


def test_values_that_fit_no_variable_are_refused() -> None:
    with pytest.raises(GraphError, match="first_c"):
        Model.of(residual(), {"first_c": np.zeros(16, np.float32)})


def test_a_baked_graph_begins_with_the_values_and_keeps_what_training_may_change() -> None:
    graph = flow.Graph("g")
    w = graph.variable("w", dtype="float32", shape=[2], initializer="zeros", trainable=False)
    n = graph.variable("n", dtype="int64", shape=[], initializer="zeros")
    graph.output("y", w * 2.0)
    graph.output("n", n)
    baked = Model.of(graph, {"w": np.array([1, 2], np.float32), "n": np.array(3)}).baked()
    assert flow.run(baked)["y"].tolist() == [2, 4]
    assert flow.run(baked)["n"].dtype == np.int64
    assert baked.nodes["w"].block.attrs() == {"trainable": False}
    assert Model.of(baked).baked() == baked


def test_fixed_nodes_follow_from_variables_alone() -> None:
    graph = residual()
    graph.output("sum", graph.ref("first_w") + 1.0)
    fixed = fixed_nodes(graph)
    assert {"first_w", graph.outputs["sum"].node} <= fixed
    assert "first" not in fixed
    assert "x" not in fixed

"""A sample as a graph: which operands are fed, under which names, and which are constants."""

from __future__ import annotations

import numpy as np
import pytest
from made_blocks import Made

from dataflow import blocks, run
from dataflow.conformance.sample_graph import fed, wired
from dataflow.conformance.samples import Sample, documented


def test_inputs_are_fed_by_port_and_position():
    sample = Sample(blocks["Concat"](), ((np.float32([[1]]), np.float32([[2]])), np.int32(0)))
    graph, (ref,), feeds = wired(sample)
    assert {name: array.tolist() for name, array in feeds.items()} == {"values_0": [[1]], "values_1": [[2]]}
    assert list(graph.inputs) == ["values_0", "values_1"]
    assert graph.nodes["node"].block == sample.block
    graph.output("y", ref)
    assert run(graph, feeds)["y"].tolist() == [[1], [2]]


@pytest.mark.parametrize("known, shape", [(True, (2,)), (False, (None,))])
def test_shapes_may_be_left_to_the_run(known, shape):
    graph, _, feeds = wired(documented(Made)[0], known)
    assert graph.inputs["x_0"].shape == shape
    assert feeds["x_0"].tolist() == [1.0, 2.5]


def test_the_dtype_is_that_of_the_sample():
    graph, _, _ = wired(Sample(Made(), (np.float16([1]),)))
    assert graph.inputs["x_0"].dtype == "float16"


def test_what_is_assigned_is_a_variable():
    sample = documented(blocks["ApplyGradientDescent"])[0]
    graph, _, feeds = wired(sample)
    assert type(graph.nodes["var_0"].block).__name__ == "Variable"
    assert type(graph.nodes["delta_0"].block).__name__ == "Placeholder"
    assert set(feeds) == {"var_0", "alpha_0", "delta_0"}


def test_what_is_left_open_is_not_fed():
    sample = Sample(blocks["Variable"](dtype="float32", shape=[1]), (None,))
    assert list(fed(sample)) == []
    graph, refs, feeds = wired(sample)
    assert (len(refs), feeds, list(graph.nodes)) == (1, {}, ["node"])


def test_wires_come_one_per_output():
    _, refs, _ = wired(documented(blocks["MinMaxObserver"])[0])
    assert [ref.port for ref in refs] == ["min", "max"]
    assert wired(Sample(blocks["NoOp"](), ()))[1] == []

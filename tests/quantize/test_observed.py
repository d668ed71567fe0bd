"""What accumulators held, and ranges that data leaves."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.quantize.bounds import Bounds, derive_bounds
from dataflow.quantize.model import Model
from dataflow.quantize.observed import observed

B = flow.blocks


@pytest.fixture
def bounds() -> Bounds:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 2], range=[-1, 4])
    xq = B["FakeQuantWithMinMaxArgs"](min=0.0, max=7.5, num_bits=4)(x)
    w = B["FakeQuantSymmetric"](num_bits=3)(graph.variable("w", np.array([[1], [-3]], np.float32)), np.float32(3))
    graph.output("y", B["MatMul"]()(xq, w, name="y"))
    graph.add(B["Relu"](), [graph.ref("y")], name="z", range=[0, 2])
    return derive_bounds(Model.of(graph, {"w": np.array([[2], [-3]], np.float32)}))


def test_ends_are_those_of_all_batches_in_whole_steps(bounds: Bounds) -> None:
    batches = [{"x": np.array([[1, 0.5]], np.float32)}, {"x": np.array([[0, 4], [0.5, 0]], np.float32)}]
    assert observed(bounds, batches) == {"y": (-24, 2)}
    assert bounds.widths[0].ends == (-24, 16)


def test_values_beyond_what_is_declared_for_them_are_told_by_node(bounds: Bounds) -> None:
    with pytest.raises(DataflowError) as caught:
        observed(bounds, [{"x": np.array([[5, 0]], np.float32)}, {"x": np.array([[2, 0]], np.float32)}])
    assert str(caught.value).splitlines() == [
        "node 'x' (Placeholder): range must be that of its values, [0, 5] here, got [-1, 4]",
        "node 'z' (Relu): range must be that of its values, [4, 4] here, got [0, 2]",
    ]


def test_inputs_that_no_accumulator_needs_may_be_there(bounds: Bounds) -> None:
    assert observed(bounds, [{"x": np.zeros((1, 2), np.float32), "label": np.zeros(1)}]) == {"y": (0, 0)}

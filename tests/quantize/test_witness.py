"""Witnesses: inputs that reach what was derived for first layers, whatever those are."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.random_networks import network

import dataflow as flow
from dataflow.graph.graph import Graph
from dataflow.quantize.bounds import Bounds, derive_bounds
from dataflow.quantize.model import Model
from dataflow.quantize.observed import traced, whole_ends
from dataflow.quantize.witness import find_witness, find_witnesses, rows

B = flow.blocks


def first_layer(name: str, low: float = 0.0, attrs: dict[str, object] | None = None, seed: int = 0) -> Bounds:
    """A layer that reads a quantized and reshaped input."""
    rng = np.random.default_rng(seed)
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 50], range=[low, 1])
    rows = B["Reshape"]()(B["FakeQuantWithMinMaxArgs"](min=low, max=1.0, num_bits=5)(x), [-1, 5, 5, 2])
    if name == "MatMul":
        rows = B["Reshape"]()(rows, [-1, 50])
    shape = {"MatMul": (50, 4), "Conv2D": (3, 3, 2, 4), "DepthwiseConv2dNative": (3, 3, 2, 2)}[name]
    w = graph.constant(rng.standard_normal(shape).astype(np.float32))
    block = B[name](**({} if name == "MatMul" else {"strides": [1, 1, 1, 1], "padding": "SAME", **(attrs or {})}))
    graph.output("y", block(rows, B["FakeQuantSymmetric"](num_bits=4)(w, np.float32(2)), name="y"))
    return derive_bounds(Model.of(graph))


@pytest.mark.parametrize("low", [0.0, -1.0])
@pytest.mark.parametrize("name", ["MatMul", "Conv2D", "DepthwiseConv2dNative"])
@pytest.mark.parametrize("seed", range(3))
def test_the_bound_of_a_first_layer_is_attained(name: str, low: float, seed: int) -> None:
    bounds = first_layer(name, low, seed=seed)
    (width,) = bounds.widths
    witness = find_witness(bounds, width)
    assert witness is not None
    assert witness.attained
    assert witness.feeds["x"].shape == (1, 50)
    assert (witness.feeds["x"] >= low).all() and (witness.feeds["x"] <= 1).all()


def test_a_run_of_the_witness_reaches_the_end_that_decides_the_width() -> None:
    bounds = first_layer("Conv2D")
    (width,) = bounds.widths
    witness = find_witness(bounds, width)
    assert witness is not None
    sums = flow.run(traced(bounds.model.graph, ["y"]), x=witness.feeds["x"])["y"]
    ends = whole_ends(width, sums)
    assert witness.reached in ends
    assert width.ends is not None and witness.reached == max(width.ends, key=abs)


def test_signs_between_the_input_and_the_layer_are_followed() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 3], range=[-2, 1])
    turned = B["FakeQuantWithMinMaxArgs"](min=-2.0, max=2.0, num_bits=4)(B["Negate"]()(x))
    w = B["FakeQuantSymmetric"](num_bits=3)(graph.constant(np.array([[3], [-2], [1]], np.float32)), np.float32(3))
    graph.output("y", B["MatMul"]()(turned, w, name="y"))
    bounds = derive_bounds(Model.of(graph))
    witness = find_witness(bounds, bounds.widths[0])
    assert witness is not None and witness.attained
    assert witness.feeds["x"].tolist() == [[-2, 1, -2]]


def test_no_witness_goes_beyond_what_was_derived_and_some_of_all_first_layers_are_attained() -> None:
    seen = 0
    for seed in range(8):
        bounds = derive_bounds(Model.of(network(seed)))
        for name, witness in find_witnesses(bounds).items():
            width = next(w for w in bounds.widths if w.node.name == name)
            low, high = width.ends or (0, 0)
            assert low <= witness.reached <= high
            seen += witness.attained
    assert seen >= 4


def test_sums_of_quantized_numbers_have_no_gradient_and_so_no_witness() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 3], range=[0, 1])
    q = B["QuantizeV2"](T="quint8")(x, 0.0, 1.0)
    weights = graph.constant(np.array([[0], [200], [255]], np.uint8))
    graph.output("y", B["QuantizedMatMul"]()(q.output, weights, 0.0, 1.0, -1.0, 1.0, name="y").out)
    bounds = derive_bounds(Model.of(graph))
    (width,) = bounds.widths
    assert width.ends == (-128 * 255, (72 + 127) * 255)
    assert find_witness(bounds, width) is None


def test_an_input_that_may_be_anything_has_no_witness() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 1])
    xq = B["FakeQuantWithMinMaxArgs"]()(x)
    w = B["FakeQuantWithMinMaxArgs"]()(graph.constant(np.ones((1, 1), np.float32)))
    graph.output("y", B["MatMul"]()(xq, w, name="y"))
    bounds = derive_bounds(Model.of(graph))
    assert bounds.widths[0].derived is not None
    assert find_witness(bounds, bounds.widths[0]) is None


def two_inputs(first: object) -> Graph:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", [first, 2], range=[0, 1])  # type: ignore[list-item]
    graph.input("label", "int64", ["N"], range=[3, 5])
    graph.input("other", "float32", None)
    w = B["FakeQuantSymmetric"](num_bits=3)(graph.constant(np.eye(2, dtype=np.float32)), np.float32(1))
    xq = B["FakeQuantWithMinMaxArgs"](min=0.0, max=1.0)(x)
    y = B["MatMul"]()(xq, w, name="y")
    yq = B["FakeQuantWithMinMaxArgs"](min=0.0, max=1.0)(y)
    graph.output("z", B["MatMul"]()(yq, w, name="z"))
    return graph


def test_witnesses_are_rows_of_one_batch_beside_values_for_all_other_inputs_of_known_shape() -> None:
    bounds = derive_bounds(Model.of(two_inputs("N")))
    found = find_witnesses(bounds)
    batch = rows(bounds.model.graph, [*found.values()])
    assert [*found] == ["y", "z"]
    assert {name: array.shape for name, array in batch.items()} == {"x": (2, 2), "label": (2,)}
    assert batch["label"].tolist() == [3, 3]


def test_inputs_without_a_dim_for_rows_have_one_witness() -> None:
    assert [*find_witnesses(derive_bounds(Model.of(two_inputs(1))))] == ["y"]

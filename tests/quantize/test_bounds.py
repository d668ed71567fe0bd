"""Bounds: no value leaves them, first layers reach them, and they decide how wide accumulators are."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import images as images_network
from quantize.nets import quantized, residual
from quantize.random_networks import images, network

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.engine.plan import Plan
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.quantize.bounds import Bounds, bits, derive_bounds
from dataflow.quantize.lower import lower
from dataflow.quantize.model import Model

B = flow.blocks
SLOW = pytest.mark.slow


def runs(bounds: Bounds, count: int, seed: int) -> dict[Link, np.ndarray]:
    """The values of all wires for random inputs."""
    graph = bounds.model.graph.copy()
    links = [link for link in bounds.ranges if graph.nodes[link.node].types[link.port].dtype == "float32"]
    graph.outputs = {str(i): link for i, link in enumerate(links)}
    found = Plan(graph).run({"x": images(graph, count, seed)})
    return dict(zip(links, found.values(), strict=True))


def check_no_value_leaves_its_bounds(seed: int, count: int) -> int:
    bounds = derive_bounds(Model.of(network(seed)))
    values = runs(bounds, count, seed)
    for link, value in values.items():
        range = bounds.ranges[link]
        assert ((value >= range.low) & (value <= range.high)).all(), (seed, link)
        if range.units is not None:
            steps = np.rint(value.astype(np.float64) / range.units.step)
            assert ((steps >= range.units.low) & (steps <= range.units.high)).all(), (seed, link)
    for width in bounds.widths:
        if width.accumulator is not None:
            assert width.derived <= width.by_type
            value = values[Link(width.node.name, next(iter(width.node.types)))]
            steps = np.rint(value.astype(np.float64) / width.accumulator.step)
            assert ((steps >= width.accumulator.low) & (steps <= width.accumulator.high)).all(), (seed, width.node)
    return sum(width.accumulator is not None for width in bounds.widths)


def test_no_value_of_some_random_networks_leaves_its_bounds() -> None:
    assert sum(check_no_value_leaves_its_bounds(seed, 200) for seed in range(12)) > 24


@SLOW
def test_no_value_of_a_hundred_random_networks_leaves_its_bounds_in_two_thousand_inputs() -> None:
    assert sum(check_no_value_leaves_its_bounds(seed, 2000) for seed in range(100, 200)) > 200


def dense(**kwargs: object) -> Graph:
    """Codes of four bits times weights of three, and a bias on the grid of the sums."""
    graph = flow.Graph("dense")
    x = graph.input("x", "float32", ["N", 3], **kwargs)  # type: ignore[arg-type]
    xq = B["FakeQuantWithMinMaxArgs"](min=0.0, max=15.0, num_bits=4)(x, name="xq")
    w = graph.variable("w", np.array([[3, -1], [2, 1], [-3, 2]], np.float32))
    wq = B["FakeQuantSymmetric"](num_bits=3)(w, np.float32(3), name="wq")
    y = B["MatMul"]()(xq, wq, name="y")
    z = B["BiasAdd"]()(y, B["QuantizeBias"]()(graph.variable("b", np.array([-4, 5], np.float32)), 1.0, 1.0), name="z")
    graph.output("z", z)
    return graph


def test_accumulators_of_a_dense_layer() -> None:
    first, second = derive_bounds(Model.of(dense(range=[0, 15]))).widths
    assert (first.node.name, first.ends, first.by_type, first.derived) == ("y", (-45, 75), 9, 8)
    assert (second.node.name, second.ends, second.accumulator.terms) == ("z", (-49, 75), 4)
    assert first.exact_in_float32 and first.fits(8) and not first.fits(7)


def test_a_narrower_declared_range_needs_fewer_bits_and_none_at_all_those_of_the_grid() -> None:
    assert derive_bounds(Model.of(dense(range=[0, 5]))).widths[0].ends == (-15, 25)
    assert derive_bounds(Model.of(dense())).widths[0].ends == (-45, 75)


def test_the_values_of_variables_are_those_of_the_model() -> None:
    values = {"w": np.array([[1, 0], [0, 0], [0, -2]], np.float32)}
    assert derive_bounds(Model.of(dense(range=[0, 15]), values)).widths[0].ends == (-30, 15)


def test_declared_ranges_of_nodes_count() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N"])
    y = graph.add(B["Identity"](), [x], name="y", range=[-1, 2])
    graph.output("z", B["Square"]()(y, name="z"))
    bounds = derive_bounds(Model.of(graph))
    assert [r.origin for r in bounds.ranges.values()] == ["assumed", "declared", "derived"]
    assert bounds.ranges[Link("z", "y")].high.item() == 4
    assert bounds.assumed == [Link("x", "output")]


def test_a_declared_range_that_cannot_be_is_refused() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N"], range=[0, 1])
    graph.add(B["Negate"](), [x], name="y", range=[0.5, 2])
    said = (
        r"node 'y' \(Negate\): range must have something in common with what follows from its inputs, \[-1, -?0\], got"
    )
    with pytest.raises(GraphError, match=said):
        derive_bounds(Model.of(graph))


@pytest.mark.parametrize("quantized", ["xq", "wq"])
def test_sums_that_are_no_whole_numbers_say_why(quantized: str) -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 2], range=[0, 1])
    w = graph.constant(np.eye(2, dtype=np.float32), name="w")
    x = B["FakeQuantWithMinMaxArgs"]()(x, name="xq") if quantized == "xq" else x
    w = B["FakeQuantWithMinMaxArgs"]()(w, name="wq") if quantized == "wq" else w
    graph.output("y", B["MatMul"]()(x, w, name="y"))
    (width,) = derive_bounds(Model.of(graph)).widths
    assert (width.derived, width.ends, width.fits(64)) == (None, None, False)
    assert width.why == f"input '{'b' if quantized == 'xq' else 'a'}' is not quantized"


def test_steps_that_differ_within_a_sum_say_so() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 2], range=[0, 1])
    xq = B["FakeQuantWithMinMaxVarsPerChannel"]()(x, np.zeros(2, np.float32), np.array([1, 2], np.float32))
    w = graph.constant(np.eye(2, dtype=np.float32))
    graph.output("y", B["MatMul"]()(xq, B["FakeQuantWithMinMaxArgs"]()(w), name="y"))
    (width,) = derive_bounds(Model.of(graph)).widths
    assert width.why == "steps differ within a sum"


def test_integer_graphs_are_bounded_too() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "int32", ["N", 2], range=[-5, 3])
    graph.output("y", B["MatMul"]()(x, np.array([[2], [-1]], np.int32), name="y"))
    (width,) = derive_bounds(Model.of(graph)).widths
    assert (width.ends, width.derived) == ((-13, 11), 5)


@pytest.mark.parametrize("net", [residual, images_network])
@pytest.mark.parametrize("bits", [3, 8])
def test_a_lowered_graph_has_the_accumulators_of_the_quantized_one(net: object, bits: int) -> None:
    graph: Graph = net(0)  # type: ignore[operator]
    sizes = [d for d in graph.inputs["x"].shape or () if isinstance(d, int)]
    x = np.random.default_rng(1).standard_normal((60, *sizes)).astype(np.float32)
    model = quantized(graph, bits, x)
    real, whole = derive_bounds(model), derive_bounds(lower(model).model)
    pairs = [*zip(real.widths, whole.widths, strict=True)]
    assert len(pairs) >= 5
    assert pairs[0][0].ends == pairs[0][1].ends
    for one, other in pairs:
        assert (one.node.name, one.derived) == (other.node.name, other.derived)
        # what is added between them is rounded to whole steps of another grid
        np.testing.assert_allclose(one.ends, other.ends, rtol=0.05)


def test_no_integer_of_a_lowered_graph_leaves_its_bounds() -> None:
    graph = images_network(2)
    x = np.random.default_rng(4).standard_normal((300, 8, 8, 3)).astype(np.float32)
    model = lower(quantized(graph, 4, x)).model
    bounds = derive_bounds(model)
    wires = [link for link in bounds.ranges if model.graph.nodes[link.node].types[link.port].dtype != "float32"]
    traced = model.baked().copy()
    traced.outputs = {str(i): link for i, link in enumerate(wires)}
    seen = 0
    for link, value in zip(wires, flow.run(traced, x=x * 3).values(), strict=True):
        range = bounds.ranges[link]
        assert ((value >= range.low) & (value <= range.high)).all(), link
        seen += bool(value.dtype == np.int32)
    assert seen >= 5


@pytest.mark.parametrize(
    "low, high, wanted", [(0, 0, 1), (0, 1, 2), (-1, 0, 1), (-2, 1, 2), (-128, 127, 8), (0, 128, 9), (-129, 0, 9)]
)
def test_bits_of_signed_integers(low: int, high: int, wanted: int) -> None:
    assert bits(low, high) == wanted

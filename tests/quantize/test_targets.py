"""Targets: which wires need a range, and where quantizers keep it."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import residual

import dataflow as flow
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.quantize.insert import insert_quantizers
from dataflow.quantize.model import Model
from dataflow.quantize.recipe import recipe
from dataflow.quantize.sites import activation_wires
from dataflow.quantize.targets import find_targets, without_quantizers

B = flow.blocks
PLAIN = {"weights": {"bits": 8}, "activations": {"bits": 4, "range": "min_max"}, "bias": {}}


def quantized(plain: dict[str, object]) -> Model:
    model = Model.of(residual())
    asked = recipe(plain)
    return insert_quantizers(model, asked, dict.fromkeys(activation_wires(model.graph, asked), (-4.0, 12.0)))


def test_quantizers_are_found_as_the_recipe_would_put_them_in() -> None:
    to_come = find_targets(residual(), recipe(PLAIN))
    there = find_targets(quantized(PLAIN).graph, recipe(PLAIN))
    assert [(t.wire, t.observed, t.bits, t.symmetric, t.method) for t in there] == [
        (t.wire, t.observed, t.bits, t.symmetric, t.method) for t in to_come
    ]
    assert [t.bits for t in there] == [4] * len(there)
    assert all(t.quantizer is None for t in to_come)
    assert {*there[0].variables.values()} == {"x/min", "x/max"}


@pytest.mark.parametrize("learn", [None, "lsq", "pact", "tqt"])
def test_a_range_goes_into_the_variables_of_any_quantizer(learn: str | None) -> None:
    plain = {**PLAIN, "learn": learn} if learn else {**PLAIN, "activations": {"bits": 4, "symmetric": True}}
    for target in find_targets(quantized(plain).graph):
        low, high = np.float32(-1.5 if target.symmetric else 0.0), np.float32(1.5)
        values = target.values(low, high)
        assert {*values} == {*target.variables.values()}
        grid = target.grid(low, high)
        top = float(grid.scale) * (grid.high - int(grid.zero_point))
        assert 1.5 - 1e-6 - float(grid.scale) <= top <= 2.0


def test_nothing_but_zeros_has_a_range_that_holds_more() -> None:
    (target, *_) = find_targets(quantized(PLAIN).graph)
    assert target.values(np.float32(0), np.float32(0)) == {"x/min": 0, "x/max": 1}


def test_without_quantizers_the_graph_is_the_float_one() -> None:
    float_graph, made = residual(), quantized(PLAIN)
    bare = without_quantizers(made)
    x = np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32)
    np.testing.assert_array_equal(flow.run(bare.graph, x=x)["y"], flow.run(float_graph, x=x)["y"])
    assert not {"x_q", "first_w_q"} & {*bare.graph.nodes}


def by_channel() -> Graph:
    graph = flow.Graph("channels")
    x = graph.input("x", "float32", ["N", 3])
    low, high = graph.variable("low", [0.0] * 3), graph.variable("high", [1.0] * 3)
    graph.output("y", B["FakeQuantWithMinMaxVarsPerChannel"]()(x, low, high, name="x_q"))
    return graph


def test_channels_with_ranges_of_their_own_are_kept_apart() -> None:
    (target,) = find_targets(by_channel())
    assert (target.wire, target.observed.apart, target.observed.channels) == ("x by channel", True, -1)
    low, high = np.array([-1, 0, -2], np.float32), np.array([1, 3, 0], np.float32)
    np.testing.assert_array_equal(target.values(low, high)["high"], high)
    assert target.grid(low, high).scale.shape == (3,)


def test_what_is_known_and_what_keeps_no_range_is_no_target() -> None:
    graph = flow.Graph("none")
    x = graph.input("x", "float32", ["N", 3])
    weights = graph.variable("w", np.ones((3, 2), np.float32))
    m = graph.variable("m", 1.0)
    fixed = B["FakeQuantWithMinMaxArgs"]()(x)
    graph.output("y", B["MatMul"]()(fixed, B["FakeQuantSymmetric"]()(weights, m)))
    assert find_targets(graph) == []


def test_the_axis_of_channels_is_that_of_the_layer() -> None:
    graph = flow.Graph("nchw")
    x = graph.input("x", "float32", ["N", 3, 4, 4])
    weights = graph.variable("w", np.ones((3, 3, 3, 2), np.float32))
    graph.output("y", B["Conv2D"](strides=[1, 1, 1, 1], padding="SAME", data_format="NCHW")(x, weights))
    (target,) = find_targets(graph)
    assert target.observed.link == Link("x", "output")
    assert target.observed.channels == 1

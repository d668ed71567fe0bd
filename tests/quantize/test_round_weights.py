"""Weights rounded so that the outputs of layers change least: by AdaRound and by GPTQ."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from quantize import nets

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.core.quantized import Grid
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.quantize.adaround import adaround
from dataflow.quantize.gptq import gptq
from dataflow.quantize.layer import Layer
from dataflow.quantize.model import Model
from dataflow.quantize.recipe import recipe
from dataflow.quantize.round_weights import round_weights
from dataflow.training.array_split import ArraySplit

METHODS = {"adaround": adaround, "gptq": gptq}


def made(graph: Graph, rounding: str, shape: tuple[int, ...], **weights: object) -> tuple[Model, Model, Model, Array]:
    """The real model, the quantized one, that with its weights rounded, and rows whose numbers are correlated."""
    random = np.random.default_rng(1)
    mixed = np.eye(shape[-1]) + 0.5 * random.normal(size=(shape[-1], shape[-1]))
    rows = (random.normal(size=shape) @ mixed).astype(np.float32)
    plain = {"bits": 3, "rounding": rounding, **weights}
    asked = recipe({"weights": plain, "activations": {"bits": 10}})
    quantized = nets.quantized(graph, 3, rows, weights=plain, activations={"bits": 10}, bias=None)
    data = ArraySplit(graph, "train", {"x": rows})
    return Model.of(graph), quantized, round_weights(quantized, Model.of(graph), asked, data, 256), rows


def outputs(model: Model, rows: Array, wire: str = "y") -> Array:
    graph = model.graph.copy()
    ref = graph.ref(wire)
    graph.outputs = {"seen": Link(ref.node, ref.port)}
    found = flow.run(graph, {"x": rows}, state=flow.State(graph, values=model.values))["seen"]
    return np.asarray(found, np.float64)


@pytest.mark.parametrize("rounding", METHODS)
@pytest.mark.parametrize("per", [{"per": "tensor"}, {"per": "channel"}, {"per": "group", "group": 4}])
def test_outputs_come_nearer_and_weights_are_levels(rounding: str, per: dict[str, object]) -> None:
    real, quantized, rounded, rows = made(nets.residual(), rounding, (256, 8), **per)
    wanted = outputs(real, rows)
    errors = [np.mean(np.square(outputs(model, rows) - wanted)) for model in (quantized, rounded)]
    assert errors[1] < 0.8 * errors[0]
    changed = [name for name, value in rounded.values.items() if not np.array_equal(value, quantized.values[name])]
    assert changed == ["first_w", "inner_w", "second_w", "last_w"]
    again = rounded.evaluate(Link(f"{name}_q", "y") for name in changed)
    for link, value in again.items():
        assert np.array_equal(value, rounded.values[link.node.removesuffix("_q")])
    assert all("to the nearest" in note for note in rounded.notes[-4:])


@pytest.mark.parametrize(("rounding", "depthwise"), [("adaround", False), ("gptq", False), ("adaround", True)])
def test_convolutions(rounding: str, depthwise: bool) -> None:
    graph = nets.normalized(depthwise=depthwise)
    real, quantized, rounded, rows = made(graph, rounding, (64, 5, 5, 4))
    wanted = outputs(real, rows, "conv")
    errors = [np.mean(np.square(outputs(model, rows, "conv") - wanted)) for model in (quantized, rounded)]
    assert errors[1] < (1.0 if depthwise else 0.9) * errors[0]  # a filter of nine weights has little to choose from


def layer(weights: Array, inputs: Array, bits: int = 3) -> Layer:
    graph = Graph("g")
    x, w = graph.input("x", "float32", ["N", weights.shape[0]]), graph.variable("w", weights)
    graph.output("y", flow.blocks.MatMul()(x, w, name="product"))
    node = graph.nodes["product"]
    step = np.float32(np.abs(weights).max() / (2 ** (bits - 1) - 1))
    most = 2 ** (bits - 1) - 1
    grid = Grid(np.asarray(step, np.float64), np.zeros((), np.int64), -most, most)
    return Layer(node, node.block.quantized_as, weights, grid, inputs, inputs @ weights)


def test_one_output_is_rounded_nearly_as_well_as_can_be() -> None:
    random = np.random.default_rng(5)
    worse = []
    for _ in range(4):
        mixed = random.normal(size=(6, 6))
        given = layer(
            random.normal(size=(6, 1)).astype(np.float32),
            (random.normal(size=(400, 6)) @ mixed).astype(np.float32),
        )
        floor = np.floor(given.weights.astype(np.float64) / given.steps)
        ways = (floor + np.reshape(up, (6, 1)) for up in itertools.product((0, 1), repeat=6))
        best = min(
            given.error(given.on_grid(np.clip(way, given.grid.low, given.grid.high).astype(int))) for way in ways
        )
        made = adaround(given)
        assert np.abs(made - given.weights).max() <= given.steps.max() * 1.0001
        worse.append((given.error(made) / best, given.error(given.nearest) / best))
    assert max(ratio for ratio, _ in worse) < 1.6 < max(ratio for _, ratio in worse)


def test_inputs_that_have_nothing_in_common_leave_each_weight_at_the_nearest() -> None:
    weights = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    given = layer(weights, np.eye(8, dtype=np.float32))
    assert np.array_equal(gptq(given), given.nearest)


def test_inputs_that_are_never_seen_do_no_harm() -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(64, 8)).astype(np.float32)
    inputs[:, 3] = 0
    for method in METHODS.values():
        assert np.isfinite(method(layer(random.normal(size=(8, 5)).astype(np.float32), inputs))).all()


def test_the_same_every_time() -> None:
    random = np.random.default_rng(0)
    given = layer(*(random.normal(size=shape).astype(np.float32) for shape in ((8, 5), (64, 8))))
    for method in METHODS.values():
        assert method(given).tobytes() == method(given).tobytes()


def test_what_stays_is_told() -> None:
    *_, rounded, _ = made(nets.residual(), "nearest", (16, 8))
    assert not any("rounded by" in note for note in rounded.notes)
    *_, rounded, _ = made(nets.residual(), "gptq", (16, 8), bits=1)
    assert rounded.notes[-1] == "last: weights rounded to the nearest, their levels are not about 0.0"
    graph = nets.normalized(depthwise=True)
    with pytest.raises(DataflowError, match=r"node 'conv' .*depthwise product are not rounded by gptq; take adaround"):
        made(graph, "gptq", (16, 5, 5, 4))


def test_weights_that_two_read_stay() -> None:
    graph = Graph("shared")
    x = graph.input("x", "float32", ["N", 4])
    w = graph.variable("w", np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32))
    y = flow.blocks.MatMul()(x, w, name="one")
    graph.output("y", y + flow.blocks.Sum()(w, 0))
    *_, rounded, _ = made(graph, "gptq", (16, 4))
    assert rounded.notes[-1] == "one: weights rounded to the nearest, 'sum' reads them too"

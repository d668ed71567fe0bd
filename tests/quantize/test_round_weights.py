"""Weights rounded so that the outputs of layers change least: by AdaRound and by GPTQ."""

from __future__ import annotations

import numpy as np
import pytest
from quantize import nets

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.quantize.model import Model
from dataflow.quantize.recipe import recipe
from dataflow.quantize.round_weights import round_weights
from dataflow.training.array_split import ArraySplit

METHODS = (pytest.param("adaround", marks=pytest.mark.slow), "gptq")


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


@pytest.mark.parametrize(
    ("rounding", "depthwise"),
    [pytest.param("adaround", False, marks=pytest.mark.slow), ("gptq", False), ("adaround", True)],
)
def test_convolutions(rounding: str, depthwise: bool) -> None:
    graph = nets.normalized(depthwise=depthwise)
    real, quantized, rounded, rows = made(graph, rounding, (64, 5, 5, 4))
    wanted = outputs(real, rows, "conv")
    errors = [np.mean(np.square(outputs(model, rows, "conv") - wanted)) for model in (quantized, rounded)]
    assert errors[1] < (1.0 if depthwise else 0.9) * errors[0]  # a filter of nine weights has little to choose from


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

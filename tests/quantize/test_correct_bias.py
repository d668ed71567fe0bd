"""Bias correction: layers have the mean outputs that they had, and are nearer to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from quantize.nets import images, quantized, residual

import dataflow as flow
from dataflow.graph.graph import Graph
from dataflow.quantize.correct_bias import correct_bias
from dataflow.quantize.model import Model
from dataflow.training.array_split import ArraySplit

B = flow.blocks


def _split(graph: Graph, rows: int = 400) -> ArraySplit:
    sizes = [d for d in graph.inputs["x"].shape or () if isinstance(d, int)]
    values = np.random.default_rng(5).standard_normal((rows, *sizes)).astype(np.float32)
    return ArraySplit(graph, "train", {"x": values})


def _mean_error(model: Model, reference: Graph, data: ArraySplit) -> float:
    x = data.rows()["x"]
    apart = flow.run(model.baked(), x=x)["y"].astype(np.float64) - flow.run(reference, x=x)["y"]
    return float(np.abs(apart.mean(0)).max())


def test_mean_outputs_are_those_of_the_reference() -> None:
    for graph in (residual(4), images(4)):
        data = _split(graph)
        model = quantized(graph, 3, data.rows()["x"], bias=None)
        corrected = correct_bias(model, Model.of(graph), data)
        assert _mean_error(corrected, graph, data) < 0.02 * _mean_error(model, graph, data)


def test_biases_on_a_grid_are_corrected_before_they_are_rounded() -> None:
    graph = residual(4)
    data = _split(graph)
    model = quantized(graph, 4, data.rows()["x"])
    corrected = correct_bias(model, Model.of(graph), data)
    assert _mean_error(corrected, graph, data) < 0.3 * _mean_error(model, graph, data)
    assert corrected.graph == model.graph
    assert [note.partition(":")[0] for note in corrected.notes[-4:]] == [
        f"{n}_sum" for n in ("first", "inner", "second", "last")
    ]


def test_layers_without_a_bias_are_named() -> None:
    graph = images()
    data = _split(graph, 50)
    corrected = correct_bias(quantized(graph, 4, data.rows()["x"]), Model.of(graph), data)
    assert "point: not corrected, it has no bias in a variable" in corrected.notes


def test_layers_that_were_skipped_stay() -> None:
    graph = residual()
    data = _split(graph)
    model = quantized(graph, 4, data.rows()["x"], skip=["inner"])
    corrected = correct_bias(replace(model, notes=()), Model.of(graph), data)
    assert not [note for note in corrected.notes if note.startswith("inner")]
    np.testing.assert_array_equal(corrected.values["inner_b"], model.values["inner_b"])

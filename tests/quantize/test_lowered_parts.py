"""What lowering leaves with real numbers, and the notes that say why."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import inputs, quantized, real_parts, residual

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.quantize.lower import lower
from dataflow.quantize.model import Model

B = flow.blocks


def test_what_has_no_form_computes_with_real_numbers_and_a_note_says_why() -> None:
    graph = residual()
    x = inputs(graph)
    model = quantized(graph, 8, x, weights={"bits": 4, "per": "group", "group": 4})
    lowered = lower(model).model
    assert "first computes with real numbers: its weights have a step for each group" in lowered.notes
    np.testing.assert_allclose(
        flow.run(lowered.baked(), x=x)["y"], flow.run(model.baked(), x=x)["y"], rtol=1e-4, atol=1e-4
    )


def test_skipped_layers_stay_real() -> None:
    graph = residual()
    x = inputs(graph)
    model = quantized(graph, 8, x, skip=["inner"])
    lowered = lower(model).model
    assert type(lowered.graph.nodes["inner"].block).__name__ == "MatMul"
    np.testing.assert_allclose(
        flow.run(lowered.baked(), x=x)["y"], flow.run(model.baked(), x=x)["y"], rtol=0.05, atol=0.05
    )


def test_biases_that_are_on_no_grid_are_rounded_and_that_is_said() -> None:
    graph = residual()
    lowered = lower(quantized(graph, 8, inputs(graph), bias=None)).model
    assert "first_sum: its bias is rounded to the grid of the sums" in lowered.notes


def test_a_graph_without_quantizers_is_refused() -> None:
    with pytest.raises(DataflowError, match="must have quantizers to be lowered, got none; quantize it first"):
        lower(Model.of(residual()))


def test_a_ceiling_that_is_still_to_be_cut_is_cut_before_real_numbers() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 8])
    product = B["MatMul"]()(x, graph.variable("w", np.eye(8, dtype=np.float32)), name="product")
    graph.output("y", B["Exp"]()(B["Relu6"]()(product, name="cut"), name="y"))
    rows = inputs(graph) * 4
    assert real_parts(graph, rows) == []
    lowered = lower(quantized(graph, 8, rows)).model
    assert type(lowered.graph.nodes["cut/cut"].block).__name__ == "ClipByValue"


def test_means_over_a_number_of_rows_that_is_not_known_stay_real() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", "T", 8])
    first = B["BatchMatMulV2"]()(x, graph.variable("v", np.ones((8, 8), np.float32)), name="first")
    mean = B["Mean"]()(first, [1], name="mean")
    graph.output("y", B["MatMul"]()(mean, graph.variable("w", np.ones((8, 2), np.float32)), name="last"))
    rows = np.random.default_rng(9).standard_normal((20, 3, 8)).astype(np.float32)
    (note,) = [note for note in real_parts(graph, rows) if note.startswith("mean")]
    assert note.endswith("how many values it takes the mean of is not known")


def test_a_range_for_each_channel_of_values_stays_real() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 8])
    ends = [np.full(8, -3, np.float32), np.full(8, 3, np.float32)]
    rounded = B["FakeQuantWithMinMaxVarsPerChannel"]()(x, *ends, name="x_q")
    graph.output("y", B["MatMul"]()(rounded, graph.variable("w", np.ones((8, 2), np.float32)), name="product"))
    notes = real_parts(graph, inputs(graph))
    assert "x_q computes with real numbers: it has a range for each channel" in notes
    assert "product computes with real numbers: what it reads has no codes" in notes


def test_values_joined_on_several_grids_without_a_quantizer_after_them_stay_real() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 8])
    parts = [
        B["MatMul"]()(x, graph.variable(f"w{i}", np.full((8, 2), 0.5 + i, np.float32)), name=f"p{i}") for i in (0, 1)
    ]
    graph.output("y", B["ConcatV2"]()(parts, -1, name="joined"))
    (note,) = real_parts(graph, inputs(graph))
    assert note == "joined computes with real numbers: what it reads is on several grids, and no quantizer follows"


def test_means_over_dims_that_are_not_known_stay_real() -> None:
    graph = flow.Graph("ranks")
    x = graph.input("x", "float32")
    y = B["BatchMatMulV2"]()(x, graph.variable("w", np.eye(8, dtype=np.float32)), name="product")
    mean = B["Mean"]()(y, [1], name="mean")
    graph.output("y", B["BatchMatMulV2"]()(mean, graph.variable("v", np.eye(8, dtype=np.float32)), name="last"))
    rows = np.random.default_rng(4).standard_normal((3, 6, 8)).astype(np.float32)
    model = quantized(graph, 8, rows)
    lowered = lower(model).model
    assert "mean computes with real numbers: how many values it takes the mean of is not known" in lowered.notes
    after, before = (flow.run(each.baked(), x=rows)["y"] for each in (lowered, model))
    np.testing.assert_allclose(after, before, atol=1e-5)


@pytest.mark.parametrize("block", ["AddV2", "BiasAdd"])
def test_what_is_added_along_other_axes_than_that_of_channels_is_no_bias(block: str) -> None:
    rng = np.random.default_rng(8)
    graph = flow.Graph("columns")
    x = graph.input("x", "float32", ["N", 3, 4, 4])
    conv = B["Conv2D"](strides=[1, 1, 1, 1], padding="SAME", data_format="NCHW")
    product = conv(x, graph.variable("w", rng.standard_normal((1, 1, 3, 4)).astype(np.float32)), name="product")
    graph.output("y", B[block]()(product, graph.variable("b", np.arange(4, dtype=np.float32)), name="sum"))
    rows = rng.standard_normal((5, 3, 4, 4)).astype(np.float32)
    model = quantized(graph, 8, rows)
    assert "b_q" not in model.graph.nodes
    after, before = (flow.run(each.baked(), x=rows)["y"] for each in (lower(model).model, model))
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_one_number_added_to_all_channels_is_no_bias() -> None:
    graph = flow.Graph("one")
    product = B["MatMul"]()(
        graph.input("x", "float32", ["N", 8]), graph.variable("w", np.eye(8, dtype=np.float32)), name="product"
    )
    graph.output("y", B["AddV2"]()(product, graph.variable("b", np.ones(1, np.float32)), name="sum"))
    rows = inputs(graph)
    model = quantized(graph, 8, rows)
    assert "b_q" not in model.graph.nodes
    after, before = (flow.run(each.baked(), x=rows)["y"] for each in (lower(model).model, model))
    np.testing.assert_allclose(after, before, atol=1e-5)

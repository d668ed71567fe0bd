"""Folding: the same values within rounding, fewer nodes, and a reason where it is not done."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import normalized

import dataflow as flow
from dataflow.graph.graph import Graph
from dataflow.quantize.fold import fold_batch_norm
from dataflow.quantize.model import Model

B = flow.blocks


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize("nchw", [False, True])
def test_the_folded_graph_computes_the_same(bias: bool, depthwise: bool, nchw: bool) -> None:
    graph = normalized(3, bias, depthwise, nchw)
    x = np.random.default_rng(1).standard_normal((7, 4, 5, 5) if nchw else (7, 5, 5, 4)).astype(np.float32)
    folded = fold_batch_norm(Model.of(graph))
    before, after = flow.run(graph, x=x)["y"], flow.run(folded.baked(), x=x)["y"]
    assert np.abs(before - after).max() <= 1e-5 * np.abs(before).max()
    assert set(folded.graph.nodes) == {"x", "w", "offset", "conv", "norm", "positive"}
    assert folded.notes == ("norm folded into w of conv",)


def test_folding_twice_changes_nothing() -> None:
    once = fold_batch_norm(Model.of(normalized()))
    twice = fold_batch_norm(once)
    assert twice.graph == once.graph
    assert twice.notes == once.notes


def _also_read(name: str) -> Graph:
    graph = normalized(bias=name == "biased")
    graph.output("also", graph.ref(name))
    return graph


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (_also_read("conv"), "conv is also read by output also"),
        (_also_read("biased"), "biased is also read by output also"),
        (_also_read("w"), "w is also read by output also"),
        (_also_read("offset"), "offset is also read by output also"),
        (_also_read("norm.reserve_space_1"), "its output reserve_space_1 is read by output also"),
    ],
    ids=["product", "bias", "weights", "offset", "statistics"],
)
def test_what_something_else_reads_is_left_alone(graph: Graph, reason: str) -> None:
    left = fold_batch_norm(Model.of(graph))
    assert left.graph is graph
    assert left.notes == (f"norm not folded: {reason}",)


def test_a_graph_as_it_is_trained_is_left_alone() -> None:
    graph = flow.load("dataflow:digits/cnn.yaml", training=True)
    left = fold_batch_norm(Model.of(graph))
    assert len(left.notes) == 2
    assert all("it normalizes by the batch" in note for note in left.notes)


def test_the_nodes_that_keep_statistics_go_with_them() -> None:
    folded = fold_batch_norm(Model.of(flow.load("dataflow:digits/cnn.yaml")))
    assert not [name for name in folded.graph.nodes if "mean" in name or "variance" in name or "scale" in name]
    assert len(folded.graph.nodes) == 25


def test_a_normalization_of_other_channels_than_those_of_the_product_stays() -> None:
    graph = flow.Graph("columns")
    x = graph.input("x", "float32", ["N", 4, 4, 4])
    weights = graph.variable("w", np.ones((1, 1, 4, 4), np.float32))
    conv = B["Conv2D"](strides=[1, 1, 1, 1], padding="SAME", data_format="NCHW")(x, weights, name="conv")
    given = [graph.variable(name, np.arange(1, 5, dtype=np.float32)) for name in ("scale", "offset", "mean", "var")]
    norm = B["FusedBatchNormV3"](is_training=False)(conv, *given, name="norm")
    graph.output("y", norm.y)
    folded = fold_batch_norm(Model.of(graph))
    assert folded.notes == ("norm not folded: its channels are not those of conv",)
    assert folded.graph == graph

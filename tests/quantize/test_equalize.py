"""Equalization: the same values, and weights whose channels have like ranges."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import dense, images, residual

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph
from dataflow.quantize.equalize import equalize
from dataflow.quantize.model import Model

B = flow.blocks


def _chain(uneven: bool = True, relu6: bool = False) -> Graph:
    """A convolution, a depthwise one, pooling, flattening and a dense layer."""
    rng = np.random.default_rng(2)
    graph = flow.Graph("chain")
    x = graph.input("x", "float32", ["N", 4, 4, 3])
    conv = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    weights = rng.standard_normal((3, 3, 3, 5)) * (10.0 ** np.arange(-2, 3) if uneven else 1.0)
    y = B["Conv2D"](**conv)(x, graph.variable("a_w", weights.astype(np.float32)), name="a")
    y = B["BiasAdd"]()(y, graph.variable("a_b", rng.standard_normal(5).astype(np.float32)), name="a_sum")
    y = B["Relu6" if relu6 else "Relu"]()(y, name="a_relu")
    deep = graph.variable("b_w", rng.standard_normal((3, 3, 5, 2)).astype(np.float32))
    y = B["DepthwiseConv2dNative"](**conv)(y, deep, name="b")
    y = B["Relu"]()(y, name="b_relu")
    y = B["MaxPool"](ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")(y, name="pool")
    y = B["Reshape"]()(y, [-1, 40], name="flat")
    graph.output("y", dense(graph, y, "last", 3, rng, relu=False))
    return graph


def _x(graph: Graph) -> Array:
    sizes = [d for d in graph.inputs["x"].shape or () if isinstance(d, int)]
    made: Array = np.random.default_rng(8).standard_normal((30, *sizes)).astype(np.float32)
    return made


@pytest.mark.parametrize("graph", [_chain(), residual(), images()], ids=lambda g: g.name)
def test_outputs_stay_within_rounding(graph: Graph) -> None:
    model = equalize(Model.of(graph))
    before, after = (flow.run(g, x=_x(graph))["y"].astype(np.float64) for g in (graph, model.baked()))
    assert np.square(before - after).sum() < np.square(before).sum() * 1e-10  # 100 dB
    assert model.graph == graph


def test_both_sides_of_a_channel_have_one_range() -> None:
    model = equalize(Model.of(_chain()))
    own = np.abs(model.values["a_w"]).max((0, 1, 2))
    read = np.abs(model.values["b_w"]).max((0, 1, 3))
    np.testing.assert_allclose(own, read, rtol=1e-3)
    made = np.abs(model.values["b_w"]).max((0, 1)).reshape(-1)
    read = np.abs(model.values["last_w"]).reshape(4, 10, 3).max((0, 2))
    np.testing.assert_allclose(made, read, rtol=1e-3)


def test_the_note_says_by_how_much() -> None:
    notes = equalize(Model.of(_chain())).notes
    assert [note.partition(" equalized")[0] for note in notes] == ["a and b", "b and last"]
    assert "before" in notes[0]


def test_what_has_a_ceiling_is_not_scaled() -> None:
    notes = equalize(Model.of(_chain(relu6=True))).notes
    assert [note.partition(" equalized")[0] for note in notes] == ["b and last"]


def test_values_that_something_else_reads_are_left_alone() -> None:
    graph = _chain()
    for name in ("a_relu", "pool"):
        graph.output(name, graph.ref(name))
    model = equalize(Model.of(graph))
    assert model.notes == ("not equalized: no two layers follow one another with only biases and Relu between them",)
    np.testing.assert_array_equal(model.values["a_w"], flow.State(graph)["a_w"])


def test_channels_that_are_all_zero_stay() -> None:
    graph = _chain()
    values = {"a_w": flow.State(graph)["a_w"].copy()}
    values["a_w"][..., 2] = 0
    model = equalize(Model.of(graph, values))
    assert np.isfinite(model.values["b_w"]).all()
    assert not model.values["a_w"][..., 2].any()

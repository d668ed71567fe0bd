"""Quantizers in graphs: what they are called, what they round to, who reads them."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import residual

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.graph.node import Link
from dataflow.quantize.insert import insert_quantizers
from dataflow.quantize.model import Model
from dataflow.quantize.recipe import recipe
from dataflow.quantize.sites import activation_wires

B = flow.blocks
EIGHT = {"weights": {"bits": 8}, "activations": {"bits": 8}, "bias": {}}


def _quantized(plain: dict[str, object], seed: int = 0) -> Model:
    model = Model.of(residual(seed))
    asked = recipe(plain)
    return insert_quantizers(model, asked, dict.fromkeys(activation_wires(model.graph, asked), (-4.0, 12.0)))


def test_names_say_what_is_quantized() -> None:
    made = _quantized(EIGHT).graph
    assert {"x_q", "x/min", "x/max", "first_w_q", "first_w/max", "first_b_q", "x/scale", "first_w/scale"} <= {
        *made.nodes
    }
    assert made.nodes["first"].link("a") == Link("x_q", "outputs")
    assert made.nodes["add"].link("y") == made.nodes["inner"].link("a")
    assert made.outputs == residual().outputs


def test_inserting_twice_changes_nothing() -> None:
    once = _quantized(EIGHT)
    assert insert_quantizers(once, recipe(EIGHT), {}).graph == once.graph


def test_weights_lie_on_the_grid_of_the_quantizer() -> None:
    made = _quantized({"weights": {"bits": 3}})
    (rounded,) = made.evaluate([Link("first_w_q", "y")]).values()
    ends = made.values["first_w/max"]
    grid = made.graph.nodes["first_w_q"].block.grid(None, ends)
    assert grid is not None
    np.testing.assert_array_equal(grid.values(grid.codes(rounded)), rounded)
    assert len(np.unique(rounded[:, 0])) <= 7


def test_biases_are_whole_steps_of_the_sums() -> None:
    made = _quantized(EIGHT)
    wires = [Link("first_b_q", "quantized"), Link("x/scale", "scale"), Link("first_w/scale", "scale")]
    bias, *scales = made.evaluate(wires).values()
    steps = bias / (scales[0].astype(np.float64) * scales[1])
    assert np.abs(steps - np.rint(steps)).max() < 1e-2
    assert np.abs(bias - made.values["first_b"]).max() <= (scales[0] * scales[1]).max()


def test_the_quantized_graph_is_near_the_float_one_and_nearer_with_more_bits() -> None:
    x = np.random.default_rng(2).standard_normal((200, 8)).astype(np.float32)
    exact = flow.run(residual(), x=x)["y"]
    errors = []
    for bits in (4, 6, 8, 10):
        plain = {"weights": {"bits": bits}, "activations": {"bits": bits}}
        errors.append(float(np.abs(flow.run(_quantized(plain).baked(), x=x)["y"] - exact).mean()))
    assert errors == sorted(errors, reverse=True)
    assert errors[2] < 0.03 * np.abs(exact).mean()


def test_steps_are_learned_in_their_place() -> None:
    made = _quantized({**EIGHT, "learn": "lsq"})
    assert type(made.graph.nodes["x_q"].block).__name__ == "LearnedStepQuantize"
    assert made.graph.nodes["x/step"].block.trainable
    assert made.graph.nodes["first_b_q"].link("input_scale") == Link("x/step", "ref")
    assert made.values["x/step"] == np.float32(12 / 127)


def test_a_comment_says_what_each_layer_got_and_widths_are_params() -> None:
    layout = _quantized(EIGHT).graph.layout
    assert layout.comments["first_w_q"] == "first: 8-bit weights by channel (mse), 8-bit activations (mse)"
    assert layout.written["nodes", "first_w_q", "attrs", "num_bits"] == "$weight_bits"
    assert layout.written["params", "weight_bits"] == {"type": "int", "default": 8, "doc": "width of the weights"}


def _tied(per: str, **recipes: object) -> Model:
    """One matrix, read by a layer and, turned, by another."""
    graph = flow.Graph("tied")
    w = graph.variable("w", np.random.default_rng(5).standard_normal((8, 8)).astype(np.float32))
    first = B["MatMul"]()(graph.input("x", "float32", ["N", 8]), w, name="first")
    graph.output("y", B["MatMul"](transpose_b=True)(first, w, name="last"))
    asked = recipe({"weights": {"bits": 8, "per": per}, **recipes})
    return insert_quantizers(Model.of(graph), asked, {})


def test_tied_weights_have_one_quantizer_or_one_for_the_channels_of_each_layer() -> None:
    whole, channels = (_tied(per).graph for per in ("tensor", "channel"))
    assert whole.nodes["first"].link("b") == whole.nodes["last"].link("b")
    assert [channels.nodes[name].link("b").node for name in ("first", "last")] == ["w_q", "w_q_2"]
    with pytest.raises(DataflowError, match="'w' must be read with one width, got 8 bits for first and 4 for last"):
        _tied("channel", overrides={"last": {"weights": {"bits": 4}}})


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(wrong: float) -> None:
    model = Model.of(residual())
    weights = model.values["inner_w"].copy()
    weights[2, 3] = wrong
    with pytest.raises(DataflowError, match=r"'inner_w': weights must be finite, got 1 of 256 that are not"):
        insert_quantizers(Model.of(model.graph, {"inner_w": weights}), recipe({"weights": {"bits": 8}}), {})

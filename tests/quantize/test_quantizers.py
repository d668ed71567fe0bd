"""The nodes of quantizers: blocks by width, symmetry and what is learned, and the step that biases need."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.graph.rebuild import Rebuild
from dataflow.quantize.quantizers import Quantized, free_name, quantize_activations, quantize_weights
from dataflow.quantize.recipe import recipe


def _rebuild() -> Rebuild:
    graph = flow.Graph("g")
    graph.input("x", "float32", ["N", 4])
    graph.variable("w", np.ones((4, 3), np.float32))
    new = Rebuild(graph)
    for node in graph.nodes.values():
        new.copy(node)
    return new


def _activations(new: Rebuild, low: float, high: float, learn: str | None = None, **plain: object) -> Quantized:
    settings = recipe({"activations": plain}).activations
    assert settings is not None
    return quantize_activations(new, new.result.ref("x"), "x", settings, (low, high), learn)


def _block(new: Rebuild, made: Quantized) -> str:
    return repr(new.result.nodes[made.wire.node].block)


@pytest.mark.parametrize(
    ("plain", "learn", "block"),
    [
        ({"bits": 4}, None, "FakeQuantWithMinMaxVars(num_bits=4)"),
        ({"bits": 4, "symmetric": True}, None, "FakeQuantSymmetric(num_bits=4)"),
        ({"bits": 1, "symmetric": True}, "range", "FakeQuantSymmetric(num_bits=1)"),
        ({"bits": 3}, "lsq", "LearnedStepQuantize(num_bits=3)"),
        ({"bits": 3}, "tqt", "TrainedThresholdQuantize(num_bits=3)"),
        ({"bits": 3}, "pact", "FakeQuantWithMinMaxVars(num_bits=3)"),  # which is for values from 0 on
    ],
)
def test_blocks_of_values(plain: dict[str, object], learn: str | None, block: str) -> None:
    new = _rebuild()
    assert _block(new, _activations(new, -1.0, 2.0, learn, **plain)) == block


def test_values_that_are_never_negative_have_unsigned_steps() -> None:
    new = _rebuild()
    made = _activations(new, 0.5, 3.0, "lsq", bits=2)
    assert _block(new, made) == "LearnedStepQuantize(num_bits=2, signed=False)"
    assert flow.State(new.result)["x/step"] == np.float32(1)


@pytest.mark.parametrize(("low", "bits"), [(0.0, 2), (0.0, 8), (-2.0, 1), (-2.0, 2), (-2.0, 4)])
@pytest.mark.parametrize("learn", ["lsq", "tqt", "pact"])
def test_what_is_trained_begins_with_the_range_and_has_the_step_of_the_grid(low: float, bits: int, learn: str) -> None:
    new = _rebuild()
    made = _activations(new, low, 2.5, learn, bits=bits, symmetric=low < 0)
    node, scale = new.result.nodes[made.wire.node], made.scale(new)
    new.result.output("scale", scale)
    number = flow.State(new.result)[node.link([*node.inputs][1]).node]
    grid = node.block.grid(None, number)
    assert grid is not None
    found = flow.run(new.result, x=np.zeros((1, 4), np.float32))["scale"]
    assert found == grid.scale.astype(np.float32)
    top = float(grid.scale) * grid.high
    assert top == pytest.approx(2.5) if learn != "tqt" else 2.5 / np.sqrt(2) <= top <= 2.5 * np.sqrt(2)


def test_ranges_are_trained_only_where_asked() -> None:
    for learn, trained in ((None, False), ("range", True)):
        new = _rebuild()
        _activations(new, -1.0, 2.0, learn, bits=8)
        assert new.result.nodes["x/min"].block.trainable is trained


def test_a_range_has_zero_in_it_and_more_than_zero() -> None:
    new = _rebuild()
    _activations(new, 1.0, 2.0, bits=8)
    assert (flow.State(new.result)["x/min"], flow.State(new.result)["x/max"]) == (0.0, 2.0)
    new = _rebuild()
    _activations(new, 0.0, 0.0, bits=8)
    assert flow.State(new.result)["x/max"] == 1.0


def test_one_bit_is_a_sign() -> None:
    with pytest.raises(DataflowError, match="values of 1 bit are signs"):
        _activations(_rebuild(), 0.0, 1.0, bits=1)


@pytest.mark.parametrize("plain", [{"bits": 5}, {"bits": 5, "symmetric": True}])
def test_the_step_is_that_of_the_grid_to_the_bit(plain: dict[str, object]) -> None:
    new = _rebuild()
    made = _activations(new, -0.7, 2.3, **plain)
    scale = made.scale(new)
    assert made.scale(new) is scale
    node = new.result.nodes[made.wire.node]
    new.result.output("scale", scale)
    ends = [flow.State(new.result)[node.link(port).node] for port in [*node.inputs][1:]]
    grid = node.block.grid(None, *ends)
    assert grid is not None
    assert flow.run(new.result, x=np.zeros((1, 4), np.float32))["scale"] == grid.scale.astype(np.float32)


def test_weights_by_group_have_a_range_each_and_no_learned_steps() -> None:
    settings = recipe({"weights": {"bits": 4, "per": "group", "group": 2}}).weights
    assert settings is not None
    new = _rebuild()
    made = quantize_weights(new, new.result.ref("w"), "w", settings, np.ones((2, 3), np.float32), 1, 0, None)
    assert new.result.nodes[made.wire.node].block == flow.blocks["FakeQuantSymmetric"](num_bits=4, axis=0, group=2)
    with pytest.raises(DataflowError, match="for a tensor or each channel, got groups"):
        quantize_weights(new, new.result.ref("w"), "w", settings, np.ones((2, 3), np.float32), 1, 0, "lsq")


def test_names_that_are_taken_are_counted_on() -> None:
    new = _rebuild()
    assert [free_name(new, "x"), free_name(new, "y")] == ["x_2", "y"]

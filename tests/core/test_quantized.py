"""Grids of quantizers: their codes and values are those of what the blocks give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.quantized import Grid, Passes, Product, Quantizer

rng = np.random.default_rng(5)
X = (rng.standard_normal((40, 6)) * 3).astype(np.float32)
LOW, HIGH = -np.linspace(0.1, 2, 6).astype(np.float32), np.linspace(0.5, 3, 6).astype(np.float32)
B = flow.blocks

QUANTIZERS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "args": (B["FakeQuantWithMinMaxArgs"](min=-1.0, max=2.5, num_bits=5), ()),
    "vars": (B["FakeQuantWithMinMaxVars"](), (np.float32(-1.1), np.float32(2.3))),
    "narrow": (B["FakeQuantWithMinMaxVars"](num_bits=4, narrow_range=True), (np.float32(-2), np.float32(2))),
    "channels": (B["FakeQuantWithMinMaxVarsPerChannel"](num_bits=3), (LOW, HIGH)),
    "rows": (B["FakeQuantWithMinMaxVarsPerChannel"](axis=0), (np.full(40, -1, np.float32), np.full(40, 1, np.float32))),
    "zero": (B["FakeQuantWithMinMaxVars"](), (np.float32(0), np.float32(0))),
    "attrs": (B["QuantizeAndDequantize"](num_bits=4, range_given=True, input_min=-1.0, input_max=1.5), ()),
    "measured": (B["QuantizeAndDequantizeV2"](num_bits=4), (np.float32(0), np.float32(0))),
    "unsigned": (
        B["QuantizeAndDequantizeV2"](num_bits=4, range_given=True, signed_input=False),
        (np.float32(0), np.float32(2)),
    ),
    "slices": (B["QuantizeAndDequantizeV4"](num_bits=4, range_given=True, axis=1, narrow_range=True), (LOW, HIGH)),
    "measured slices": (B["QuantizeAndDequantizeV2"](axis=1), (LOW, HIGH)),
    "width": (B["QuantizeAndDequantizeV3"](), (np.float32(-1), np.float32(2), np.int32(5))),
}


@pytest.mark.parametrize("name", QUANTIZERS)
def test_values_of_the_codes_of_what_a_quantizer_gives_are_the_same_bits(name: str) -> None:
    block, rest = QUANTIZERS[name]
    given = block(X, *rest)
    grid = block.grid(X, *map(np.asarray, rest))
    codes = grid.codes(given)
    np.testing.assert_array_equal(grid.values(codes), given)
    assert codes.min() >= grid.low
    assert codes.max() <= grid.high
    assert len(np.unique(codes)) == len(np.unique(given)) or grid.axis is not None
    assert isinstance(block.quantized_as, Quantizer)


def test_a_grid_that_follows_from_the_values_needs_them() -> None:
    block = B["QuantizeAndDequantizeV2"]()
    assert block.grid(None, np.float32(0), np.float32(0)) is None


def test_the_width_is_that_of_the_codes() -> None:
    assert B["FakeQuantWithMinMaxArgs"](num_bits=5).grid(None).bits == 5
    assert B["FakeQuantWithMinMaxArgs"](num_bits=5, narrow_range=True).grid(None).bits == 5


def test_nan_has_the_code_of_zero_and_what_lies_outside_those_of_the_ends() -> None:
    grid = Grid(np.asarray(0.5), np.asarray(3), 0, 7)
    assert grid.codes(np.array([np.nan, np.inf, -np.inf, 1e30, 0.3, 0.2])).tolist() == [3, 7, 0, 7, 4, 3]


def test_groups_have_a_scale_each_and_the_last_may_be_short() -> None:
    scale = np.array([[1.0, 2.0, 4.0]])
    grid = Grid(scale, np.zeros(scale.shape, np.int64), -7, 7, axis=1, group=2)
    codes = np.array([[1, 1, 1, 1, 1]])
    assert grid.values(codes).tolist() == [[1, 1, 2, 2, 4]]
    assert grid.codes(grid.values(codes)).tolist() == codes.tolist()


def test_other_blocks_have_no_grid() -> None:
    assert B["Relu"]().grid(X) is None


def test_products_name_the_axis_of_their_output_channels() -> None:
    assert B["MatMul"](transpose_b=True).quantized_as == Product("a", "b", axis=0, summed=1)
    conv = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    assert B["Conv2D"](**conv, data_format="NCHW").quantized_as == Product(
        "input", "filter", axis=3, summed=2, channels=1
    )
    depthwise = Product("input", "filter", axis=2, summed=0, depthwise=True)
    assert B["DepthwiseConv2dNative"](**conv).quantized_as == depthwise


def test_what_moves_elements_passes_codes_from_the_ports_that_hold_them() -> None:
    assert B["Concat"]().quantized_as == Passes(("values",))
    assert B["Reshape"]().quantized_as == Passes(("tensor",))
    assert B["Gather"]().quantized_as == Passes(("params",))
    for name in ("Placeholder", "Variable", "SumToLike", "BroadcastLike"):
        assert B[name].quantized_as is None or B[name](**_needed(name)).quantized_as is None


def _needed(name: str) -> dict[str, Any]:
    return {"dtype": "float32"} if name == "Placeholder" else {}


def test_normalization_is_a_scaling_only_where_statistics_are_given() -> None:
    assert B["FusedBatchNormV3"]().quantized_as is None
    assert B["FusedBatchNormV3"](is_training=False, epsilon=0.5).quantized_as.epsilon == 0.5

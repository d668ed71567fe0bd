"""The bridge formulas of docs/number_conventions.md beside the grids that blocks round to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from dataflow import blocks
from dataflow.core.dtypes import Array

WIDTHS = [2, 3, 4, 7, 8]
X = np.linspace(-9, 9, 181, dtype=np.float32)


def check(
    block: str, attrs: Mapping[str, object], numbers: list[float], scale: float, zero: int, low: int, high: int
) -> None:
    """The grid of a block is as said, and its values lie on it."""
    made = blocks[block](**attrs)
    arrays: list[Array] = [np.asarray(number, np.float32) for number in numbers]
    grid = made.grid(X, *arrays)
    assert grid is not None
    np.testing.assert_allclose(float(grid.scale), scale, rtol=1e-6)
    assert (grid.low - int(grid.zero_point), grid.high - int(grid.zero_point)) == (low - zero, high - zero)
    rounded = made(X, *arrays)
    np.testing.assert_array_equal(grid.values(grid.codes(rounded)), rounded)
    np.testing.assert_allclose(rounded[[0, -1]], [(low - zero) * scale, (high - zero) * scale], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize(("low", "high"), [(-1.0, 3.0), (-2.1, 6.0), (0.0, 4.0), (-5.0, 0.0)])
@pytest.mark.parametrize("narrow", [False, True])
def test_ranges_of_fake_quantization(bits: int, low: float, high: float, narrow: bool) -> None:
    scale = (high - low) / (2**bits - 1 - narrow)
    zero = int(narrow + np.floor(-low / scale + 0.5))
    attrs = {"num_bits": bits, "narrow_range": narrow}
    check("FakeQuantWithMinMaxVars", attrs, [low, high], scale, zero, int(narrow), 2**bits - 1)
    of_range = blocks.ScaleOf(num_bits=bits, narrow_range=narrow)(max=high, min=low)
    np.testing.assert_allclose(of_range.scale, scale, rtol=1e-6)
    assert int(of_range.zero_point) == zero


@pytest.mark.parametrize("bits", WIDTHS)
def test_symmetric_ranges(bits: int) -> None:
    high = 2 ** (bits - 1) - 1
    check("FakeQuantSymmetric", {"num_bits": bits}, [2.5], 2.5 / high, 0, -high, high)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize(("low", "high"), [(-1.0, 3.0), (-6.0, 2.0), (-2.5, 2.5)])
def test_quantize_and_dequantize(bits: int, low: float, high: float) -> None:
    half = 2 ** (bits - 1)
    attrs = {"num_bits": bits, "range_given": True}
    scale = max(-low / half, high / (half - 1))
    check("QuantizeAndDequantizeV4", attrs, [low, high], scale, 0, -half, half - 1)
    levels = 2**bits - 1
    check("QuantizeAndDequantizeV4", {**attrs, "signed_input": False}, [0.0, high], high / levels, 0, 0, levels)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("signed", [True, False])
def test_steps_and_thresholds(bits: int, signed: bool) -> None:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    attrs = {"num_bits": bits, "signed": signed}
    check("LearnedStepQuantize", attrs, [0.03], 0.03, 0, low, high)
    check("TrainedThresholdQuantize", attrs, [0.3], 2.0 / 2 ** (bits - signed), 0, low, high)


def test_the_ends_of_a_grid_are_a_range_that_stays() -> None:
    for low, high in np.random.default_rng(0).uniform([-4, 0.1], [-0.1, 4], (50, 2)):
        scale, zero = blocks.ScaleOf()(max=np.float32(high), min=np.float32(low))
        ends = [np.float32(code - zero) * scale for code in (0, 255)]
        again = blocks.ScaleOf()(max=ends[1], min=ends[0])
        assert int(again.zero_point) == int(zero)
        np.testing.assert_allclose(again.scale, scale, rtol=1e-6)


def test_a_shift_of_tensorflow_lite_is_31_less_ours() -> None:
    from dataflow.core.fixed_point import fixed_point

    for ratio in (0.5, 0.0010306, 1.7, 3e-7):
        multiplier, shift = (int(number) for number in fixed_point(ratio))
        assert 2**30 <= multiplier < 2**31  # a fraction from a half to one, in 31 bits
        np.testing.assert_allclose(multiplier / 2**31 * 2.0 ** (31 - shift), ratio, rtol=1e-9)

"""FixedPointRequantize against the same rules in Python's whole numbers, written from their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import blocks
from dataflow.core.errors import BlockError
from dataflow.core.fixed_point import ROUNDINGS

ROUND = ("half_up", "half_even", "half_away", "floor")
INT32 = (-(1 << 31), (1 << 31) - 1)


def clamp(value, low, high):
    return min(max(value, low), high)


def divided(value, bits, rounding):
    """``value / 2**bits``, whole."""
    whole, rest = value >> bits, (value & ((1 << bits) - 1)) * 2
    if rounding == "floor" or rest < 1 << bits:
        return whole
    if rest > 1 << bits:
        return whole + 1
    return whole + {"half_up": True, "half_even": whole % 2 == 1, "half_away": value >= 0}[rounding]


def high_half_of_doubled(a, b):
    """gemmlowp's SaturatingRoundingDoublingHighMul, in the division toward zero that C has."""
    product = a * b + ((1 << 30) if a * b >= 0 else 1 - (1 << 30))
    return product // (1 << 31) if product >= 0 else -(-product // (1 << 31))


def wanted(acc, multiplier, shift, zero_point, rounding, low, high, wide):
    if rounding.startswith("tflite") and wide:
        reduced = (multiplier + (1 << 15)) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
        value = divided(acc * reduced, shift - 16, "half_up")
    elif rounding == "tflite_double":
        first = high_half_of_doubled(clamp(acc << max(31 - shift, 0), *INT32), multiplier)
        value = divided(first, max(shift - 31, 0), "half_away")
    else:
        value = divided(acc * multiplier, shift, "half_up" if rounding == "tflite_single" else rounding)
    return clamp(value + zero_point, low, high)


def accumulators(random, multiplier, shift, wide):
    """Random ones of all sizes, those nearest to half-way points, and the ends."""
    most = 47 if wide else 31
    sizes = random.integers(0, most + 1, 60)
    found = [int(random.integers(-(1 << int(b)), 1 << int(b))) for b in sizes]
    for code in random.integers(-400, 400, 60):
        at = ((2 * int(code) + 1) << shift) // (2 * multiplier)
        found += [at - 1, at, at + 1]
    found += [0, 1, -1, *[sign * ((1 << most) - one) for sign in (-1, 1) for one in (1, 2)], -(1 << most)]
    return [clamp(each, -(1 << most), (1 << most) - 1) for each in found]


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_every_shift_with_random_and_half_way_accumulators(rounding, dtype):
    random = np.random.default_rng(11)
    wide = dtype == np.int64
    for shift in range(24 if wide and rounding.startswith("tflite") else 0, 63):
        for multiplier in (1 << 30, (1 << 31) - 1, 0x7FFF0000, int(random.integers(1 << 30, 1 << 31)), 1, 3):
            zero_point = int(random.integers(-300, 300))
            acc = accumulators(random, multiplier, shift, wide)
            for out_type, low, high in (("int8", -128, 127), ("int32", *INT32)):
                block = blocks["FixedPointRequantize"](out_type=out_type, rounding=rounding)
                found = block(np.array(acc, dtype), multiplier, shift, zero_point)
                expected = [wanted(a, multiplier, shift, zero_point, rounding, low, high, wide) for a in acc]
                assert found.tolist() == expected, (shift, multiplier, out_type)


@pytest.mark.parametrize("rounding", ROUND)
def test_int64_beyond_48_bits(rounding):
    random = np.random.default_rng(12)
    acc = [int(a) for a in random.integers(-(1 << 63), (1 << 63) - 1, 200, endpoint=True)] + [-(1 << 63), (1 << 63) - 1]
    for shift in (0, 1, 20, 31, 32, 33, 61, 62):
        block = blocks["FixedPointRequantize"](out_type="int32", rounding=rounding)
        found = block(np.array(acc), (1 << 31) - 1, shift, -(1 << 31))
        assert found.tolist() == [wanted(a, (1 << 31) - 1, shift, -(1 << 31), rounding, *INT32, wide=True) for a in acc]


@pytest.mark.parametrize("shape", [(4, 5), (3, 5, 2), (5, 70, 3), (2, 3, 5, 100), (1, 5, 9000), (0, 5), (5,)])
@pytest.mark.parametrize("rounding", ["half_even", "tflite_double"])
def test_channels_are_those_of_the_axis(shape, rounding):
    random = np.random.default_rng(13)
    acc = random.integers(-30000, 30000, shape, dtype=np.int32)
    axis = shape.index(5)
    multiplier = random.integers(1 << 30, 1 << 31, 5).astype(np.int32)
    shift, zero_point = random.integers(36, 41, 5).astype(np.int32), np.int32(3)
    found = blocks["FixedPointRequantize"](out_type="uint8", rounding=rounding, axis=axis - len(shape))(
        acc, multiplier, shift, zero_point
    )
    one = blocks["FixedPointRequantize"](out_type="uint8", rounding=rounding)
    for channel in range(5):
        at = (slice(None),) * axis + (channel,)
        np.testing.assert_array_equal(found[at], one(acc[at], multiplier[channel], shift[channel], zero_point))


def test_the_clamp_is_that_of_the_attrs():
    acc = np.arange(-20, 20, dtype=np.int32)
    found = blocks["FixedPointRequantize"](out_type="int8", low=-3, high=4)(acc, 1 << 30, 30, 0)
    np.testing.assert_array_equal(found, np.clip(acc, -3, 4))


@pytest.mark.parametrize(
    ("attrs", "numbers", "message"),
    [
        ({}, ([1], -1, 31, 0), "input 'multiplier' must be at least 0, got -1"),
        ({}, ([1], 1, 63, 0), "input 'shift' must lie between 0 and 62, got 63"),
        ({}, ([1], [1, 2], 31, 0), r"input 'multiplier' must be one number, got shape \[2\]; give the attr 'axis'"),
        ({"axis": 0}, ([1, 2, 3], [1, 2], 31, 0), "input 'multiplier' must have size 3 like dim 0 of 'input', got 2"),
        ({"axis": 1}, ([1, 2, 3], [1, 2], 31, 0), r"attr 'axis' must lie in \[-1, 1\) for 'input' of rank 1, got 1"),
        ({"low": 5, "high": 4}, ([1], 1, 31, 0), "attrs 'low' and 'high' must lie between -128 and 127 for int8"),
        ({"low": -200}, ([1], 1, 31, 0), "attrs 'low' and 'high' must lie between -128 and 127 for int8"),
        (
            {"rounding": "tflite_single"},
            (np.array([1], np.int64), 1, 23, 0),
            "input 'shift' must be at least 24 for int64 in rounding tflite_single, got 23",
        ),
    ],
)
def test_what_does_not_fit_is_refused(attrs, numbers, message):
    with pytest.raises(BlockError, match=message):
        blocks["FixedPointRequantize"](out_type="int8", **attrs)(*numbers)

"""Codes are those that the fake-quantization blocks round to, and linear ones those of exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from golden.questions.quantization import ranges, values

from dataflow import blocks
from dataflow.core import dtypes
from dataflow.core.errors import BlockError

SETTINGS = [(bits, narrow) for bits in (2, 3, 4, 7, 8, 12, 16) for narrow in (False, True)]


def same(a, b):
    """Equal to the bit, NaN and the sign of zeros included."""
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.signbit(a), np.signbit(b))


def both(name, attrs, arrays, out_type):
    """The codes of values, and what the fake-quantization block makes of them, with its grid."""
    fake = blocks[f"Fake{name.replace('Quantize', 'Quant')}"](**attrs)
    block = blocks[name](out_type=out_type, **attrs)
    codes, own, grid = block(*arrays), block.grid(*arrays), fake.grid(*arrays)
    np.testing.assert_array_equal(own.scale, grid.scale)
    np.testing.assert_array_equal(own.zero_point - own.low, grid.zero_point - grid.low)
    assert (own.high - own.low, own.axis) == (grid.high - grid.low, grid.axis)
    assert own.low <= codes.min(initial=own.low) <= codes.max(initial=own.low) <= own.high
    return codes.astype(np.int64), fake(*arrays), grid


def check(codes, wanted, grid, offset):
    low, high = grid.low - offset, grid.high - offset
    assert codes.min() >= low
    assert codes.max() <= high
    axis = {} if grid.axis is None else {"axis": grid.axis}
    scale, zero_point = grid.scale.astype(np.float32), (grid.zero_point - offset).astype(np.int32)
    back = blocks["DequantizeLinear"](**axis)(codes.astype(np.int32), scale, zero_point)
    known = ~np.isnan(wanted)
    same(back[known], wanted[known])
    points = np.broadcast_to(grid.spread(zero_point, codes.shape), codes.shape)
    np.testing.assert_array_equal(codes[~known], points[~known])


@pytest.mark.parametrize("signed", [False, True])
def test_codes_of_a_range_are_the_levels_of_fake_quantization(signed):
    random = np.random.default_rng(1)
    for bits, narrow in SETTINGS:
        out_type = ("int16" if signed else "uint16") if bits > 8 else ("int8" if signed else "uint8")
        offset = (1 << bits - 1) * signed
        for name, low, high in ranges(random):
            x = values(random, low, high, 2**bits - 1)
            attrs = {"num_bits": bits, "narrow_range": narrow}
            check(*both("QuantizeWithMinMaxVars", attrs, (x, low, high), out_type), offset)
            if low < high and np.isfinite(low) and np.isfinite(high) and name != "subnormal":
                # this one multiplies by the inverse, so at ties its codes may be others
                ends = {"min": float(low), "max": float(high)}
                check(*both("QuantizeWithMinMaxArgs", {**attrs, **ends}, (x,), out_type), offset)


@pytest.mark.parametrize("shape", [(40, 7), (3, 7, 5), (2, 7, 200, 20), (7,), (0, 7), (3, 9, 7, 1)])
@pytest.mark.parametrize("narrow", [False, True])
def test_codes_per_channel(shape, narrow):
    random = np.random.default_rng(2)
    low, high = -random.uniform(0, 3, 7).astype(np.float32), random.uniform(0, 3, 7).astype(np.float32)
    low[2], high[2] = 0.0, 0.0
    low[4], high[5] = np.nan, np.inf
    x = random.normal(0, 2, shape).astype(np.float32)
    axis = shape.index(7)
    attrs = {"num_bits": 5, "narrow_range": narrow, "axis": axis}
    codes, wanted, grid = both("QuantizeWithMinMaxVarsPerChannel", attrs, (x, low, high), "uint8")
    if x.size:
        check(codes, wanted, grid, 0)
    assert codes.shape == shape


@pytest.mark.parametrize("dtype", dtypes.floating)
@pytest.mark.parametrize("per_channel", [False, True])
def test_half_a_million_elements(dtype, per_channel):
    random, count = np.random.default_rng(3), 0
    while count < 500_000:
        bits, narrow = int(random.integers(2, 17)), bool(random.integers(2))
        channels = 64 if per_channel else 1
        size = 10.0 ** random.uniform(-4, 4, channels)
        low, high = -size * random.uniform(0, 1, channels), size * random.uniform(0, 1, channels)
        x = random.uniform(-1.2, 1.2, (12_800 // channels, channels)) * size
        low, high, x = (a.astype(dtypes.storage(dtype)) for a in (low, high, x))
        attrs = {"num_bits": bits, "narrow_range": narrow}
        name = "QuantizeWithMinMaxVars" + "PerChannel" * per_channel
        arrays = (x, low, high) if per_channel else (x, low[0], high[0])
        codes, wanted, grid = both(name, attrs, arrays, "uint16")
        compute = dtypes.compute(dtypes.storage(dtype))
        if compute == np.float32:
            same(grid.values(codes, dtype), wanted)
        ranges = blocks[name](out_type="uint16", **attrs).precompute(*arrays[1:])
        points = ranges.zero_point(compute)
        scale = ranges.nudged(compute).scale
        same(((codes - points).astype(compute) * scale).astype(x.dtype), wanted)
        count += x.size


@pytest.mark.parametrize(("low", "high"), [(None, None), (-100, 90)])
def test_linear_codes_are_those_of_exact_arithmetic(low, high):
    random = np.random.default_rng(4)
    scale, zero_point = np.float32(0.0371), 5
    x = np.concatenate([random.normal(0, 3, 300), (np.arange(-200, 200) + 0.5) * scale]).astype(np.float32)
    block = blocks["QuantizeLinear"](out_type="int8", low=low, high=high)
    found, grid = block(x, scale, zero_point), block.grid(None, scale, np.array(zero_point))
    assert (float(grid.scale), int(grid.zero_point), grid.low, grid.high) == (
        float(scale),
        zero_point,
        -128 if low is None else low,
        127 if high is None else high,
    )
    for value, code in zip(x, found.tolist(), strict=True):
        wanted = round(Fraction(float(np.float32(value / scale)))) + zero_point
        assert code == min(max(wanted, -128 if low is None else low), 127 if high is None else high)


def test_linear_codes_of_what_is_no_number_or_too_large():
    x = np.float32([np.nan, np.inf, -np.inf, 3e38, -3e38])
    assert blocks["QuantizeLinear"](out_type="int8")(x, 1e-3, 7).tolist() == [7, 127, -128, 127, -128]
    ends = blocks["QuantizeLinear"](out_type="int32")(x, 1e-3, -(2**31))
    assert ends.tolist() == [-(2**31), 2**31 - 1, -(2**31), 2**31 - 1, -(2**31)]


def test_differences_of_large_codes_are_exact():
    codes = np.array([2**31 - 1, -(2**31), 0], np.int32)
    found = blocks["DequantizeLinear"]()(codes, np.float64(1.0), -(2**31))
    assert found.tolist() == [2.0**32 - 1, 0.0, 2.0**31]
    assert blocks["DequantizeLinear"]()(np.array([3], np.uint8), np.float32(1), 2**24 + 1).tolist() == [-(2.0**24) + 2]


@pytest.mark.parametrize("dtype", dtypes.floating)
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_linear_there_and_back(dtype, axis):
    storage = dtypes.storage(dtype)
    scale = np.array([0.5, 0.25, 2.0, 8.0][: 1 if axis is None else 4]).astype(storage)
    zero_point = np.array([3, 0, -7, 1][: len(scale)], np.int32)
    scale, zero_point = (scale[0], zero_point[0]) if axis is None else (scale, zero_point)
    codes = np.arange(-8, 8, dtype=np.int8).reshape(4, 4)
    values = blocks["DequantizeLinear"](axis=axis)(codes, scale, zero_point)
    assert values.dtype == storage
    spread = [np.reshape(n, (4, 1)) if axis == 0 else n for n in (scale.astype(np.float64), zero_point)]
    np.testing.assert_array_equal(values.astype(np.float64), (codes - spread[1]) * spread[0])
    again = blocks["QuantizeLinear"](out_type="int8", axis=axis)(values, scale, zero_point)
    np.testing.assert_array_equal(again, codes)


@pytest.mark.parametrize("out_type", ["uint8", "int8"])
def test_codes_wider_than_their_dtype_are_refused(out_type):
    with pytest.raises(BlockError, match=f"attr 'num_bits' must be at most 8 for {out_type}, got 9"):
        blocks["QuantizeWithMinMaxVars"](out_type=out_type, num_bits=9)


@pytest.mark.parametrize("out_type", dtypes.narrow_integers)
def test_codes_of_less_than_a_byte(out_type):
    low, high = dtypes.limits(out_type)
    x = np.linspace(-9, 9, 41, dtype=np.float32)
    wide = "int8" if low else "uint8"
    calls = {
        "QuantizeLinear": ({}, [x, 0.5, 1]),
        "QuantizeWithMinMaxVars": ({"num_bits": dtypes.bits(dtypes.storage(out_type))}, [x, -3.0, 4.0]),
        "FixedPointRequantize": ({}, [np.arange(-20, 20, dtype=np.int32), 1 << 30, 31, 0]),
    }
    for name, (attrs, arrays) in calls.items():
        found = blocks[name](out_type=out_type, **attrs)(*arrays)
        ends = {} if "num_bits" in attrs else {"low": low, "high": high}
        expected = blocks[name](out_type=wide, **attrs, **ends)(*arrays)
        assert found.dtype.name == out_type
        np.testing.assert_array_equal(dtypes.widened(found), expected)
        back = blocks["DequantizeLinear"]()(found, 0.25, -3)
        np.testing.assert_array_equal(back, (expected.astype(np.float32) + 3) * np.float32(0.25))

"""BlockScaleQuantize against the text of the formats, one group at a time, and what holds for all of them."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import floor, log2

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.core import dtypes
from dataflow.core.errors import BlockError

FLOATS = {  # bits of exponent and mantissa, largest number, exponent of that
    "float4_e2m1fn": (2, 1, 6.0, 2), "float6_e2m3fn": (2, 3, 7.5, 2), "float6_e3m2fn": (3, 2, 28.0, 4),
    "float8_e4m3fn": (4, 3, 448.0, 8), "float8_e5m2": (5, 2, 57344.0, 15), "bfloat16": (8, 7, 2.0**128 - 2.0**120, 127),
    "float16": (5, 10, 65504.0, 15), "float32": (8, 23, float(np.finfo(np.float32).max), 127),
}  # fmt: skip
INTEGERS = {"int2": 1, "int4": 7, "int8": 127}
POWERS = "float8_e8m0fnu"


def nearest(value: Fraction, exponent: int, mantissa: int, largest: float) -> Fraction:
    """The number of a floating format that is nearest, halves to even, saturating."""
    bias = 2 ** (exponent - 1) - 1
    size = abs(value)
    power = 1 - bias
    while size >= Fraction(2) ** (power + 1):
        power += 1
    unit = Fraction(2) ** (power - mantissa)
    rounded = min(round(size / unit) * unit, Fraction(largest))
    return rounded if value >= 0 else -rounded


def expected(group: np.ndarray, element: str, scale: str) -> list[float]:
    """A group of float32 numbers by the rule, in exact arithmetic but for the quotients and products."""
    largest = max(abs(float(v)) for v in group)
    if largest == 0.0:
        return [0.0] * len(group)
    whole = INTEGERS.get(element)
    most = whole or FLOATS[element][2]
    if scale == POWERS:
        power = floor(log2(Fraction(largest))) - (0 if whole else FLOATS[element][3])
        step = Fraction(2) ** power / ((whole + 1) // 2 if whole else 1)
    else:
        exponent, mantissa, top, _ = FLOATS[scale]
        quotient = Fraction(float(np.float32(largest) / np.float32(most)))
        least = Fraction(2) ** (2 - 2 ** (exponent - 1) - mantissa)
        step = max(nearest(quotient, exponent, mantissa, top), least)
    found = []
    for value in group:
        part = Fraction(float(np.float32(value) / np.float32(float(step))))
        made = Fraction(round(min(max(part, -most), most))) if whole else nearest(part, *FLOATS[element][:3])
        found.append(float(np.float32(float(made)) * np.float32(float(step))))
    return found


@pytest.mark.parametrize("element", [*INTEGERS, *FLOATS][:8])
@pytest.mark.parametrize("scale", [POWERS, "float8_e4m3fn", "bfloat16", "float16", "float32"])
def test_a_group_is_as_the_text_of_the_format_says(element, scale):
    random = np.random.default_rng(5)
    x = (random.normal(size=(12, 9)) * 10.0 ** random.uniform(-2, 2, (12, 9))).astype(np.float32)
    x[0] = [-8, -7.5, -0.5, 0.25, 1.5, 2.5, 3.5, 6.5, 7.9375]  # halves under scales that are powers of two
    x[1], x[2] = 0.0, x[2] * np.float32(1e-6)
    found = blocks["BlockScaleQuantize"](element_format=element, scale_format=scale, group=4)(x)
    for row, line in zip(x, found, strict=True):
        for start in (0, 4, 8):  # the last group has one value
            np.testing.assert_array_equal(
                line[start : start + 4], np.float32(expected(row[start : start + 4], element, scale)), strict=True
            )


def test_mxint8_has_fractions_of_64():
    x = np.float32([1.0, 1.99, -1.99, 127 / 128, 0.0077, 1.0 / 128])
    found = blocks["BlockScaleQuantize"](element_format="int8")(x)
    assert (found * 64).tolist() == [64.0, 127.0, -127.0, 64.0, 0.0, 0.0]


@pytest.mark.parametrize("element", ["int4", "float4_e2m1fn", "float8_e5m2"])
@pytest.mark.parametrize("scale", [POWERS, "float8_e4m3fn", "float32"])
def test_a_group_with_what_is_no_number_is_none(element, scale):
    x = np.ones((3, 8), np.float32)
    x[0, 1], x[1, 6], x[2, 2] = np.nan, np.inf, -np.inf
    lost = np.isnan(blocks["BlockScaleQuantize"](element_format=element, scale_format=scale, group=4)(x))
    assert lost.reshape(3, 2, 4).all(2).tolist() == [[True, False], [False, True], [True, False]]
    assert not lost.reshape(3, 2, 4)[[0, 1, 2], [1, 0, 1]].any()


@pytest.mark.parametrize(
    ("shape", "axis", "group"),
    [((3, 40_000), -1, 32), ((40_000, 3), 0, 32), ((2, 70_001), 1, 50_000), ((5, 33, 1100), 1, 8), ((70_000,), 0, 7)],
)
def test_large_arrays_are_cut_between_groups(shape, axis, group):
    x = np.random.default_rng(6).normal(size=shape).astype(np.float32)
    block = blocks["BlockScaleQuantize"](element_format="int8", scale_format="float32", group=group, axis=axis)
    found = np.moveaxis(block(x), axis, -1)
    lines = np.moveaxis(x, axis, -1)
    largest = np.maximum.reduceat(np.abs(lines), np.arange(0, lines.shape[-1], group), -1)
    steps = np.repeat(largest / np.float32(127), group, -1)[..., : lines.shape[-1]]
    np.testing.assert_array_equal(found, np.rint(lines / steps).clip(-127, 127) * steps)


@pytest.mark.parametrize(("element", "scale"), [*product(INTEGERS, [POWERS, "float8_e4m3fn", "float32"])])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_grid_has_the_values_of_integer_groups(element, scale, dtype):
    x = np.random.default_rng(7).normal(size=(5, 11)).astype(dtypes.storage(dtype))
    block = blocks["BlockScaleQuantize"](element_format=element, scale_format=scale, group=4, axis=-1)
    grid, made = block.grid(x), block(x)
    assert (grid.low, grid.high, grid.group, grid.scale.shape) == (-INTEGERS[element], INTEGERS[element], 4, (5, 3))
    np.testing.assert_array_equal(grid.values(grid.codes(made), dtype), made)
    assert block.grid(None) is None


def test_scales_relative_to_one_of_all():
    x = np.random.default_rng(8).normal(size=(4, 32)).astype(np.float32) * np.float32(1e-5)
    block = blocks["BlockScaleQuantize"](scale_format="float8_e4m3fn", group=16)
    whole = np.float32(np.abs(x).max() / (448 * 6))
    relative, absolute = block(x, whole), block(x)
    assert np.abs(relative - x).max() < 0.2 * np.abs(x).max()
    assert np.abs(absolute).max() == 0.0  # the least scale is far above the values
    with pytest.raises(BlockError, match=r"input 'tensor_scale' must be above 0 and finite, got 0\.0"):
        block(x, 0.0)


def test_the_gradient_passes():
    graph = flow.Graph("g")
    x = graph.input("x", "float32", [2, 8])
    graph.output("y", blocks["Sum"]()(blocks["BlockScaleQuantize"](group=4)(x) * 3.0, [0, 1]))
    found = flow.run(flow.gradient(graph, of="y", wrt=["x"]), {"x": np.ones((2, 8), np.float32)})
    np.testing.assert_array_equal(found["grad_x"], np.full((2, 8), 3.0, np.float32))


@pytest.mark.parametrize(
    ("attrs", "inputs", "message"),
    [
        ({"axis": 1}, [[1.0]], r"attr 'axis' must lie in \[-1, 1\), got 1 for float32\[1\]"),
        ({}, [1.0], "input 'x' must have rank 1 or more, got a scalar"),
        ({"group": 0}, [[1.0]], "attr 'group' must be at least 1, got 0"),
        ({}, [[1.0], 2.0], "input 'tensor_scale' must be left out for scales in float8_e8m0fnu, got one"),
    ],
)
def test_what_does_not_fit_is_refused(attrs, inputs, message):
    with pytest.raises(BlockError, match=message):
        blocks["BlockScaleQuantize"](**attrs)(*inputs)

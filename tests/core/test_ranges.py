"""Ranges: ends that broadcast with a value, and the whole numbers that those of quantizers are."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.quantized import Grid
from dataflow.core.ranges import ASSUMED, DECLARED, DERIVED, Range, limits
from dataflow.core.shapes import TensorType

F = np.float32


def ranged(low, high, shape, dtype=F):
    return Range(np.asarray(low, dtype), np.asarray(high, dtype), shape)


def test_a_known_value_is_both_ends():
    known = Range.of(np.arange(6, dtype=F).reshape(2, 3))
    assert known.value is known.low
    assert known.fitted(TensorType("float32", (2, 3))).value is not None
    assert ranged([[0, 0]], [[0, 0]], (2, 2)).value is None


@pytest.mark.parametrize(
    "shape, low, high",
    [
        (("N", 3), [[0, 1, 2]], [[10, 11, 12]]),  # as it is
        (("N", None), [[0]], [[12]]),  # a dim that is not known
        ((4, 2), [[0]], [[12]]),  # another size
        ((None, 2, 3), [[[0]]], [[[12]]]),  # another rank
        (None, 0, 12),
    ],
)
def test_ends_that_do_not_fit_become_the_outermost(shape, low, high):
    fitted = ranged([[0, 1, 2]], [[10, 11, 12]], (1, 3)).fitted(TensorType("float32", shape))
    np.testing.assert_array_equal(fitted.low, low)
    np.testing.assert_array_equal(fitted.high, high)
    assert fitted.low.ndim == len(shape or ())


def test_ends_that_are_nan_say_nothing():
    fitted = ranged([np.nan, 1], [2, np.nan], (2,)).fitted(TensorType("float32", (2,)))
    np.testing.assert_array_equal(fitted.low, [-np.inf, 1])
    np.testing.assert_array_equal(fitted.high, [2, np.inf])


def test_without_a_rule_floats_are_assumed_and_integers_have_their_dtype():
    assert Range.of_type(TensorType("float32", ("N",))).origin == ASSUMED
    codes = Range.of_type(TensorType("int8", ("N", 2)))
    assert (codes.origin, codes.low.shape, int(codes.low[0, 0]), int(codes.high[0, 0])) == (DERIVED, (1, 1), -128, 127)
    assert [int(n) for n in limits("quint8")] == [0, 255]
    assert [float(n) for n in limits("bfloat16")] == [-np.inf, np.inf]
    assert [float(n) for n in limits("float8_e5m2")] == [-np.inf, np.inf]
    assert [float(n) for n in limits("float8_e4m3fn")] == [-448, 448]  # which has no infinity
    assert [float(n) for n in limits("float8_e8m0fnu")] == [2.0**-127, 2.0**127]
    assert [int(n) for n in limits("int4")] == [-8, 7]


def test_integers_are_whole_numbers_of_their_own():
    whole = ranged([[3]], [[9]], ("N", 2), np.uint8).whole
    assert [n.item() for n in whole] == [1, 3, 9, 0, 255]
    largest = ranged([0], [2**64 - 1], (2,), np.uint64).whole
    assert largest.high.item() == 2**64 - 1
    assert ranged([[3]], [[9]], ("N", 2)).whole is None


def test_whole_numbers_are_counted_from_the_zero_point():
    grid = Grid(np.array(0.5), np.array(4), 0, 15)
    units = ranged([[-1.0]], [[3.0]], ("N", 2)).on(grid).units
    assert [n.item() for n in units] == [0.5, -2, 6, -4, 11]


def test_whole_numbers_of_channels():
    grid = Grid(np.array([0.5, 0.25]), np.array([0, 2]), -8, 7, axis=-1)
    units = ranged([[-1.0]], [[1.0]], ("N", 2)).on(grid).units
    np.testing.assert_array_equal(units.low, [[-2, -4]])
    np.testing.assert_array_equal(units.least, [[-8, -10]])
    np.testing.assert_array_equal(units.most, [[7, 5]])


def test_a_declared_range_cuts_ends_and_whole_numbers():
    grid = Grid(np.array(0.5), np.array(0), 0, 15)
    cut = ranged([0.0], [7.5], (2,)).on(grid).within(1.0, 2.6)
    assert (cut.origin, cut.low.item(), F(cut.high.item())) == (DECLARED, 1.0, F(2.6))
    assert (cut.units.low.item(), cut.units.high.item()) == (2, 5)
    assert ranged([0.0], [7.5], (2,)).within(8.0, 9.0) is None
    assert Range.of(np.array([0.5, 2], F)).within(0, 1) is None
    assert Range.of(np.array([0.5, 1], F)).within(0, 1).value is not None


def test_magnitudes():
    size = ranged([-3, 1, -4], [2, 5, -1], (3,)).magnitude()
    np.testing.assert_array_equal(size.low, [0, 1, 1])
    np.testing.assert_array_equal(size.high, [3, 5, 4])
    assert ranged([-128], [3], (1,), np.int8).magnitude() is None
    assert ranged([2], [200], (1,), np.uint8).magnitude().low.item() == 2

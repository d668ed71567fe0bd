"""Whole numbers times ``multiplier / 2**shift``, rounded as six kinds of hardware and software do it.

All is done in int64, exactly: a product that does not fit is kept as two numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core.dtypes import Array

LOW32 = np.int64(2**32 - 1)
WIDE_BITS = 47  # an int64 number that the reduced multiplier takes lies in [-2**47, 2**47)


def rescale(
    x: Array, multiplier: Array, shift: Array, zero_point: Array, rounding: str, low: int, high: int, out: Array
) -> None:
    """Write ``clamp(round(x * multiplier / 2**shift) + zero_point, low, high)`` for whole numbers ``x``.

    Multiplier, shift and zero point are int64 numbers that broadcast with ``x``.
    """
    scale = (multiplier, shift)
    if x.dtype == np.int64:
        whole = _reduced(x, *scale) if rounding.startswith("tflite") else _of_wide(x, *scale, rounding)
    else:
        whole = _doubled(x, *scale) if rounding == "tflite_double" else _of_product(x, *scale, rounding)
    np.add(whole, zero_point, whole)
    np.clip(whole, low, high, whole)
    np.copyto(out, whole, casting="unsafe")


def _of_product(x: Array, multiplier: Array, shift: Array, rounding: str) -> Array:
    """The quotient of a product that int64 holds: half a unit is added, then the shift rounds down."""
    # a shift by nothing would leave no place for half a unit
    multiplier, shift = np.where(shift > 0, multiplier, multiplier * 2), np.maximum(shift, 1)
    product = np.multiply(x, multiplier, dtype=np.int64)
    if rounding == "half_even":
        odd = np.right_shift(product, shift)
        np.bitwise_and(odd, 1, odd)
        np.add(product, odd, product)
        np.subtract(product, 1, product)
    elif rounding == "half_away":
        np.add(product, np.right_shift(product, 63), product)  # minus one where it is negative
    if rounding != "floor":
        np.add(product, np.left_shift(np.int64(1), shift - 1), product)
    return np.right_shift(product, shift, product)


def _doubled(x: Array, multiplier: Array, shift: Array) -> Array:
    """The upper half of twice the product, halves up, then shifted, halves away from zero: it is rounded twice."""
    left, right = np.maximum(31 - shift, 0), np.maximum(shift - 31, 0)
    work = x.astype(np.int64)
    if left.any():
        np.left_shift(work, left, work)
        np.clip(work, -(2**31), 2**31 - 1, work)
    np.multiply(work, multiplier, work)
    np.add(work, 1 << 30, work)
    np.right_shift(work, 31, work)
    negative = np.right_shift(work, 63)
    np.bitwise_and(negative, np.where(right > 0, -1, 0), negative)
    np.add(work, negative, work)
    np.add(work, np.left_shift(np.int64(1), right) >> 1, work)
    return np.right_shift(work, right, work)


def _reduced(x: Array, multiplier: Array, shift: Array) -> Array:
    """Numbers of up to 48 bits times the upper 15 bits of the multiplier, halves up."""
    limit = np.int64(1) << WIDE_BITS
    multiplier = np.where(multiplier < 0x7FFF0000, (multiplier + (1 << 15)) >> 16, 0x7FFF)
    shift = shift - 16
    work = np.clip(x, -limit, limit - 1)
    np.multiply(work, multiplier, work)
    np.add(work, np.left_shift(np.int64(1), shift - 1), work)
    return np.right_shift(work, shift, work)


def _of_wide(x: Array, multiplier: Array, shift: Array, rounding: str) -> Array:
    """The quotient of a product of up to 95 bits, kept as ``top * 2**32 + low``."""
    low = np.multiply(np.bitwise_and(x, LOW32), multiplier)
    top = np.right_shift(x, 32)
    np.multiply(top, multiplier, top)
    np.add(top, np.right_shift(low, 32), top)
    np.bitwise_and(low, LOW32, low)
    beyond, within = np.maximum(shift - 32, 0), np.minimum(shift, 32)
    # what is shifted out, below one unit
    rest = np.bitwise_and(top, np.left_shift(np.int64(1), beyond) - 1)
    np.left_shift(rest, 32, rest)
    np.add(rest, np.bitwise_and(low, np.left_shift(np.int64(1), within) - 1), rest)
    # and the units; those that no result can have are cut off, to leave room for the lower bits
    bits = 30 + within
    np.right_shift(top, beyond, top)
    np.clip(top, -np.left_shift(np.int64(1), bits), np.left_shift(np.int64(1), bits) - 1, top)
    np.left_shift(top, 32 - within, top)
    np.add(top, np.right_shift(low, within), top)
    if rounding != "floor":
        half = np.left_shift(np.int64(1), np.maximum(shift, 1) - 1)
        up: Any = rest > half
        tie = rest == half
        if rounding == "half_even":
            tie &= (top & 1).astype(bool)
        elif rounding == "half_away":
            tie &= top >= 0
        np.add(top, up | tie, top)
    return top

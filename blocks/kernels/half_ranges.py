"""Gradients of clipping float16 numbers, by whole passes over their bits: NumPy compares them one by one."""

from __future__ import annotations

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.scratch import Scratch

HALF = np.dtype(np.float16)
_SIGN, _REST = np.int16(-0x8000), np.int16(0x7FFF)
_INFINITE = np.int16(0x7C00)  # its bits, which are less than those of any NaN without its sign


def clip_half(g: Array, x: Array, low: Array, high: Array, out: Array) -> None:
    """Write ``g * (low <= x <= high)``.

    All are float16, ``g``, ``x`` and ``out`` contiguous and of one shape, with which the ends broadcast. ``out`` may
    be ``g`` or ``x``.
    """
    least, most = _end_orders(low, high)
    with Scratch() as empty:
        order, inside, other = empty(x.shape, np.int16), empty(x.shape, np.bool_), empty(x.shape, np.bool_)
        bits = g.view(np.int16)
        np.bitwise_and(bits, _REST, order)
        finite = np.maximum.reduce(order, None, initial=0) < _INFINITE
        places = None if finite else np.nonzero(order >= _INFINITE)
        _orders(x, order)
        np.less_equal(least, order, inside)
        np.less_equal(order, most, other)
        np.logical_and(inside, other, inside)
        multiplied = None if places is None else g[places] * inside[places].astype(HALF)
        # all bits where a gradient passes, elsewhere that of the sign: zeros keep it
        np.copyto(order, inside)
        np.negative(order, order)
        np.bitwise_or(order, _SIGN, order)
        np.bitwise_and(bits, order, out.view(np.int16))
        if places is not None:
            out[places] = multiplied


def _orders(x: Array, out: Array) -> Array:
    """Integers in the order of the numbers: those of NaN lie beyond the infinities, that of -0.0 below that of 0.0."""
    bits = x.view(np.int16)
    np.right_shift(bits, 15, out)
    np.bitwise_and(out, _REST, out)
    return np.bitwise_xor(out, bits, out)


def _end_orders(low: Array, high: Array) -> tuple[Array, Array]:
    """Such integers for the ends of ranges: both zeros lie in one that ends with zero, and nothing in one with NaN."""
    low, high = (np.array(end, HALF) for end in (low, high))
    least = _orders(np.where(low == 0, HALF.type(-0.0), low), np.empty(low.shape, np.int16))
    most = _orders(np.where(high == 0, HALF.type(0.0), high), np.empty(high.shape, np.int16))
    none = np.isnan(low) | np.isnan(high)
    return np.where(none, _REST, least), np.where(none, _SIGN, most)

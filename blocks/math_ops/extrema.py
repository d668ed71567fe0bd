"""The larger and the smaller of two values, and values clipped to bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.math_ops.comparison import Greater, GreaterEqual, Less, LessEqual, LogicalOr
from blocks.math_ops.select import SelectV2
from dataflow.core import dtypes
from dataflow.core.block import In, Out
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Binary, Elementwise
from dataflow.core.wire import Wire

ROW = 1 << 13  # elements over which a number is repeated


def _extremum(ufunc: np.ufunc, x: Array, y: Array, out: Array | None) -> Array:
    """``np.maximum`` or ``np.minimum``, which are three times slower with a number than with an array."""
    if y.size > 1 or y.ndim > x.ndim or x.size < 2 * ROW or not x.flags.c_contiguous:
        return ufunc(x, y, out=out)  # the third place is deprecated here, unlike in other ufuncs
    made = np.empty(x.shape, x.dtype) if out is None else out
    if made.shape != x.shape or not made.flags.c_contiguous:
        return ufunc(x, y, out=out)
    whole = x.size - x.size % ROW
    flat, into = x.reshape(-1), made.reshape(-1)
    ufunc(flat[:whole].reshape(-1, ROW), np.full(ROW, y), out=into[:whole].reshape(-1, ROW))
    ufunc(flat[whole:], y.reshape(()), out=into[whole:])
    return made


class Maximum(Binary):
    """The larger of two values, ``x if x >= y else y``.

    NaN where any of the two is. Where both are equal the gradient goes to ``x``.

    >>> Maximum()([1.0, 5.0], [3.0, 2.0])
    array([3., 5.], dtype=float32)

    Source: tf.math.maximum.
    """

    found_by = ("larger of two", "elementwise max")
    monotone = True
    T = dtypes.real
    reuses = ("x", "y")

    @staticmethod
    def element(x: np.number[Any], y: np.number[Any]) -> np.number[Any]:
        return x if x > y or x != x else y

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        return _extremum(np.maximum, x, y, out)

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        first = GreaterEqual()(x, y)
        return SelectV2()(first, dy, 0), SelectV2()(first, 0, dy)


class Minimum(Binary):
    """The smaller of two values, ``x if x <= y else y``.

    NaN where any of the two is. Where both are equal the gradient goes to ``x``.

    >>> Minimum()([1.0, 5.0], [3.0, 2.0])
    array([1., 2.], dtype=float32)

    Source: tf.math.minimum.
    """

    found_by = ("smaller of two", "elementwise min")
    monotone = True
    T = dtypes.real
    reuses = ("x", "y")

    @staticmethod
    def element(x: np.number[Any], y: np.number[Any]) -> np.number[Any]:
        return x if x < y or x != x else y

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        return _extremum(np.minimum, x, y, out)

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        first = LessEqual()(x, y)
        return SelectV2()(first, dy, 0), SelectV2()(first, 0, dy)


class ClipByValue(Elementwise):
    """Values clipped to a range, ``max(min(t, clip_value_max), clip_value_min)``.

    NaN stays NaN, and a bound that is NaN makes NaN. A zero between the bounds keeps its sign. Where the bounds cross,
    the lower one is what comes out.

    >>> ClipByValue()([-1.0, 0.5, 3.0], 0.0, 1.0)
    array([0. , 0.5, 1. ], dtype=float32)

    Source: tf.clip_by_value.
    """

    found_by = ("clamp", "clip", "limit", "saturate")
    monotone = True
    T = dtypes.real
    t = In("T", "values to clip; broadcasts with the bounds")
    clip_value_min = In("T", "lower bound")
    clip_value_max = In("T", "upper bound")
    output = Out("T", "the broadcast shape of all three")
    reuses = ("t", "clip_value_min", "clip_value_max")
    rounds_once = True

    @staticmethod
    def element(t: np.number[Any], low: np.number[Any], high: np.number[Any]) -> np.number[Any]:
        high = high if (high > low) | (high != high) else low  # NaN where one of them is
        t = low if t < low else t
        return high if (t > high) | (high != high) else t

    def kernel(self, t: Array, clip_value_min: Array, clip_value_max: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty(np.broadcast_shapes(t.shape, clip_value_min.shape, clip_value_max.shape), t.dtype)
        # one pass, in which the lower bound still wins over an upper bound below it
        high = np.maximum(clip_value_min, clip_value_max)
        high = np.where(high == clip_value_min, clip_value_min, high)  # of two zeros the lower bound's
        if not any(clip_value_min.strides) and not any(high.strides):
            return t.clip(clip_value_min, high, out)
        # beside numbers a zero that meets a zero keeps its sign, beside arrays it takes the other's
        zeros = np.broadcast_to(t == 0, out.shape)
        signs = np.broadcast_to(t, out.shape)[zeros]
        t.clip(clip_value_min, high, out)
        clipped = out[zeros]
        out[zeros] = np.where(clipped == 0, signs, clipped)
        return out

    def grad(
        self, t: Wire, clip_value_min: Wire, clip_value_max: Wire, output: Wire, dy: Wire
    ) -> tuple[Wire, Wire, Wire]:
        below, above = Less()(t, clip_value_min), Greater()(t, clip_value_max)
        inside = SelectV2()(LogicalOr()(below, above), 0, dy)
        return inside, SelectV2()(below, dy, 0), SelectV2()(above, dy, 0)

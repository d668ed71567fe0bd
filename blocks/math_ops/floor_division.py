"""Divisions rounded down, as Python's ``//`` and ``%`` do it."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.kernels.chunked import in_parts, part_bytes
from blocks.kernels.flush_subnormals import Float
from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array, DType
from dataflow.core.errors import BlockError
from dataflow.core.kinds import Binary
from dataflow.core.wire import Wire


class FloorDiv(Binary):
    """Quotient rounded down, ``floor(x / y)``.

    An integer divided by zero is an error; a float gives an infinity or NaN. A subnormal quotient below zero gives
    -1; TensorFlow may make it zero first.

    >>> FloorDiv()([7, -7, 7], [2, 2, -2])
    array([ 3, -4, -4], dtype=int32)

    Source: tf.math.floordiv.
    """

    found_by = ("integer division", "//")
    T = dtypes.integer + dtypes.floating
    reuses = ("x", "y")
    grad = None

    @staticmethod
    def element(x: Float, y: Float) -> Float:
        return np.floor(x / y)

    def element_args(self, dtype: DType, precomputed: None) -> tuple[()] | None:
        return () if dtype.kind == "f" else None

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        if y.dtype.kind in "iu":
            if not y.all():
                raise _by_zero(self)
            return np.floor_divide(x, y, out)
        quotient = np.divide(x, y, out)
        return np.floor(quotient, quotient if quotient.ndim else out)


class FloorMod(Binary):
    """Remainder of a division rounded down, ``x - y * floor(x / y)``; it has the sign of ``y``.

    An integer by zero is an error; a float by zero, or an infinite ``x``, gives NaN.

    >>> FloorMod()([7, -7, 7], [3, 3, -3])
    array([ 1,  2, -2], dtype=int32)

    Source: tf.math.floormod.
    """

    found_by = ("modulo", "remainder", "%")
    T = dtypes.integer + dtypes.floating
    reuses = ("x",)

    @staticmethod
    def element(x: Float, y: Float, zero: Float) -> Float:
        rest = np.fmod(x, y)
        return rest + y if (rest != zero) & ((rest < zero) != (y < zero)) else rest

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Any, ...] | None:
        return (dtype.type(0),) if dtype.kind == "f" else None

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        if y.dtype.kind in "iu":
            if not y.all():
                raise _by_zero(self)
            return np.remainder(x, y, out)
        if out is None:
            out = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype)
        return in_parts(_remainder, out, x, y)

    def workspace(self, x: TensorType, y: TensorType) -> int:
        return part_bytes(4, x, y)

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        return dy, -(dy * (x // y))


def _remainder(x: Array, y: Array, out: Array) -> None:
    rest = np.fmod(x, y, out)  # with the sign of x
    other = (rest < 0) != (y < 0)
    other &= rest != 0
    np.add(rest, y, out, where=other)


def _by_zero(block: FloorDiv | FloorMod) -> BlockError:
    return block.error("input 'y' must not be 0 for integers, got 0; convert both with Cast to float")

"""Products, quotients and logarithms that are zero where an operand is, even beside NaN and infinity."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from blocks.kernels.casting import as_compute_dtype
from blocks.kernels.chunked import LONG_TILE, TILE, in_parts, part_bytes
from blocks.kernels.complex_products import multiply, multiply_bytes
from blocks.kernels.flush_subnormals import Float
from blocks.math_ops.cast import Cast
from blocks.math_ops.comparison import NotEqual
from blocks.math_ops.conjugate import conj
from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Binary
from dataflow.core.wire import Wire


class NoNan(Binary, abstract=True):
    """``ufunc`` of two values, but zero where the operand called ``zero`` is, whatever the other one is."""

    T = dtypes.floating + dtypes.complexes
    zero: ClassVar[str]
    at_once: ClassVar[int] = LONG_TILE  # elements, of which nothing but truth values is made
    rounds_once = True

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype)
        return in_parts(self._part, out, x, y, size=TILE if x.dtype.kind == "c" else self.at_once)

    def workspace(self, x: TensorType, y: TensorType) -> int:
        size = TILE if x.dtype in dtypes.complexes else self.at_once
        return part_bytes(1, x, y, size=size) + multiply_bytes(x, y, most=TILE)

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Any, ...]:
        return (dtype.type(0),)

    def _part(self, x: Array, y: Array, out: Array) -> None:
        where = (x if self.zero == "x" else y) == 0  # first: the result may take the place of either
        self.ufunc(x, y, out)
        if where.any():
            np.copyto(out, 0, where=where)


def _nonzero(x: Wire) -> Wire:
    """One where ``x`` is not zero, else zero."""
    return Cast(DstT=x.dtype)(NotEqual()(x, 0))


class DivNoNan(NoNan):
    """Quotient that is zero where the divisor is, ``x / y if y != 0 else 0``.

    >>> DivNoNan()([6.0, 1.0], [2.0, 0.0])
    array([3., 0.], dtype=float32)

    Source: tf.math.divide_no_nan.
    """

    found_by = ("safe divide", "divide without nan")
    ufunc, zero = np.divide, "y"
    reuses = ("x", "y")

    @staticmethod
    def element(x: Float, y: Float, zero: Float) -> Float:
        return zero if y == zero else x / y

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        x, y = conj(x), conj(y)
        return DivNoNan()(dy, y), dy * DivNoNan()(DivNoNan()(-x, y), y)


class MulNoNan(NoNan):
    """Product that is zero where the right operand is, ``x * y if y != 0 else 0``.

    So NaN and infinities in ``x`` can be masked out.

    >>> MulNoNan()([6.0, np.nan], [2.0, 0.0])
    array([12.,  0.], dtype=float32)

    Source: tf.math.multiply_no_nan.
    """

    ufunc, zero = staticmethod(multiply), "y"
    reuses = ("x", "y")

    @staticmethod
    def element(x: Float, y: Float, zero: Float) -> Float:
        return zero if y == zero else x * y

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        return MulNoNan()(dy, conj(y)), MulNoNan()(conj(x), dy)


class Xdivy(NoNan):
    """Quotient that is zero where the dividend is, ``x / y if x != 0 else 0``.

    >>> Xdivy()([6.0, 0.0], [2.0, 0.0])
    array([3., 0.], dtype=float32)

    Source: tf.math.xdivy.
    """

    ufunc, zero = np.divide, "x"
    reuses = ("x", "y")

    @staticmethod
    def element(x: Float, y: Float, zero: Float) -> Float:
        return zero if x == zero else x / y

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        x, y = conj(x), conj(y)
        return dy * Xdivy()(_nonzero(x), y), dy * Xdivy()(-x, y * y)


class Xlogy(NoNan):
    """Product with a logarithm that is zero where the factor is, ``x * log(y) if x != 0 else 0``.

    >>> Xlogy()([2.0, 0.0], [1.0, 0.0])
    array([0., 0.], dtype=float32)

    Source: tf.math.xlogy.
    """

    found_by = ("entropy",)
    zero, at_once = "x", TILE
    reuses = ("x", "y")

    @staticmethod
    def ufunc(x: Array, y: Array, out: Array) -> None:
        out[...] = multiply(as_compute_dtype(x), np.log(as_compute_dtype(y)))  # rounded once

    def workspace(self, x: TensorType, y: TensorType) -> int:
        width = dtypes.storage(x.dtype).itemsize
        return super().workspace(x, y) + part_bytes(16 if width == 2 else 2 * width, x, y)

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        x, y = conj(x), conj(y)
        return dy * Xlogy()(_nonzero(x), y), dy * Xdivy()(x, y)

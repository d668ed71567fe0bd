"""Products, quotients and logarithms in which a zero wins over NaN and infinity."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from blocks.kernels.chunked import TILE, in_parts, part_bytes
from blocks.kernels.complex_products import multiply, multiply_bytes
from blocks.math_ops.arithmetic import conj
from blocks.math_ops.cast import Cast
from blocks.math_ops.comparison import NotEqual
from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Binary
from dataflow.core.wire import Wire


class ZeroSafe(Binary, abstract=True):
    """What ``ufunc`` makes of two values, but zero where the one called ``winner`` is zero, whatever the other."""

    T = dtypes.floating + dtypes.complexes
    winner: ClassVar[str]

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Any:
        if out is None:
            out = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype)
        return in_parts(self._part, out, x, y)

    def workspace(self, x: TensorType, y: TensorType) -> int:
        return part_bytes(1, x, y) + multiply_bytes(x, y, most=TILE)

    def _part(self, x: Array, y: Array, out: Array) -> None:
        zero = (x if self.winner == "x" else y) == 0  # seen first: the result may take the place of either
        self.ufunc(x, y, out)
        if zero.any():
            np.copyto(out, 0, where=zero)


def _nonzero(x: Wire) -> Any:
    """One where ``x`` is not zero, else zero."""
    return Cast(DstT=x.dtype)(NotEqual()(x, 0))


class DivNoNan(ZeroSafe):
    """Quotient that is zero where the divisor is, ``x / y if y != 0 else 0``.

    >>> DivNoNan()([6.0, 1.0], [2.0, 0.0])
    array([3., 0.], dtype=float32)

    Source: tf.math.divide_no_nan.
    """

    ufunc, winner = np.divide, "y"
    reuses = ("x", "y")

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> Any:
        x, y = conj(x), conj(y)
        return DivNoNan()(dy, y), dy * DivNoNan()(DivNoNan()(-x, y), y)


class MulNoNan(ZeroSafe):
    """Product that is zero where the right operand is, ``x * y if y != 0 else 0``.

    So NaN and infinities in ``x`` can be masked out.

    >>> MulNoNan()([6.0, np.nan], [2.0, 0.0])
    array([12.,  0.], dtype=float32)

    Source: tf.math.multiply_no_nan.
    """

    ufunc, winner = staticmethod(multiply), "y"
    reuses = ("x", "y")

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> Any:
        return MulNoNan()(dy, conj(y)), MulNoNan()(conj(x), dy)


class Xdivy(ZeroSafe):
    """Quotient that is zero where the dividend is, ``x / y if x != 0 else 0``.

    >>> Xdivy()([6.0, 0.0], [2.0, 0.0])
    array([3., 0.], dtype=float32)

    Source: tf.math.xdivy.
    """

    ufunc, winner = np.divide, "x"
    reuses = ("x", "y")

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> Any:
        x, y = conj(x), conj(y)
        return dy * Xdivy()(_nonzero(x), y), dy * Xdivy()(-x, y * y)


class Xlogy(ZeroSafe):
    """Product with a logarithm that is zero where the factor is, ``x * log(y) if x != 0 else 0``.

    >>> Xlogy()([2.0, 0.0], [1.0, 0.0])
    array([0., 0.], dtype=float32)

    Source: tf.math.xlogy.
    """

    winner = "x"
    reuses = ("x", "y")

    @staticmethod
    def ufunc(x: Array, y: Array, out: Array) -> None:
        if out.itemsize == 2:  # rounded once, at the end
            x, y = x.astype(np.float32), y.astype(np.float32)
        out[...] = multiply(x, np.log(y))

    def workspace(self, x: TensorType, y: TensorType) -> int:
        width = dtypes.storage(x.dtype).itemsize
        return super().workspace(x, y) + part_bytes(16 if width == 2 else 2 * width, x, y)

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> Any:
        x, y = conj(x), conj(y)
        return dy * Xlogy()(_nonzero(x), y), dy * Xdivy()(x, y)

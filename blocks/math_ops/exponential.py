"""Exponentials, logarithms, powers and roots, with the gradient blocks of the roots."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from blocks.kernels.chunked import TILE, tiled, tiled_bytes
from blocks.kernels.complex_products import multiply, multiply_bytes, square
from blocks.kernels.flush_subnormals import Float
from blocks.kernels.powers import power, power_bytes, reciprocal
from blocks.math_ops.comparison import Greater, NotEqual
from blocks.math_ops.conjugate import conj
from blocks.math_ops.select import SelectV2
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.bounding import monotone
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Binary, Elementwise, Unary
from dataflow.core.ranges import Range
from dataflow.core.shapes import broadcast, element_count
from dataflow.core.wire import Wire


class OutputGradient(Elementwise, abstract=True):
    """The gradient of a function of one value, from its result."""

    T = dtypes.floating + dtypes.complexes
    y = In("T", "what the function gave")
    dy = In("T", "gradient by `y`, same shape")
    z = Out("T", "gradient by the function's input, same shape as `y`")
    broadcasts = False


class ZeroKeepingGradient(OutputGradient, abstract=True):
    """A gradient that is zero where the one that came in was zero, even if the slope there is infinite.

    A subclass writes ``step(y, dy, out, *buffers)`` with ``y`` conjugated if complex, and the number of ``buffers``.
    """

    reuses: ClassVar[tuple[str, ...]] = ("y",)
    buffers: ClassVar[int] = 0
    step: ClassVar[Any]
    factor: ClassVar[float] = 1.0

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Any, ...]:
        return dtype.type(0), dtype.type(self.factor)

    def kernel(self, y: Array, dy: Array, out: Array | None = None) -> Array:
        return tiled(self.part, self.buffers + (y.dtype.kind == "c"), out, y, dy, widen=False)

    def part(self, y: Array, dy: Array, out: Array, *buffers: Array) -> None:
        """The gradient of one tile."""
        zero = dy == 0
        if y.dtype.kind == "c":
            y, buffers = np.conjugate(y, buffers[0]), buffers[1:]
        self.step(y, dy, out, *buffers)
        if zero.any():
            out[zero] = 0

    def workspace(self, y: TensorType, dy: TensorType) -> int:
        buffers = self.buffers + (y.dtype in dtypes.complexes)
        return tiled_bytes(buffers, y, 2, widen=False, masks=1) + multiply_bytes(y, most=TILE)


class Exp(Unary):
    """Exponential, ``e ** x``.

    >>> Exp()([0.0, 1.0]).round(3)
    array([1.   , 2.718], dtype=float32)

    Source: tf.math.exp.
    """

    found_by = ("exponential", "e to the power")
    monotone = True
    ulps = 8
    T = dtypes.floating + dtypes.complexes
    ufunc = np.exp

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return dy * conj(y)


class Log(Unary):
    """Natural logarithm, ``log(x)``.

    That of zero is negative infinity, that of a negative real number NaN.

    >>> Log()([1.0, 10.0]).round(3)
    array([0.   , 2.303], dtype=float32)

    Source: tf.math.log.
    """

    found_by = ("natural logarithm", "ln")
    monotone = True
    ulps = 8
    T = dtypes.floating + dtypes.complexes
    ufunc = np.log

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return dy * Reciprocal()(conj(x))


class Pow(Binary):
    """Power, ``x ** y``.

    An integer to a negative power is an error; a negative float to a fraction is NaN. Powers of real numbers to -1,
    0.5, 1 and 2 are rounded correctly, be ``y`` one number or many. The gradient by ``y`` is zero where ``x`` is not
    positive.

    >>> Pow()([2.0, 3.0], 2.0)
    array([4., 9.], dtype=float32)

    Source: tf.math.pow.
    """

    found_by = ("power", "**", "exponent")
    T = dtypes.floating + dtypes.signed + dtypes.complexes

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        if y.dtype.kind == "i" and (y < 0).any():
            raise self.error(
                f"input 'y' must be at least 0 for integers, got {y.min()}; convert both with Cast to float"
            )
        return power(x, y, out)

    def workspace(self, x: TensorType, y: TensorType) -> int:
        return power_bytes(element_count(broadcast(x.shape, y.shape)) or 0, dtypes.storage(x.dtype).itemsize)

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        x, y = conj(x), conj(y)
        defined = NotEqual()(x, 0) if x.dtype in dtypes.complexes else Greater()(x, 0)
        log = SelectV2()(defined, Log()(SelectV2()(defined, x, 1)), 0)
        return dy * y * Pow()(x, y - 1), dy * conj(z) * log


class Sqrt(Unary):
    """Square root, ``sqrt(x)``.

    >>> Sqrt()([4.0, 9.0])
    array([2., 3.], dtype=float32)

    Source: tf.math.sqrt.
    """

    found_by = ("square root",)
    monotone = True
    T = dtypes.floating + dtypes.complexes
    ufunc = np.sqrt

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return SqrtGrad()(y, dy)


class SqrtGrad(ZeroKeepingGradient):
    """Gradient of Sqrt, ``0.5 / y * dy``.

    Zero where ``dy`` is, even if ``y`` is zero too. The last few elements of an array go through the formula
    in another order in TensorFlow's CPU kernel, and may differ in the last place.

    >>> SqrtGrad()([2.0, 4.0], [1.0, 2.0])
    array([0.25, 0.25], dtype=float32)

    Source: tf.raw_ops.SqrtGrad.
    """

    factor = 0.5

    def step(self, y: Array, dy: Array, out: Array) -> None:
        multiply(np.divide(self.factor, y, out), dy, out)

    @staticmethod
    def element(y: Float, dy: Float, zero: Float, factor: Float) -> Float:
        return zero if dy == zero else factor / y * dy

    def grad(self, y: Wire, dy: Wire, z: Wire, dz: Wire) -> tuple[Wire, Wire]:
        ratio = dz / y
        return -conj(ratio) * z, 0.5 * ratio


class Rsqrt(Unary):
    """One by the square root, ``1 / sqrt(x)``.

    Of a negative real number as a complex one it is ``-i / sqrt(|x|)`` whatever the sign of the imaginary zero, and of
    complex infinities 0, as in the reference. There tiny negative numbers in complex64 give NaN beside it; here 0. Real
    numbers of float32 may be some units in the last place off there.

    >>> Rsqrt()([4.0, 16.0])
    array([0.5 , 0.25], dtype=float32)

    Source: tf.math.rsqrt.
    """

    found_by = ("1/sqrt", "inverse square root")
    ulps = 8
    T = dtypes.floating + dtypes.complexes
    reuses = ("x",)
    rounds_once = True

    def bound(self, x: Range) -> Range | None:
        return monotone(self, [x]) if np.all(x.low > 0) else None

    @staticmethod
    def element(x: Float) -> Float:
        return np.reciprocal(np.sqrt(x))

    def kernel(self, x: Array, out: Array | None = None) -> Array:
        return tiled(_rsqrt, 0, out, x)

    def workspace(self, x: TensorType) -> int:
        return tiled_bytes(0, x, 1, masks=x.dtype in dtypes.complexes)

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return RsqrtGrad()(y, dy)


def _rsqrt(x: Array, out: Array) -> None:
    if x.dtype.kind == "c":
        infinite = np.isinf(x)
        x = np.add(x, 0, out)  # an imaginary -0.0 would be below the cut
    reciprocal(np.sqrt(x, out), out)
    if x.dtype.kind == "c":
        np.copyto(out, 0, where=infinite)


class RsqrtGrad(ZeroKeepingGradient):
    """Gradient of Rsqrt, ``-0.5 * dy * y ** 3``.

    Zero where ``dy`` is, even if ``y`` is infinite. The last few elements of an array go through the formula
    in another order in TensorFlow's CPU kernel, and may differ in the last place.

    >>> RsqrtGrad()([2.0, 0.5], [1.0, 16.0])
    array([-4., -1.], dtype=float32)

    Source: tf.raw_ops.RsqrtGrad.
    """

    reuses = ("y", "dy")
    buffers = 1
    factor = -0.5

    def step(self, y: Array, dy: Array, out: Array, buffer: Array) -> None:
        multiply(dy, y, buffer)
        np.multiply(square(y, out), self.factor, out)
        multiply(out, buffer, out)

    @staticmethod
    def element(y: Float, dy: Float, zero: Float, factor: Float) -> Float:
        return zero if dy == zero else y * y * factor * (dy * y)

    def grad(self, y: Wire, dy: Wire, z: Wire, dz: Wire) -> tuple[Wire, Wire]:
        y = conj(y)
        return -1.5 * conj(dz) * dy * (y * y), RsqrtGrad()(y, dz)


class Reciprocal(Unary):
    """One by the value, ``1 / x``.

    Rounded correctly; TensorFlow's CPU kernel may be a unit in the last place off in float32.

    >>> Reciprocal()([4.0, -0.5])
    array([ 0.25, -2.  ], dtype=float32)

    Source: tf.math.reciprocal.
    """

    found_by = ("1/x", "inverse")
    aliases = ("Inv",)
    T = dtypes.floating + dtypes.complexes
    reuses = ("x",)
    rounds_once = True

    @staticmethod
    def element(x: Float) -> Float:
        return np.reciprocal(x)

    def kernel(self, x: Array, out: Array | None = None) -> Array:
        return reciprocal(x, out)

    def bound(self, x: Range) -> Range | None:
        return monotone(self, [x]) if not x.has(0) else None

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return ReciprocalGrad()(y, dy)


class ReciprocalGrad(ZeroKeepingGradient):
    """Gradient of Reciprocal, ``-dy * y * y``.

    Zero where ``dy`` is, even if ``y`` is infinite.

    >>> ReciprocalGrad()([2.0, -0.5], [1.0, 4.0])
    array([-4., -1.], dtype=float32)

    Source: tf.raw_ops.ReciprocalGrad.
    """

    aliases = ("InvGrad",)
    factor = -1.0

    def step(self, y: Array, dy: Array, out: Array) -> None:
        multiply(square(y, out), dy, out)
        np.negative(out, out)

    @staticmethod
    def element(y: Float, dy: Float, zero: Float, factor: Float) -> Float:
        return zero if dy == zero else y * y * dy * factor

    def grad(self, y: Wire, dy: Wire, z: Wire, dz: Wire) -> tuple[Wire, Wire]:
        y = conj(y)
        return conj(dz) * -2 * dy * y, ReciprocalGrad()(y, dz)

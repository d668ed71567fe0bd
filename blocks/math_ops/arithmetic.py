"""Sums, differences, products, quotients and signs, element by element."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from blocks.kernels.chunked import TILE, in_parts, part_bytes
from blocks.kernels.complex_products import multiply, multiply_bytes, square
from blocks.math_ops.conjugate import conj
from dataflow.core import dtypes
from dataflow.core.block import In, Out
from dataflow.core.bounding import monotone, saturating
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Binary, Elementwise, Unary
from dataflow.core.quantized import Addition
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape, TensorType, fits, merge, show
from dataflow.core.wire import Wire


class Add(Binary):
    """Sum, ``x + y``.

    >>> Add()([1.0, 2.0], [10.0, 20.0])
    array([11., 22.], dtype=float32)

    Source: tf.raw_ops.Add.
    """

    found_by = ("plus", "sum of two")
    monotone = True
    quantized_as = Addition(("x", "y"))
    ufunc = np.add

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        return dy, dy


class AddV2(Add):
    """Sum, ``x + y``.

    >>> AddV2()([1.0, 2.0], 10.0)
    array([11., 12.], dtype=float32)

    Source: tf.raw_ops.AddV2.
    """

    found_by = ("plus", "sum of two")


class Subtract(Binary):
    """Difference, ``x - y``.

    >>> Subtract()([1.0, 2.0], 0.5)
    array([0.5, 1.5], dtype=float32)

    Source: tf.math.subtract.
    """

    found_by = ("minus", "difference")
    monotone = True
    aliases = ("Sub",)
    ufunc = np.subtract

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        return dy, -dy


class Multiply(Binary):
    """Product, ``x * y``.

    >>> Multiply()([1.0, 2.0], [3.0, 4.0])
    array([3., 8.], dtype=float32)

    Source: tf.math.multiply.
    """

    found_by = ("times", "product of two", "hadamard", "scale")
    monotone = True
    aliases = ("Mul",)
    reuses = ("x", "y")

    def kernel_for(self, dtype: DType) -> Callable[..., Array]:
        return multiply if dtype.kind == "c" else np.multiply

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        return multiply(x, y, out)

    def workspace(self, x: TensorType, y: TensorType) -> int:
        return multiply_bytes(x, y)

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        return dy * conj(y), conj(x) * dy


class Square(Unary):
    """Square, ``x * x``.

    >>> Square()([-3, 2])
    array([9, 4], dtype=int32)

    Source: tf.math.square.
    """

    found_by = ("x**2",)
    T = dtypes.number
    reuses = ("x",)

    def bound(self, x: Range) -> Range | None:
        size = x.magnitude()
        return size and monotone(self, [size])

    def kernel_for(self, dtype: DType) -> Callable[..., Array]:
        return square if dtype.kind == "c" else np.square

    def kernel(self, x: Array, out: Array | None = None) -> Array:
        return square(x, out)

    def workspace(self, x: TensorType) -> int:
        return multiply_bytes(x)

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return dy * (2 * conj(x))


class AddN(Elementwise):
    """Sum of a list of values of one shape, ``inputs[0] + inputs[1] + ...``.

    Added from left to right, rounded to the dtype after each.

    >>> AddN()([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    array([ 9., 12.], dtype=float32)

    Source: tf.math.add_n.
    """

    found_by = ("plus", "sum of many")
    quantized_as = Addition(("inputs",))
    T = dtypes.number
    inputs = In("T", "values to add, all of one shape", many=True)
    sum = Out("T", "same shape as each of `inputs`")

    def bound(self, inputs: tuple[Range, ...]) -> Range | None:
        ends = np.broadcast_arrays(*(end for each in inputs for end in (each.low, each.high)))
        alike = zip(
            inputs, ends[::2], ends[1::2], strict=True
        )  # in shape, which ends that are one for a channel are not
        return monotone(self, [tuple(replace(each, low=low, high=high) for each, low, high in alike)], rising=True)

    def shape_of(self, inputs: tuple[TensorType, ...]) -> Shape:
        shape: Shape = None
        for position, given in enumerate(inputs):
            if not fits(given.shape, shape):
                raise self.error(
                    f"input 'inputs' must be values of one shape, {show(shape)}, got {show(given.shape)} at {position}"
                )
            shape = merge(shape, given.shape)
        return shape

    @staticmethod
    def element(total: np.number[Any], *rest: np.number[Any]) -> np.number[Any]:
        for each in rest:
            total = total + each
        return total

    def kernel(self, inputs: Sequence[Array], out: Array | None = None) -> Array:
        first, *rest = inputs
        if out is None:
            out = np.empty_like(first)
        total = first
        for value in rest:
            total = np.add(total, value, out)
        if not rest:
            out[...] = first
        return out

    def grad(self, inputs: Sequence[Wire], sum: Wire, dy: Wire) -> tuple[list[Wire]]:
        return ([dy] * len(inputs),)


class Div(Binary):
    """Quotient, ``x / y``; that of integers is rounded toward zero.

    An integer divided by zero is an error; a float gives an infinity or NaN.

    >>> Div()([7, -7], 2)
    array([ 3, -3], dtype=int32)

    Source: tf.raw_ops.Div.
    """

    found_by = ("divide", "quotient")
    reuses = ("x", "y")

    def kernel_for(self, dtype: DType) -> Callable[..., Array]:
        return self.kernel if dtype.kind in "iu" else np.divide

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        if y.dtype.kind not in "iu":
            return np.divide(x, y, out)
        if not y.all():
            raise self.error(
                "input 'y' must not be 0 where integers are divided, got 0; convert both with Cast to float"
            )
        if y.dtype.kind == "u":
            return np.floor_divide(x, y, out)
        if out is None:
            out = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype)
        return in_parts(_divide_toward_zero, out, x, y)

    def bound(self, x: Range, y: Range) -> Range | None:
        return None if y.has(0) else saturating(self, x, y)

    def workspace(self, x: TensorType, y: TensorType) -> int:
        return part_bytes(2 * dtypes.storage(x.dtype).itemsize * (x.dtype in dtypes.integer), x, y)

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        y = conj(y)
        return dy / y, dy * (-conj(x) / y / y)


def _divide_toward_zero(x: Array, y: Array, out: Array) -> None:
    multiple = np.subtract(x, np.fmod(x, y))  # fmod has the sign of x, so what is left divides without rounding
    np.floor_divide(multiple, y, out)


class RealDiv(Binary):
    """Quotient, ``x / y``.

    >>> RealDiv()([1.0, 3.0], 2.0)
    array([0.5, 1.5], dtype=float32)

    Source: tf.realdiv.
    """

    found_by = ("divide", "quotient", "true division")
    T = dtypes.floating + dtypes.complexes
    ufunc = np.divide

    def bound(self, x: Range, y: Range) -> Range | None:
        return None if y.has(0) else monotone(self, [x, y])

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        y = conj(y)
        return dy / y, dy * (-conj(x) / y / y)


class SquaredDifference(Binary):
    """Squared distance, ``(x - y) ** 2``; of complex numbers, ``|x - y| ** 2``.

    >>> SquaredDifference()([1.0, 5.0], 2.0)
    array([1., 9.], dtype=float32)

    Source: tf.math.squared_difference.
    """

    found_by = ("variance", "std", "standard deviation", "squared error", "mse")
    reuses = ("x", "y")

    def bound(self, x: Range, y: Range) -> Range | None:
        apart = monotone(Subtract(), [x, y])
        size = apart and apart.magnitude()
        return size and monotone(Square(), [size])

    @staticmethod
    def element(x: np.number[Any], y: np.number[Any]) -> np.number[Any]:
        apart = x - y
        return apart * apart

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype)
        np.subtract(x, y, out)
        return in_parts(_squared, out) if out.dtype.kind == "c" else np.square(out, out)

    def workspace(self, x: TensorType, y: TensorType) -> int:
        return multiply_bytes(x, y, most=TILE)

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        dx = 2 * dy * (x - y)
        return dx, -dx


def _squared(out: Array) -> None:
    out[...] = np.square(out.real) + np.square(out.imag)


class Negate(Unary):
    """Negative, ``-x``.

    The lowest integer is its own negative.

    >>> Negate()([1.0, -2.0])
    array([-1.,  2.], dtype=float32)

    Source: tf.math.negative.
    """

    found_by = ("minus", "opposite")
    monotone = True
    aliases = ("Neg",)
    T = dtypes.floating + dtypes.signed + dtypes.complexes
    ufunc = np.negative

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return -dy


class Abs(Unary):
    """Distance from zero, ``|x|``.

    The lowest integer stays negative.

    >>> Abs()([1.0, -2.0])
    array([1., 2.], dtype=float32)

    Source: tf.math.abs.
    """

    found_by = ("absolute value", "magnitude", "modulus")
    T = dtypes.floating + dtypes.signed
    ufunc = np.absolute

    def bound(self, x: Range) -> Range | None:
        return x.magnitude()

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return dy * Sign()(x)


class Sign(Unary):
    """Sign, ``-1 if x < 0 else 1 if x > 0 else x``; of a complex number ``x / |x|``, and of 0 it is 0.

    >>> Sign()([-3.0, 0.0, 0.5])
    array([-1.,  0.,  1.], dtype=float32)

    Source: tf.math.sign.
    """

    found_by = ("signum",)
    monotone = True
    T = dtypes.floating + dtypes.signed + dtypes.complexes
    ufunc = np.sign
    grad = None

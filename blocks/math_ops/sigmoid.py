"""Sigmoid and tanh with their gradient blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.kernels.chunked import in_parts, part_bytes, tiled, tiled_bytes
from blocks.kernels.complex_products import multiply, multiply_bytes, square
from blocks.kernels.flush_subnormals import Float
from blocks.kernels.powers import reciprocal
from blocks.math_ops.conjugate import conj
from blocks.math_ops.exponential import OutputGradient
from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Unary
from dataflow.core.wire import Wire


class Sigmoid(Unary):
    """Logistic function, ``1 / (1 + e ** -x)``.

    Results that would be subnormal may be 0.

    >>> Sigmoid()([0.0, 2.0, -100.0]).round(3)
    array([0.5  , 0.881, 0.   ], dtype=float32)

    Source: tf.math.sigmoid.
    """

    found_by = ("logistic", "activation")
    monotone = True
    ulps = 8
    T = dtypes.floating + dtypes.complexes
    reuses = ("x",)

    def kernel(self, x: Array, out: Array | None = None) -> Array:
        if x.dtype.kind == "c":
            return in_parts(_complex_sigmoid, np.empty_like(x) if out is None else out, x)
        return tiled(_sigmoid, 0, out, x)

    def workspace(self, x: TensorType) -> int:
        complex_ = x.dtype in dtypes.complexes
        return part_bytes(4 * dtypes.storage(x.dtype).itemsize, x) if complex_ else tiled_bytes(0, x, 1)

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return SigmoidGrad()(conj(y), dy)


def _sigmoid(x: Array, out: Array) -> None:
    np.exp(np.negative(x, out), out)
    reciprocal(np.add(out, 1, out), out)


def _complex_sigmoid(x: Array, out: Array) -> None:
    # an infinite complex denominator would give NaN, so never e to a positive power
    decay = np.exp(np.where(x.real < 0, x, -x))
    np.divide(np.where(x.real < 0, decay, 1), decay + 1, out)


class SigmoidGrad(OutputGradient):
    """Gradient of Sigmoid, ``dy * y * (1 - y)``.

    The last few elements of an array go through the formula in another order in TensorFlow's CPU kernel, and may
    differ in the last place.

    >>> SigmoidGrad()([0.5, 0.75], [4.0, 16.0])
    array([1., 3.], dtype=float32)

    Source: tf.raw_ops.SigmoidGrad.
    """

    @staticmethod
    def element(y: Float, dy: Float, one: Float) -> Float:
        return (one - y) * y * dy

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Any, ...]:
        return (dtype.type(1),)

    def kernel(self, y: Array, dy: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty_like(y)
        np.subtract(1, y, out)
        multiply(out, y, out)
        return multiply(out, dy, out)

    def workspace(self, y: TensorType, dy: TensorType) -> int:
        return multiply_bytes(y)

    def grad(self, y: Wire, dy: Wire, z: Wire, dz: Wire) -> tuple[Wire, Wire]:
        y = conj(y)
        product = dz * conj(dy)
        return product - 2 * product * y, SigmoidGrad()(y, dz)


class Tanh(Unary):
    """Hyperbolic tangent, ``(e ** x - e ** -x) / (e ** x + e ** -x)``.

    >>> Tanh()([0.0, 1.0]).round(3)
    array([0.   , 0.762], dtype=float32)

    Source: tf.math.tanh.
    """

    found_by = ("hyperbolic tangent", "activation")
    monotone = True
    ulps = 8
    T = dtypes.floating + dtypes.complexes
    ufunc = np.tanh

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return TanhGrad()(conj(y), dy)


class TanhGrad(OutputGradient):
    """Gradient of Tanh, ``dy * (1 - y * y)``.

    >>> TanhGrad()([0.0, 0.5], [2.0, 4.0])
    array([2., 3.], dtype=float32)

    Source: tf.raw_ops.TanhGrad.
    """

    reuses = ("y",)

    @staticmethod
    def element(y: Float, dy: Float, one: Float) -> Float:
        return (one - y * y) * dy

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Any, ...]:
        return (dtype.type(1),)

    def kernel(self, y: Array, dy: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty_like(y)
        square(y, out)
        np.subtract(1, out, out)
        return multiply(out, dy, out)

    def workspace(self, y: TensorType, dy: TensorType) -> int:
        return multiply_bytes(y)

    def grad(self, y: Wire, dy: Wire, z: Wire, dz: Wire) -> tuple[Wire, Wire]:
        y = conj(y)
        return dz * -2 * conj(dy) * y, TanhGrad()(y, dz)

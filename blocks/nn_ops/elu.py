"""Exponential linear units, Elu and Selu, and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.kernels.flush_subnormals import Float
from blocks.math_ops.comparison import Less
from blocks.math_ops.select import SelectV2
from blocks.nn_ops.activation_base import Activation, FromOutputs
from dataflow.core.dtypes import Array, DType
from dataflow.core.wire import Wire

SELU_SCALE = 1.0507009873554805
SELU_FLOOR = 1.7580993408473768  # the scale times alpha, 1.6732632423543772


# kernels: blocks that keep -0.0 as clip does, and take NaN for 0 as fmin does, need more passes
def _expm1_below_zero(x: Array, factor: float, low: Array, buffer: Array) -> None:
    """``factor * (e ** min(x, 0) - 1)``, in ``low``."""
    x.clip(-np.inf, 0, low)  # clip with two bounds is twice as fast as np.minimum with a number
    # e ** x - 1 is 2 t / (1 - t) with t = tanh(x / 2), which subtracts no two numbers that are nearly equal
    np.tanh(np.multiply(low, 0.5, low), low)
    np.subtract(1, low, buffer)
    np.divide(np.multiply(low, 2 * factor, low), buffer, low)


class Elu(Activation):
    """Exponential linear unit, ``features if features >= 0 else e ** features - 1``.

    Exact to 4 units in the last place, also next to 0, where TensorFlow's CPU kernel is off by hundreds.

    >>> Elu()([-1.0, 0.0, 2.0]).round(3)
    array([-0.632,  0.   ,  2.   ], dtype=float32)

    Source: tf.nn.elu.
    """

    found_by = ("activation",)
    monotone = True
    ulps = 8
    buffers = 2

    def step(self, x: Array, out: Array, low: Array, buffer: Array) -> None:
        _expm1_below_zero(x, 1, low, buffer)
        np.maximum(x, low, out=out)  # e ** x - 1 is above x where that is negative

    def grad(self, features: Wire, activations: Wire, dy: Wire) -> Any:
        return EluGrad()(dy, activations)


class EluGrad(FromOutputs):
    """Gradient of Elu, ``gradients if outputs >= 0 else gradients * (outputs + 1)``.

    16-bit floats are computed in float32 and rounded once; TensorFlow rounds after every operation.

    >>> EluGrad()([1.0, 2.0, 3.0], [-0.5, 0.0, 2.0])
    array([0.5, 2. , 3. ], dtype=float32)

    Source: tf.raw_ops.EluGrad.
    """

    def step(self, dy: Array, y: Array, out: Array, low: Array) -> None:
        low.fill(0)
        np.fmin(y, low, out=low)  # also 0 where `y` is NaN
        np.add(low, 1, low)
        np.multiply(dy, low, out)

    @staticmethod
    def element(g: Float, y: Float, zero: Float, one: Float) -> Float:
        return g * (y + one if y < zero else one)

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Any, ...]:
        return dtype.type(0), dtype.type(1)

    def grad(self, gradients: Wire, outputs: Wire, backprops: Wire, dy: Wire) -> Any:
        return EluGrad()(dy, outputs), SelectV2()(Less()(outputs, 0), dy * gradients, 0)


class Selu(Activation):
    """Scaled exponential linear unit, ``scale * (features if features >= 0 else alpha * (e ** features - 1))``.

    The scale 1.0507009873554805 and alpha 1.6732632423543772 keep mean 0 and variance 1 from layer to layer. Exact to 4
    units in the last place, also next to 0, where TensorFlow's CPU kernel is off by hundreds.

    >>> Selu()([-1.0, 0.0, 2.0]).round(3)
    array([-1.111,  0.   ,  2.101], dtype=float32)

    Source: tf.nn.selu.
    """

    found_by = ("activation",)
    monotone = True
    ulps = 8
    buffers = 2

    def step(self, x: Array, out: Array, low: Array, buffer: Array) -> None:
        _expm1_below_zero(x, SELU_FLOOR, low, buffer)
        np.multiply(x.clip(0, np.inf, out), SELU_SCALE, out)
        np.add(out, low, out)  # one of the two is always 0

    def grad(self, features: Wire, activations: Wire, dy: Wire) -> Any:
        return SeluGrad()(dy, activations)


class SeluGrad(FromOutputs):
    """Gradient of Selu, ``gradients * (scale if outputs >= 0 else outputs + scale * alpha)``.

    16-bit floats are computed in float32 and rounded once; TensorFlow rounds after every operation.

    >>> SeluGrad()([1.0, 1.0], [-1.0, 2.0]).round(3)
    array([0.758, 1.051], dtype=float32)

    Source: tf.raw_ops.SeluGrad.
    """

    buffers = 2

    def step(self, dy: Array, y: Array, out: Array, low: Array, high: Array) -> None:
        low.fill(0)
        np.fmin(y, low, out=low)  # also 0 where `y` is NaN
        np.greater_equal(low, 0, high)
        np.multiply(high, y.dtype.type(SELU_FLOOR) - y.dtype.type(SELU_SCALE), high)  # exact, and so is what follows
        np.add(low, SELU_FLOOR, low)
        np.subtract(low, high, low)
        np.multiply(dy, low, out)

    @staticmethod
    def element(g: Float, y: Float, zero: Float, floor: Float, scale: Float) -> Float:
        return g * (y + floor if y < zero else scale)

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Any, ...]:
        return dtype.type(0), dtype.type(SELU_FLOOR), dtype.type(SELU_SCALE)

    def grad(self, gradients: Wire, outputs: Wire, backprops: Wire, dy: Wire) -> Any:
        return SeluGrad()(dy, outputs), SelectV2()(Less()(outputs, 0), dy * gradients, 0)

"""Smooth and leaky relatives of the rectifier, and their gradient blocks."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np

from blocks.kernels.chunked import tiled, tiled_bytes
from blocks.math_ops.arithmetic import Sign
from blocks.math_ops.comparison import Less
from blocks.math_ops.exponential import Exp
from blocks.math_ops.select import SelectV2
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Elementwise, Unary
from dataflow.core.wire import Wire

SELU_SCALE = 1.0507009873554805
SELU_FLOOR = 1.7580993408473768  # the scale times alpha, 1.6732632423543772


class Activation(Unary, abstract=True):
    """A function of one value, computed in float32 at least and rounded once.

    A subclass writes ``step``, which takes the inputs, the output to write to, and as many arrays to work in as
    ``buffers`` says.
    """

    features = In("T", "values, any shape")
    activations = Out("T", "same shape as `features`")
    reuses = ("features",)
    buffers: ClassVar[int] = 1
    step: ClassVar[Any]

    def kernel(self, features: Array, out: Array | None = None) -> Any:
        return tiled(self.step, self.buffers, out, features)

    def workspace(self, features: TensorType) -> int:
        return tiled_bytes(self.buffers, features, 1)


class ActivationGradient(Elementwise, abstract=True):
    """The gradient by the input of an activation; a subclass writes ``step`` as for an `Activation`."""

    T = dtypes.floating
    backprops = Out("T", "gradient by the input, same shape as `gradients`")
    broadcasts = False
    buffers: ClassVar[int] = 1
    step: ClassVar[Any]

    def workspace(self, gradients: TensorType, other: TensorType) -> int:
        return tiled_bytes(self.buffers, gradients, 2)


class FromFeatures(ActivationGradient, abstract=True):
    """A gradient that is computed from the input of the activation."""

    gradients = In("T", "gradient by the output")
    features = In("T", "what the activation took, same shape as `gradients`")
    reuses = ("gradients", "features")

    def kernel(self, gradients: Array, features: Array, out: Array | None = None) -> Any:
        return tiled(self.step, self.buffers, out, gradients, features)


class FromOutputs(ActivationGradient, abstract=True):
    """A gradient that is computed from the output of the activation."""

    gradients = In("T", "gradient by the output")
    outputs = In("T", "what the activation gave, same shape as `gradients`")
    reuses = ("gradients", "outputs")

    def kernel(self, gradients: Array, outputs: Array, out: Array | None = None) -> Any:
        return tiled(self.step, self.buffers, out, gradients, outputs)


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

    def grad(self, gradients: Wire, outputs: Wire, backprops: Wire, dy: Wire) -> Any:
        return SeluGrad()(dy, outputs), SelectV2()(Less()(outputs, 0), dy * gradients, 0)


class Softplus(Activation):
    """Smooth rectifier, ``log(1 + e ** features)``.

    Very large features are given back as they are, and of very small ones the exponential.

    >>> Softplus()([-100.0, 0.0, 100.0]).round(3)
    array([  0.   ,   0.693, 100.   ], dtype=float32)

    Source: tf.math.softplus.
    """

    buffers = 3

    def step(self, x: Array, out: Array, power: Array, total: Array, result: Array) -> None:
        limit = -np.log(np.finfo(x.dtype).eps) - 2
        near = np.maximum.reduce(np.abs(x, total), None) <= limit
        np.exp(x, power)
        np.add(power, 1, total)
        np.log(total, result)
        # the factor compensates for the rounding of 1 + e ** x; far faster than np.log1p
        np.subtract(total, 1, total)
        total.clip(np.finfo(x.dtype).tiny, np.inf, total)
        np.multiply(result, power, result)
        if near:
            np.divide(result, total, out)
            return
        np.divide(result, total, result)
        np.copyto(result, power, where=x < -limit)
        np.copyto(result, x, where=x > limit)
        np.copyto(out, result)

    def grad(self, features: Wire, activations: Wire, dy: Wire) -> Any:
        return SoftplusGrad()(dy, features)


class SoftplusGrad(FromFeatures):
    """Gradient of Softplus, ``gradients / (1 + e ** -features)``.

    >>> SoftplusGrad()([1.0, 2.0], [0.0, 100.0])
    array([0.5, 2. ], dtype=float32)

    Source: tf.raw_ops.SoftplusGrad.
    """

    def step(self, dy: Array, x: Array, out: Array, power: Array) -> None:
        np.exp(np.negative(x, power), power)
        np.add(power, 1, power)
        np.divide(dy, power, out)

    def grad(self, gradients: Wire, features: Wire, backprops: Wire, dy: Wire) -> Any:
        return SoftplusGrad()(dy, features), dy * gradients / (Exp()(-features) + 2 + Exp()(features))


class Softsign(Activation):
    """Fraction between -1 and 1, ``features / (1 + |features|)``.

    NaN where the feature is infinite. 16-bit floats are computed in float32 and rounded once; TensorFlow rounds after
    every operation.

    >>> Softsign()([-1.0, 0.0, 3.0])
    array([-0.5 ,  0.  ,  0.75], dtype=float32)

    Source: tf.nn.softsign.
    """

    def step(self, x: Array, out: Array, size: Array) -> None:
        np.add(np.abs(x, size), 1, size)
        np.divide(x, size, out)

    def grad(self, features: Wire, activations: Wire, dy: Wire) -> Any:
        return SoftsignGrad()(dy, features)


class SoftsignGrad(FromFeatures):
    """Gradient of Softsign, ``gradients / (1 + |features|) ** 2``.

    16-bit floats are computed in float32 and rounded once; TensorFlow rounds after every operation.

    >>> SoftsignGrad()([4.0, 4.0], [-1.0, 0.0])
    array([1., 4.], dtype=float32)

    Source: tf.raw_ops.SoftsignGrad.
    """

    def step(self, dy: Array, x: Array, out: Array, size: Array) -> None:
        np.add(np.abs(x, size), 1, size)
        np.divide(dy, np.square(size, size), out)

    def grad(self, gradients: Wire, features: Wire, backprops: Wire, dy: Wire) -> Any:
        sign = Sign()(features)
        return SoftsignGrad()(dy, features), -2 * dy * backprops * sign / (1 + features * sign)


def slope(alpha: float, dtype: DType) -> float:
    """The slope of a leaky rectifier, rounded to float32 and to this dtype."""
    with np.errstate(over="ignore"):
        return float(np.float32(alpha).astype(dtype))


class LeakyRelu(Activation):
    """Rectifier that lets a little through, ``features if features > 0 else alpha * features``.

    ``alpha`` is rounded to float32 first, also where the features are float64, and then to their dtype, as in the
    reference.

    >>> LeakyRelu(alpha=0.5)([-1.0, 0.0, 2.0])
    array([-0.5,  0. ,  2. ], dtype=float32)

    Source: tf.nn.leaky_relu.
    """

    alpha: float = attr("slope where `features` is negative", default=0.2)

    def kernel(self, features: Array, out: Array | None = None) -> Any:
        return tiled(partial(self.step, slope(self.alpha, features.dtype)), self.buffers, out, features)

    def step(self, alpha: float, x: Array, out: Array, low: Array) -> None:
        np.multiply(x, alpha, low)
        if 0 < alpha <= 1:
            np.maximum(x, low, out=out)  # the same for such an alpha, in one pass
        else:
            np.copyto(low, x, where=x > 0)
            np.copyto(out, low)

    def grad(self, features: Wire, activations: Wire, dy: Wire) -> Any:
        return LeakyReluGrad(alpha=self.alpha)(dy, features)


class LeakyReluGrad(FromFeatures):
    """Gradient of LeakyRelu, ``gradients if features > 0 else alpha * gradients``.

    >>> LeakyReluGrad(alpha=0.5)([1.0, 2.0], [-3.0, 3.0])
    array([0.5, 2. ], dtype=float32)

    Source: tf.raw_ops.LeakyReluGrad.
    """

    alpha: float = attr("slope where `features` is negative", default=0.2)

    def kernel(self, gradients: Array, features: Array, out: Array | None = None) -> Any:
        step = partial(self.step, slope(self.alpha, features.dtype))
        return tiled(step, self.buffers, out, gradients, features)

    def step(self, alpha: float, dy: Array, x: Array, out: Array, low: Array) -> None:
        if 0 <= alpha <= 1:
            np.greater(x, 0, low).clip(alpha, 1, low)
            np.multiply(dy, low, out)
        else:
            np.multiply(dy, alpha, low)
            np.copyto(low, dy, where=x > 0)
            np.copyto(out, low)

    def grad(self, gradients: Wire, features: Wire, backprops: Wire, dy: Wire) -> Any:
        return LeakyReluGrad(alpha=self.alpha)(dy, features), None

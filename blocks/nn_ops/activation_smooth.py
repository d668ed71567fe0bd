"""Smooth and leaky relatives of the rectifier, and their gradient blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.math_ops.arithmetic import Sign
from blocks.math_ops.comparison import Less
from blocks.math_ops.exponential import Exp
from blocks.math_ops.reduction import rounded
from blocks.math_ops.select import SelectV2, pick
from dataflow import dtypes
from dataflow.block import In, Out, attr
from dataflow.kinds import Elementwise, Unary

SELU_SCALE = 1.0507009873554805
SELU_FLOOR = 1.7580993408473768  # the scale times alpha, 1.6732632423543772


class Activation(Unary, abstract=True):
    """A function of one value, computed in float32 at least and rounded once."""

    features = In("T", "values, any shape")
    activations = Out("T", "same shape as `features`")


class ActivationGradient(Elementwise, abstract=True):
    """What an activation passes on of a gradient."""

    T = dtypes.floating
    backprops = Out("T", "gradient by the input, same shape as `gradients`")
    broadcasts = False


class FromFeatures(ActivationGradient, abstract=True):
    """A gradient that is found from the input of the activation."""

    gradients = In("T", "gradient by the output")
    features = In("T", "what the activation took, same shape as `gradients`")


class FromOutputs(ActivationGradient, abstract=True):
    """A gradient that is found from the output of the activation."""

    gradients = In("T", "gradient by the output")
    outputs = In("T", "what the activation gave, same shape as `gradients`")


def _wide(x: Any) -> Any:
    return x.astype(dtypes.compute_dtype(x.dtype.name), copy=False)


def _chosen(condition: Any, t: Any, e: Any, out: Any) -> Any:
    """``t if condition else e``, rounded to the dtype of ``out``, which may be ``t``."""
    if out.dtype == t.dtype:
        return pick(condition, t, e, out)
    out[...] = np.where(condition, t, e)
    return out


def _bent(features: Any, out: Any, scale: float, floor: float) -> Any:
    """``scale * features`` above zero, and ``floor * (e ** features - 1)`` below: one of the two terms is always 0."""
    x = _wide(features)
    low = np.asarray(np.minimum(x, 0))
    np.exp(low, low)
    low -= 1
    high = np.asarray(np.maximum(x, 0, out=out if out is not None and out.dtype == x.dtype else None))
    if scale != 1:
        low *= floor
        high *= scale
    high += low
    return high if high is out else rounded(high, features.dtype, out)


class Elu(Activation):
    """Exponential linear unit, ``features if features >= 0 else e ** features - 1``.

    >>> Elu()([-1.0, 0.0, 2.0]).round(3)
    array([-0.632,  0.   ,  2.   ], dtype=float32)

    Source: tf.nn.elu.
    """

    reuses = ("features",)

    def kernel(self, features: Any, out: Any = None) -> Any:
        return _bent(features, out, 1, 1)

    def grad(self, features: Any, activations: Any, dy: Any) -> Any:
        return EluGrad()(dy, activations)


class EluGrad(FromOutputs):
    """Gradient of Elu, ``gradients if outputs >= 0 else gradients * (outputs + 1)``.

    >>> EluGrad()([1.0, 2.0, 3.0], [-0.5, 0.0, 2.0])
    array([0.5, 2. , 3. ], dtype=float32)

    Source: tf.raw_ops.EluGrad.
    """

    def kernel(self, gradients: Any, outputs: Any, out: Any = None) -> Any:
        if out is None:
            out = np.empty_like(outputs)
        y, dy = _wide(outputs), _wide(gradients)
        return _chosen(y < 0, np.asarray((y + 1) * dy), dy, out)

    def grad(self, gradients: Any, outputs: Any, backprops: Any, dy: Any) -> Any:
        return EluGrad()(dy, outputs), SelectV2()(Less()(outputs, 0), dy * gradients, 0)


class Selu(Activation):
    """Scaled exponential linear unit, ``scale * (features if features >= 0 else alpha * (e ** features - 1))``.

    The scale 1.0507009873554805 and alpha 1.6732632423543772 keep mean 0 and variance 1 from layer to layer.

    >>> Selu()([-1.0, 0.0, 2.0]).round(3)
    array([-1.111,  0.   ,  2.101], dtype=float32)

    Source: tf.nn.selu.
    """

    reuses = ("features",)

    def kernel(self, features: Any, out: Any = None) -> Any:
        return _bent(features, out, SELU_SCALE, SELU_FLOOR)

    def grad(self, features: Any, activations: Any, dy: Any) -> Any:
        return SeluGrad()(dy, activations)


class SeluGrad(FromOutputs):
    """Gradient of Selu, ``gradients * (scale if outputs >= 0 else outputs + scale * alpha)``.

    >>> SeluGrad()([1.0, 1.0], [-1.0, 2.0]).round(3)
    array([0.758, 1.051], dtype=float32)

    Source: tf.raw_ops.SeluGrad.
    """

    def kernel(self, gradients: Any, outputs: Any, out: Any = None) -> Any:
        if out is None:
            out = np.empty_like(outputs)
        y, dy = _wide(outputs), _wide(gradients)
        return _chosen(y < 0, np.asarray((y + SELU_FLOOR) * dy), np.asarray(dy * SELU_SCALE), out)

    def grad(self, gradients: Any, outputs: Any, backprops: Any, dy: Any) -> Any:
        return SeluGrad()(dy, outputs), SelectV2()(Less()(outputs, 0), dy * gradients, 0)


class Softplus(Activation):
    """Smooth rectifier, ``log(1 + e ** features)``.

    Features so large that nothing else is left are given back as they are, and of very small ones the exponential.

    >>> Softplus()([-100.0, 0.0, 100.0]).round(3)
    array([  0.   ,   0.693, 100.   ], dtype=float32)

    Source: tf.math.softplus.
    """

    reuses = ("features",)

    def kernel(self, features: Any, out: Any = None) -> Any:
        x = _wide(features)
        limit = -np.log(np.finfo(x.dtype).eps) - 2
        power = np.asarray(np.exp(x))
        total = np.asarray(power + 1)
        result = np.asarray(np.log(total))
        # what rounding took from 1 + e ** x is made good by the factor; far faster than np.log1p
        total -= 1
        np.maximum(total, np.finfo(x.dtype).tiny, out=total)
        result *= power
        result /= total
        if not (np.abs(x) <= limit).all():
            result = np.where(x < -limit, power, np.where(x > limit, x, result))
        return rounded(result, features.dtype, out)

    def grad(self, features: Any, activations: Any, dy: Any) -> Any:
        return SoftplusGrad()(dy, features)


class SoftplusGrad(FromFeatures):
    """Gradient of Softplus, ``gradients / (1 + e ** -features)``.

    >>> SoftplusGrad()([1.0, 2.0], [0.0, 100.0])
    array([0.5, 2. ], dtype=float32)

    Source: tf.raw_ops.SoftplusGrad.
    """

    reuses = ("gradients", "features")

    def kernel(self, gradients: Any, features: Any, out: Any = None) -> Any:
        return rounded(_wide(gradients) / (np.exp(-_wide(features)) + 1), features.dtype, out)

    def grad(self, gradients: Any, features: Any, backprops: Any, dy: Any) -> Any:
        return SoftplusGrad()(dy, features), dy * gradients / (Exp()(-features) + 2 + Exp()(features))


class Softsign(Activation):
    """Fraction between -1 and 1, ``features / (1 + |features|)``.

    NaN where the feature is infinite.

    >>> Softsign()([-1.0, 0.0, 3.0])
    array([-0.5 ,  0.  ,  0.75], dtype=float32)

    Source: tf.nn.softsign.
    """

    reuses = ("features",)

    def kernel(self, features: Any, out: Any = None) -> Any:
        x = _wide(features)
        return rounded(x / (np.abs(x) + 1), features.dtype, out)

    def grad(self, features: Any, activations: Any, dy: Any) -> Any:
        return SoftsignGrad()(dy, features)


class SoftsignGrad(FromFeatures):
    """Gradient of Softsign, ``gradients / (1 + |features|) ** 2``.

    >>> SoftsignGrad()([4.0, 4.0], [-1.0, 0.0])
    array([1., 4.], dtype=float32)

    Source: tf.raw_ops.SoftsignGrad.
    """

    reuses = ("gradients", "features")

    def kernel(self, gradients: Any, features: Any, out: Any = None) -> Any:
        return rounded(_wide(gradients) / np.square(np.abs(_wide(features)) + 1), features.dtype, out)

    def grad(self, gradients: Any, features: Any, backprops: Any, dy: Any) -> Any:
        sign = Sign()(features)
        return SoftsignGrad()(dy, features), -2 * dy * backprops * sign / (1 + features * sign)


class LeakyRelu(Activation):
    """Rectifier that lets a little through, ``features if features > 0 else alpha * features``.

    ``alpha`` is rounded to float32 first, as in the reference, also where the features are float64.

    >>> LeakyRelu(alpha=0.5)([-1.0, 0.0, 2.0])
    array([-0.5,  0. ,  2. ], dtype=float32)

    Source: tf.nn.leaky_relu.
    """

    alpha: float = attr("slope where `features` is negative", default=0.2)
    reuses = ("features",)

    def kernel(self, features: Any, out: Any = None) -> Any:
        if out is None:
            out = np.empty_like(features)
        x, alpha = _wide(features), float(np.float32(self.alpha))
        low = np.asarray(x * alpha)
        if 0 < alpha <= 1 and out.dtype == x.dtype:
            return np.maximum(x, low, out=out)  # the same for such an alpha, in one pass
        return _chosen(x > 0, x, low, out)

    def grad(self, features: Any, activations: Any, dy: Any) -> Any:
        return LeakyReluGrad(alpha=self.alpha)(dy, features)


class LeakyReluGrad(FromFeatures):
    """Gradient of LeakyRelu, ``gradients if features > 0 else alpha * gradients``.

    >>> LeakyReluGrad(alpha=0.5)([1.0, 2.0], [-3.0, 3.0])
    array([0.5, 2. ], dtype=float32)

    Source: tf.raw_ops.LeakyReluGrad.
    """

    alpha: float = attr("slope where `features` is negative", default=0.2)
    reuses = ("gradients",)

    def kernel(self, gradients: Any, features: Any, out: Any = None) -> Any:
        if out is None:
            out = np.empty_like(features)
        dy = _wide(gradients)
        return _chosen(features > 0, dy, np.asarray(dy * float(np.float32(self.alpha))), out)

    def grad(self, gradients: Any, features: Any, backprops: Any, dy: Any) -> Any:
        return LeakyReluGrad(alpha=self.alpha)(dy, features), None

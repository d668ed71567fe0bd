"""Softplus and Softsign, and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.math_ops.arithmetic import Sign, Square
from blocks.math_ops.exponential import Exp
from blocks.nn_ops.activation_base import Activation, FromFeatures, OfBlocks, rounded_once
from dataflow.core.dtypes import Array
from dataflow.core.wire import Wire


class Softplus(Activation):
    """Smooth rectifier, ``log(1 + e ** features)``.

    Very large features are given back as they are, and of very small ones the exponential.

    >>> Softplus()([-100.0, 0.0, 100.0]).round(3)
    array([  0.   ,   0.693, 100.   ], dtype=float32)

    Source: tf.math.softplus.
    """

    found_by = ("activation", "smooth relu")
    monotone = True
    ulps = 8
    buffers = 3

    # a kernel, since blocks would compute the rare ends of the range for all elements, and pick from them
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

    # a kernel: np.exp, which no loop compiles, is most of it, and stands between the two loops that blocks would be
    def step(self, dy: Array, x: Array, out: Array, power: Array) -> None:
        np.exp(np.negative(x, power), power)
        np.add(power, 1, power)
        np.divide(dy, power, out)

    def grad(self, gradients: Wire, features: Wire, backprops: Wire, dy: Wire) -> Any:
        return SoftplusGrad()(dy, features), dy * gradients / (Exp()(-features) + 2 + Exp()(features))


class Softsign(OfBlocks, Activation):
    """Fraction between -1 and 1, ``features / (1 + |features|)``.

    NaN where the feature is infinite. 16-bit floats are computed in float32 and rounded once; TensorFlow rounds after
    every operation.

    >>> Softsign()([-1.0, 0.0, 3.0])
    array([-0.5 ,  0.  ,  0.75], dtype=float32)

    Source: tf.nn.softsign.
    """

    found_by = ("activation",)
    monotone = True
    ulps = 8

    def body(self, features: Wire) -> Wire:
        return rounded_once(lambda x: x / (abs(x) + 1), features)

    def grad(self, features: Wire, activations: Wire, dy: Wire) -> Any:
        return SoftsignGrad()(dy, features)


class SoftsignGrad(OfBlocks, FromFeatures):
    """Gradient of Softsign, ``gradients / (1 + |features|) ** 2``.

    16-bit floats are computed in float32 and rounded once; TensorFlow rounds after every operation.

    >>> SoftsignGrad()([4.0, 4.0], [-1.0, 0.0])
    array([1., 4.], dtype=float32)

    Source: tf.raw_ops.SoftsignGrad.
    """

    def body(self, gradients: Wire, features: Wire) -> Wire:
        return rounded_once(lambda dy, x: dy / Square()(abs(x) + 1), gradients, features)

    def grad(self, gradients: Wire, features: Wire, backprops: Wire, dy: Wire) -> Any:
        sign = Sign()(features)
        return SoftsignGrad()(dy, features), -2 * dy * backprops * sign / (1 + features * sign)

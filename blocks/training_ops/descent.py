"""Optimizers that follow the gradient: plain, with momentum, Adam."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from blocks.training_ops.optimizer_base import Optimizer, gradient, power_of, rate, setting, slot, toward, variable
from dataflow.core.block import attr
from dataflow.core.dtypes import Array


class ApplyGradientDescent(Optimizer):
    """A step down the gradient, ``var -= alpha * delta``.

    >>> ApplyGradientDescent()([1.0, 2.0], 0.1, [10.0, -10.0])
    array([0., 3.], dtype=float32)

    Source: tf.raw_ops.ApplyGradientDescent.
    """

    found_by = ("sgd", "optimizer", "stochastic gradient descent")
    var = variable()
    alpha = rate(0.01)
    delta = gradient()

    scratch_arrays = 0

    def step(self, var: Array, alpha: Array, delta: Array, out: Array) -> None:
        np.subtract(var, np.multiply(alpha, delta, out), out)

    grad = None


class ApplyMomentum(Optimizer):
    """A step along gradients that fade, ``accum = momentum * accum + grad; var -= lr * accum``.

    With Nesterov's momentum ``var -= lr * (grad + momentum * accum)``.

    >>> ApplyMomentum()([1.0], [2.0], 0.1, [3.0], 0.5)
    ApplyMomentumOutputs(out=array([0.6], dtype=float32), accum_out=array([4.], dtype=float32))

    Source: tf.raw_ops.ApplyMomentum.
    """

    found_by: ClassVar[tuple[str, ...]] = ("nesterov", "sgd", "optimizer")
    var = variable()
    accum = slot("the gradients")
    lr = rate(0.01)
    grad = gradient()
    momentum = setting("part of `accum` that is kept", 0.9)
    use_nesterov: bool = attr("look ahead along the momentum", default=False)

    def step(
        self,
        var: Array,
        accum: Array,
        lr: Array,
        grad: Array,
        momentum: Array,
        out: Array,
        accum_out: Array,
        ahead: Array,
    ) -> None:
        np.add(np.multiply(accum, momentum, accum_out), grad, accum_out)
        if self.use_nesterov:
            np.multiply(np.multiply(accum_out, momentum, ahead), lr, ahead)
            np.add(np.multiply(grad, lr, out), ahead, out)
        else:
            np.multiply(accum_out, lr, out)
        np.subtract(var, out, out)


class ApplyAdam(Optimizer):
    """A step by mean and spread of the gradients, ``var -= lr_t * m / (sqrt(v) + epsilon)``.

    ``m += (1 - beta1) * (grad - m)``, ``v += (1 - beta2) * (grad**2 - v)`` and
    ``lr_t = lr * sqrt(1 - beta2_power) / (1 - beta1_power)``, where the powers are those of the steps done, this one
    included. With Nesterov's momentum ``m`` is replaced by ``beta1 * m + (1 - beta1) * grad``.

    >>> ApplyAdam()([1.0], [0.0], [0.0], 0.9, 0.999, 0.1, 0.9, 0.999, 1e-8, [2.0]).out.round(4)
    array([0.9], dtype=float32)

    Source: tf.raw_ops.ApplyAdam.
    """

    found_by: ClassVar[tuple[str, ...]] = ("adam", "optimizer")
    var = variable()
    m = slot("the mean of the gradients")
    v = slot("the mean of their squares")
    beta1_power = power_of("beta1")
    beta2_power = power_of("beta2")
    lr = rate(0.001)
    beta1 = setting("part of `m` that is kept", 0.9)
    beta2 = setting("part of `v` that is kept", 0.999)
    epsilon = setting("added to the root, so that nothing is divided by zero", 1e-7)
    grad = gradient()
    use_nesterov: bool = attr("look ahead along the momentum", default=False)

    def step(
        self,
        var: Array,
        m: Array,
        v: Array,
        beta1_power: Array,
        beta2_power: Array,
        lr: Array,
        beta1: Array,
        beta2: Array,
        epsilon: Array,
        grad: Array,
        out: Array,
        m_out: Array,
        v_out: Array,
        buffer: Array,
    ) -> None:
        toward(m, grad, 1 - beta1, m_out)
        toward(v, np.square(grad, v_out), 1 - beta2, v_out)
        step = m_out
        if self.use_nesterov:
            step = np.add(np.multiply(grad, 1 - beta1, out), np.multiply(beta1, m_out, buffer), out)
        np.multiply(step, lr * np.sqrt(1 - beta2_power) / (1 - beta1_power), out)
        np.divide(out, np.add(np.sqrt(v_out, buffer), epsilon, buffer), out)
        np.subtract(var, out, out)

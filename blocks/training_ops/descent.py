"""Optimizers that follow the gradient: plain, with momentum, Adam."""

from __future__ import annotations

from typing import ClassVar

from blocks.math_ops.arithmetic import Square
from blocks.math_ops.exponential import Sqrt
from blocks.training_ops.optimizer_base import Optimizer, gradient, power_of, rate, setting, slot, variable
from dataflow.core.block import attr
from dataflow.core.wire import Wire


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

    def body(self, var: Wire, alpha: Wire, delta: Wire) -> Wire:
        return var - alpha * delta


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

    def body(self, var: Wire, accum: Wire, lr: Wire, grad: Wire, momentum: Wire) -> tuple[Wire, Wire]:
        accum = accum * momentum + grad
        step = grad * lr + accum * momentum * lr if self.use_nesterov else accum * lr
        return var - step, accum


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

    def body(
        self, var: Wire, m: Wire, v: Wire, beta1_power: Wire, beta2_power: Wire, lr: Wire, beta1: Wire, beta2: Wire,
        epsilon: Wire, grad: Wire,
    ) -> tuple[Wire, Wire, Wire]:  # fmt: skip
        m = m + (grad - m) * (1 - beta1)
        v = v + (Square()(grad) - v) * (1 - beta2)
        rate = lr * Sqrt()(1 - beta2_power) / (1 - beta1_power)
        step = grad * (1 - beta1) + beta1 * m if self.use_nesterov else m
        return var - step * rate / (Sqrt()(v) + epsilon), m, v

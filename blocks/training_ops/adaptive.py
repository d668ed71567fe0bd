"""Optimizers that divide by the size of past gradients: Adagrad, Adadelta, RMSProp."""

from __future__ import annotations

from blocks.math_ops.arithmetic import Square
from blocks.math_ops.exponential import Rsqrt, Sqrt
from blocks.training_ops.optimizer_base import Optimizer, gradient, rate, setting, slot, variable
from dataflow.core.block import attr
from dataflow.core.wire import Wire


class ApplyAdagrad(Optimizer):
    """A step by the sum of squared gradients, ``accum += grad**2; var -= lr * grad / sqrt(accum)``.

    Nothing is added to the root: where `accum` and `grad` are 0 the result is NaN, so `accum` should begin above 0. In
    float32 TensorFlow takes the reciprocal root in a fast way, up to 2 units in the last place off.

    >>> ApplyAdagrad()([1.0], [7.0], 0.4, [3.0])
    ApplyAdagradOutputs(out=array([0.7], dtype=float32), accum_out=array([16.], dtype=float32))

    Source: tf.raw_ops.ApplyAdagrad.
    """

    found_by = ("adagrad", "optimizer")
    var = variable()
    accum = slot("the sum of squared gradients", 0.1)
    lr = rate(0.001)
    grad = gradient()
    update_slots: bool = attr("false leaves `accum` as it is", default=True)

    def body(self, var: Wire, accum: Wire, lr: Wire, grad: Wire) -> tuple[Wire, Wire]:
        if self.update_slots:
            accum = accum + Square()(grad)
        return var - grad * lr * Rsqrt()(accum), accum


class ApplyAdadelta(Optimizer):
    """A step as long as those before it, ``var -= lr * sqrt(accum_update + epsilon) / sqrt(accum + epsilon) * grad``.

    First ``accum = rho * accum + (1 - rho) * grad**2``; last, with the step before it is multiplied by `lr`,
    ``accum_update = rho * accum_update + (1 - rho) * step**2``. In float32 TensorFlow takes the reciprocal root in a
    fast way, up to 2 units in the last place off.

    >>> ApplyAdadelta()([1.0], [4.0], [1.0], 0.5, 0.5, 0.0, [2.0]).out
    array([0.5], dtype=float32)

    Source: tf.raw_ops.ApplyAdadelta.
    """

    found_by = ("adadelta", "optimizer")
    var = variable()
    accum = slot("the mean of squared gradients")
    accum_update = slot("the mean of squared steps")
    lr = rate(0.001)
    rho = setting("part of the means that is kept", 0.95)
    epsilon = setting("added under the roots: the first step is as long as its root allows", 1e-7)
    grad = gradient()

    def body(
        self, var: Wire, accum: Wire, accum_update: Wire, lr: Wire, rho: Wire, epsilon: Wire, grad: Wire
    ) -> tuple[Wire, Wire, Wire]:
        accum = accum * rho + Square()(grad) * (1 - rho)
        step = Sqrt()(accum_update + epsilon) * Rsqrt()(accum + epsilon) * grad
        return var - step * lr, accum, accum_update * rho + Square()(step) * (1 - rho)


class ApplyRMSProp(Optimizer):
    """A step by the mean of squared gradients, ``mom = momentum * mom + lr * grad / sqrt(ms + epsilon)``.

    Before that, ``ms += (1 - rho) * (grad**2 - ms)``; after it ``var -= mom``.

    >>> ApplyRMSProp()([1.0], [4.0], [1.0], 0.5, 0.5, 0.5, 0.0, [2.0])  # doctest: +NORMALIZE_WHITESPACE
    ApplyRMSPropOutputs(out=array([0.], dtype=float32), ms_out=array([4.], dtype=float32),
                        mom_out=array([1.], dtype=float32))

    Source: tf.raw_ops.ApplyRMSProp.
    """

    found_by = ("rmsprop", "optimizer")
    var = variable()
    ms = slot("the mean of squared gradients")
    mom = slot("the steps")
    lr = rate(0.001)
    rho = setting("part of `ms` that is kept", 0.9)
    momentum = setting("part of `mom` that is kept", 0.0)
    epsilon = setting("added under the root, so that nothing is divided by zero", 1e-7)
    grad = gradient()

    def body(
        self, var: Wire, ms: Wire, mom: Wire, lr: Wire, rho: Wire, momentum: Wire, epsilon: Wire, grad: Wire
    ) -> tuple[Wire, Wire, Wire]:
        ms = ms + (Square()(grad) - ms) * (1 - rho)
        step = grad * lr / Sqrt()(ms + epsilon)
        mom = mom * momentum + step
        return var - mom, ms, mom


class ApplyCenteredRMSProp(Optimizer):
    """A step by the variance of the gradients, ``mom = momentum * mom + lr * grad / sqrt(ms - mg**2 + epsilon)``.

    Before that, ``ms += (1 - rho) * (grad**2 - ms)`` and ``mg += (1 - rho) * (grad - mg)``; after it ``var -= mom``.
    Where rounding makes the variance negative by more than `epsilon` the result is NaN.

    >>> ApplyCenteredRMSProp()([1.0], [2.0], [8.0], [1.0], 0.5, 0.5, 0.5, 5.0, [0.0]).out
    array([0.5], dtype=float32)

    Source: tf.raw_ops.ApplyCenteredRMSProp.
    """

    found_by = ("rmsprop", "optimizer")
    var = variable()
    mg = slot("the mean of the gradients")
    ms = slot("the mean of their squares")
    mom = slot("the steps")
    lr = rate(0.001)
    rho = setting("part of `mg` and `ms` that is kept", 0.9)
    momentum = setting("part of `mom` that is kept", 0.0)
    epsilon = setting("added under the root, so that nothing is divided by zero", 1e-7)
    grad = gradient()

    def body(
        self, var: Wire, mg: Wire, ms: Wire, mom: Wire, lr: Wire, rho: Wire, momentum: Wire, epsilon: Wire, grad: Wire
    ) -> tuple[Wire, Wire, Wire, Wire]:
        ms = ms + (Square()(grad) - ms) * (1 - rho)
        mg = mg + (grad - mg) * (1 - rho)
        step = grad * lr / Sqrt()(ms - Square()(mg) + epsilon)
        mom = mom * momentum + step
        return var - mom, mg, ms, mom

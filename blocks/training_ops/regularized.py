"""Optimizers that also pull variables to zero, by ``l1`` all the way and by ``l2``: FTRL, proximal, AdagradDA."""

from __future__ import annotations

import numpy as np

from blocks.kernels.powers import power
from blocks.training_ops.optimizer_base import Optimizer, gradient, rate, rsqrt, setting, slot, variable
from dataflow.core.block import In, attr
from dataflow.core.dtypes import Array
from dataflow.core.roles import StepNumber

L1 = "strength of the pull that makes small values 0"
L2 = "strength of the pull in proportion to the value"


def shrunk(x: Array, by: Array, out: Array, buffer: Array) -> Array:
    """Each element moved toward zero by an amount, and no further; ``out`` may be ``by``."""
    np.subtract(np.abs(x, buffer), by, buffer).clip(0, np.inf, buffer)
    result: Array = np.multiply(np.sign(x, out), buffer, out)
    return result


def proximal(x: Array, rate: Array, l1: Array, l2: Array, buffer: Array, other: Array) -> None:
    """Replace each element of ``x`` by what it is after both pulls, done at a rate: one, or one per element."""
    scaled = other if rate.ndim else None
    if l1 > 0:
        np.copyto(x, shrunk(x, np.multiply(rate, l1, scaled), other, buffer))
    np.divide(x, np.add(1, np.multiply(l2, rate, scaled), scaled), x)


class ApplyFtrl(Optimizer):
    """A step by the sum of all gradients, ``var = (sign(linear) * l1 - linear) / (accum**-lr_power / lr + 2 * l2)``.

    It is 0 where ``|linear| <= l1``. Before that `accum` becomes ``new = accum + grad**2``, and
    ``linear += grad - (new**-lr_power - accum**-lr_power) / lr * var``. With `multiply_linear_by_lr` the variable
    `linear` is kept times `lr`, and nothing is divided by it. Roots and powers differ from TensorFlow's in their last
    digits, and their difference in more.

    >>> ApplyFtrl()([0.0], [7.0], [1.0], [3.0], 0.5, 2.0, 1.0, -0.5)  # doctest: +NORMALIZE_WHITESPACE
    ApplyFtrlOutputs(out=array([-0.2], dtype=float32), accum_out=array([16.], dtype=float32),
                     linear_out=array([4.], dtype=float32))

    Source: tf.raw_ops.ApplyFtrl.
    """

    found_by = ("ftrl", "optimizer")
    var = variable()
    accum = slot("the sum of squared gradients", 0.1)
    linear = slot("the corrected sum of gradients")
    grad = gradient()
    lr = rate(0.001)
    l1 = setting(L1, 0.0)
    l2 = setting(L2, 0.0)
    lr_power = setting("how the rate falls with `accum`, -0.5 for the root; 0 or less", -0.5)
    multiply_linear_by_lr: bool = attr("keep `linear` times `lr`, so that `lr` may be 0", default=False)

    scratch_arrays = 2

    def step(
        self,
        var: Array,
        accum: Array,
        linear: Array,
        grad: Array,
        lr: Array,
        l1: Array,
        l2: Array,
        lr_power: Array,
        out: Array,
        accum_out: Array,
        linear_out: Array,
        root: Array,
        buffer: Array,
    ) -> None:
        np.add(accum, np.square(grad, accum_out), accum_out)
        if lr_power == -0.5:
            np.sqrt(accum_out, root)
            np.sqrt(accum, buffer)
        else:
            power(accum_out, -lr_power, root)
            power(accum, -lr_power, buffer)
        np.subtract(root, buffer, buffer)
        if self.multiply_linear_by_lr:
            np.subtract(np.multiply(grad, lr, out), np.multiply(buffer, var, buffer), buffer)
            l1 = l1 * lr
            np.add(root, 2 * l2 * lr, root)
        else:
            np.subtract(grad, np.multiply(np.divide(buffer, lr, buffer), var, buffer), buffer)
            np.add(np.divide(root, lr, root), 2 * l2, root)
        np.add(linear, buffer, linear_out)
        np.subtract(np.multiply(l1, np.sign(linear_out, out), out), linear_out, out)
        np.divide(out, root, out)
        bits = np.dtype(f"u{out.itemsize}")
        kept = np.greater(np.abs(linear_out, buffer), l1, root.view(bits))
        np.multiply(out.view(bits), kept, out.view(bits))  # 0 where it is not kept, whatever stands there


class ApplyProximalGradientDescent(Optimizer):
    """A step down the gradient, then to zero, ``var = shrunk(var - alpha * delta, alpha * l1) / (1 + alpha * l2)``.

    ``shrunk(v, d)`` is ``sign(v) * max(|v| - d, 0)``; it is done where `l1` is above 0.

    >>> ApplyProximalGradientDescent()([1.0, 0.5], 0.5, 1.0, 2.0, [-1.0, 1.0])
    array([0.5, 0. ], dtype=float32)

    Source: tf.raw_ops.ApplyProximalGradientDescent.
    """

    found_by = ("optimizer", "sgd", "l1", "soft threshold")
    var = variable()
    alpha = rate(0.01)
    l1 = setting(L1, 0.0)
    l2 = setting(L2, 0.0)
    delta = gradient()
    grad = None

    scratch_arrays = 2

    def step(
        self, var: Array, alpha: Array, l1: Array, l2: Array, delta: Array, out: Array, *scratch_arrays: Array
    ) -> None:
        np.subtract(var, np.multiply(delta, alpha, out), out)
        proximal(out, alpha, l1, l2, *scratch_arrays)


class ApplyProximalAdagrad(Optimizer):
    """A step of Adagrad, then to zero, ``var = shrunk(var - rate * grad, rate * l1) / (1 + rate * l2)``.

    Before that ``accum += grad**2``; ``rate = lr / sqrt(accum)``. ``shrunk(v, d)`` is ``sign(v) * max(|v| - d, 0)``; it
    is done where `l1` is above 0. In float32 TensorFlow takes the reciprocal root in a fast way, up to 2 units in the
    last place off.

    >>> ApplyProximalAdagrad()([1.0, 0.5], [3.0, 3.0], 1.0, 1.0, 2.0, [-1.0, 1.0]).out
    array([0.5, 0. ], dtype=float32)

    Source: tf.raw_ops.ApplyProximalAdagrad.
    """

    found_by = ("optimizer", "l1")
    var = variable()
    accum = slot("the sum of squared gradients", 0.1)
    lr = rate(0.001, ", above 0")
    l1 = setting(f"{L1}; 0 or more", 0.0)
    l2 = setting(f"{L2}; 0 or more", 0.0)
    grad = gradient()

    def kernel(self, *arrays: Array) -> Array | tuple[Array, ...]:
        _, _, lr, l1, l2, _ = arrays
        if not lr > 0:
            raise self.error(f"input 'lr' must be above 0, got {lr}")
        for name, strength in (("l1", l1), ("l2", l2)):
            if not strength >= 0:
                raise self.error(f"input '{name}' must be 0 or more, got {strength}")
        return super().kernel(*arrays)

    scratch_arrays = 3

    def step(
        self,
        var: Array,
        accum: Array,
        lr: Array,
        l1: Array,
        l2: Array,
        grad: Array,
        out: Array,
        accum_out: Array,
        rate: Array,
        *scratch_arrays: Array,
    ) -> None:
        np.add(accum, np.square(grad, accum_out), accum_out)
        np.multiply(lr, rsqrt(accum_out, rate), rate)
        np.subtract(var, np.multiply(grad, rate, out), out)
        proximal(out, rate, l1, l2, *scratch_arrays)


class ApplyAdagradDA(Optimizer):
    """A step by all gradients since the first, ``var = -lr * shrunk(g, l1 * t) / (l2 * t * lr + sqrt(gg))``.

    ``g`` and ``gg`` are the accumulators after the gradient and its square are added, ``t`` the `global_step`, which is
    rounded to float32. ``shrunk(g, d)`` is ``sign(g) * max(|g| - d, 0)``; it is done where `l1` is above 0. What the
    variable was does not matter.

    >>> ApplyAdagradDA()([9.0], [3.0], [9.0], [4.0], 0.5, 1.0, 0.0, 2)  # doctest: +NORMALIZE_WHITESPACE
    ApplyAdagradDAOutputs(out=array([-0.5], dtype=float32), gradient_accumulator_out=array([7.], dtype=float32),
                          gradient_squared_accumulator_out=array([25.], dtype=float32))

    Source: tf.raw_ops.ApplyAdagradDA.
    """

    found_by = ("optimizer",)
    var = variable()
    gradient_accumulator = slot("the sum of gradients")
    gradient_squared_accumulator = slot("the sum of their squares", 0.1)
    grad = gradient()
    lr = rate(0.001)
    l1 = setting(L1, 0.0)
    l2 = setting(L2, 0.0)
    global_step = In("int64", "number of this step, from 1", shape=(), role=StepNumber())

    def step(
        self,
        var: Array,
        gradient_accumulator: Array,
        gradient_squared_accumulator: Array,
        grad: Array,
        lr: Array,
        l1: Array,
        l2: Array,
        global_step: Array,
        out: Array,
        total: Array,
        squares: Array,
        buffer: Array,
    ) -> None:
        np.add(gradient_accumulator, grad, total)
        np.add(gradient_squared_accumulator, np.square(grad, squares), squares)
        steps = np.float32(global_step).astype(var.dtype)
        np.multiply(-lr, shrunk(total, steps * l1, out, buffer) if l1 > 0 else total, out)
        np.divide(out, np.add(l2 * (steps * lr), np.sqrt(squares, buffer), buffer), out)

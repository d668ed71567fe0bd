"""Optimizers that also pull variables to zero, by ``l1`` all the way and by ``l2``: FTRL, proximal, AdagradDA.

What is done where `l1` is above 0 stands behind a condition; a plan that knows `l1` leaves out what it does not need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blocks.math_ops.arithmetic import Sign, Square
from blocks.math_ops.cast import Cast
from blocks.math_ops.comparison import Equal
from blocks.math_ops.exponential import Pow, Rsqrt, Sqrt
from blocks.math_ops.select import SelectV2
from blocks.nn_ops.relu import Relu
from blocks.training_ops.optimizer_base import Optimizer, gradient, rate, setting, slot, variable
from dataflow.core import dtypes
from dataflow.core.block import In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError
from dataflow.core.kinds import View
from dataflow.core.roles import StepNumber
from dataflow.core.wire import Wire

L1 = "strength of the pull that makes small values 0"
L2 = "strength of the pull in proportion to the value"


def shrunk(x: Wire, by: Wire) -> Any:
    """Each element moved toward zero by an amount, and no further."""
    return Sign()(x) * Relu()(abs(x) - by)


def pulled(x: Wire, rate: Wire, l1: Wire, l2: Wire) -> Any:
    """Each element after both pulls, done at a rate: one, or one per element."""
    return SelectV2()(l1 > 0, shrunk(x, rate * l1), x) / (1 + l2 * rate)


class Checked(View, abstract=True):
    """A gradient, as it is, of an ApplyProximalAdagrad whose settings must be in their ranges.

    All outputs come from the gradient, so that the settings are looked at whichever of them are needed.
    """

    T = dtypes.floating
    given = In("T", "the gradient")
    lr = In("T", "must be above 0", shape=())
    l1 = In("T", "must be 0 or more", shape=())
    l2 = In("T", "must be 0 or more", shape=())
    checked = Out("T", "the gradient")

    def shape_of(self, given: TensorType, *settings: TensorType) -> Shape:
        return given.shape

    def kernel(self, given: Array, lr: Array, l1: Array, l2: Array) -> Array:
        for port, value, fits, limit in (
            ("lr", lr, lr > 0, "above 0"),
            ("l1", l1, l1 >= 0, "0 or more"),
            ("l2", l2, l2 >= 0, "0 or more"),
        ):
            if not fits:
                raise BlockError(f"ApplyProximalAdagrad: input '{port}' must be {limit}, got {value}")
        return given

    def same_as(self, known: Mapping[str, Array]) -> str | None:
        fits = known.keys() >= {"lr", "l1", "l2"} and known["lr"] > 0 and known["l1"] >= 0 and known["l2"] >= 0
        return "given" if fits else None


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

    def body(
        self, var: Wire, accum: Wire, linear: Wire, grad: Wire, lr: Wire, l1: Wire, l2: Wire, lr_power: Wire
    ) -> tuple[Wire, Wire, Wire]:
        plain = Equal()(lr_power, -0.5)

        def root(squares: Wire) -> Any:
            return SelectV2()(plain, Sqrt()(squares), Pow()(squares, -lr_power))

        after = accum + Square()(grad)
        size = root(after)
        change = size - root(accum)
        if self.multiply_linear_by_lr:
            linear, l1, size = linear + (grad * lr - change * var), l1 * lr, size + 2 * l2 * lr
        else:
            linear, size = linear + (grad - change / lr * var), size / lr + 2 * l2
        return SelectV2()(abs(linear) > l1, (l1 * Sign()(linear) - linear) / size, 0), after, linear


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

    def body(self, var: Wire, alpha: Wire, l1: Wire, l2: Wire, delta: Wire) -> Wire:
        return pulled(var - delta * alpha, alpha, l1, l2)


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

    def body(self, var: Wire, accum: Wire, lr: Wire, l1: Wire, l2: Wire, grad: Wire) -> tuple[Wire, Wire]:
        grad = Checked()(grad, lr, l1, l2)
        accum = accum + Square()(grad)
        rate = lr * Rsqrt()(accum)
        return pulled(var - grad * rate, rate, l1, l2), accum


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

    def body(
        self, var: Wire, gradient_accumulator: Wire, gradient_squared_accumulator: Wire, grad: Wire, lr: Wire,
        l1: Wire, l2: Wire, global_step: Wire,
    ) -> tuple[Wire, Wire, Wire]:  # fmt: skip
        total, squares = gradient_accumulator + grad, gradient_squared_accumulator + Square()(grad)
        steps = Cast(DstT=var.dtype)(Cast(DstT="float32")(global_step))
        shrunken = SelectV2()(l1 > 0, shrunk(total, steps * l1), total)
        return -lr * shrunken / (l2 * (steps * lr) + Sqrt()(squares)), total, squares

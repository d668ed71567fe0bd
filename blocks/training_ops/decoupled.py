"""Optimizers with decoupled weight decay: the variable shrinks first, in proportion to the learning rate."""

from __future__ import annotations

from typing import Any

from blocks.training_ops.descent import ApplyAdam, ApplyGradientDescent, ApplyMomentum
from blocks.training_ops.optimizer_base import Optimizer, setting
from dataflow.core.roles import LearningRate
from dataflow.core.wire import Wire

DECAY = "part of the variable that is lost in a step, times the learning rate"


class Decoupled(Optimizer, abstract=True):
    """The step of the optimizer after it in the bases for a variable that has decayed; ``weight_decay`` comes last."""

    def body(self, *inputs: Wire) -> Any:
        var, *others, weight_decay = inputs
        ports = self.signature.inputs.values()
        rate = next(wire for wire, port in zip(inputs, ports, strict=True) if isinstance(port.role, LearningRate))
        return super().body(var - var * weight_decay * rate, *others)


class ApplyGradientDescentW(Decoupled, ApplyGradientDescent):
    """Decay, then a step down the gradient, ``var = var * (1 - alpha * weight_decay) - alpha * delta``.

    >>> ApplyGradientDescentW()([1.0, 2.0], 0.5, [1.0, -1.0], 0.5)
    array([0.25, 2.  ], dtype=float32)

    Source: tf.keras.optimizers.SGD with weight_decay; Loshchilov and Hutter, Decoupled Weight Decay Regularization.
    """

    found_by = ("sgd", "optimizer", "weight decay")
    delta = ApplyGradientDescent.delta
    weight_decay = setting(DECAY, 0.004)


class ApplyMomentumW(Decoupled, ApplyMomentum):
    """Decay, then a step of momentum, ``accum = momentum * accum + grad; var -= lr * (weight_decay * var + accum)``.

    With Nesterov's momentum ``accum`` is replaced by ``grad + momentum * accum``.

    >>> ApplyMomentumW()([1.0], [2.0], 0.5, [3.0], 0.5, 0.5)
    ApplyMomentumWOutputs(out=array([-1.25], dtype=float32), accum_out=array([4.], dtype=float32))

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization.
    """

    found_by = ("nesterov", "sgd", "optimizer", "weight decay")
    aliases = ("SGDW",)
    momentum = ApplyMomentum.momentum
    weight_decay = setting(DECAY, 0.004)


class ApplyAdamW(Decoupled, ApplyAdam):
    """Decay, then a step of Adam, ``var -= lr * weight_decay * var + lr_t * m / (sqrt(v) + epsilon)``.

    ``m``, ``v`` and ``lr_t`` are those of ApplyAdam.

    >>> ApplyAdamW()([1.0], [0.0], [0.0], 0.9, 0.999, 0.5, 0.9, 0.999, 1e-8, [2.0], 0.5).out.round(4)
    array([0.25], dtype=float32)

    Source: tf.keras.optimizers.AdamW; Loshchilov and Hutter, Decoupled Weight Decay Regularization.
    """

    found_by = ("optimizer", "weight decay")
    aliases = ("AdamW",)
    grad = ApplyAdam.signature.inputs["grad"]
    weight_decay = setting(DECAY, 0.004)

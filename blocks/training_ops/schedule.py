"""Learning rates as functions of the number of the step."""

from __future__ import annotations

import math

import numpy as np

from blocks.kernels.chunked import in_parts, part_bytes
from dataflow.core.block import In, Ints, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Elementwise
from dataflow.core.roles import StepNumber


class Schedule(Elementwise, abstract=True):
    """A learning rate for each step, computed in float64 and rounded once.

    It has a kernel and no body: no block is a cosine, or finds places among boundaries.
    """

    I = ("int32", "int64")
    step = In("I", "number of the step, from 1", role=StepNumber())
    rate = Out("float32", "learning rate")
    initial_learning_rate: float = attr("rate at the start, after the warm-up", ge=0.0)
    warmup_steps: int = attr("steps over which the rate grows from 0 to the initial one", default=0, ge=0)

    def kernel(self, step: Array, out: Array | None = None) -> Array:
        rates: Array = in_parts(self._rates, np.empty(step.shape, np.float32) if out is None else out, step)
        return rates

    def workspace(self, step: TensorType) -> int:
        return part_bytes(5 * 8, step)

    def _rates(self, step: Array, out: Array) -> None:
        done = np.maximum(np.asarray(step, np.float64) - 1, 0)
        warm = np.minimum((done + 1) / self.warmup_steps, 1.0) if self.warmup_steps else 1.0
        out[...] = self.decayed(np.maximum(done - self.warmup_steps, 0)) * warm

    def decayed(self, done: Array) -> Array:
        """The rate after that many steps, float64, warm-up aside."""
        raise TypeError(f"{type(self).__name__}: a schedule must have a method decayed, got none; write one")

    grad = None


class CosineDecay(Schedule):
    """A rate that falls along a cosine, ``initial * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)``.

    >>> CosineDecay(initial_learning_rate=0.1, decay_steps=10)([1, 6, 11]).round(3)
    array([0.1 , 0.05, 0.  ], dtype=float32)

    Source: tf.keras.optimizers.schedules.CosineDecay.
    """

    found_by = ("learning rate", "schedule", "warmup", "annealing")
    decay_steps: int = attr("steps until the lowest rate", ge=1)
    alpha: float = attr("lowest rate as a part of the initial one", default=0.0, ge=0.0)

    def decayed(self, done: Array) -> Array:
        fallen = (1 + np.cos(math.pi * np.minimum(done / self.decay_steps, 1))) / 2
        return self.initial_learning_rate * ((1 - self.alpha) * fallen + self.alpha)


class ExponentialDecay(Schedule):
    """A rate that falls by a factor, ``initial * decay_rate ** (step / decay_steps)``.

    >>> ExponentialDecay(initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5)([1, 11, 21]).round(3)
    array([0.1  , 0.05 , 0.025], dtype=float32)

    Source: tf.keras.optimizers.schedules.ExponentialDecay.
    """

    found_by = ("learning rate", "schedule")
    decay_steps: int = attr("steps in which the rate falls by the factor once", ge=1)
    decay_rate: float = attr("the factor", ge=0.0)
    staircase: bool = attr("fall at once, every `decay_steps` steps", default=False)

    def decayed(self, done: Array) -> Array:
        times = done / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (np.floor(times) if self.staircase else times)


class PolynomialDecay(Schedule):
    """A rate that falls to another, ``end + (initial - end) * (1 - step / decay_steps) ** power``.

    >>> PolynomialDecay(initial_learning_rate=0.1, decay_steps=10, end_learning_rate=0.01)([1, 6, 11])
    array([0.1  , 0.055, 0.01 ], dtype=float32)

    Source: tf.keras.optimizers.schedules.PolynomialDecay.
    """

    found_by = ("learning rate", "schedule", "linear decay")
    decay_steps: int = attr("steps until the last rate", ge=1)
    end_learning_rate: float = attr("the last rate", default=0.0001, ge=0.0)
    power: float = attr("1 falls evenly", default=1.0)

    def decayed(self, done: Array) -> Array:
        left = 1 - np.minimum(done / self.decay_steps, 1)
        return (self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate


class StepDecay(Schedule):
    """A rate that falls by a factor at given steps, ``initial * factor ** (how many of the boundaries are passed)``.

    >>> StepDecay(initial_learning_rate=0.1, boundaries=[2, 4], factor=0.5)([1, 3, 5]).round(3)
    array([0.1  , 0.05 , 0.025], dtype=float32)

    Source: tf.keras.optimizers.schedules.PiecewiseConstantDecay.
    """

    found_by = ("learning rate", "schedule")
    boundaries: Ints = attr("numbers of steps after which the rate falls")
    factor: float = attr("what the rate is multiplied by", default=0.1, ge=0.0)

    def decayed(self, done: Array) -> Array:
        passed = np.searchsorted(np.sort(np.asarray(self.boundaries, np.float64)), done, side="right")
        return self.initial_learning_rate * self.factor**passed

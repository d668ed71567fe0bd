"""Moving averages of variables and other values."""

from __future__ import annotations

from typing import Any

from blocks.math_ops.cast import Cast
from blocks.math_ops.extrema import Minimum
from dataflow.core import dtypes
from dataflow.core.block import In, Out
from dataflow.core.composite import Composite
from dataflow.core.kinds import Update
from dataflow.core.wire import Wire


class ExponentialMovingAverage(Update, Composite):
    """A variable that follows a value, ``average -= (1 - decay) * (average - value)``.

    With `num_updates` the decay is at most ``(1 + num_updates) / (10 + num_updates)``, so that the average follows
    faster in the beginning. What a step trains is followed by the value that it had when the step began.

    >>> ExponentialMovingAverage()([0.0, 4.0], [1.0, 2.0], 0.75)
    array([0.25, 3.5 ], dtype=float32)

    Source: tf.train.ExponentialMovingAverage.
    """

    found_by = ("ema", "moving average", "polyak", "smooth")
    T, N = dtypes.floating, ("int64", "int32")
    average = In("T", "the variable that keeps the average; begin it with the value or with zeros")
    value = In("T", "what is averaged, of the same shape")
    decay = In("T", "part of the average that is kept, near 1", shape=())
    num_updates = In("N", "how many updates have been made", shape=(), optional=True)
    average_out = Out("T", "the average from the next step on")
    assigns = {"average": "average_out"}
    grad = None

    def body(self, average: Wire, value: Wire, decay: Wire, num_updates: Wire | None) -> Any:
        if num_updates is not None:
            done: Any = Cast(DstT=decay.dtype)(num_updates)
            decay = Minimum()(decay, (done + 1.0) / (done + 10.0))
        return average - (average - value) * (1 - decay)

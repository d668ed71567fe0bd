"""Errors of predicted numbers; with their gradients they are losses too."""

from __future__ import annotations

from typing import Any, ClassVar

from blocks.math_ops.arithmetic import Abs, Square
from blocks.math_ops.exponential import Sqrt
from blocks.metric_ops.mean_base import MeanMetric, sample_weight, shaped_like
from dataflow.core import dtypes
from dataflow.core.block import In, Out
from dataflow.core.wire import Wire


class RegressionError(MeanMetric, abstract=True):
    """A mean of distances between numbers and their predictions."""

    better = "min"
    T = dtypes.floating
    y_true = In("T", "numbers, as many as predictions")
    y_pred = In("T", "predictions, any shape")
    sample_weight = sample_weight("T")
    output = Out("T", "the mean", shape=())


class MeanSquaredError(RegressionError):
    """The mean of squared errors, ``mean((y_true - y_pred) ** 2)``.

    >>> MeanSquaredError()([0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 3.0, 0.0])
    array(2.5, dtype=float32)

    Source: tf.keras.metrics.MeanSquaredError.
    """

    found_by: ClassVar[tuple[str, ...]] = ("mse", "l2 loss", "squared error")

    def values(self, y_true: Wire, y_pred: Wire) -> Any:
        return Square()(shaped_like(self, y_true, y_pred) - y_pred)


class MeanAbsoluteError(RegressionError):
    """The mean of absolute errors, ``mean(abs(y_true - y_pred))``.

    >>> MeanAbsoluteError()([0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 3.0, 0.0])
    array(1., dtype=float32)

    Source: tf.keras.metrics.MeanAbsoluteError.
    """

    found_by = ("mae", "l1 loss")

    def values(self, y_true: Wire, y_pred: Wire) -> Any:
        return Abs()(shaped_like(self, y_true, y_pred) - y_pred)


class RootMeanSquaredError(MeanSquaredError):
    """The root of the mean of squared errors, ``sqrt(mean((y_true - y_pred) ** 2))``.

    >>> RootMeanSquaredError()([0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 4.0, 0.0])
    array(2., dtype=float32)

    Source: tf.keras.metrics.RootMeanSquaredError.
    """

    found_by = ("rmse",)

    def body(self, y_true: Wire, y_pred: Wire, sample_weight: Wire | None) -> Any:
        return Sqrt()(super().body(y_true, y_pred, sample_weight))

"""Accuracies: the share of predictions that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from blocks.math_ops.arg_max import ArgMax
from blocks.math_ops.cast import Cast
from blocks.math_ops.comparison import Equal
from blocks.metric_ops.mean_base import MeanMetric, shaped_like
from blocks.nn_ops.top_k import InTopK
from dataflow.core import dtypes
from dataflow.core.block import In, attr
from dataflow.core.wire import Wire


class Share(MeanMetric, abstract=True):
    """The share of predictions for which ``right`` is true."""

    better = "max"
    grad = None
    right: ClassVar[Callable[..., Any]]

    def values(self, y_true: Wire, y_pred: Wire) -> Any:
        return Cast(DstT="float32")(self.right(y_true, y_pred))


class Accuracy(Share):
    """The share of predictions that equal their labels, ``mean(y_pred == y_true)``.

    >>> Accuracy()([1, 2, 3, 4], [0, 2, 3, 4])
    array(0.75, dtype=float32)

    Source: tf.keras.metrics.Accuracy.
    """

    found_by = ("hit rate", "share of right predictions")

    def right(self, y_true: Wire, y_pred: Wire) -> Any:
        return Equal()(shaped_like(self, y_true, y_pred), y_pred)


class BinaryAccuracy(Share):
    """The share of predictions on their label's side of a threshold, ``mean((y_pred > threshold) == y_true)``.

    >>> BinaryAccuracy()([1.0, 1.0, 0.0, 0.0], [0.98, 1.0, 0.0, 0.6])
    array(0.75, dtype=float32)

    Source: tf.keras.metrics.BinaryAccuracy.
    """

    found_by = ("hit rate",)
    T = dtypes.floating
    y_true = In("T", "labels, 0 or 1, as many as predictions")
    y_pred = In("T", "probabilities of 1, any shape")
    threshold: float = attr("predictions above it say 1", default=0.5)

    def right(self, y_true: Wire, y_pred: Wire) -> Any:
        said: Any = y_pred > self.threshold
        return Equal()(shaped_like(self, y_true, y_pred), Cast(DstT=y_pred.dtype)(said))


class CategoricalAccuracy(Share):
    """The share of examples whose largest score is that of their class, ``mean(argmax(y_pred) == argmax(y_true))``.

    >>> CategoricalAccuracy()([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]])
    array(0.5, dtype=float32)

    Source: tf.keras.metrics.CategoricalAccuracy.
    """

    found_by = ("hit rate",)
    y_true = In("T", "labels, largest at the class, of the shape of `y_pred`")
    y_pred = In("T", "scores, one for each class in the last dim")

    def right(self, y_true: Wire, y_pred: Wire) -> Any:
        best, classes = (ArgMax()(each, -1) for each in (y_pred, shaped_like(self, y_true, y_pred)))
        return Equal()(best, classes)


class SparseCategoricalAccuracy(Share):
    """The share of examples whose largest score is that of their class, ``mean(argmax(y_pred) == y_true)``.

    >>> SparseCategoricalAccuracy()([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0.0]])
    array(0.5, dtype=float32)

    Source: tf.keras.metrics.SparseCategoricalAccuracy.
    """

    found_by = ("hit rate",)
    I = ("int64", "int32")
    y_true = In("I", "the class of each example")
    y_pred = In("T", "scores, one for each class in the last dim")

    def right(self, y_true: Wire, y_pred: Wire) -> Any:
        best = ArgMax(output_type=y_true.dtype)(y_pred, -1)
        return Equal()(best, shaped_like(self, y_true, best))


class AmongLargest(Share, abstract=True):
    """The share of examples whose class is among the k largest of its scores."""

    y_pred = In("float32", "a row of scores per example", shape=("N", "classes"))
    k: int = attr("how many of the largest scores count", default=5, ge=1)


class SparseTopKCategoricalAccuracy(AmongLargest):
    """The share of examples whose class is among the k largest scores, ``mean(in_top_k(y_pred, y_true, k))``.

    >>> SparseTopKCategoricalAccuracy(k=2)([2, 1], [[0.1, 0.9, 0.8], [0.3, 0.1, 0.6]])
    array(0.5, dtype=float32)

    Source: tf.keras.metrics.SparseTopKCategoricalAccuracy.
    """

    found_by = ("top 5 accuracy",)
    aliases = ("TopKAccuracy",)
    I = ("int64", "int32")
    y_true = In("I", "the class of each example", shape=("N",))

    def right(self, y_true: Wire, y_pred: Wire) -> Any:
        return InTopK(k=self.k)(y_pred, y_true)


class TopKCategoricalAccuracy(AmongLargest):
    """The share of examples whose class is among the k largest, ``mean(in_top_k(y_pred, argmax(y_true), k))``.

    >>> TopKCategoricalAccuracy(k=2)([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], [[0.1, 0.9, 0.8], [0.3, 0.1, 0.6]])
    array(0.5, dtype=float32)

    Source: tf.keras.metrics.TopKCategoricalAccuracy.
    """

    found_by = ("top 5 accuracy",)
    y_true = In("float32", "labels, largest at the class", shape=("N", "classes"))

    def right(self, y_true: Wire, y_pred: Wire) -> Any:
        return InTopK(k=self.k)(y_pred, ArgMax()(y_true, -1))

"""Counts of right and wrong predictions of classes, and the ratios that are made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from blocks.array_ops.broadcast import BroadcastLike
from blocks.array_ops.fill import OnesLike
from blocks.array_ops.one_hot import OneHot
from blocks.array_ops.scatter import TensorScatterAdd
from blocks.array_ops.shape import Shape
from blocks.array_ops.split import Stack
from blocks.math_ops.cast import Cast
from blocks.math_ops.no_nan import DivNoNan
from blocks.math_ops.reduction import Sum
from blocks.metric_ops.mean_base import by_example, flattened, sample_weight, shaped_like
from blocks.nn_ops.top_k import TopK
from dataflow.core import dtypes
from dataflow.core.block import Block, Dtype, In, Out, Tensor, attr
from dataflow.core.composite import Composite
from dataflow.core.wire import Wire

UNSEEN = -1e10  # in place of predictions that are not looked at: below every threshold


class ConfusionMatrix(Composite):
    """How often each class was predicted for each, ``output[labels[i], predictions[i]] += weights[i]``.

    A class outside of [0, `num_classes`) is an error.

    >>> ConfusionMatrix(num_classes=3)([1, 2, 2], [1, 2, 0])
    array([[0, 0, 0],
           [0, 1, 0],
           [1, 0, 1]], dtype=int32)

    Source: tf.math.confusion_matrix.
    """

    found_by = ("contingency table", "error matrix")
    I, W = ("int64", "int32"), dtypes.number
    labels = In("I", "the class of each example", shape=("N",))
    predictions = In("I", "the class predicted for each", shape=("N",))
    weights = In("W", "what each example counts; left out, 1", shape=("N",), optional=True)
    output = Out("dtype", "a row for each class, a column for each predicted class")
    num_classes: int = attr("number of classes", ge=1)
    dtype: Dtype = attr("dtype of the counts", default="int32", choices=dtypes.real)
    grad = None

    def body(self, labels: Wire, predictions: Wire, weights: Wire | None) -> Any:
        counts = np.zeros((self.num_classes, self.num_classes), dtypes.storage(self.dtype))
        places = Stack(axis=1)([labels, predictions])
        ones = OnesLike()(labels) if weights is None else weights
        return TensorScatterAdd()(counts, places, Cast(DstT=self.dtype)(ones))


class Thresholded(Composite, abstract=True):
    """The share of true positives in something, for one threshold or for several."""

    L, T = (*dtypes.real, "bool"), dtypes.floating
    y_true = In("L", "labels, positive where they are not 0, as many as predictions")
    y_pred = In("T", "probabilities, any shape")
    sample_weight = sample_weight("float32")
    output = Out("float32", "the share, 0 of nothing; for a list of `thresholds` one for each")
    thresholds: Tensor | None = attr(
        "predictions above it are positive; by default 0.5, and none where `top_k` is given", default=None
    )
    top_k: int | None = attr("only so many of the largest in the last dim can be positive", default=None, ge=1)
    class_id: int | None = attr("the one place in the last dim that is looked at", default=None, ge=0)
    better = "max"
    grad = None
    whole: ClassVar[Callable[..., Any]]  # what the true positives are a share of, of labels and what is predicted

    def check(self) -> None:
        given = self.thresholds
        if given is not None and (given.ndim > 1 or not ((given >= 0) & (given <= 1)).all()):
            raise self.error(f"attr 'thresholds' must be one or more numbers in [0, 1], got {given.tolist()}")

    def body(self, y_true: Wire, y_pred: Wire, sample_weight: Wire | None) -> Any:
        labels, predictions = binary(self, y_true, y_pred)
        if self.top_k is not None:
            predictions = among_largest(predictions, self.top_k)
        if self.class_id is not None:
            labels, predictions = labels[..., self.class_id], predictions[..., self.class_id]
        default = 0.5 if self.top_k is None else UNSEEN
        thresholds = np.asarray(default if self.thresholds is None else self.thresholds, np.float32)
        labels, predictions, weights = one_by_one(labels, predictions, sample_weight)
        if thresholds.ndim:
            labels, predictions = labels[:, None], predictions[:, None]
            weights = None if weights is None else weights[:, None]
        said = Cast(DstT="float32")(predictions > thresholds)
        right = labels * said
        whole = self.whole(labels, said)
        counted = [Sum()(each if weights is None else each * weights, 0) for each in (right, whole)]
        return DivNoNan()(*counted)


class Precision(Thresholded):
    """The share of positive predictions that are right, ``sum(said * y_true) / sum(said)``.

    ``said`` is ``y_pred > threshold``.

    >>> Precision()([0, 1, 1, 1], [1.0, 0.0, 1.0, 1.0])
    array(0.6666667, dtype=float32)

    Source: tf.keras.metrics.Precision.
    """

    found_by = ("positive predictive value",)

    def whole(self, labels: Wire, said: Wire) -> Wire:
        return said


class Recall(Thresholded):
    """The share of positives that are predicted, ``sum(said * y_true) / sum(y_true)``.

    ``said`` is ``y_pred > threshold``.

    >>> Recall()([0, 1, 1, 1], [1.0, 0.0, 1.0, 1.0])
    array(0.6666667, dtype=float32)

    Source: tf.keras.metrics.Recall.
    """

    found_by = ("sensitivity", "true positive rate")

    def whole(self, labels: Wire, said: Wire) -> Wire:
        return labels


def binary(block: Block, y_true: Wire, y_pred: Wire) -> tuple[Any, Any]:
    """Labels, 0 or 1, and predictions, both float32 of the shape of the predictions."""
    predictions: Any = y_pred if y_pred.dtype == "float32" else Cast(DstT="float32")(y_pred)
    labels = Cast(DstT="float32")(y_true if y_true.dtype == "bool" else Cast(DstT="bool")(y_true))
    return shaped_like(block, labels, predictions), predictions


def one_by_one(labels: Wire, predictions: Wire, weight: Wire | None) -> tuple[Any, Any, Any]:
    """Labels, predictions and the weights of their examples, if there are any, in one dim."""
    if weight is None:
        return flattened(labels), flattened(predictions), None
    each = BroadcastLike()(weight[:, None], by_example(predictions))
    return flattened(labels), flattened(predictions), flattened(each)


def among_largest(predictions: Wire, k: int) -> Any:
    """Predictions of which all but the k largest of each row are out of sight."""
    places = TopK()(predictions, k).indices
    kept = Sum()(OneHot()(places, Shape()(predictions)[-1], 1.0, 0.0), -2)
    return predictions * kept + UNSEEN * (1.0 - kept)

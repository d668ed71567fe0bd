"""Cross entropies of predictions and labels as losses: smoothed, weighted by example and by class, reduced."""

from __future__ import annotations

from typing import Any, ClassVar

from blocks.array_ops.gather import Gather
from blocks.array_ops.shape import Shape
from blocks.math_ops.arg_max import ArgMax
from blocks.math_ops.cast import Cast
from blocks.math_ops.comparison import NotEqual
from blocks.math_ops.exponential import Log
from blocks.math_ops.extrema import ClipByValue
from blocks.math_ops.no_nan import DivNoNan
from blocks.math_ops.reduction import Mean, Sum
from blocks.math_ops.select import SelectV2
from blocks.metric_ops.mean_base import example_means, sample_weight, shaped_like
from blocks.nn_ops.loss import SoftmaxCrossEntropyWithLogits, SparseSoftmaxCrossEntropyWithLogits
from blocks.nn_ops.softplus import Softplus
from dataflow.core import dtypes
from dataflow.core.block import In, Out, attr
from dataflow.core.composite import Composite
from dataflow.core.wire import Wire

NEAREST = 1e-7  # how near probabilities come to 0 and 1 before their logarithm is taken


class Crossentropy(Composite, abstract=True):
    """A cross entropy per example, weighted and reduced."""

    T: ClassVar[tuple[str, ...]] = dtypes.floating
    output = Out("T", "one number, or with `reduction` none a number per example")
    from_logits: bool = attr("whether predictions are logits in place of probabilities", default=False)
    reduction: str = attr(
        "mean over all examples, over their weights, sum, or none",
        default="sum_over_batch_size",
        choices=("sum_over_batch_size", "mean_with_sample_weight", "sum", "none"),
    )
    better = "min"

    def reduced(self, losses: Wire, *weights: Wire | None, counted: Wire | None = None) -> Any:
        """What is left of a loss per example, each with all weights that are given; of some only, those ``counted``."""
        weight: Any = None
        for each in (counted, *weights):
            if each is not None:
                weight = each if weight is None else weight * each
        if weight is not None:
            losses = losses * weight
        match self.reduction:
            case "none":
                return losses
            case "sum":
                return Sum()(losses, 0)
            case "mean_with_sample_weight" if weight is not None:
                return DivNoNan()(Sum()(losses, 0), Sum()(weight, 0))
        return Mean()(losses, 0) if counted is None else DivNoNan()(Sum()(losses, 0), Sum()(counted, 0))


class OverClasses(Crossentropy, abstract=True):
    """The cross entropy of a row of predictions per example."""

    y_pred = In("T", "a row of probabilities or logits per example", shape=("N", "classes"))
    sample_weight = sample_weight("T")
    class_weight = In("T", "weight of the examples of each class", shape=("classes",), optional=True)


class CategoricalCrossentropy(OverClasses):
    """Cross entropy of rows of predictions with rows of labels, ``mean(-sum(y_true * log(y_pred), 1))``.

    A row of probabilities is divided by its sum and clipped to [1e-7, 1 - 1e-7]; of logits the softmax is taken.
    `label_smoothing` makes labels ``y_true * (1 - label_smoothing) + label_smoothing / classes``. The class of an
    example, by which `class_weight` counts, is that of its largest label.

    >>> CategoricalCrossentropy()([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])
    array(1.1769392, dtype=float32)

    Source: tf.keras.losses.CategoricalCrossentropy; class weights are those of tf.keras.Model.fit.
    """

    found_by = ("softmax cross entropy", "cross entropy", "label smoothing", "loss", "nll")
    y_true = In("T", "a row per example that sums to 1, such as a one-hot vector", shape=("N", "classes"))
    y_pred = OverClasses.y_pred
    sample_weight = OverClasses.sample_weight
    class_weight = OverClasses.class_weight
    label_smoothing: float = attr("part of each label that all classes share", default=0.0, ge=0.0, le=1.0)
    smooth = False  # by logits the slope assumes that labels sum to 1

    def body(self, y_true: Wire, y_pred: Wire, sample_weight: Wire | None, class_weight: Wire | None) -> Any:
        labels: Any = y_true
        if self.label_smoothing:
            classes = Cast(DstT=y_true.dtype)(Shape()(y_true)[1])
            labels = labels * (1 - self.label_smoothing) + self.label_smoothing / classes
        if self.from_logits:
            losses = SoftmaxCrossEntropyWithLogits()(y_pred, labels).loss
        else:
            losses = -Sum()(labels * Log()(clipped(y_pred / Sum(keep_dims=True)(y_pred, 1))), 1)
        by_class = None if class_weight is None else Gather()(class_weight, ArgMax()(y_true, 1))
        return self.reduced(losses, sample_weight, by_class)


class SparseCategoricalCrossentropy(OverClasses):
    """Cross entropy of rows of predictions with classes, ``mean(-log(y_pred[i, y_true[i]]))``.

    Probabilities are clipped to [1e-7, 1 - 1e-7], and each row is divided by its sum; of logits the softmax is taken.
    Examples of `ignore_class` count nothing, as if they were not there.

    >>> SparseCategoricalCrossentropy()([1, 2], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])
    array(1.1769392, dtype=float32)

    Source: tf.keras.losses.SparseCategoricalCrossentropy; class weights are those of tf.keras.Model.fit.
    """

    found_by = ("softmax cross entropy", "cross entropy", "loss", "nll")
    I = ("int64", "int32")
    y_true = In("I", "the class of each example", shape=("N",))
    y_pred = OverClasses.y_pred
    sample_weight = OverClasses.sample_weight
    class_weight = OverClasses.class_weight
    ignore_class: int | None = attr("class of examples that are left out, such as -1", default=None)

    def body(self, y_true: Wire, y_pred: Wire, sample_weight: Wire | None, class_weight: Wire | None) -> Any:
        counted = None
        if self.ignore_class is not None:
            there = NotEqual()(y_true, self.ignore_class)
            y_true, y_pred = SelectV2()(there, y_true, 0), SelectV2()(there[:, None], y_pred, 0.0)
            counted = Cast(DstT=y_pred.dtype)(there)
        logits = y_pred if self.from_logits else Log()(clipped(y_pred))
        losses = SparseSoftmaxCrossEntropyWithLogits()(logits, y_true).loss
        by_class = None if class_weight is None else Gather()(class_weight, y_true)
        return self.reduced(losses, sample_weight, by_class, counted=counted)


class BinaryCrossentropy(Crossentropy):
    """Cross entropy of probabilities of 1, ``mean(-(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred)))``.

    Probabilities are clipped to [1e-7, 1 - 1e-7]; of logits the sigmoid is taken. The first dim is that of examples;
    the loss of each is the mean over all others. `label_smoothing` makes labels
    ``y_true * (1 - label_smoothing) + label_smoothing / 2``.

    >>> BinaryCrossentropy()([0.0, 1.0, 0.0, 0.0], [0.6, 0.4, 0.4, 0.6])
    array(0.8149245, dtype=float32)

    Source: tf.keras.losses.BinaryCrossentropy.
    """

    found_by = ("sigmoid cross entropy", "binary cross entropy", "logistic loss", "log loss", "bce")
    y_true = In("T", "labels between 0 and 1, as many as predictions")
    y_pred = In("T", "probabilities of 1 or their logits, any shape")
    sample_weight = sample_weight("T")
    label_smoothing: float = attr("part of each label that is moved to one half", default=0.0, ge=0.0, le=1.0)

    def body(self, y_true: Wire, y_pred: Wire, sample_weight: Wire | None) -> Any:
        labels = shaped_like(self, y_true, y_pred)
        if self.label_smoothing:
            labels = labels * (1 - self.label_smoothing) + 0.5 * self.label_smoothing
        if self.from_logits:
            positive = y_pred >= 0.0
            size = SelectV2()(positive, -y_pred, y_pred)
            losses = SelectV2()(positive, y_pred, 0.0) - y_pred * labels + Softplus()(size)
        else:
            near = clipped(y_pred)
            losses = -(labels * Log()(near) + (1 - labels) * Log()(1 - near))
        return self.reduced(example_means(losses), sample_weight)


def clipped(probabilities: Wire) -> Any:
    """Probabilities whose logarithm is finite."""
    return ClipByValue()(probabilities, NEAREST, 1 - NEAREST)

"""The area under a curve that a threshold on predictions draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.array_ops.scatter import TensorScatterAdd
from blocks.math_ops.cast import Cast
from blocks.math_ops.exponential import Log
from blocks.math_ops.extrema import ClipByValue, Maximum, Minimum
from blocks.math_ops.no_nan import DivNoNan
from blocks.math_ops.reduction import Sum
from blocks.math_ops.rounding import Ceil
from blocks.math_ops.select import SelectV2
from blocks.math_ops.sigmoid import Sigmoid
from blocks.metric_ops.confusion import binary, one_by_one
from blocks.metric_ops.mean_base import sample_weight
from dataflow.core import dtypes
from dataflow.core.block import In, Out, Tensor, attr
from dataflow.core.composite import Composite
from dataflow.core.dtypes import Array
from dataflow.core.wire import Wire

BEYOND = 1e-7  # how far the first and last threshold lie outside of [0, 1]


class AUC(Composite):
    """The area under the curve that thresholds draw, ``sum((x[i] - x[i + 1]) * (y[i] + y[i + 1]) / 2)``.

    Of curve ROC ``x`` is the rate of false positives and ``y`` that of true ones, at each threshold; of PR ``x`` is
    recall and ``y`` precision. Between two points of PR true and false positives are interpolated, and not their ratio.
    `minoring` takes the lower of ``y[i]`` and ``y[i + 1]`` for their mean, `majoring` the higher.

    >>> AUC(num_thresholds=3)([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.3, 0.9])
    array(0.75, dtype=float32)

    Source: tf.keras.metrics.AUC.
    """

    found_by = ("roc", "area under the curve")
    L, T = (*dtypes.real, "bool"), dtypes.floating
    y_true = In("L", "labels, positive where they are not 0, as many as predictions")
    y_pred = In("T", "probabilities, or logits, any shape")
    sample_weight = sample_weight("float32")
    output = Out("float32", "the area", shape=())
    num_thresholds: int = attr("how many thresholds, at equal distances", default=200, ge=2)
    curve: str = attr("which curve", default="ROC", choices=("ROC", "PR"))
    summation_method: str = attr(
        "how points are joined", default="interpolation", choices=("interpolation", "minoring", "majoring")
    )
    thresholds: Tensor | None = attr("thresholds in [0, 1], in place of `num_thresholds`", default=None)
    from_logits: bool = attr("whether predictions are logits, of which the sigmoid is taken", default=False)
    better = "max"
    grad = None

    def check(self) -> None:
        given = self.thresholds
        if given is not None and (given.ndim != 1 or not ((given >= 0) & (given <= 1)).all()):
            raise self.error(f"attr 'thresholds' must be a list of numbers in [0, 1], got {given.tolist()}")

    def body(self, y_true: Wire, y_pred: Wire, sample_weight: Wire | None) -> Any:
        labels, predictions = binary(self, y_true, y_pred)
        if self.from_logits:
            predictions = Sigmoid()(predictions)
        labels, predictions, weights = one_by_one(labels, predictions, sample_weight)
        true, false = labels, 1.0 - labels
        if weights is not None:
            true, false = true * weights, false * weights
        tp, fp = (self.above(each, predictions) for each in (true, false))
        positives, negatives = Sum()(true, 0), Sum()(false, 0)
        if self.curve == "ROC":
            return self.area(DivNoNan()(fp, negatives), DivNoNan()(tp, positives))
        if self.summation_method == "interpolation":
            return interpolated(tp, fp, positives)
        return self.area(DivNoNan()(tp, positives), DivNoNan()(tp, tp + fp))

    def above(self, weights: Wire, predictions: Wire) -> Any:
        """The weights of predictions above each threshold, summed."""
        thresholds, even = self.ends()
        if not even:
            said = Cast(DstT="float32")(predictions[:, None] > thresholds)
            return Sum()(weights[:, None] * said, 0)
        count = len(thresholds)
        steps = ClipByValue()(predictions, 0.0, 1.0) * float(count - 1)
        bucket = Cast(DstT="int32")(Maximum()(Ceil()(steps) - 1.0, 0.0))
        buckets = TensorScatterAdd()(np.zeros(count, np.float32), bucket[:, None], weights)
        return Sum()(np.triu(np.ones((count, count), np.float32)) * buckets, 1)

    def ends(self) -> tuple[Array, bool]:
        """All thresholds, with one on either side, and whether their distances are equal."""
        if self.thresholds is None:
            inner = np.arange(1, self.num_thresholds - 1) / (self.num_thresholds - 1)
        else:
            inner = np.sort(self.thresholds.astype(np.float64))
        even = np.linspace(0, 1, len(inner) + 2)
        thresholds = np.array([-BEYOND, *inner, 1 + BEYOND], np.float32)
        return thresholds, self.thresholds is None or bool(np.allclose(inner, even[1:-1], atol=BEYOND))

    def area(self, x: Wire, y: Wire) -> Any:
        """The area below points that are joined."""
        first: Any = y[:-1]
        second: Any = y[1:]
        match self.summation_method:
            case "minoring":
                heights = Minimum()(first, second)
            case "majoring":
                heights = Maximum()(first, second)
            case _:
                heights = (first + second) / 2.0
        return Sum()((x[:-1] - x[1:]) * heights, 0)


def interpolated(tp: Wire, fp: Wire, positives: Wire) -> Any:
    """The area under precision over recall, where true and false positives grow evenly from point to point."""
    predicted = tp + fp
    gained, wider = tp[:-1] - tp[1:], predicted[:-1] - predicted[1:]
    slope = DivNoNan()(gained, Maximum()(wider, 0.0))
    start = tp[1:] - slope * predicted[1:]
    there = (predicted[:-1] > 0.0) & (predicted[1:] > 0.0)
    ratio = SelectV2()(there, DivNoNan()(predicted[:-1], Maximum()(predicted[1:], 0.0)), 1.0)
    return Sum()(DivNoNan()(slope * (gained + start * Log()(ratio)), positives), 0)

"""What metrics and losses share: means over examples, all alike or each with a weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from blocks.array_ops.reshape import Reshape, ReshapeLike
from blocks.array_ops.shape import Shape
from blocks.array_ops.split import Stack
from blocks.math_ops.no_nan import DivNoNan
from blocks.math_ops.reduction import Mean, Sum
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out
from dataflow.core.composite import Composite
from dataflow.core.shapes import element_count, show
from dataflow.core.wire import Wire


def sample_weight(dtype: str) -> In:
    """The port of the weights of examples, which are rows of the other inputs."""
    return In(dtype, "weight of each example; left out, all count alike", shape=("N",), optional=True)


def flattened(values: Wire) -> Any:
    """The values in one dim."""
    return values if values.type.rank == 1 else Reshape()(values, [-1])


def by_example(values: Wire) -> Any:
    """The values in two dims, a row for each example."""
    return Reshape()(values, Stack()([Shape()(values)[0], -1]))


def example_means(values: Wire) -> Any:
    """The mean of each example's values."""
    return values if values.type.rank == 1 else Mean()(by_example(values), 1)


def mean(values: Wire, weight: Wire | None) -> Any:
    """The mean of all values, or of those of each example, weighted; zero where no weight is other than zero."""
    if weight is None:
        return Mean()(flattened(values), 0)
    return DivNoNan()(Sum()(example_means(values) * weight, 0), Sum()(weight, 0))


def shaped_like(block: Block, y_true: Wire, like: Wire) -> Any:
    """The labels in the shape of what they are compared with, which may have dims of size 1 that they have not."""
    if y_true.type.same_shape(like.type):
        return y_true
    given, wanted = element_count(y_true.shape), element_count(like.shape)
    if given is not None and wanted is not None and given != wanted:
        raise block.error(f"input 'y_true' must have shape {show(like.shape)}, got {show(y_true.shape)}")
    return ReshapeLike()(y_true, like)


class MeanMetric(Composite, abstract=True):
    """The mean over all examples of what ``values`` gives for labels and predictions."""

    T: ClassVar[tuple[str, ...]] = dtypes.real
    y_true = In("T", "labels, as many as predictions")
    y_pred = In("T", "predictions, any shape")
    sample_weight = sample_weight("float32")
    output = Out("float32", "the mean", shape=())
    values: ClassVar[Callable[..., Any]]

    def body(self, y_true: Wire, y_pred: Wire, sample_weight: Wire | None) -> Any:
        return mean(self.values(y_true, y_pred), sample_weight)

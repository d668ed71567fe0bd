"""Losses: half the squared length, and the cross entropy of a softmax with given labels."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from blocks.array_ops.broadcast import BroadcastLike
from blocks.array_ops.fill import ZerosLike
from blocks.array_ops.reshape import ExpandDims
from blocks.kernels.chunked import TILE
from blocks.kernels.rowwise import by_rows, rows_bytes, softmax
from blocks.math_ops.reduction import Sum
from blocks.nn_ops.softmax import LogSoftmax, Softmax
from dataflow.core import dtypes
from dataflow.core.blas import one_thread
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.kinds import Opaque
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes
from dataflow.core.shapes import Shape, broadcast, show
from dataflow.core.wire import Wire


class L2Loss(Opaque):
    """Half the sum of the squares, ``sum(t ** 2) / 2``.

    Squared and added in float64, and rounded once.

    >>> L2Loss()([[1.0, 2.0], [3.0, 4.0]])
    array(15., dtype=float32)

    Source: tf.nn.l2_loss.
    """

    found_by = ("weight decay", "regularization", "half the sum of squares")
    T = dtypes.floating
    t = In("T", "values, any shape")
    output = Out("T", "one number", shape=())

    def kernel(self, t: Array) -> Array:
        flat = t.reshape(-1)
        total: Any = 0.0
        with scratch(*self.scratch_arrays(flat.size, t.dtype)) as (buffer,), one_thread:
            for start in range(0, flat.size, TILE):
                slab = flat[start : start + TILE]
                if buffer.size:
                    np.copyto(buffer[: slab.size], slab)
                    slab = buffer[: slab.size]
                total += slab @ slab
        return np.asarray(total / 2, t.dtype)

    def workspace(self, t: TensorType) -> int:
        return scratch_bytes(*self.scratch_arrays(prod(t.sizes), storage(t.dtype)))

    @staticmethod
    def scratch_arrays(size: int, dtype: DType) -> list[ArraySpec]:
        """Memory for some values in float64."""
        return [((min(size, TILE) * (dtype != np.float64),), np.float64)]

    def grad(self, t: Wire, output: Wire, dy: Wire) -> Any:
        return dy * t


class SoftmaxCrossEntropyWithLogits(Opaque):
    """Cross entropy of the softmax of each row with the labels, ``-sum(labels * log(softmax(features)))``.

    The largest logit of a row is subtracted first, so that nothing overflows. NaN where a row has a NaN or inf, and
    where a label of 0 meets -inf. Features and labels broadcast to two dims. The gradient by the features assumes
    that each row of labels sums to 1; none flows from ``backprop`` to the labels.

    >>> loss, backprop = SoftmaxCrossEntropyWithLogits()([[0.0, 0.0], [1000.0, 0.0]], [[0.5, 0.5], [0.0, 1.0]])
    >>> loss
    array([6.931472e-01, 1.000000e+03], dtype=float32)

    Source: tf.nn.softmax_cross_entropy_with_logits.
    """

    found_by = ("cross entropy", "loss", "nll")
    T = dtypes.floating
    features = In("T", "logits, a row per example")
    labels = In("T", "probabilities, a row per example; broadcasts with `features`")
    loss = Out("T", "a number per example")
    backprop = Out("T", "gradient of the loss by the features, ``softmax(features) - labels``")
    smooth = False  # labels whose sum is not 1 have another slope

    def shape_of(self, features: TensorType, labels: TensorType) -> list[Shape]:
        try:
            shape = broadcast(features.shape, labels.shape)
        except ValueError as error:
            raise self.error(f"inputs 'features' and 'labels' must broadcast, but {error}") from None
        if shape is not None and len(shape) != 2:
            raise self.error(
                f"inputs 'features' and 'labels' must broadcast to two dims, "
                f"got {show(features.shape)} and {show(labels.shape)}"
            )
        return [None, None] if shape is None else [shape[:1], shape]

    def kernel(self, features: Array, labels: Array, out: Array | None = None) -> tuple[Array, Array]:
        shape = np.broadcast_shapes(features.shape, labels.shape)
        loss = np.empty(shape[:1], features.dtype) if out is None else out
        backprop = np.empty(shape, features.dtype)

        def step(part: slice, axis: int, x: Array, labels: Array, slope: Array, buffer: Array) -> None:
            logs = softmax(x, axis, slope, buffer)
            np.subtract(slope, labels, slope)
            np.multiply(np.subtract(logs, buffer, buffer), labels, buffer)
            loss[part] = np.add.reduce(buffer, axis, np.float64)

        by_rows(step, 1, [np.broadcast_to(given, shape) for given in (features, labels)], [backprop])
        return loss, backprop

    def workspace(self, features: TensorType, labels: TensorType) -> int:
        shape: Any = broadcast(features.shape, labels.shape)
        return rows_bytes(shape, storage(features.dtype), 1, 3)

    def grad(self, features: Wire, labels: Wire, loss: Wire, backprop: Wire, dloss: Wire, dbackprop: Wire) -> Any:
        logits, dloss = BroadcastLike()(features, backprop), ExpandDims()(dloss, -1)
        return _by_features(logits, backprop, dloss, dbackprop), -dloss * LogSoftmax()(logits)


class SparseSoftmaxCrossEntropyWithLogits(Opaque):
    """Cross entropy of the softmax of each row with its class, ``-log(softmax(features)[labels])``.

    The largest logit of a row is subtracted first, so that nothing overflows. NaN where a row has a NaN or inf.

    >>> loss, backprop = SparseSoftmaxCrossEntropyWithLogits()([[0.0, 0.0], [1000.0, 0.0]], [0, 1])
    >>> loss
    array([6.931472e-01, 1.000000e+03], dtype=float32)

    Source: tf.nn.sparse_softmax_cross_entropy_with_logits.
    """

    found_by = ("cross entropy", "loss", "nll", "classification loss")
    T, Tlabels = dtypes.floating, ("int64", "int32")
    features = In("T", "logits, a row per example", shape=("N", "classes"))
    labels = In("Tlabels", "the class of each example", shape=("N",))
    loss = Out("T", "a number per example", shape=("N",))
    backprop = Out("T", "gradient of the loss by the features", shape=("N", "classes"))

    def infer(self, *types: TensorType) -> list[TensorType]:
        features = types[0]
        if features.shape is not None and features.shape[1] == 0:
            raise self.error(f"input 'features' must have at least one class, got shape {show(features.shape)}")
        return super().infer(*types)

    def kernel(self, features: Array, labels: Array, out: Array | None = None) -> tuple[Array, Array]:
        classes = features.shape[1]
        least, most = np.minimum.reduce(labels, initial=0), np.maximum.reduce(labels, initial=0)
        if least < 0 or most >= classes:
            raise self.error(f"input 'labels' must lie in [0, {classes}), got {labels.min()} to {labels.max()}")
        loss = np.empty(labels.shape, features.dtype) if out is None else out
        backprop = np.empty(features.shape, features.dtype)

        def step(part: slice, axis: int, x: Array, slope: Array, buffer: Array) -> None:
            logs = softmax(x, axis, slope, buffer)
            place = np.arange(part.stop - part.start), labels[part]
            place = place if axis else place[::-1]
            slope[place] -= 1
            loss[part] = logs.reshape(-1) - buffer[place]

        by_rows(step, 1, [features], [backprop])
        return loss, backprop

    def workspace(self, features: TensorType, labels: TensorType) -> int:
        return rows_bytes(features.sizes, storage(features.dtype), 1, 2)

    def grad(self, features: Wire, labels: Wire, loss: Wire, backprop: Wire, dloss: Wire, dbackprop: Wire) -> Any:
        return _by_features(features, backprop, ExpandDims()(dloss, -1), dbackprop), None


def _by_features(logits: Wire, backprop: Wire, dloss: Wire, dbackprop: Wire) -> Wire:
    """Gradient by the features, from that by the loss and that by ``backprop``, where there is any."""
    if _is_zero(dbackprop):
        return dloss * backprop
    probabilities: Wire = Softmax()(logits)
    total: Wire = Sum(keep_dims=True)(dbackprop * probabilities, -1)
    return dloss * backprop + (dbackprop - total) * probabilities


def _is_zero(dy: Wire) -> bool:
    """Whether the reverse pass put zeros here because no gradient came."""
    return isinstance(dy.graph.nodes[dy.node].block, ZerosLike)  # type: ignore[attr-defined]

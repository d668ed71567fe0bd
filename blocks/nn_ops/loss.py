"""Losses: half the squared length, and the cross entropy of a softmax with given labels."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from blocks.array_ops.broadcast import BroadcastLike
from blocks.array_ops.fill import ZerosLike
from blocks.array_ops.reshape import ExpandDims
from blocks.kernels.chunked import TILE, cut
from blocks.kernels.rowwise import Rows, bind_rows, rows_at_once
from blocks.math_ops.reduction import Sum
from blocks.nn_ops.softmax import LogSoftmax, Softmax
from dataflow.core import dtypes
from dataflow.core.blas import one_thread
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Shape, broadcast, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


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

    # no body: blocks would square in the dtype of the values, or make them float64 as a whole
    def bind(self, memory: Workspace, t: TensorType) -> Kernel:
        size, dtype = prod(t.sizes), storage(t.dtype)
        buffer = memory.array(min(size, TILE) * (dtype != np.float64), np.float64)
        parts = list(cut(size, TILE))

        def kernel(t: Array, out: Array | None = None) -> Array:
            flat, total = t.reshape(-1), 0.0
            with one_thread:
                for part in parts:
                    slab = flat[part]
                    if buffer.size:
                        np.copyto(buffer[: slab.size], slab)
                        slab = buffer[: slab.size]
                    total += float(slab @ slab)
            out = np.empty((), dtype) if out is None else out
            out[...] = total / 2
            return out

        return kernel

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

    # no body: some rows at a time go through all of it, in the cache, and are added in float64
    def bind(self, memory: Workspace, features: TensorType, labels: TensorType) -> Kernel:
        shape: Any = broadcast(features.shape, labels.shape)
        dtype = storage(features.dtype)
        by_rows = bind_rows(memory, shape, dtype, 1, 2, 1)

        def kernel(features: Array, labels: Array, out: Array | None = None) -> tuple[Array, Array]:
            loss, backprop = np.empty(shape[:1], dtype) if out is None else out, np.empty(shape, dtype)

            def step(part: slice, rows: Rows, x: Array, labels: Array, slope: Array, buffer: Array) -> None:
                logs = rows.softmax(x, slope, buffer)
                np.subtract(slope, labels, slope)
                np.multiply(np.subtract(logs, buffer, buffer), labels, buffer)
                loss[part] = rows.sums(buffer).reshape(-1)

            by_rows(step, [np.broadcast_to(given, shape) for given in (features, labels)], [backprop])
            return loss, backprop

        return kernel

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

    # no body, as in the block above; and labels that are no class must be told
    def bind(self, memory: Workspace, features: TensorType, labels: TensorType) -> Kernel:
        (rows, classes), dtype = features.sizes, storage(features.dtype)
        by_rows = bind_rows(memory, (rows, classes), dtype, 1, 1, 1)
        numbers = np.arange(min(rows, rows_at_once((rows, classes))))

        def kernel(features: Array, labels: Array, out: Array | None = None) -> tuple[Array, Array]:
            least, most = np.minimum.reduce(labels, initial=0), np.maximum.reduce(labels, initial=0)
            if least < 0 or most >= classes:
                raise self.error(f"input 'labels' must lie in [0, {classes}), got {labels.min()} to {labels.max()}")
            loss, backprop = np.empty(rows, dtype) if out is None else out, np.empty((rows, classes), dtype)

            def step(part: slice, along: Rows, x: Array, slope: Array, buffer: Array) -> None:
                logs = along.softmax(x, slope, buffer)
                place = numbers[: part.stop - part.start], labels[part]
                place = place if along.axis else place[::-1]
                slope[place] -= 1
                loss[part] = logs.reshape(-1) - buffer[place]

            by_rows(step, [features], [backprop])
            return loss, backprop

        return kernel

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

"""Losses: half the squared length, and the cross entropy of a softmax with given labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.array_ops.like import BroadcastLike, ZerosLike
from blocks.array_ops.shape_ops import ExpandDims
from blocks.math_ops.reduction import Sum, rounded
from blocks.nn_ops.softmax import LogSoftmax, Softmax
from dataflow import dtypes
from dataflow.block import In, Out, TensorType
from dataflow.kinds import Opaque
from dataflow.shapes import broadcast, show

_SLAB = 1 << 14  # elements that are squared at once, few enough to stay in the cache


class L2Loss(Opaque):
    """Half the sum of the squares, ``sum(t ** 2) / 2``.

    Squared and added in float64, and rounded once.

    >>> L2Loss()([[1.0, 2.0], [3.0, 4.0]])
    array(15., dtype=float32)

    Source: tf.nn.l2_loss.
    """

    T = dtypes.floating
    t = In("T", "values, any shape")
    output = Out("T", "one number", shape=())

    def kernel(self, t: Any) -> Any:
        flat, total = t.reshape(-1), 0.0
        for start in range(0, flat.size, _SLAB):
            slab = flat[start : start + _SLAB].astype(np.float64)
            total += slab @ slab
        return np.asarray(total / 2, t.dtype)

    def grad(self, t: Any, output: Any, dy: Any) -> Any:
        return dy * t


class SoftmaxCrossEntropyWithLogits(Opaque):
    """Cross entropy of the softmax of each row with the labels, ``-sum(labels * log(softmax(features)))``.

    The largest logit of a row is subtracted first, so that nothing overflows. NaN where a row has a NaN or inf, and
    where a label of 0 meets -inf. Features and labels broadcast to two dims. The gradient by the features takes for
    granted that each row of labels sums to 1; none flows from ``backprop`` to the labels.

    >>> loss, backprop = SoftmaxCrossEntropyWithLogits()([[0.0, 0.0], [1000.0, 0.0]], [[0.5, 0.5], [0.0, 1.0]])
    >>> loss
    array([6.931472e-01, 1.000000e+03], dtype=float32)

    Source: tf.nn.softmax_cross_entropy_with_logits.
    """

    T = dtypes.floating
    features = In("T", "logits, a row per example")
    labels = In("T", "probabilities, a row per example; broadcasts with `features`")
    loss = Out("T", "a number per example")
    backprop = Out("T", "gradient of the loss by the features, ``softmax(features) - labels``")
    smooth = False  # labels whose sum is not 1 have another slope

    def shape_of(self, features: TensorType, labels: TensorType) -> Any:
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

    def kernel(self, features: Any, labels: Any, out: Any = None) -> Any:
        shifted, softmax, logs = _row_softmax(
            np.broadcast_to(features, np.broadcast_shapes(features.shape, labels.shape))
        )
        wide = labels.astype(shifted.dtype, copy=False)
        softmax -= wide
        np.subtract(logs, shifted, shifted)
        shifted *= wide
        loss = np.add.reduce(shifted, -1, np.float64)
        return rounded(loss, features.dtype, out), rounded(softmax, features.dtype, None)

    def grad(self, features: Any, labels: Any, loss: Any, backprop: Any, dloss: Any, dbackprop: Any) -> Any:
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

    T, Tlabels = dtypes.floating, ("int64", "int32")
    features = In("T", "logits, a row per example", shape=("N", "classes"))
    labels = In("Tlabels", "the class of each example", shape=("N",))
    loss = Out("T", "a number per example", shape=("N",))
    backprop = Out("T", "gradient of the loss by the features", shape=("N", "classes"))

    def infer(self, *types: Any) -> list[TensorType]:
        features = types[0]
        if features.shape is not None and features.shape[1] == 0:
            raise self.error(f"input 'features' must have at least one class, got shape {show(features.shape)}")
        return super().infer(*types)

    def kernel(self, features: Any, labels: Any, out: Any = None) -> Any:
        classes = features.shape[1]
        if labels.size and not 0 <= labels.min() <= labels.max() < classes:
            raise self.error(f"input 'labels' must lie in [0, {classes}), got {labels.min()} to {labels.max()}")
        shifted, softmax, logs = _row_softmax(features)
        place = np.arange(len(labels)), labels
        softmax[place] -= 1
        loss = logs[:, 0] - shifted[place]
        return rounded(loss, features.dtype, out), rounded(softmax, features.dtype, None)

    def grad(self, features: Any, labels: Any, loss: Any, backprop: Any, dloss: Any, dbackprop: Any) -> Any:
        return _by_features(features, backprop, ExpandDims()(dloss, -1), dbackprop), None


def _row_softmax(features: Any) -> tuple[Any, Any, Any]:
    """Logits less the largest of their row, their softmax, and the logarithms of the sums it was divided by."""
    x = features.astype(dtypes.compute_dtype(features.dtype.name), copy=False)
    shifted = x - np.maximum.reduce(x, -1, keepdims=True, initial=-np.inf)
    softmax = np.exp(shifted)
    sums = np.add.reduce(softmax, -1, np.float64, keepdims=True)
    softmax /= sums.astype(x.dtype)
    return shifted, softmax, np.log(sums).astype(x.dtype)


def _by_features(logits: Any, backprop: Any, dloss: Any, dbackprop: Any) -> Any:
    """Gradient by the features, from that by the loss and that by ``backprop``, where there is any."""
    if _is_zero(dbackprop):
        return dloss * backprop
    softmax = Softmax()(logits)
    return dloss * backprop + (dbackprop - Sum(keep_dims=True)(dbackprop * softmax, -1)) * softmax


def _is_zero(dy: Any) -> bool:
    """Whether the reverse pass put zeros here because no gradient came."""
    return isinstance(dy.graph.nodes[dy.node].block, ZerosLike)

"""Batch normalization: a batch moved and scaled to mean 0 and variance 1 per channel, then by what was learned."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from blocks.nn_ops.normalization_gradient import FusedBatchNormGrad, FusedBatchNormGradV2, FusedBatchNormGradV3
from blocks.nn_ops.per_channel import PerChannel, slabs, totals
from blocks.nn_ops.windows import FORMAT, FORMATS, FORMATS_3D
from dataflow.block import In, Out, TensorType, attr
from dataflow.shapes import agree


class BatchNormalization(PerChannel, abstract=True):
    """The kernel and the ports of all versions."""

    x = In("T", "a batch of 4 or 5 dims")
    scale = In("float32", "factor per channel", shape=("C",))
    offset = In("float32", "added per channel", shape=("C",))
    mean = In("float32", "running mean; may be empty in training, if `exponential_avg_factor` is 1", shape=("means",))
    variance = In("float32", "running variance; may be empty where `mean` may", shape=("variances",))
    y = Out("T", "same shape as `x`")
    batch_mean = Out("float32", "the next running mean", shape=("C",))
    batch_variance = Out("float32", "the next running variance, unbiased", shape=("C",))
    reserve_space_1 = Out("float32", "mean that was used, for the gradient", shape=("C",))
    reserve_space_2 = Out("float32", "variance that was used, biased, for the gradient", shape=("C",))
    exponential_avg_factor: float = attr("share of this batch in the running mean and variance", default=1.0)
    is_training: bool = attr("normalize by the batch's own mean and variance, not by those given", default=True)
    gradient: ClassVar[Any]

    def shape_of(self, x: TensorType, scale: TensorType, *others: TensorType) -> Any:
        size = self.channels(x, scale)
        for port, given in zip(("mean", "variance"), others[1:], strict=True):
            unused = self.is_training and self.exponential_avg_factor == 1
            if not unused and given.shape is not None and not agree(given.shape[0], size):
                raise self.error(f"input '{port}' must have size {size} like 'scale', got {given.shape[0]}")
        return x.shape

    def kernel(self, x: Any, scale: Any, offset: Any, mean: Any, variance: Any, out: Any = None) -> Any:
        rows = self.rows(x)
        next_mean, next_variance = mean, variance
        if self.is_training:
            given, share = (mean, variance), self.exponential_avg_factor
            mean, variance = self.moments(rows, len(scale))
            count = rows.size // max(1, len(scale))
            next_mean, next_variance = mean, variance * (count / max(1, count - 1))
            if share != 1:
                next_mean = (1 - share) * given[0] + share * next_mean
                next_variance = (1 - share) * given[1] + share * next_variance
            mean, variance = mean.astype(np.float32), variance.astype(np.float32)
        if not rows.size:
            next_mean = next_variance = np.full(len(scale), np.nan)
        y = np.empty(x.shape, x.dtype) if out is None else out
        moved = self.rows(y)  # `out` is laid out in one piece, so this is the same memory
        factor = self.along(self.inverse_deviation(variance) * scale, rows)
        middle, offset = self.along(mean, rows), self.along(offset, rows)
        for part, work, _ in slabs(rows, np.float32):
            work = moved[part] if y.dtype == np.float32 else work
            np.subtract(rows[part], middle, work, dtype=np.float32)
            work *= factor
            np.add(work, offset, moved[part], casting="unsafe")
        statistics = (next_mean, next_variance, mean, variance)
        return y, *(np.array(a, np.float32) for a in statistics)

    def moments(self, rows: Any, channels: int) -> tuple[Any, Any]:
        """Mean and biased variance per channel, in float64; NaN where there are no rows."""
        if not rows.size:
            return np.full(channels, np.nan), np.full(channels, np.nan)
        # distances from any one element are short enough not to lose the variance in the mean
        shift = (rows[0, :, 0] if self.channels_first else rows[0, :channels]).astype(np.float64)
        sums = squares = np.zeros(rows.shape[1])
        along = self.along(shift, rows)
        for part, slab, _ in slabs(rows, np.float64):
            np.copyto(slab, rows[part])
            sums = sums + totals(slab)
            slab -= along
            squares = squares + totals(np.square(slab, slab))
        count = rows.size // channels
        mean = self.folded(sums, channels) / count
        return mean, np.maximum(self.folded(squares, channels) / count - np.square(mean - shift), 0)

    def grad(self, x: Any, scale: Any, offset: Any, mean: Any, variance: Any, *rest: Any) -> Any:
        outputs, dy = rest[: len(rest) // 2], rest[len(rest) // 2]
        kept = outputs[3:] if self.is_training else (mean, variance, *outputs[5:])
        backward = self.gradient(epsilon=self.epsilon, data_format=self.data_format, is_training=self.is_training)
        dx, dscale, doffset, *_ = backward(dy, x, scale, *kept)
        return dx, dscale, doffset, None, None


class FusedBatchNorm(BatchNormalization):
    """Batch normalization, ``(x - mean) / sqrt(variance + epsilon) * scale + offset`` per channel.

    In training the mean and variance of the batch are taken, and the running ones move towards them by
    ``exponential_avg_factor``; else the running ones are taken, and stay. Sums are kept in float64. The mean and
    variance of an empty batch are NaN.

    >>> FusedBatchNorm()([[[[1.0], [3.0]]]], [2.0], [5.0], [], []).y.round(3)
    array([[[[3.],
             [7.]]]], dtype=float32)

    Source: tf.raw_ops.FusedBatchNorm.
    """

    T = ("float32",)
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)
    gradient = FusedBatchNormGrad


class FusedBatchNormV2(BatchNormalization):
    """Batch normalization, ``(x - mean) / sqrt(variance + epsilon) * scale + offset`` per channel.

    As FusedBatchNorm, also for the 16-bit types, which are computed in float32.

    >>> FusedBatchNormV2()([[[[1.0], [3.0]]]], [2.0], [5.0], [], []).batch_mean
    array([2.], dtype=float32)

    Source: tf.raw_ops.FusedBatchNormV2.
    """

    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)
    gradient = FusedBatchNormGradV2


class FusedBatchNormV3(BatchNormalization):
    """Batch normalization, ``(x - mean) / sqrt(variance + epsilon) * scale + offset`` per channel.

    As FusedBatchNorm, also for the 16-bit types, which are computed in float32, and for batches of volumes.

    >>> FusedBatchNormV3(is_training=False)([[[[1.0], [3.0]]]], [2.0], [5.0], [1.0], [1.0]).y.round(3)
    array([[[[5.],
             [9.]]]], dtype=float32)

    Source: tf.compat.v1.nn.fused_batch_norm.
    """

    y = Out("T", "same shape as `x`")
    batch_mean = Out("float32", "the next running mean", shape=("C",))
    batch_variance = Out("float32", "the next running variance, unbiased", shape=("C",))
    reserve_space_1 = Out("float32", "mean that was used, for the gradient", shape=("C",))
    reserve_space_2 = Out("float32", "variance that was used, biased, for the gradient", shape=("C",))
    reserve_space_3 = Out("float32", "not used, 0", shape=())
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS + FORMATS_3D)
    gradient = FusedBatchNormGradV3

    def kernel(self, x: Any, scale: Any, offset: Any, mean: Any, variance: Any, out: Any = None) -> Any:
        return *super().kernel(x, scale, offset, mean, variance, out), np.zeros((), np.float32)

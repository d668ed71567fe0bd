"""Batch normalization: a batch moved and scaled to mean 0 and variance 1 per channel, then by what was learned."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from blocks.kernels import channel_loops
from blocks.kernels.channel_sums import bind_moments
from blocks.nn_ops.batch_normalization_base import PerChannel
from blocks.nn_ops.batch_normalization_gradient import FusedBatchNormGrad, FusedBatchNormGradV2, FusedBatchNormGradV3
from blocks.nn_ops.window_base import FORMAT, FORMATS, FORMATS_3D
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.quantized import Scaled
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape, agree
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


class BatchNormalization(PerChannel, abstract=True):
    """Batch normalization in all its versions: the ports and the kernel."""

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
    training = "is_training"

    @property
    def quantized_as(self) -> Scaled | None:
        if self.is_training:
            return None
        channels = 1 if self.channels_first else -1
        return Scaled("x", "scale", "offset", "mean", "variance", self.epsilon, channels)

    def bound(self, x: Range, *others: Range) -> list[Range] | None:
        statistics = [other.value for other in others]
        if self.is_training or x.shape is None or not x.low.ndim or any(each is None for each in statistics):
            return None
        size = self.channels(x.type_of(), others[0].type_of())
        if not isinstance(size, int):
            return None
        axis = 1 if self.channels_first else x.low.ndim - 1
        spread = [n if i != axis else size for i, n in enumerate(x.low.shape)]
        known: Any = statistics
        ends = [np.ascontiguousarray(np.broadcast_to(end, spread)) for end in (x.low, x.high)]
        first, last = (self.kernel(end, *known) for end in ends)
        y = Range(np.minimum(first[0], last[0]), np.maximum(first[0], last[0]))
        return [y, *(Range.of(each) for each in first[1:])]

    def shape_of(self, x: TensorType, scale: TensorType, *others: TensorType) -> Shape:
        size = self.channels(x, scale)
        for port, given in zip(("mean", "variance"), others[1:], strict=True):
            unused = self.is_training and self.exponential_avg_factor == 1
            if not unused and given.shape is not None and not agree(given.shape[0], size):
                raise self.error(f"input '{port}' must have size {size} like 'scale', got {given.shape[0]}")
        return x.shape

    def bind(self, memory: Workspace, x: TensorType, *others: TensorType) -> Kernel:
        dtype, compiled = storage(x.dtype), self.compiles(memory, x)
        moments = bind_moments(memory, x.sizes, self.channels_first, compiled) if self.is_training else None
        matrix = self.in_passes(x, compiled)
        tables = [memory.array(matrix.number_count, np.float32) for _ in range(3)]
        narrow = memory.array(matrix.tile_size * (dtype != np.float32), np.float32)

        def kernel(
            x: Array, scale: Array, offset: Array, mean: Array, variance: Array, out: Array | None = None
        ) -> tuple[Array, ...]:
            y = np.empty(x.shape, dtype) if out is None else out
            batch, made = x.reshape(-1), y.reshape(-1)  # `out` is laid out in one piece
            next_mean, next_variance = mean, variance
            if moments is not None:
                running, factor = (mean, variance), self.exponential_avg_factor
                mean, variance = moments(batch)
                count = batch.size // max(1, len(scale))
                next_mean, next_variance = mean, variance * (count / max(1, count - 1))
                if factor != 1:
                    next_mean = (1 - factor) * running[0] + factor * next_mean
                    next_variance = (1 - factor) * running[1] + factor * next_variance
                mean, variance = mean.astype(np.float32), variance.astype(np.float32)
            if not batch.size:
                next_mean = next_variance = np.full(len(scale), np.nan)
            per_channel = mean, self.inverse_deviation(variance) * scale, offset
            middle, slope, shift = map(matrix.tile, per_channel, tables)
            if compiled:
                channel_loops.normalize(batch, middle, slope, shift, made)
            for part in () if compiled else matrix.parts:
                target = part.of(made)
                work = target if dtype == np.float32 else part.buffer(narrow)
                np.subtract(part.of(batch), middle[part.numbers], work, dtype=np.float32)
                np.multiply(work, slope[part.numbers], work)
                np.add(work, shift[part.numbers], target, casting="unsafe")
            return y, *(np.array(a, np.float32) for a in (next_mean, next_variance, mean, variance))

        return kernel

    def grad(self, x: Wire, scale: Wire, offset: Wire, mean: Wire, variance: Wire, *rest: Wire) -> Any:
        outputs, dy = rest[: len(rest) // 2], rest[len(rest) // 2]
        used = outputs[3:] if self.is_training else (mean, variance, *outputs[5:])
        backward = self.gradient(epsilon=self.epsilon, data_format=self.data_format, is_training=self.is_training)
        dx, dscale, doffset, *_ = backward(dy, x, scale, *used)
        return dx, dscale, doffset, None, None


class FusedBatchNorm(BatchNormalization):
    """Batch normalization, ``(x - mean) / sqrt(variance + epsilon) * scale + offset`` per channel.

    In training the mean and variance of the batch are taken, and the running ones move towards them by
    ``exponential_avg_factor``; else the running ones are taken, and stay. Sums are kept in float64; TensorFlow's
    are of float32, and of many pixels their last digits are lost. The mean and variance of an empty batch are NaN.

    >>> FusedBatchNorm()([[[[1.0], [3.0]]]], [2.0], [5.0], [], []).y.round(3)
    array([[[[3.],
             [7.]]]], dtype=float32)

    Source: tf.raw_ops.FusedBatchNorm.
    """

    found_by = ("batch normalization", "normalize", "batchnorm", "bn")
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

    found_by = ("batch normalization", "normalize", "batchnorm", "bn")
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

    found_by = ("batch normalization", "normalize", "batchnorm", "bn")
    y = Out("T", "same shape as `x`")
    reserve_space_3 = Out("float32", "not used, 0", shape=())
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS + FORMATS_3D)
    gradient = FusedBatchNormGradV3

    def bind(self, memory: Workspace, x: TensorType, *others: TensorType) -> Kernel:
        kernel = super().bind(memory, x, *others)
        return lambda *arrays, out=None: (*kernel(*arrays, out=out), np.zeros((), np.float32))

"""Batch normalization: a batch moved and scaled to mean 0 and variance 1 per channel, then by what was learned."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import gcd, prod
from typing import Any, ClassVar

import numpy as np

from blocks.array_ops.like import OnesLike
from blocks.array_ops.shape_ops import ExpandDims, Size
from blocks.math_ops.cast import Cast
from blocks.math_ops.exponential import Rsqrt
from blocks.nn_ops.bias import BiasAddGrad
from dataflow.block import In, Out, TensorType, attr
from dataflow.kinds import Opaque
from dataflow.shapes import agree, show

FORMATS = ("NHWC", "NCHW", "NDHWC", "NCDHW")
FORMAT = "which dim is the channel: the last (NHWC) or the second (NCHW)"
EPSILON = "added to the variance; keeps it from 0"
TRAINING = "normalize by the batch's own mean and variance, not by those given"
_SLAB = 1 << 16  # elements that are worked on at once, few enough to stay in the cache
_WIDTH = 128  # elements of a row from which on longer ones are not faster


class PerChannel(Opaque, abstract=True):
    """What the normalizations and their gradients share: how they move over a batch."""

    T: ClassVar[tuple[str, ...]] = ("float32", "bfloat16", "float16")
    data_format: str
    epsilon: float

    def channels(self, x: TensorType, scale: TensorType) -> Any:
        """How many channels there are; an error unless the batch has 4 or 5 dims and these channels."""
        size = None if scale.shape is None else scale.shape[0]
        if x.shape is not None:
            if len(x.shape) not in (4, 5):
                raise self.error(f"input 'x' must have 4 or 5 dims, got shape {show(x.shape)}")
            given = x.shape[1 if self.channels_first else -1]
            if not agree(given, size):
                raise self.error(f"input 'x' must have {size} channels like 'scale', got {given} in {show(x.shape)}")
        return size

    @property
    def channels_first(self) -> bool:
        return self.data_format.startswith("NC")

    def rows(self, batch: Any) -> Any:
        """The batch as ``[examples, channels, positions]`` where channels come first.

        Else as ``[rows, channels]``, with several rows side by side where they are short, which NumPy is faster with.
        """
        if self.channels_first:
            return batch.reshape(*batch.shape[:2], prod(batch.shape[2:]))
        count, channels = prod(batch.shape[:-1]), batch.shape[-1]
        beside = gcd(count, 1 << max(0, (_WIDTH // max(1, channels)).bit_length() - 1)) if count else 1
        return batch.reshape(count // beside, channels * beside)

    def along(self, per_channel: Any, rows: Any) -> Any:
        """One number per channel, so that it broadcasts with `rows`."""
        if self.channels_first:
            return per_channel[:, None]
        return np.tile(per_channel, rows.shape[1] // max(1, len(per_channel)))

    def folded(self, totals: Any, channels: int) -> Any:
        """Sums over `rows`, added up to one per channel."""
        return totals if self.channels_first else np.add.reduce(totals.reshape(-1, channels), 0)

    def along_wire(self, per_channel: Any, batch: Any) -> Any:
        """One number per channel on a wire, so that it broadcasts with the batch."""
        if not self.channels_first:
            return per_channel
        if batch.shape is None:
            raise self.error("input 'x' must have a known rank to have a second gradient where channels come first")
        for _ in batch.shape[2:]:
            per_channel = ExpandDims()(per_channel, -1)
        return per_channel

    def inverse_deviation(self, variance: Any) -> Any:
        """``1 / sqrt(variance + epsilon)`` in float32."""
        return np.reciprocal(np.sqrt(np.add(variance, self.epsilon, dtype=np.float64))).astype(np.float32)


def _slabs(rows: Any, dtype: Any) -> Iterator[tuple[slice, Any, Any]]:
    """Which rows to work on at once, and two arrays of their shape to do it in."""
    step = max(1, min(len(rows), _SLAB // max(1, prod(rows.shape[1:]))))
    room = np.empty((2, step, *rows.shape[1:]), dtype)
    for start in range(0, len(rows), step):
        part = slice(start, min(start + step, len(rows)))
        yield part, *room[:, : part.stop - start]


def _totals(slab: Any) -> Any:
    """Sum over all but the second dim."""
    if slab.ndim == 2:
        return np.ones(len(slab)) @ slab  # BLAS is four times as fast as np.add.reduce
    return np.add.reduce(np.add.reduce(slab, -1), 0)


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
    epsilon: float = attr(EPSILON, default=0.0001)
    exponential_avg_factor: float = attr("share of this batch in the running mean and variance", default=1.0)
    is_training: bool = attr(TRAINING, default=True)
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
        for part, work, _ in _slabs(rows, np.float32):
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
        for part, slab, _ in _slabs(rows, np.float64):
            np.copyto(slab, rows[part])
            sums = sums + _totals(slab)
            slab -= along
            squares = squares + _totals(np.square(slab, slab))
        count = rows.size // channels
        mean = self.folded(sums, channels) / count
        return mean, np.maximum(self.folded(squares, channels) / count - np.square(mean - shift), 0)

    def grad(self, x: Any, scale: Any, offset: Any, mean: Any, variance: Any, *rest: Any) -> Any:
        outputs, dy = rest[: len(rest) // 2], rest[len(rest) // 2]
        kept = outputs[3:] if self.is_training else (mean, variance, *outputs[5:])
        backward = self.gradient(epsilon=self.epsilon, data_format=self.data_format, is_training=self.is_training)
        dx, dscale, doffset, *_ = backward(dy, x, scale, *kept)
        return dx, dscale, doffset, None, None


class BatchNormalizationGradient(PerChannel, abstract=True):
    """The gradients of all versions."""

    epsilon: float = attr(EPSILON, default=0.0001)
    is_training: bool = attr("the mean and variance are those of the batch, so they depend on it", default=True)

    def shape_of(self, y_backprop: TensorType, x: TensorType, scale: TensorType, *others: TensorType) -> Any:
        self.channels(x, scale)
        dy, shape = y_backprop.shape, x.shape
        if dy is not None and shape is not None and (len(dy) != len(shape) or not all(map(agree, dy, shape))):
            raise self.error(f"input 'y_backprop' must have the shape of 'x', {show(shape)}, got {show(dy)}")
        return x.shape

    def computed(self, y_backprop: Any, x: Any, scale: Any, mean: Any, variance: Any, out: Any) -> Any:
        """The values of all outputs."""
        gradients, rows, channels = self.rows(y_backprop), self.rows(x), len(scale)
        inverse, middle = self.inverse_deviation(variance), self.along(mean, rows)
        sums = products = np.zeros(rows.shape[1])
        for part, dy, centred in _slabs(rows, np.float64):
            np.copyto(dy, gradients[part])
            np.subtract(rows[part], middle, centred, dtype=np.float64)
            sums = sums + _totals(dy)
            products = products + _totals(np.multiply(dy, centred, dy))
        offset_backprop, scale_backprop = self.folded(sums, channels), self.folded(products, channels)
        if rows.size:  # of nothing the deviation is NaN
            scale_backprop = scale_backprop * inverse
        x_backprop = np.empty(x.shape, x.dtype) if out is None else out
        result, count = self.rows(x_backprop), max(1, rows.size // max(1, channels))
        factor = self.along(scale * inverse, rows)
        slope = self.along((scale_backprop * inverse / count).astype(np.float32), rows)
        average = self.along((offset_backprop / count).astype(np.float32), rows)
        for part, dx, centred in _slabs(rows, np.float32):
            dy = gradients[part]
            if self.is_training:
                np.subtract(rows[part], middle, centred, dtype=np.float32)
                centred *= slope
                centred += average
                dy = np.subtract(dy, centred, dx, dtype=np.float32)
            np.multiply(dy, factor, result[part], casting="unsafe")
        nothing = np.empty(0, np.float32), np.empty(0, np.float32)
        return x_backprop, scale_backprop.astype(np.float32), offset_backprop.astype(np.float32), *nothing

    def grad(self, *wires: Any) -> Any:
        count = len(self.signature.inputs)
        dy, x, ddx = (_single(wire) for wire in (wires[0], wires[1], wires[count + 5]))
        scale, mean, variance = wires[2:5]
        ddscale, ddoffset = wires[count + 6 : count + 8]
        along = partial(self.along_wire, batch=x)
        inverse = Rsqrt()(variance + self.epsilon)
        z = (x - along(mean)) * along(inverse)

        def unscaled(gradient: Any) -> Any:
            return type(self)(**self.attrs())(gradient, x, OnesLike()(scale), *wires[3:count])

        total = BiasAddGrad(data_format="NCHW" if self.channels_first else "NHWC")
        first, second = unscaled(dy), unscaled(ddx)
        by_dy = along(scale) * second.x_backprop + along(ddscale) * z + along(ddoffset)
        by_x = along(ddscale) * first.x_backprop
        if self.is_training:
            size = Cast(DstT="float32")(Size(out_type="int64")(x)) / Cast(DstT="float32")(Size()(scale))
            means = [wire / size for wire in (first[2], second[2], first[1], second[1])]  # of dy and ddx, then times z
            mixed = total(dy * ddx) / size - means[0] * means[1] - means[2] * means[3]
            turned = (
                z * along(inverse * mixed) + along(means[3]) * first.x_backprop + along(means[2]) * second.x_backprop
            )
            by_x = by_x - along(scale * inverse) * turned
        by_scale = total(ddx * first.x_backprop)
        return _like(by_dy, wires[0]), _like(by_x, wires[1]), by_scale, *[None] * (count - 3)


def _single(wire: Any) -> Any:
    return wire if wire.dtype == "float32" else Cast(DstT="float32")(wire)


def _like(wire: Any, other: Any) -> Any:
    return wire if wire.dtype == other.dtype else Cast(DstT=other.dtype)(wire)


class FusedBatchNormGrad(BatchNormalizationGradient):
    """Gradient of FusedBatchNorm, ``scale / sqrt(variance + epsilon) * (dy - mean(dy) - z * mean(dy * z))``.

    ``dy`` is ``y_backprop`` and ``z`` is ``x`` less its mean, divided by its deviation. Where it was not training the
    two means are left out.

    >>> FusedBatchNormGrad(is_training=False)([[[[2.0]]]], [[[[3.0]]]], [4.0], [1.0], [1.0]).x_backprop.round(3)
    array([[[[8.]]]], dtype=float32)

    Source: tf.raw_ops.FusedBatchNormGrad.
    """

    T: ClassVar[tuple[str, ...]] = ("float32",)
    y_backprop = In("T", "gradient by `y`")
    x = In("T", "the batch, same shape as `y_backprop`")
    scale = In("float32", "factor per channel", shape=("C",))
    reserve_space_1 = In("float32", "mean that was used", shape=("C",))
    reserve_space_2 = In("float32", "variance that was used, biased", shape=("C",))
    x_backprop = Out("T", "gradient by `x`")
    scale_backprop = Out("float32", "gradient by `scale`", shape=("C",))
    offset_backprop = Out("float32", "gradient by `offset`", shape=("C",))
    reserve_space_3 = Out("float32", "nothing", shape=(0,))
    reserve_space_4 = Out("float32", "nothing", shape=(0,))
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS[:2])

    def kernel(
        self, y_backprop: Any, x: Any, scale: Any, reserve_space_1: Any, reserve_space_2: Any, out: Any = None
    ) -> Any:
        return self.computed(y_backprop, x, scale, reserve_space_1, reserve_space_2, out)


class FusedBatchNormGradV2(FusedBatchNormGrad):
    """Gradient of FusedBatchNormV2, ``scale / sqrt(variance + epsilon) * (dy - mean(dy) - z * mean(dy * z))``.

    As FusedBatchNormGrad, also for the 16-bit types.

    >>> FusedBatchNormGradV2(is_training=False)([[[[2.0]]]], [[[[3.0]]]], [4.0], [1.0], [1.0]).scale_backprop.round(3)
    array([4.], dtype=float32)

    Source: tf.raw_ops.FusedBatchNormGradV2.
    """

    T = PerChannel.T


class FusedBatchNormGradV3(BatchNormalizationGradient):
    """Gradient of FusedBatchNormV3, ``scale / sqrt(variance + epsilon) * (dy - mean(dy) - z * mean(dy * z))``.

    As FusedBatchNormGrad, also for the 16-bit types and batches of volumes.

    >>> FusedBatchNormGradV3(is_training=False)([[[[2.0]]]], [[[[3.0]]]], [4.0], [1.0], [1.0], []).x_backprop.round(3)
    array([[[[8.]]]], dtype=float32)

    Source: tf.raw_ops.FusedBatchNormGradV3.
    """

    y_backprop = In("T", "gradient by `y`")
    x = In("T", "the batch, same shape as `y_backprop`")
    scale = In("float32", "factor per channel", shape=("C",))
    reserve_space_1 = In("float32", "mean that was used", shape=("C",))
    reserve_space_2 = In("float32", "variance that was used, biased", shape=("C",))
    reserve_space_3 = In("float32", "not used", like=True)
    x_backprop = Out("T", "gradient by `x`")
    scale_backprop = Out("float32", "gradient by `scale`", shape=("C",))
    offset_backprop = Out("float32", "gradient by `offset`", shape=("C",))
    reserve_space_4 = Out("float32", "nothing", shape=(0,))
    reserve_space_5 = Out("float32", "nothing", shape=(0,))
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)

    def kernel(
        self,
        y_backprop: Any,
        x: Any,
        scale: Any,
        reserve_space_1: Any,
        reserve_space_2: Any,
        reserve_space_3: Any,
        out: Any = None,
    ) -> Any:
        return self.computed(y_backprop, x, scale, reserve_space_1, reserve_space_2, out)


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
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS[:2])
    gradient = FusedBatchNormGrad


class FusedBatchNormV2(BatchNormalization):
    """Batch normalization, ``(x - mean) / sqrt(variance + epsilon) * scale + offset`` per channel.

    As FusedBatchNorm, also for the 16-bit types, which are computed in float32.

    >>> FusedBatchNormV2()([[[[1.0], [3.0]]]], [2.0], [5.0], [], []).batch_mean
    array([2.], dtype=float32)

    Source: tf.raw_ops.FusedBatchNormV2.
    """

    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS[:2])
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
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)
    gradient = FusedBatchNormGradV3

    def kernel(self, x: Any, scale: Any, offset: Any, mean: Any, variance: Any, out: Any = None) -> Any:
        return *super().kernel(x, scale, offset, mean, variance, out), np.zeros((), np.float32)

"""Gradients of batch normalization, and their own."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np

from blocks.array_ops.fill import OnesLike
from blocks.array_ops.shape import Size
from blocks.kernels import channel_loops
from blocks.kernels.channel_sums import bind_products
from blocks.math_ops.cast import Cast
from blocks.math_ops.exponential import Rsqrt
from blocks.nn_ops.batch_normalization_base import PerChannel
from blocks.nn_ops.bias import BiasAddGrad
from blocks.nn_ops.window_base import FORMAT, FORMATS, FORMATS_3D
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.shapes import Shape, agree, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


class BatchNormalizationGradient(PerChannel, abstract=True):
    """The gradients of batch normalization in all its versions: the ports and the kernel."""

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
    is_training: bool = attr("the mean and variance are those of the batch, so they depend on it", default=True)

    def shape_of(self, y_backprop: TensorType, x: TensorType, scale: TensorType, *others: TensorType) -> Shape:
        self.channels(x, scale)
        dy, shape = y_backprop.shape, x.shape
        if dy is not None and shape is not None and (len(dy) != len(shape) or not all(map(agree, dy, shape))):
            raise self.error(f"input 'y_backprop' must have the shape of 'x', {show(shape)}, got {show(dy)}")
        return x.shape

    def bind(self, memory: Workspace, y_backprop: TensorType, x: TensorType, *others: TensorType) -> Kernel:
        dtype, compiled = storage(x.dtype), self.compiles(memory, x)
        add, matrix = bind_products(memory, x.sizes, self.channels_first, compiled), self.in_passes(x, compiled)
        tables = [memory.array(matrix.number_count, np.float32) for _ in range(4)]
        single = memory.array(matrix.tile_size * (not compiled), np.float32)

        def kernel(
            y_backprop: Array,
            x: Array,
            scale: Array,
            mean: Array,
            variance: Array,
            *rest: Array,
            out: Array | None = None,
        ) -> tuple[Array, ...]:
            x_backprop = np.empty(x.shape, dtype) if out is None else out
            gradients, batch, made = (array.reshape(-1) for array in (y_backprop, x, x_backprop))
            inverse = self.inverse_deviation(variance)
            offset_backprop, scale_backprop = add(gradients, batch, mean)
            if batch.size:  # of nothing the deviation is NaN
                scale_backprop = scale_backprop * inverse
            count = max(1, batch.size // max(1, matrix.channels))
            per_channel = scale * inverse, mean, scale_backprop * inverse / count, offset_backprop / count
            used = per_channel if self.is_training else per_channel[:1]
            factor, *means = map(matrix.tile, used, tables)
            if compiled and means:
                channel_loops.less_means(gradients, batch, *means, factor, made)
            elif compiled:
                channel_loops.multiply(gradients, factor, made)
            for part in () if compiled else matrix.parts:
                dy, work = part.of(gradients), part.buffer(single)
                if means:
                    middle, slope, average = (table[part.numbers] for table in means)
                    np.subtract(part.of(batch), middle, work, dtype=np.float32)
                    np.multiply(work, slope, work)
                    np.add(work, average, work)
                    dy = np.subtract(dy, work, work, dtype=np.float32)
                np.multiply(dy, factor[part.numbers], part.of(made), casting="unsafe")
            nothing = np.empty(0, np.float32), np.empty(0, np.float32)
            return x_backprop, scale_backprop.astype(np.float32), offset_backprop.astype(np.float32), *nothing

        return kernel

    def grad(self, *wires: Wire) -> tuple[Wire | None, ...]:
        count = len(self.signature.inputs)
        dy, x, ddx = (_single(wire) for wire in (wires[0], wires[1], wires[count + 5]))
        scale, mean, variance = wires[2:5]
        ddscale, ddoffset = wires[count + 6 : count + 8]
        along = partial(self.broadcast_wire, batch=x)
        inverse = Rsqrt()(variance + self.epsilon)
        z = (x - along(mean)) * along(inverse)

        # all three are linear in what flows in, so the block itself, with a scale of 1, gives most of their gradients
        def unscaled(gradient: Wire) -> Any:
            return type(self)(**self.attrs())(gradient, x, OnesLike()(scale), *wires[3:count])

        total = BiasAddGrad(data_format="NCHW" if self.channels_first else "NHWC")
        first, second = unscaled(dy), unscaled(ddx)
        by_dy = along(scale) * second.x_backprop + along(ddscale) * z + along(ddoffset)
        by_x = along(ddscale) * first.x_backprop
        if self.is_training:
            size = Cast(DstT="float32")(Size(out_type="int64")(x)) / Cast(DstT="float32")(Size()(scale))
            means = [wire / size for wire in (first[2], second[2], first[1], second[1])]  # of dy and ddx, then times z
            mixed = total(dy * ddx) / size - means[0] * means[1] - means[2] * means[3]
            mixed_x = (
                z * along(inverse * mixed) + along(means[3]) * first.x_backprop + along(means[2]) * second.x_backprop
            )
            by_x = by_x - along(scale * inverse) * mixed_x
        by_scale = total(ddx * first.x_backprop)
        return _like(by_dy, wires[0]), _like(by_x, wires[1]), by_scale, *[None] * (count - 3)


def _single(wire: Wire) -> Wire:
    """The wire in float32."""
    return wire if wire.dtype == "float32" else Cast(DstT="float32")(wire)


def _like(wire: Wire, other: Wire) -> Wire:
    """The wire in the dtype of the other."""
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
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)


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

    reserve_space_2 = In("float32", "variance that was used, biased", shape=("C",))
    reserve_space_3 = In("float32", "not used", like=True)  # type: ignore[assignment]
    reserve_space_4 = Out("float32", "nothing", shape=(0,))
    reserve_space_5 = Out("float32", "nothing", shape=(0,))
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS + FORMATS_3D)

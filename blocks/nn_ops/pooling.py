"""Pooling over images: the mean or the largest element of each window."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from blocks.array_ops.shape import Shape as ShapeOf
from blocks.kernels.sliding_windows import Band, Bands, Slides, converted, counts, in_bands, is_float, lowest, shaped
from blocks.kernels.window_argmax import argmax_scratch, copy_scratch, equals, first_argmax, unordered
from blocks.kernels.window_reduce import (
    partial_scratch,
    reduce_band,
    reduce_bytes,
    reduce_windows,
    spread_bytes,
    spread_windows,
)
from blocks.kernels.windows import span, split
from blocks.nn_ops.pooling_base import Pooling
from blocks.nn_ops.pooling_gradient import BORDERS, EXPLICIT, MaxPoolGrad, MaxPoolGradWithArgmax
from blocks.nn_ops.window_base import FORMAT, FORMATS, PADDINGS
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Ints, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes
from dataflow.core.shapes import Shape, fits, show
from dataflow.core.wire import Wire

INDEX = dtypes.signed[2:]


class Average(Pooling, abstract=True):
    """The mean of each window; what reaches over the border does not count."""

    T = dtypes.floating
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)

    def averaged(self, port: str, x: Array, out: Array | None) -> Array:
        """The means of the windows of the input at ``port``."""
        if out is None:
            out = np.empty(self.pooled(port, x.shape), x.dtype)
        return reduce_windows(np.add, 0, x, self.slides(port, x.shape), out, _divide)

    def workspace(self, *types: TensorType) -> int:
        shape = types[0].sizes
        return reduce_bytes(shape, self.slides("", shape), dtypes.storage(types[0].dtype))


class AverageGrad(Average, abstract=True):
    """The gradient of each mean, distributed evenly over its window."""

    orig_input_shape = In("int32", "shape of the input of the AvgPool", shape=(4,), static=True)
    grad = In("T", "gradient by its output")
    output = Out("T", "gradient by its input, of shape `orig_input_shape`")

    def shape_of(self, orig_input_shape: TensorType, grad: TensorType) -> Shape:
        self.require_rank("grad", grad.shape)
        if orig_input_shape.value is None:
            return (None,) * len(self.layout)
        shape = tuple(map(int, orig_input_shape.value))
        if min(shape) < 0:
            raise self.error(f"input 'orig_input_shape' must be sizes of at least 0, got {show(shape)}")
        self.require(self.pooled("orig_input_shape", shape), grad=grad)
        return shape

    def kernel(self, orig_input_shape: Array, grad: Array, out: Array | None = None) -> Array:
        shape = tuple(map(int, orig_input_shape))
        dx = np.empty(shape, grad.dtype) if out is None else out
        return spread_windows(grad, self.slides("orig_input_shape", shape), dx, _divide_into)

    def workspace(self, *types: TensorType) -> int:
        shape: Any = self.shape_of(*types)
        return 0 if None in shape else spread_bytes(shape, self.slides("", shape), dtypes.storage(types[1].dtype))


def _divide(total: Array, slides: Slides) -> None:
    """Sums of windows become means, in place."""
    for place, number in counts(total.ndim, slides):
        np.divide(total[place], number, total[place])


def _divide_into(dy: Array, slides: Slides, out: Array) -> None:
    """The gradient by each element of a window, from that by its mean."""
    for place, number in counts(dy.ndim, slides):
        np.divide(dy[place], out.dtype.type(number), out[place])


class AvgPool(Average):
    """Mean of each window of an image, ``sum(window) / count``; what reaches over the border does not count.

    >>> AvgPool(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME")([[[[1.0], [3.0], [5.0]]]]).ravel()
    array([2., 5.], dtype=float32)

    Source: tf.nn.avg_pool2d.
    """

    value = In("T", "images, 4 dims")
    output = Out("T", "images with a pixel per window")

    def shape_of(self, value: TensorType) -> Shape:
        return self.pooled("value", value.shape)

    def kernel(self, value: Array, out: Array | None = None) -> Array:
        return self.averaged("value", value, out)

    def grad(self, value: Wire, output: Wire, dy: Wire) -> Any:
        return AvgPoolGrad(**self.attrs())(ShapeOf()(value), dy)


class AvgPoolGrad(AverageGrad):
    """Gradient of AvgPool by its input, ``sum(grad / count of the windows it is in)``.

    >>> pool = AvgPoolGrad(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME")
    >>> pool([1, 1, 3, 1], [[[[10.0], [20.0]]]]).ravel()
    array([ 5.,  5., 20.], dtype=float32)

    Source: tf.raw_ops.AvgPoolGrad.
    """

    def backward(self, orig_input_shape: Wire, grad: Wire, output: Wire, doutput: Wire) -> Any:
        """The gradient rule."""
        return None, AvgPool(**self.attrs())(doutput)


class MaxPool(Pooling):
    """Largest element of each window of an image, ``max(window)``.

    NaN is passed over; a window without numbers, or with none but -inf, gives the lowest finite one. A window may also
    lie on channels alone: its size and its step are then a divisor of their number.

    >>> MaxPool(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME")([[[[1.0], [3.0], [-5.0]]]]).ravel()
    array([ 3., -5.], dtype=float32)

    Source: tf.nn.max_pool2d.
    """

    T = (*dtypes.floating, "int32", "int64", "uint8", "int16", "int8", "uint16", "qint8")
    input = In("T", "images, 4 dims; 5 where the format is NCHW_VECT_C")
    output = Out("T", "images with a pixel per window")
    ksize: Ints = attr("size of the window, a number per dim; that of batch is 1")
    strides: Ints = attr("step of the window, a number per dim; that of batch is 1")
    padding: str = attr(BORDERS, choices=PADDINGS)
    explicit_paddings: Ints = attr(EXPLICIT, default=())
    data_format: str = attr(
        f"{FORMAT}; NCHW_VECT_C has the second split in two, and 4 of them at the end",
        default="NHWC",
        choices=(*FORMATS, "NCHW_VECT_C"),
    )
    over_channels = True

    @property
    def layout(self) -> str:
        return self.data_format.removesuffix("_VECT_C")

    def check(self) -> None:
        super().check()
        (_, window, depth), (_, steps, hop) = split(self.ksize, self.layout), split(self.strides, self.layout)
        if depth != hop:
            raise self.error(f"attr 'strides' must be that of 'ksize' in the channel dim, {depth}, got {hop}")
        if depth > 1 and max(*window, *steps) > 1:
            raise self.error(
                f"attr 'ksize' must be 1 in the spatial dims or in the channel dim, got {list(self.ksize)}"
            )

    def slides(self, port: str, shape: Shape) -> Slides:
        dims = shape or ()
        depth = split(self.ksize, self.layout)[2]
        if depth == 1:
            return super().slides(port, shape)
        axis = 1 if self.layout == "NCHW" else 3
        channels = dims[axis]
        if isinstance(channels, int) and channels % depth:
            raise self.error(f"input '{port}' must have a multiple of {depth} channels, got {channels}")
        return ((axis, span(channels, depth, depth, 1, "VALID")),)

    def shape_of(self, input: TensorType) -> Shape:
        if self.data_format != "NCHW_VECT_C":
            return self.pooled("input", input.shape)
        if not fits(input.shape, (None, None, None, None, 4)):
            raise self.error(f"input 'input' must have 5 dims, the last of size 4, got {show(input.shape)}")
        return (*(self.pooled("input", input.shape and input.shape[:4]) or ()), 4)

    def kernel(self, input: Array, out: Array | None = None) -> Array:
        floor = lowest(input.dtype)

        def raise_to_floor(y: Array, slides: Slides) -> None:
            if not np.minimum.reduce(y, None) >= floor:  # there is a NaN or -inf
                np.fmax(y, y.dtype.type(floor), out=y)

        if out is None:
            (made,) = self.infer(TensorType.of(input))
            out = np.empty(made.shape, input.dtype)
        return reduce_windows(np.fmax, floor, input, self.slides("input", input.shape), out, raise_to_floor)

    def workspace(self, input: TensorType) -> int:
        shape = input.sizes
        return reduce_bytes(shape, self.slides("input", shape), dtypes.storage(input.dtype))

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Any:
        return MaxPoolGrad(**self.attrs())(input, output, dy)


class MaxPoolWithArgmax(Pooling):
    """Largest element of each window of an image and where it is, ``max(window)`` and its index in ``image.ravel()``.

    The first of equals is taken. A NaN that comes first in a window counts as its largest element, others are passed
    over.

    >>> pool = MaxPoolWithArgmax(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME")
    >>> pool([[[[1.0], [3.0], [-5.0]]]]).argmax.ravel()
    array([1, 2])

    Source: tf.nn.max_pool_with_argmax.
    """

    T = dtypes.real
    input = In("T", "images, 4 dims")
    output = Out("T", "images with a pixel per window")
    argmax = Out("Targmax", "index of the element, counted over rows, columns and channels")
    Targmax: Dtype = attr("dtype of the indices", default="int64", choices=INDEX)
    include_batch_in_index: bool = attr("whether to count over the batch too", default=False)

    def shape_of(self, input: TensorType) -> list[Shape]:
        return [self.pooled("input", input.shape)] * 2

    def workspace(self, input: TensorType) -> int:
        bands = self.bands(input.sizes)
        if not prod(bands.output):
            return 0
        buffers = 3 * 8 * min(prod(bands.output), np.getbufsize())  # NumPy's own, for indices
        return scratch_bytes(*self.scratch_arrays(bands, dtypes.storage(input.dtype))) + buffers

    def bands(self, shape: tuple[int, ...]) -> Bands:
        """The parts of an input of this shape to work on at once."""
        return in_bands(shape, self.slides("input", shape), weight=4)

    def scratch_arrays(self, bands: Bands, dtype: DType) -> list[ArraySpec]:
        """Memory for copies, for where windows begin, for what an element adds to the index, for masks and partials."""
        images, rows, columns, _ = bands.output
        places = [((images * rows * columns,), np.int64), ((prod(bands.output),), dtypes.storage(self.Targmax))]
        masks = argmax_scratch(bands, 1)
        return copy_scratch(bands, dtype) + places + masks + partial_scratch(bands, dtypes.compute(dtype))

    def kernel(self, input: Array, out: Array | None = None) -> tuple[Array, Array]:
        shape: Any = self.pooled("input", input.shape)
        top = np.empty(shape, input.dtype) if out is None else out
        index, bands = np.empty(shape, dtypes.storage(self.Targmax)), self.bands(input.shape)
        if not top.size:
            return top, index
        columns, channels = input.shape[2:]
        width = bands.slides[1][1].kernel
        with scratch(*self.scratch_arrays(bands, input.dtype)) as (copy, result, corners, offsets, *space):
            for band in bands.bands:
                x, target, place = converted(input[band.input], copy), top[band.output], index[band.output]
                y = target if target.dtype == x.dtype else shaped(result, target.shape)
                offset = shaped(offsets, place.shape)
                start = -np.inf if is_float(x.dtype) else lowest(x.dtype)
                reduce_band(np.fmax, start, x, band.slides, y, space[4:])
                self.begin(band, input.shape, shaped(corners, place.shape[:3]), place)
                is_nan = unordered(x)
                for number, positions, elements, mask in first_argmax(
                    y.shape, space[:4], band.slides, equals(x, y), is_nan
                ):
                    if is_nan is not None:
                        y[positions][mask & np.isnan(x[elements])] = np.nan
                    inside = (number // width * columns + number % width) * channels
                    part, indices = offset[positions], place[positions]
                    np.copyto(part, mask)
                    np.add(indices, np.multiply(part, inside, part), indices)
                if y is not target:
                    np.copyto(target, y, casting="unsafe")
        return top, index

    def begin(self, band: Band, shape: tuple[int, ...], corners: Array, place: Array) -> None:
        """The index of the first element of each window of a band, were it on the image."""
        (_, down), (_, across) = self.slides("input", shape)
        batch, rows, columns, channels = shape
        images = np.arange(batch)[band.output[0]] * (rows * self.include_batch_in_index)
        lines = np.arange(down.out)[band.output[1] if len(band.output) > 1 else slice(None)] * down.stride - down.before
        starts = (images[:, None] + lines) * columns
        np.add(starts[..., None], np.arange(across.out) * across.stride - across.before, corners)
        np.multiply(corners, channels, corners)
        np.add(corners[..., None], np.arange(channels), place, casting="unsafe")

    def grad(self, input: Wire, output: Wire, argmax: Wire, doutput: Wire, dargmax: Wire) -> Any:
        backward = MaxPoolGradWithArgmax(
            ksize=self.ksize,
            strides=self.strides,
            padding=self.padding,
            include_batch_in_index=self.include_batch_in_index,
        )
        return backward(input, doutput, argmax)

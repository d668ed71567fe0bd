"""Max pooling over images with the indices of the largest elements, and its gradients by these."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from blocks.kernels import argmax_loops
from blocks.kernels.argmax_loops import Windows
from blocks.kernels.chunked import TILE
from blocks.kernels.sliding_windows import Band, Bands, converted, in_bands, is_float, lowest, shaped
from blocks.kernels.window_argmax import (
    argmax_scratch,
    copy_scratch,
    equals,
    first_argmax,
    has_negative_zero,
    unordered,
)
from blocks.kernels.window_reduce import partial_scratch, reduce_band
from blocks.nn_ops.pooling_base import Pooling
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.numpy_state import in_short_runs, run_buffer
from dataflow.core.scratch import ArraySpec
from dataflow.core.shapes import Shape, merge
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

INDEX = dtypes.signed[2:]


class MaxPoolWithArgmax(Pooling):
    """Largest element of each window of an image and where it is, ``max(window)`` and its index in ``image.ravel()``.

    The first of equals is taken. A NaN that comes first in a window counts as its largest element, others are
    ignored.

    >>> pool = MaxPoolWithArgmax(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME")
    >>> pool([[[[1.0], [3.0], [-5.0]]]]).argmax.ravel()
    array([1, 2])

    Source: tf.nn.max_pool_with_argmax.
    """

    found_by = ("max pooling", "indices")
    T = dtypes.real
    input = In("T", "images, 4 dims")
    output = Out("T", "images with a pixel per window")
    argmax = Out("Targmax", "index of the element, counted over rows, columns and channels")
    Targmax: Dtype = attr("dtype of the indices", default="int64", choices=INDEX)
    include_batch_in_index: bool = attr("whether to count over the batch too", default=False)

    def shape_of(self, input: TensorType) -> list[Shape]:
        return [self.pooled("input", input.shape)] * 2

    def bands(self, shape: tuple[int, ...]) -> Bands:
        """The parts of an input of this shape to work on at once."""
        return in_bands(shape, self.slides("input", shape), weight=4)

    def scratch_arrays(self, bands: Bands, dtype: DType) -> list[ArraySpec]:
        """Memory for copies, for where windows begin, for what an element adds to the index, for masks and partials."""
        images, rows, columns, _ = bands.output
        places = [((images * rows * columns,), np.int64), ((prod(bands.output),), storage(self.Targmax))]
        masks = argmax_scratch(bands, 1)
        return copy_scratch(bands, dtype) + places + masks + partial_scratch(bands, dtypes.compute(dtype))

    def bind(self, memory: Workspace, input: TensorType) -> Kernel:
        shape, dtype, bands = input.sizes, storage(input.dtype), self.bands(input.sizes)
        made, indices = self.infer(input)[0].sizes, storage(self.Targmax)
        windows = argmax_loops.bind_windows(memory, shape, bands.slides, dtype)
        if windows is not None:
            return self.bind_loop(windows, shape, made, dtype)
        copy, result, corners, offsets, *space = memory.arrays(*self.scratch_arrays(bands, dtype))
        memory.borrowed += 3 * 8 * min(prod(bands.output), run_buffer(prod(shape)))  # NumPy's own, for indices
        columns, channels = shape[2:]
        width = bands.slides[1][1].kernel

        def kernel(input: Array, out: Array | None = None) -> tuple[Array, Array]:
            top, index = np.empty(made, dtype) if out is None else out, np.empty(made, indices)
            for band in bands.bands if top.size else ():
                x, target, place = converted(input[band.input], copy), top[band.output], index[band.output]
                y = target if target.dtype == x.dtype else shaped(result, target.shape)
                offset = shaped(offsets, place.shape)
                start = -np.inf if is_float(x.dtype) else lowest(x.dtype)
                reduce_band(np.fmax, start, x, band.slides, y, space[4:])
                self.begin(band, shape, shaped(corners, place.shape[:3]), place)
                is_nan = unordered(x)
                copied = is_nan is not None or has_negative_zero(x)  # of these `reduce_band` gives others
                for number, positions, elements, mask in first_argmax(
                    y.shape, space[:4], band.slides, equals(x, y), is_nan
                ):
                    if copied:
                        np.copyto(y[positions], x[elements], where=mask)
                    inside = (number // width * columns + number % width) * channels
                    part, view = offset[positions], place[positions]
                    np.copyto(part, mask)
                    np.add(view, np.multiply(part, inside, part), view)
                if y is not target:
                    np.copyto(target, y, casting="unsafe")
            return top, index

        return in_short_runs(kernel, prod(input.sizes))

    def bind_loop(self, windows: Windows, shape: tuple[int, ...], made: tuple[int, ...], dtype: DType) -> Kernel:
        """The kernel that is a compiled loop."""
        indices, apart = storage(self.Targmax), prod(shape[1:]) * self.include_batch_in_index

        def kernel(input: Array, out: Array | None = None) -> tuple[Array, Array]:
            top, index = np.empty(made, dtype) if out is None else out, np.empty(made, indices)
            x, y, places = (array.reshape(len(array), -1) for array in (input, top, index))
            argmax_loops.largest(x, *windows.arguments, y, places, apart)
            return top, index

        return kernel

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


class Indexed(Pooling, abstract=True):
    """Numbers moved between an image and its windows by the indices that MaxPoolWithArgmax gives."""

    T = dtypes.real
    Targmax = dtypes.signed[2:]
    input = In("T", "input of the MaxPoolWithArgmax, 4 dims", like=True)
    grad = In("T", "gradient by its output")
    argmax = In("Targmax", "the indices it gave, same shape as its output")
    output = Out("T", "gradient by its input")
    include_batch_in_index: bool = attr("whether the indices count over the batch too", default=False)

    def parts(self, images: Array, argmax: Array, windows: Array, buffer: Array) -> Iterator[tuple[Array, ...]]:
        """Elements, some indices of them, and values of their windows; BlockError where an index is of no element."""
        whole = self.include_batch_in_index
        size = images.size if whole else images[:1].size
        if argmax.size and not 0 <= argmax.min() <= argmax.max() < size:
            raise self.error(f"input 'argmax' must lie in [0, {size}), got values in [{argmax.min()}, {argmax.max()}]")
        for group in [(images, argmax, windows)] if whole else zip(images, argmax, windows, strict=True):
            elements, indices, values = (array.reshape(-1) for array in group)
            for start in range(0, len(indices), TILE):
                part = slice(start, start + TILE)
                yield elements, converted(indices[part], buffer), values[part]

    def windows(self, argmax: TensorType) -> int:
        """How many windows are worked on at once."""
        shape = argmax.sizes
        return min(prod(shape if self.include_batch_in_index else shape[1:]), TILE)

    def buffer(self, argmax: TensorType) -> ArraySpec:
        """Memory for indices of another dtype than NumPy's own."""
        return (self.windows(argmax) * (argmax.dtype != "int64"),), np.int64


class MaxPoolGradWithArgmax(Indexed):
    """Gradient of MaxPoolWithArgmax by its input, ``sum(grad of the windows whose index it has)``.

    >>> pool = MaxPoolGradWithArgmax(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="VALID")
    >>> pool([[[[1.0], [3.0], [2.0], [2.0]]]], [[[[10.0], [20.0]]]], [[[[1], [2]]]]).ravel()
    array([ 0., 10., 20.,  0.], dtype=float32)

    Source: tf.raw_ops.MaxPoolGradWithArgmax.
    """

    def shape_of(self, input: TensorType, grad: TensorType, argmax: TensorType) -> Shape:
        self.require(self.pooled("input", input.shape), grad=grad, argmax=argmax)
        return merge(input.shape, (None,) * len(self.layout))

    def bind(self, memory: Workspace, input: TensorType, grad: TensorType, argmax: TensorType) -> Kernel:
        shape, dtype = input.sizes, storage(grad.dtype)
        copy, values, buffer = memory.arrays(*self.scratch_arrays(input, grad, argmax))

        def kernel(input: Array, grad: Array, argmax: Array, out: Array | None = None) -> Array:
            dx = np.empty(shape, dtype) if out is None else out
            total = dx if dx.dtype == copy.dtype else copy.reshape(shape)
            total.fill(0)
            for elements, indices, dy in self.parts(total, argmax, grad, buffer):
                np.add.at(elements, indices, converted(dy, values))
            if total is not dx:
                np.copyto(dx, total, casting="unsafe")
            return dx

        return kernel

    def scratch_arrays(self, input: TensorType, grad: TensorType, argmax: TensorType) -> list[ArraySpec]:
        """Memory for the result and values in the dtype to compute in, and for indices."""
        dtype = storage(grad.dtype)
        exact = dtypes.compute(dtype)
        sizes = (prod(input.sizes), self.windows(argmax)) if dtype != exact else (0, 0)
        return [*(((size,), exact) for size in sizes), self.buffer(argmax)]

    def backward(self, input: Wire, grad: Wire, argmax: Wire, output: Wire, doutput: Wire) -> Any:
        """The gradient rule."""
        again = MaxPoolGradGradWithArgmax(**self.attrs())
        return None, again(input, doutput, argmax), None


class MaxPoolGradGradWithArgmax(Indexed):
    """Gradient of MaxPoolGradWithArgmax by its `grad`, ``grad at the index of each window``.

    >>> pool = MaxPoolGradGradWithArgmax(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="VALID")
    >>> pool([[[[1.0], [3.0], [2.0], [2.0]]]], [[[[5.0], [6.0], [7.0], [8.0]]]], [[[[1], [2]]]]).ravel()
    array([6., 7.], dtype=float32)

    Source: tf.raw_ops.MaxPoolGradGradWithArgmax.
    """

    grad = In("T", "gradient by the output of the MaxPoolGradWithArgmax, same shape as `input`")
    argmax = In("Targmax", "the indices that MaxPoolWithArgmax gave")
    output = Out("T", "gradient by its `grad`, same shape as `argmax`")

    def shape_of(self, input: TensorType, grad: TensorType, argmax: TensorType) -> Shape:
        shape = self.pooled("input", input.shape)
        self.require(shape, argmax=argmax)
        self.require(input.shape, grad=grad)
        return merge(shape, argmax.shape)

    def bind(self, memory: Workspace, input: TensorType, grad: TensorType, argmax: TensorType) -> Kernel:
        shape, dtype = argmax.sizes, storage(grad.dtype)
        (buffer,) = memory.arrays(self.buffer(argmax))

        def kernel(input: Array, grad: Array, argmax: Array, out: Array | None = None) -> Array:
            taken = np.empty(shape, dtype) if out is None else out
            for elements, indices, windows in self.parts(grad, argmax, taken, buffer):
                elements.take(indices, None, windows, "clip")  # other modes make a copy on the way
            return taken

        return kernel

    def backward(self, input: Wire, grad: Wire, argmax: Wire, output: Wire, doutput: Wire) -> Any:
        """The gradient rule."""
        again = MaxPoolGradWithArgmax(**self.attrs())
        return None, again(input, doutput, argmax), None

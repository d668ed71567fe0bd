"""Dilation of images by a filter, which is max pooling with a number added to each element of the window; gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from blocks.kernels import dilation_loops
from blocks.kernels.casting import cast_into
from blocks.kernels.sliding_windows import (
    Band,
    Bands,
    Index,
    Slides,
    converted,
    count,
    in_bands,
    is_disjoint,
    lowest,
    shaped,
    valid_taps,
)
from blocks.kernels.window_argmax import (
    Selected,
    Test,
    argmax_scratch,
    bind_scatter,
    copy_scratch,
    first_argmax,
    masked,
)
from blocks.nn_ops.window_base import BORDER, PADDINGS, Windowed
from dataflow.core import dtypes
from dataflow.core.block import In, Ints, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.numpy_state import in_short_runs
from dataflow.core.scratch import ArraySpec
from dataflow.core.shapes import Dim, Shape, agree, fits, merge, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

Sums = Callable[[tuple[int, ...], Index, Index], Array]  # of index in the window, positions and elements


class Dilating(Windowed, abstract=True):
    """A filter that moves by ``strides`` over an image, its elements ``rates`` apart."""

    T = dtypes.real
    strides: Ints = attr("step of the filter, a number per dim; that of batch and channel is 1")
    rates: Ints = attr("distance between elements of the filter, a number per dim; that of batch and channel is 1")
    padding: str = attr(BORDER, choices=PADDINGS[:2])

    def check(self) -> None:
        self.spatial("strides")
        self.spatial("rates")

    def slides(self, input: Sequence[Dim], filter: Sequence[Dim]) -> Slides:
        """The window along rows and columns of an input of a shape, for a filter of a shape."""
        steps, rates = self.strides[1:3], self.rates[1:3]
        return tuple(enumerate(self.spans("input", input[1:3], filter[:2], steps, rates, self.spatial_padding()), 1))

    def dilated_shape(self, input: Shape, filter: Shape) -> Shape:
        """Shape of the dilation; BlockError where the shapes do not go together."""
        filter = (None,) * 3 if filter is None else filter
        if input is None:
            return (None, None, None, filter[2])
        if 0 in filter[:2]:
            raise self.error(f"input 'filter' must have at least one row and column, got shape {show(filter)}")
        if not agree(input[3], filter[2]):
            raise self.error(f"input 'filter' must have as many channels as 'input', {input[3]}, got {filter[2]}")
        return (input[0], *(span.out for _, span in self.slides(input, filter)), *merge(input[3:], filter[2:]))  # type: ignore[misc]

    def bands(self, input: tuple[int, ...], filter: tuple[int, ...]) -> Bands:
        """The parts to work on at once, for shapes of an input and a filter."""
        return in_bands(input, self.slides(input, filter), weight=4)


def _sums(x: Array, filter: Array, buffer: Array) -> Sums:
    """The sums of an element of the window and that of the filter."""
    return lambda index, positions, elements: np.add(x[elements], filter[index], buffer[positions])


def _dilate(sums: Sums, slides: Slides, y: Array, floor: Any) -> None:
    """The largest sum of each window, NaN ignored and no lower than ``floor``, in ``y``."""
    y.fill(floor)
    for index, positions, elements in valid_taps(4, slides):
        view = y[positions]
        np.fmax(view, sums(index, positions, elements), out=view)


class Dilation2D(Dilating):
    """Largest sum of a window of an image and the filter, ``max(window + filter)``, each channel on its own.

    What reaches over the border does not count. NaN is ignored; no result is below the lowest finite number.

    >>> dilate = Dilation2D(strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID")
    >>> dilate([[[[1.0], [3.0], [2.0]]]], [[[0.0], [5.0]]]).ravel()
    array([8., 7.], dtype=float32)

    Source: tf.nn.dilation2d.
    """

    found_by = ("morphology", "grayscale dilation")
    input = In("T", "images [batch, rows, columns, channels]", shape=("batch", "rows", "columns", "channels"))
    filter = In("T", "what is added, [rows, columns, channels]", shape=("height", "width", "channels"))
    output = Out("T", "images with a pixel per window")

    def shape_of(self, input: TensorType, filter: TensorType) -> Shape:
        return self.dilated_shape(input.shape, filter.shape)

    def bind(self, memory: Workspace, input: TensorType, filter: TensorType) -> Kernel:
        made, bands, dtype = (
            self.infer(input, filter)[0].sizes,
            self.bands(input.sizes, filter.sizes),
            storage(input.dtype),
        )
        copy, result, buffer = memory.arrays(*self.scratch_arrays(bands, dtype))

        def kernel(input: Array, filter: Array, out: Array | None = None) -> Array:
            out, wide = np.empty(made, dtype) if out is None else out, _wide(filter)
            for band in bands.bands if out.size else ():
                x, target = converted(input[band.input], copy), out[band.output]
                y = target if target.dtype == x.dtype else shaped(result, target.shape)
                _dilate(_sums(x, wide, shaped(buffer, y.shape)), band.slides, y, lowest(dtype))
                if y is not target:
                    np.copyto(target, y, casting="unsafe")
            return out

        return in_short_runs(kernel, prod(input.sizes))

    @staticmethod
    def scratch_arrays(bands: Bands, dtype: DType) -> list[ArraySpec]:
        """Memory for copies and for sums."""
        return [*copy_scratch(bands, dtype), ((prod(bands.output),), dtypes.compute(dtype))]

    def grad(self, input: Wire, filter: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        return Dilation2DBackpropInput(**attrs)(input, filter, dy), Dilation2DBackpropFilter(**attrs)(input, filter, dy)


class DilationGradient(Dilating, abstract=True):
    """A gradient that goes, for each window, to the first of its largest sums."""

    input = In("T", "input of the Dilation2D", shape=("batch", "rows", "columns", "channels"))
    filter = In("T", "its filter", shape=("height", "width", "channels"))
    out_backprop = In("T", "gradient by its output")

    def shape_of(self, input: TensorType, filter: TensorType, out_backprop: TensorType) -> Shape:
        shape = self.dilated_shape(input.shape, filter.shape)
        if not fits(out_backprop.shape, shape):
            raise self.error(f"input 'out_backprop' must have shape {show(shape)}, got {show(out_backprop.shape)}")
        return self.own_shape(input.shape, filter.shape)

    def own_shape(self, input: Shape, filter: Shape) -> Shape:
        """Shape of what the gradient is by."""
        raise TypeError(f"{type(self).__name__}: must have a method own_shape, got none; write one")

    @staticmethod
    def largest_scratch(held: int, dtype: DType, bands: Bands) -> list[ArraySpec]:
        """Memory for a copy of the input, for the largest sums, for others, and for masks."""
        exact, windows = dtypes.compute(dtype), (prod(bands.output),)
        copy = prod(bands.input) * (dtype != exact)
        return [((copy,), exact), (windows, exact), (windows, exact), *argmax_scratch(bands, held)]

    def largest_sums(
        self,
        input: Array,
        filter: Array,
        shape: tuple[int, ...],
        band: Band,
        copy: Array,
        top: Array,
        buffer: Array,
        *masks: Array,
    ) -> tuple[Array, Callable[[Test | None], Iterator[Selected]]]:
        """The largest sums of windows of a shape, and a function that gives the first element that each came from."""
        x, y = converted(input[band.input], copy), shaped(top, shape)
        sums = _sums(x, _wide(filter), shaped(buffer, shape))
        _dilate(sums, band.slides, y, lowest(input.dtype))

        def is_largest(index: tuple[int, ...], positions: Index, elements: Index, mask: Array) -> None:
            np.equal(sums(index, positions, elements), y[positions], mask)

        return y, partial(first_argmax, shape, masks, band.slides, is_largest)


class Dilation2DBackpropInput(DilationGradient):
    """Gradient of Dilation2D by its input, ``sum(out_backprop of the windows whose largest sum it is in)``.

    The first of equal sums gets all of it. TensorFlow's CPU kernel finds none where all are the lowest number of the
    dtype, as zeros of unsigned integers, and takes an element of its own.

    >>> back = Dilation2DBackpropInput(strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID")
    >>> back([[[[1.0], [3.0], [2.0]]]], [[[0.0], [5.0]]], [[[[10.0], [20.0]]]]).ravel()
    array([ 0., 10., 20.], dtype=float32)

    Source: tf.raw_ops.Dilation2DBackpropInput.
    """

    in_backprop = Out("T", "gradient by its input")

    def own_shape(self, input: Shape, filter: Shape) -> Shape:
        return (None,) * 4 if input is None else input

    def bind(self, memory: Workspace, input: TensorType, filter: TensorType, out_backprop: TensorType) -> Kernel:
        shape, dtype, slides = input.sizes, storage(input.dtype), self.slides(input.sizes, filter.sizes)
        tables = dilation_loops.bind_tables(memory, shape, slides, dtype)
        if tables is not None:
            return self.bind_loop(memory, shape, dtype, tables, not is_disjoint(slides))
        masks, floor = count(slides), lowest(dtype)
        scatter = bind_scatter(memory, shape, slides, dtype, masks, partial(self.largest_scratch, masks, dtype))

        def kernel(input: Array, filter: Array, out_backprop: Array, out: Array | None = None) -> Array:
            def select(band: Band, *buffers: Array) -> list[Selected]:
                y, selected = self.largest_sums(input, filter, out_backprop[band.output].shape, band, *buffers)
                nowhere = np.minimum.reduce(y, None) == floor  # the first element stands for all that are as low
                is_floor = (lambda _, places, elements, mask: np.equal(y[places], floor, mask)) if nowhere else None
                return list(selected(is_floor))[::-1]  # so that each element gets its values in the order of windows

            return scatter(out_backprop, np.empty(shape, dtype) if out is None else out, select)

        return in_short_runs(kernel, prod(shape))

    @staticmethod
    def bind_loop(
        memory: Workspace, shape: tuple[int, ...], dtype: DType, tables: tuple[Array, Array], adds: bool
    ) -> Kernel:
        """The kernel that is a compiled loop."""
        best, index = memory.array(shape[3] + 1, dtype), memory.array(shape[3], np.uint32)

        def kernel(input: Array, filter: Array, out_backprop: Array, out: Array | None = None) -> Array:
            out = np.empty(shape, dtype) if out is None else out
            best[-1], (x, w, dy) = lowest(dtype), map(_in_rows, (input, filter, out_backprop))
            out.fill(0)
            dilation_loops.add_to_input(x, w, *tables, best, index, dy, out.reshape(len(out), -1), adds)
            return out

        return kernel


class Dilation2DBackpropFilter(DilationGradient):
    """Gradient of Dilation2D by its filter, ``sum(out_backprop of the windows whose largest sum it is in)``.

    The first of equal sums gets all of it. TensorFlow's CPU kernel finds none where all are the lowest number of the
    dtype, as zeros of unsigned integers, and takes an element of its own. Floats are added in float64 and rounded once,
    integers wrap around.

    >>> back = Dilation2DBackpropFilter(strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID")
    >>> back([[[[1.0], [3.0], [2.0]]]], [[[0.0], [5.0]]], [[[[10.0], [20.0]]]]).ravel()
    array([ 0., 30.], dtype=float32)

    Source: tf.raw_ops.Dilation2DBackpropFilter.
    """

    filter_backprop = Out("T", "gradient by its filter")

    def own_shape(self, input: Shape, filter: Shape) -> Shape:
        return (None,) * 3 if filter is None else filter

    def bind(self, memory: Workspace, input: TensorType, filter: TensorType, out_backprop: TensorType) -> Kernel:
        bands, shape, dtype = self.bands(input.sizes, filter.sizes), filter.sizes, storage(input.dtype)
        tables = dilation_loops.bind_tables(memory, input.sizes, bands.slides, dtype)
        if tables is not None and all(len(band.input) == 1 for band in bands.bands):
            return self.bind_loop(memory, bands, shape, dtype, tables)
        parts, low, *space = memory.arrays(*self.scratch_arrays(bands, dtype))
        floor = lowest(dtype)

        def kernel(input: Array, filter: Array, out_backprop: Array, out: Array | None = None) -> Array:
            total = np.zeros(shape, dtypes.accumulate(dtype))
            for band in bands.bands if out_backprop.size else ():
                dy = out_backprop[band.output]
                y, selected = self.largest_sums(input, filter, dy.shape, band, *space)
                part, nowhere = shaped(parts, dy.shape), np.equal(y, floor, shaped(low, dy.shape))
                for number, positions, _, mask in selected(None):
                    # where all sums are the lowest the first element of the filter stands for all, below
                    mask = np.greater(mask, nowhere[positions], mask)
                    index = np.unravel_index(number, shape[:2])
                    total[index] += _by_channel(masked(dy[positions], mask, part[positions]), total.dtype)
                total[0, 0] += _by_channel(masked(dy, nowhere, part), total.dtype)
            return cast_into(total, dtype, out)

        return kernel

    @staticmethod
    def bind_loop(
        memory: Workspace, bands: Bands, shape: tuple[int, ...], dtype: DType, tables: tuple[Array, Array]
    ) -> Kernel:
        """The kernel that is a compiled loop."""
        best, index = memory.array(shape[2] + 1, dtype), memory.array(shape[2], np.uint32)
        elements = prod(shape[:2])
        sums = memory.array((elements + 1) * shape[2], np.float64).reshape(elements + 1, shape[2])

        def kernel(input: Array, filter: Array, out_backprop: Array, out: Array | None = None) -> Array:
            total = np.zeros((elements, shape[2]))
            best[-1], (x, w, dy) = lowest(dtype), map(_in_rows, (input, filter, out_backprop))
            for band in bands.bands:
                sums.fill(0)
                dilation_loops.add_to_filter(x[band.input], w, *tables, best, index, dy[band.output], sums)
                total += sums[:-1]
                total[0] += sums[-1]  # the first element stands for all
            return cast_into(total.reshape(shape), dtype, out)

        return kernel

    def scratch_arrays(self, bands: Bands, dtype: DType) -> list[ArraySpec]:
        """Memory for the gradients of an element of the filter, for what came from none, and to find the others."""
        windows = (prod(bands.output),)
        return [(windows, dtype), (windows, np.bool_), *self.largest_scratch(1, dtype, bands)]


def _in_rows(x: Array) -> Array:
    """Images or a filter with the elements of a row along the last dim."""
    return x.reshape(*x.shape[:-2], -1)


def _wide(filter: Array) -> Array:
    """The filter in the dtype to compute in."""
    return filter.astype(dtypes.compute(filter.dtype), copy=False)


def _by_channel(dy: Array, dtype: DType) -> Array:
    """The sum for each channel."""
    total: Array = np.add.reduce(dy, (0, 1, 2), dtype)
    return total

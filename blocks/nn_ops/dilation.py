"""Dilation of images by a filter, which is max pooling with a number added to each element of the window; gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.compute_dtype import cast_into
from blocks.kernels.sliding_windows import (
    BORDER,
    Band,
    Bands,
    Slides,
    copied,
    count,
    in_bands,
    lowest,
    overlaps,
    shaped,
    widened,
)
from blocks.kernels.window_argmax import Found, Search, Test, copies, kept, put, put_bytes
from blocks.kernels.windows import PADDINGS, paddings, spans, spatial
from dataflow.core import dtypes
from dataflow.core.block import In, Ints, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes
from dataflow.core.shapes import Shape, agree, fits, merge, show
from dataflow.core.wire import Wire


class Dilating(Opaque, abstract=True):
    """A filter that moves by ``strides`` over an image, its elements ``rates`` apart."""

    T = dtypes.real
    strides: Ints = attr("step of the filter, a number per dim; that of batch and channel is 1")
    rates: Ints = attr("distance between elements of the filter, a number per dim; that of batch and channel is 1")
    padding: str = attr(BORDER, choices=PADDINGS[:2])

    def check(self) -> None:
        spatial(self, "strides", "NHWC")
        spatial(self, "rates", "NHWC")

    def slides(self, input: Any, filter: Any) -> Slides:
        """The window along rows and columns of an input of a shape, for a filter of a shape."""
        made = spans(self, "input", input[1:3], filter[:2], self.strides[1:3], self.rates[1:3], paddings(self, "NHWC"))
        return tuple(enumerate(made, 1))

    def dilated_shape(self, input: Shape, filter: Shape) -> Shape:
        """Shape of the dilation; an error where the shapes do not go together."""
        filter = (None,) * 3 if filter is None else filter
        if input is None:
            return (None, None, None, filter[2])
        if 0 in filter[:2]:
            raise self.error(f"input 'filter' must have at least one row and column, got shape {show(filter)}")
        if not agree(input[3], filter[2]):
            raise self.error(f"input 'filter' must have as many channels as 'input', {input[3]}, got {filter[2]}")
        return (input[0], *(span.out for _, span in self.slides(input, filter)), *merge(input[3:], filter[2:]))  # type: ignore[misc]

    def bands(self, input: Any, filter: Any) -> Bands:
        """The parts to work on at once, for shapes of an input and a filter."""
        return in_bands(input, self.slides(input, filter), weight=4)


def _sums(x: Any, filter: Any, buffer: Any) -> Callable[[Any, Any, Any], Any]:
    """The sums of an element of the window and the filter's."""
    return lambda index, positions, elements: np.add(x[elements], filter[index], buffer[positions])


def _dilate(sums: Callable[[Any, Any, Any], Any], slides: Slides, y: Any, floor: Any) -> None:
    """The largest sum of each window, NaN passed over; no lower than the lowest finite number."""
    y.fill(floor)
    for index, positions, elements in overlaps(4, slides):
        view = y[positions]
        np.fmax(view, sums(index, positions, elements), out=view)


class Dilation2D(Dilating):
    """Largest sum of a window of an image and the filter, ``max(window + filter)``, each channel on its own.

    What reaches over the border does not count. NaN is passed over; no result is below the lowest finite number.

    >>> dilate = Dilation2D(strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID")
    >>> dilate([[[[1.0], [3.0], [2.0]]]], [[[0.0], [5.0]]]).ravel()
    array([8., 7.], dtype=float32)

    Source: tf.nn.dilation2d.
    """

    input = In("T", "images [batch, rows, columns, channels]", shape=("batch", "rows", "columns", "channels"))
    filter = In("T", "what is added, [rows, columns, channels]", shape=("height", "width", "channels"))
    output = Out("T", "images with a pixel per window")

    def shape_of(self, input: TensorType, filter: TensorType) -> Shape:
        return self.dilated_shape(input.shape, filter.shape)

    def kernel(self, input: Array, filter: Array, out: Array | None = None) -> Any:
        if out is None:
            out = np.empty(self.dilated_shape(input.shape, filter.shape), input.dtype)
        bands, wide = self.bands(input.shape, filter.shape), widened(filter)
        with scratch(*self.scratch_arrays(bands, input.dtype)) as (copy, result, buffer):
            for band in bands.bands if out.size else ():
                x, target = copied(input[band.seen], copy), out[band.made]
                y = target if target.dtype == x.dtype else shaped(result, target.shape)
                _dilate(_sums(x, wide, shaped(buffer, y.shape)), band.slides, y, lowest(input.dtype))
                if y is not target:
                    np.copyto(target, y, casting="unsafe")
        return out

    def workspace(self, input: TensorType, filter: TensorType) -> int:
        return scratch_bytes(*self.scratch_arrays(self.bands(input.shape, filter.shape), dtypes.storage(input.dtype)))

    @staticmethod
    def scratch_arrays(bands: Bands, dtype: Any) -> list[ArraySpec]:
        """Memory for copies and for sums."""
        return [*copies(bands, dtype), ((prod(bands.made),), dtypes.compute(dtype))]

    def grad(self, input: Wire, filter: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        return Dilation2DBackpropInput(**attrs)(input, filter, dy), Dilation2DBackpropFilter(**attrs)(input, filter, dy)


class DilatingBack(Dilating, abstract=True):
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
    def search_scratch(kept: int, dtype: Any, bands: Bands) -> list[ArraySpec]:
        """Memory for a copy of the input, for the largest sums, for others, and to find them."""
        exact, made = dtypes.compute(dtype), (prod(bands.made),)
        seen = prod(bands.seen) * (dtype != exact)
        return [((seen,), exact), (made, exact), (made, exact), *Search.scratch_arrays(bands, kept)]

    def found(
        self, input: Any, filter: Any, made: Any, band: Band, copy: Any, top: Any, buffer: Any, *masks: Any
    ) -> tuple[Any, Callable[[Test | None], Iterator[Found]]]:
        """The largest sums of the windows of a band, and the search for the first element that each came from."""
        x, y = copied(input[band.seen], copy), shaped(top, made)
        sums = _sums(x, widened(filter), shaped(buffer, made))
        _dilate(sums, band.slides, y, lowest(input.dtype))

        def test(index: Any, positions: Any, elements: Any, mask: Any) -> None:
            np.equal(sums(index, positions, elements), y[positions], mask)

        return y, lambda sure: Search(made, masks).found(band.slides, test, sure)


class Dilation2DBackpropInput(DilatingBack):
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

    def kernel(self, input: Array, filter: Array, out_backprop: Array, out: Array | None = None) -> Any:
        slides, floor = self.slides(input.shape, filter.shape), lowest(input.dtype)
        dx = np.empty(input.shape, input.dtype) if out is None else out

        def find(band: Band, *space: Any) -> list[Found]:
            y, search = self.found(input, filter, out_backprop[band.made].shape, band, *space)
            nowhere = np.minimum.reduce(y, None) == floor  # the first element stands for all that are as low
            sure = (lambda _, positions, elements, mask: np.equal(y[positions], floor, mask)) if nowhere else None
            return list(search(sure))[::-1]  # so that each element gets its values in the order of the windows

        masks = count(slides)
        return put(out_backprop, slides, dx, masks, partial(self.search_scratch, masks, input.dtype), find)

    def workspace(self, input: TensorType, filter: TensorType, out_backprop: TensorType) -> int:
        dtype, slides = dtypes.storage(input.dtype), self.slides(input.shape, filter.shape)
        masks, shape = count(slides), input.shape
        return put_bytes(shape, slides, dtype, masks, partial(self.search_scratch, masks, dtype))  # type: ignore[arg-type]


class Dilation2DBackpropFilter(DilatingBack):
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

    def kernel(self, input: Array, filter: Array, out_backprop: Array, out: Array | None = None) -> Any:
        bands, floor = self.bands(input.shape, filter.shape), lowest(input.dtype)
        total = np.zeros(filter.shape, dtypes.accumulate(input.dtype))
        with scratch(*self.scratch_arrays(bands, input.dtype)) as (parts, low, *space):
            for band in bands.bands if out_backprop.size else ():
                dy = out_backprop[band.made]
                y, search = self.found(input, filter, dy.shape, band, *space)
                part, nowhere = shaped(parts, dy.shape), np.equal(y, floor, shaped(low, dy.shape))
                for number, positions, _, mask in search(None):
                    mask = np.greater(mask, nowhere[positions], mask)  # there, but not nowhere
                    index = np.unravel_index(number, filter.shape[:2])
                    total[index] += _by_channel(kept(dy[positions], mask, part[positions]), total.dtype)
                total[0, 0] += _by_channel(kept(dy, nowhere, part), total.dtype)
        return cast_into(total, input.dtype, out)

    def workspace(self, input: TensorType, filter: TensorType, out_backprop: TensorType) -> int:
        return scratch_bytes(*self.scratch_arrays(self.bands(input.shape, filter.shape), dtypes.storage(input.dtype)))

    def scratch_arrays(self, bands: Bands, dtype: Any) -> list[ArraySpec]:
        """Memory for the gradients of an element of the filter, for what came from none, and to find the others."""
        made = (prod(bands.made),)
        return [(made, dtype), (made, np.bool_), *self.search_scratch(1, dtype, bands)]


def _by_channel(dy: Any, dtype: Any) -> Any:
    return np.add.reduce(dy, (0, 1, 2), dtype)

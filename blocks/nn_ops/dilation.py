"""Dilation of images by a filter, which is max pooling with a number added to each element of the window; gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.math_ops.reduction import rounded, wide
from blocks.nn_ops.sliding import (
    BORDER,
    Slides,
    by_images,
    corner_numbers,
    count,
    first,
    kept,
    lowest,
    overlaps,
    scattered,
    widened,
)
from blocks.nn_ops.windows import PADDINGS, paddings, spans, spatial
from dataflow import dtypes
from dataflow.block import In, Ints, Out, TensorType, attr
from dataflow.kinds import Opaque
from dataflow.shapes import Shape, agree, fits, merge, show


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
        return list(enumerate(made, 1))

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

    def dilated(self, input: Any, filter: Any, slides: Slides) -> Any:
        """The largest sum of each window, NaN passed over; no lower than the lowest finite number."""
        floor, input, filter = lowest(input.dtype), widened(input), widened(filter)
        (_, rows), (_, columns) = slides
        y = np.full((len(input), rows.out, columns.out, input.shape[3]), floor, input.dtype)
        for index, positions, elements in overlaps(4, slides):
            view = y[positions]
            np.fmax(view, input[elements] + filter[index], out=view)
        return y


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

    def kernel(self, input: Any, filter: Any, out: Any = None) -> Any:
        slides = self.slides(input.shape, filter.shape)
        (_, rows), (_, columns) = slides
        shape = (len(input), rows.out, columns.out, input.shape[3])
        return by_images(lambda x: self.dilated(x, filter, slides), shape, input.dtype, out, input)

    def grad(self, input: Any, filter: Any, output: Any, dy: Any) -> Any:
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

    def found(self, input: Any, filter: Any, slides: Slides, nowhere: Any) -> Any:
        """The number of the first largest sum of each window; ``nowhere`` where none is above the lowest number."""
        top = self.dilated(input, filter, slides)
        x, f, floor = widened(input), widened(filter), lowest(input.dtype)
        tries = ((o, x[i] + f[index] != top[o]) for index, o, i in overlaps(4, slides))
        number = first(top.shape, count(slides), tries)
        return np.where(top == floor, nowhere, number).astype(number.dtype)


class Dilation2DBackpropInput(DilatingBack):
    """Gradient of Dilation2D by its input, ``sum(out_backprop of the windows whose largest sum it is in)``.

    The first of equal sums gets all of it.

    >>> back = Dilation2DBackpropInput(strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID")
    >>> back([[[[1.0], [3.0], [2.0]]]], [[[0.0], [5.0]]], [[[[10.0], [20.0]]]]).ravel()
    array([ 0., 10., 20.], dtype=float32)

    Source: tf.raw_ops.Dilation2DBackpropInput.
    """

    in_backprop = Out("T", "gradient by its input")

    def own_shape(self, input: Shape, filter: Shape) -> Shape:
        return (None,) * 4 if input is None else input

    def kernel(self, input: Any, filter: Any, out_backprop: Any, out: Any = None) -> Any:
        slides = self.slides(input.shape, filter.shape)
        corners = corner_numbers(4, slides)

        def part(x: Any, dy: Any) -> Any:
            return scattered(widened(dy), self.found(x, filter, slides, corners), x.shape, slides)

        return by_images(part, input.shape, input.dtype, out, input, out_backprop)


class Dilation2DBackpropFilter(DilatingBack):
    """Gradient of Dilation2D by its filter, ``sum(out_backprop of the windows whose largest sum it is in)``.

    The first of equal sums gets all of it. Floats are added in float64 and rounded once, integers wrap around.

    >>> back = Dilation2DBackpropFilter(strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID")
    >>> back([[[[1.0], [3.0], [2.0]]]], [[[0.0], [5.0]]], [[[[10.0], [20.0]]]]).ravel()
    array([ 0., 30.], dtype=float32)

    Source: tf.raw_ops.Dilation2DBackpropFilter.
    """

    filter_backprop = Out("T", "gradient by its filter")

    def own_shape(self, input: Shape, filter: Shape) -> Shape:
        return (None,) * 3 if filter is None else filter

    def kernel(self, input: Any, filter: Any, out_backprop: Any, out: Any = None) -> Any:
        slides = self.slides(input.shape, filter.shape)
        found = by_images(
            lambda x: self.found(x, filter, slides, 0),
            out_backprop.shape,
            np.min_scalar_type(count(slides)),
            None,
            input,
        )
        total = np.empty(filter.shape, wide(input.dtype))
        for number, (index, _, _) in enumerate(overlaps(4, slides)):
            np.add.reduce(kept(out_backprop, found == number), (0, 1, 2), total.dtype, total[index])
        return rounded(total, input.dtype, out)

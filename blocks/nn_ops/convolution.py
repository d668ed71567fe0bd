"""Convolution of images, and its gradients."""

from __future__ import annotations

from typing import Any

from blocks.array_ops.shape import Shape
from blocks.nn_ops.convolution_base import FilterGradient, Forward, ImageWindow, InputGradient
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out
from dataflow.core.registry import blocks
from dataflow.core.wire import Wire

FILTER = ("filter_height", "filter_width", "in_channels", "out_channels")


class Conv2D(ImageWindow, Forward):
    """Convolution of images, ``output[b, i, j, o] = sum(window(input, b, i, j) * filter[..., o])``.

    The filter is not flipped. If it has fewer channels than the input they form groups, each with its share of
    the outputs. The 16-bit floats are added up in float32, integers wrap around.

    >>> Conv2D(strides=[1, 1, 1, 1], padding="VALID")([[[[1.0], [2.0], [4.0]]]], [[[[1.0]], [[-1.0]]]])
    array([[[[-1.],
             [-2.]]]], dtype=float32)

    Source: tf.nn.conv2d.
    """

    found_by = ("convolution", "convolutional layer", "filter")
    T = (*dtypes.floating, "int32")
    filter = In("T", "weights of the window", shape=FILTER)
    output = Out("T", "images of `out_channels` channels, in the layout of `input`")
    is_grouped = True

    @property
    def on_codes(self) -> Block:
        return blocks["IntegerConv2D"](**self.attrs())

    def grad(self, input: Wire, filter: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        by_input = Conv2DBackpropInput(**attrs)(Shape()(input), filter, dy)
        return by_input, Conv2DBackpropFilter(**attrs)(input, Shape()(filter), dy)


class Conv2DBackpropInput(ImageWindow, InputGradient):
    """Gradient of Conv2D by its input, ``sum(out_backprop * filter)`` over all windows that see an element.

    It is also called transposed convolution. Of `input_sizes` the height and width are enough unless there are groups.

    >>> block = Conv2DBackpropInput(strides=[1, 1, 1, 1], padding="VALID")
    >>> block([1, 1, 3, 1], [[[[1.0]], [[-1.0]]]], [[[[1.0], [10.0]]]])
    array([[[[  1.],
             [  9.],
             [-10.]]]], dtype=float32)

    Source: tf.nn.conv2d_transpose.
    """

    found_by = ("transposed convolution", "deconvolution", "conv transpose", "upsample")
    T = (*dtypes.floating, "int32")
    input_sizes = In("int32", "shape of the input of the Conv2D", shape=("rank",), static=True)
    filter = In("T", "weights of the window", shape=FILTER)
    out_backprop = In("T", "gradient by the output of the Conv2D")
    is_grouped = takes_spatial_sizes = True

    def grad(self, input_sizes: Wire, filter: Wire, out_backprop: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        by_filter = Conv2DBackpropFilter(**attrs)(dy, Shape()(filter), out_backprop)
        return None, by_filter, Conv2D(**attrs)(dy, filter)


class Conv2DBackpropFilter(ImageWindow, FilterGradient):
    """Gradient of Conv2D by its filter, ``sum(window(input, b, i, j) * out_backprop[b, i, j])`` over all windows.

    >>> block = Conv2DBackpropFilter(strides=[1, 1, 1, 1], padding="VALID")
    >>> block([[[[1.0], [2.0], [4.0]]]], [1, 2, 1, 1], [[[[1.0], [10.0]]]])
    array([[[[21.]],
    <BLANKLINE>
            [[42.]]]], dtype=float32)

    Source: tf.raw_ops.Conv2DBackpropFilter.
    """

    out_backprop = In("T", "gradient by the output of the Conv2D")
    is_grouped = True

    def grad(self, input: Wire, filter_sizes: Wire, out_backprop: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        by_input = Conv2DBackpropInput(**attrs)(Shape()(input), dy, out_backprop)
        return by_input, None, Conv2D(**attrs)(input, dy)

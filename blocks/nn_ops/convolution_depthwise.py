"""Depthwise convolution, each channel of images by itself, and its gradients."""

from __future__ import annotations

from typing import Any

from blocks.array_ops.shape import Shape
from blocks.nn_ops.convolution_base import FilterGradient, Forward, ImageWindow, InputGradient
from dataflow.core.block import Block, In, Out
from dataflow.core.registry import blocks
from dataflow.core.wire import Wire

FILTER = ("filter_height", "filter_width", "in_channels", "channel_multiplier")


class DepthwiseConv2dNative(ImageWindow, Forward):
    """Convolution of each channel by itself, ``output[b, i, j, c * m + k] = sum(window(input)[c] * filter[c, k])``.

    ``m`` is the number of outputs of a channel. The 16-bit floats are added up in float32.

    >>> block = DepthwiseConv2dNative(strides=[1, 1, 1, 1], padding="VALID")
    >>> block([[[[1.0, 3.0], [2.0, 5.0]]]], [[[[1.0], [1.0]], [[10.0], [100.0]]]])
    array([[[[ 21., 503.]]]], dtype=float32)

    Source: tf.nn.depthwise_conv2d.
    """

    found_by = ("depthwise convolution", "separable convolution")
    filter = In("T", "weights of the window, for each channel", shape=FILTER)
    output = Out("T", "images of `in_channels * channel_multiplier` channels, in the layout of `input`")
    is_depthwise = True

    @property
    def on_codes(self) -> Block:
        return blocks["IntegerDepthwiseConv2D"](**self.attrs())

    def grad(self, input: Wire, filter: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        by_input = DepthwiseConv2dNativeBackpropInput(**attrs)(Shape()(input), filter, dy)
        return by_input, DepthwiseConv2dNativeBackpropFilter(**attrs)(input, Shape()(filter), dy)


class DepthwiseConv2dNativeBackpropInput(ImageWindow, InputGradient):
    """Gradient of DepthwiseConv2dNative by its input, ``sum(out_backprop * filter)`` over all windows on an element.

    >>> block = DepthwiseConv2dNativeBackpropInput(strides=[1, 1, 1, 1], padding="VALID")
    >>> block([1, 1, 2, 2], [[[[1.0], [1.0]], [[10.0], [100.0]]]], [[[[1.0, 2.0]]]])
    array([[[[  1.,   2.],
             [ 10., 200.]]]], dtype=float32)

    Source: tf.nn.depthwise_conv2d_backprop_input.
    """

    filter = In("T", "weights of the window, for each channel", shape=FILTER)
    is_depthwise = True

    def grad(self, input_sizes: Wire, filter: Wire, out_backprop: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        by_filter = DepthwiseConv2dNativeBackpropFilter(**attrs)(dy, Shape()(filter), out_backprop)
        return None, by_filter, DepthwiseConv2dNative(**attrs)(dy, filter)


class DepthwiseConv2dNativeBackpropFilter(ImageWindow, FilterGradient):
    """Gradient of DepthwiseConv2dNative by its filter, ``sum(window(input) * out_backprop)`` over all windows.

    >>> block = DepthwiseConv2dNativeBackpropFilter(strides=[1, 1, 1, 1], padding="VALID")
    >>> block([[[[1.0, 3.0], [2.0, 5.0]]]], [1, 2, 2, 1], [[[[1.0, 2.0]]]]).ravel()
    array([ 1.,  6.,  2., 10.], dtype=float32)

    Source: tf.nn.depthwise_conv2d_backprop_filter.
    """

    is_depthwise = True

    def grad(self, input: Wire, filter_sizes: Wire, out_backprop: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        by_input = DepthwiseConv2dNativeBackpropInput(**attrs)(Shape()(input), dy, out_backprop)
        return by_input, None, DepthwiseConv2dNative(**attrs)(input, dy)

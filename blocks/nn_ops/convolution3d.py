"""Convolution of volumes, and its gradients."""

from __future__ import annotations

from typing import Any

from blocks.array_ops.shape import Shape
from blocks.kernels.static_shape import INDEX
from blocks.nn_ops.convolution_base import FilterGradient, Forward, InputGradient, VolumeWindow
from dataflow.core.block import In, Out
from dataflow.core.wire import Wire

FILTER = ("filter_depth", "filter_height", "filter_width", "in_channels", "out_channels")


class Conv3D(VolumeWindow, Forward):
    """Convolution of volumes, ``output[b, d, i, j, o] = sum(window(input, b, d, i, j) * filter[..., o])``.

    The filter is not flipped. The 16-bit floats are added up in float32. With SAME padding and a step longer than
    the window TensorFlow's CPU kernel begins at later elements than its own gradients, Conv2D and this block.

    >>> Conv3D(strides=[1, 1, 1, 1, 1], padding="VALID")([[[[[1.0], [2.0], [4.0]]]]], [[[[[1.0]], [[-1.0]]]]])
    array([[[[[-1.],
              [-2.]]]]], dtype=float32)

    Source: tf.nn.conv3d.
    """

    found_by = ("convolution", "volumetric")
    input = In("T", "volumes, [batch, depth, height, width, channels] or by `data_format`")
    filter = In("T", "weights of the window", shape=FILTER)
    output = Out("T", "volumes of `out_channels` channels, in the layout of `input`")

    def grad(self, input: Wire, filter: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        by_input = Conv3DBackpropInputV2(**attrs)(Shape()(input), filter, dy)
        return by_input, Conv3DBackpropFilterV2(**attrs)(input, Shape()(filter), dy)


class Conv3DBackpropInputV2(VolumeWindow, InputGradient):
    """Gradient of Conv3D by its input, ``sum(out_backprop * filter)`` over all windows that see an element.

    It is also called transposed convolution.

    >>> block = Conv3DBackpropInputV2(strides=[1, 1, 1, 1, 1], padding="VALID")
    >>> block([1, 1, 1, 3, 1], [[[[[1.0]], [[-1.0]]]]], [[[[[1.0], [10.0]]]]])
    array([[[[[  1.],
              [  9.],
              [-10.]]]]], dtype=float32)

    Source: tf.nn.conv3d_transpose.
    """

    found_by = ("transposed convolution", "deconvolution", "conv transpose")
    Tshape = INDEX
    input_sizes = In("Tshape", "shape of the input of the Conv3D", shape=(5,), static=True)
    filter = In("T", "weights of the window", shape=FILTER)
    out_backprop = In("T", "gradient by the output of the Conv3D")

    def grad(self, input_sizes: Wire, filter: Wire, out_backprop: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        by_filter = Conv3DBackpropFilterV2(**attrs)(dy, Shape()(filter), out_backprop)
        return None, by_filter, Conv3D(**attrs)(dy, filter)


class Conv3DBackpropFilterV2(VolumeWindow, FilterGradient):
    """Gradient of Conv3D by its filter, ``sum(window(input, b, d, i, j) * out_backprop[b, d, i, j])`` over all windows.

    >>> block = Conv3DBackpropFilterV2(strides=[1, 1, 1, 1, 1], padding="VALID")
    >>> block([[[[[1.0], [2.0], [4.0]]]]], [1, 1, 2, 1, 1], [[[[[1.0], [10.0]]]]]).ravel()
    array([21., 42.], dtype=float32)

    Source: tf.raw_ops.Conv3DBackpropFilterV2.
    """

    input = In("T", "volumes, [batch, depth, height, width, channels] or by `data_format`")
    filter_sizes = In("int32", "shape of the filter", shape=(5,), static=True)
    out_backprop = In("T", "gradient by the output of the Conv3D")

    def grad(self, input: Wire, filter_sizes: Wire, out_backprop: Wire, output: Wire, dy: Wire) -> Any:
        attrs = self.attrs()
        by_input = Conv3DBackpropInputV2(**attrs)(Shape()(input), dy, out_backprop)
        return by_input, None, Conv3D(**attrs)(input, dy)

"""Average pooling over images, and its gradient; the bases are those of volumes too."""

from __future__ import annotations

from math import prod
from typing import Any

from blocks.array_ops.shape import Shape as ShapeOf
from blocks.kernels.window_ranges import averaged, by_channel
from blocks.kernels.window_reduce import bind_mean, bind_spread
from blocks.nn_ops.pooling_base import Pooling
from blocks.nn_ops.window_base import FORMAT, FORMATS
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import storage
from dataflow.core.quantized import Averages
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


class Average(Pooling, abstract=True):
    """The mean of each window; what reaches over the border does not count."""

    T = dtypes.floating
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)

    def bind(self, memory: Workspace, *types: TensorType) -> Kernel:
        (made,), (x, *_) = self.infer(*types), types
        return self.bind_moving(bind_mean(memory, x.sizes, self.slides("", x.sizes), storage(x.dtype)), made)


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

    def bind(self, memory: Workspace, *types: TensorType) -> Kernel:
        (made,) = self.infer(*types)
        slides = self.slides("orig_input_shape", made.sizes)
        return self.bind_moving(bind_spread(memory, made.sizes, slides, storage(made.dtype)), made)


class AvgPool(Average):
    """Mean of each window of an image, ``sum(window) / count``; what reaches over the border does not count.

    >>> AvgPool(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME")([[[[1.0], [3.0], [5.0]]]]).ravel()
    array([2., 5.], dtype=float32)

    Source: tf.nn.avg_pool2d.
    """

    found_by = ("average pooling", "mean pooling", "downsample")
    quantized_as = Averages("value")
    value = In("T", "images, 4 dims")
    output = Out("T", "images with a pixel per window")

    def shape_of(self, value: TensorType) -> Shape:
        return self.pooled("value", value.shape)

    def bound(self, value: Range) -> Range:
        return averaged(by_channel(value, self.channel), prod(self.ksize))

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

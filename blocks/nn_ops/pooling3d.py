"""Pooling over volumes, and its gradients."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import prod
from typing import Any

import numpy as np

from blocks.array_ops.fill import ZerosLike
from blocks.array_ops.shape import Shape as ShapeOf
from blocks.kernels.sliding_windows import Band, Bands, converted, shaped, valid_taps
from blocks.kernels.window_argmax import Selected, bind_scatter, copy_scratch
from blocks.kernels.window_ranges import averaged, by_channel
from blocks.kernels.window_reduce import bind_largest
from blocks.math_ops.cast import Cast
from blocks.nn_ops.average_pooling import Average, AverageGrad
from blocks.nn_ops.max_pooling_gradient import MaxGradient, MaxPoolGradGrad
from blocks.nn_ops.pooling_base import Pooling
from blocks.nn_ops.window_base import FORMAT_3D, FORMATS_3D
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.numpy_state import in_short_runs
from dataflow.core.ranges import Range
from dataflow.core.scratch import ArraySpec
from dataflow.core.shapes import Shape
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


class AvgPool3D(Average):
    """Mean of each window of a volume, ``sum(window) / count``; what reaches over the border does not count.

    With SAME padding and a step longer than the window TensorFlow's CPU kernel begins at later elements than its own
    gradient, AvgPool and this block.

    >>> pool = AvgPool3D(ksize=[1, 1, 1, 2, 1], strides=[1, 1, 1, 2, 1], padding="SAME")
    >>> pool([[[[[1.0], [3.0], [5.0]]]]]).ravel()
    array([2., 5.], dtype=float32)

    Source: tf.nn.avg_pool3d.
    """

    found_by = ("average pooling", "mean pooling")
    input = In("T", "volumes, 5 dims")
    output = Out("T", "volumes with an element per window")
    data_format: str = attr(FORMAT_3D, default="NDHWC", choices=FORMATS_3D)

    def shape_of(self, input: TensorType) -> Shape:
        return self.pooled("input", input.shape)

    def bound(self, input: Range) -> Range:
        return averaged(by_channel(input, self.channel), prod(self.ksize))

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Any:
        return AvgPool3DGrad(**self.attrs())(ShapeOf()(input), dy)


class AvgPool3DGrad(AverageGrad):
    """Gradient of AvgPool3D by its input, ``sum(grad / count of the windows it is in)``.

    >>> pool = AvgPool3DGrad(ksize=[1, 1, 1, 2, 1], strides=[1, 1, 1, 2, 1], padding="SAME")
    >>> pool([1, 1, 1, 3, 1], [[[[[10.0], [20.0]]]]]).ravel()
    array([ 5.,  5., 20.], dtype=float32)

    Source: tf.raw_ops.AvgPool3DGrad.
    """

    orig_input_shape = In("int32", "shape of the input of the AvgPool3D", shape=(5,), static=True)
    data_format: str = attr(FORMAT_3D, default="NDHWC", choices=FORMATS_3D)

    def backward(self, orig_input_shape: Wire, grad: Wire, output: Wire, doutput: Wire) -> Any:
        """The gradient rule."""
        return None, AvgPool3D(**self.attrs())(doutput)


class MaxPool3D(Pooling):
    """Largest element of each window of a volume, ``max(window)``.

    NaN is ignored; a window of nothing else gives -inf, or NaN where it is one element. In TensorFlow's CPU kernel
    a NaN may hide the elements before it, and -inf may become the lowest finite number. With SAME padding and a step
    longer than the window it begins at later elements than its own gradient, MaxPool and this block.

    >>> pool = MaxPool3D(ksize=[1, 1, 1, 2, 1], strides=[1, 1, 1, 2, 1], padding="SAME")
    >>> pool([[[[[1.0], [3.0], [-5.0]]]]]).ravel()
    array([ 3., -5.], dtype=float32)

    Source: tf.nn.max_pool3d.
    """

    found_by = ("max pooling",)
    T = dtypes.floating
    input = In("T", "volumes, 5 dims")
    output = Out("T", "volumes with an element per window")
    data_format: str = attr(FORMAT_3D, default="NDHWC", choices=FORMATS_3D)

    def shape_of(self, input: TensorType) -> Shape:
        return self.pooled("input", input.shape)

    def bound(self, input: Range) -> Range:
        return by_channel(input, self.channel)

    def bind(self, memory: Workspace, input: TensorType) -> Kernel:
        (made,), slides = self.infer(input), self.slides("input", input.sizes)
        return self.bind_moving(bind_largest(memory, input.sizes, slides, storage(input.dtype), -np.inf), made)

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Any:
        return MaxPool3DGrad(**self.attrs())(input, output, dy)


class MaxPool3DGrad(MaxGradient):
    """Gradient of MaxPool3D by its input, ``sum(grad of the windows whose largest element it equals)``.

    Each of equal elements gets all of it, other than in MaxPoolGrad.

    >>> pool = MaxPool3DGrad(ksize=[1, 1, 1, 2, 1], strides=[1, 1, 1, 2, 1], padding="VALID")
    >>> pool([[[[[1.0], [3.0], [2.0], [2.0]]]]], [[[[[3.0], [2.0]]]]], [[[[[10.0], [20.0]]]]]).ravel()
    array([ 0., 10., 20., 20.], dtype=float32)

    Source: tf.raw_ops.MaxPool3DGrad.
    """

    T = TInput = dtypes.floating
    orig_input = In("TInput", "input of the MaxPool3D, 5 dims")
    orig_output = In("TInput", "its output")
    data_format: str = attr(FORMAT_3D, default="NDHWC", choices=FORMATS_3D)

    def bind(self, memory: Workspace, orig_input: TensorType, orig_output: TensorType, grad: TensorType) -> Kernel:
        shape, given, slides = self.known(orig_input)
        dtype = storage(grad.dtype)
        scatter = bind_scatter(memory, shape, slides, dtype, 1, partial(self.scratch_arrays, given))

        def kernel(orig_input: Array, orig_output: Array, grad: Array, out: Array | None = None) -> Array:
            def select(band: Band, inputs: Array, outputs: Array, buffer: Array) -> Iterator[Selected]:
                x, y = converted(orig_input[band.input], inputs), converted(orig_output[band.output], outputs)
                mask = shaped(buffer, y.shape)
                for number, (_, positions, elements) in reversed(list(enumerate(valid_taps(x.ndim, band.slides)))):
                    equal = np.equal(x[elements], y[positions], mask[positions])
                    yield Selected(number, positions, elements, equal)

            return scatter(grad, np.empty(shape, dtype) if out is None else out, select)

        return in_short_runs(kernel, prod(orig_input.sizes))

    @staticmethod
    def scratch_arrays(dtype: DType, bands: Bands) -> list[ArraySpec]:
        """Memory for copies of input and output, and for where they are equal."""
        return [*copy_scratch(bands, dtype), ((prod(bands.output),), np.bool_)]

    def backward(self, orig_input: Wire, orig_output: Wire, grad: Wire, output: Wire, doutput: Wire) -> Any:
        """The gradient rule."""
        again, x, y, dy = MaxPool3DGradGrad(**self.attrs()), orig_input, orig_output, doutput
        if x.dtype != dy.dtype:
            x, y, dy = (Cast(DstT="float32")(wire) for wire in (x, y, dy))
        taken = again(x, y, dy)
        taken = taken if taken.dtype == grad.dtype else Cast(DstT=grad.dtype)(taken)
        return ZerosLike()(orig_input), ZerosLike()(orig_output), taken


class MaxPool3DGradGrad(MaxPoolGradGrad):
    """Gradient of MaxPool3DGrad by its `grad`, ``grad at the first element of the window that equals orig_output``.

    0 where none does, as where it is NaN. Of equal elements only the first counts, other than in MaxPool3DGrad.

    >>> pool = MaxPool3DGradGrad(ksize=[1, 1, 1, 2, 1], strides=[1, 1, 1, 2, 1], padding="VALID")
    >>> pool([[[[[1.0], [3.0], [2.0], [2.0]]]]], [[[[[3.0], [2.0]]]]], [[[[[5.0], [6.0], [7.0], [8.0]]]]]).ravel()
    array([6., 7.], dtype=float32)

    Source: tf.raw_ops.MaxPool3DGradGrad.
    """

    orig_input = In("T", "input of the MaxPool3D, 5 dims")
    grad = In("T", "gradient by the output of the MaxPool3DGrad, same shape as `orig_input`")
    data_format: str = attr(FORMAT_3D, default="NDHWC", choices=FORMATS_3D)

    def backward(self, orig_input: Wire, orig_output: Wire, grad: Wire, output: Wire, doutput: Wire) -> Any:
        return (
            ZerosLike()(orig_input),
            ZerosLike()(orig_output),
            MaxPool3DGrad(**self.attrs())(orig_input, orig_output, doutput),
        )

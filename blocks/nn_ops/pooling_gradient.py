"""Gradients of max pooling over images, and the gradients of these."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.array_ops.like import ZerosLike
from blocks.nn_ops.sliding import (
    BORDER,
    Pooling,
    by_images,
    finished,
    first_equal,
    gathered,
    largest,
    scattered,
    widened,
)
from blocks.nn_ops.windows import FORMAT, FORMATS, PADDINGS
from dataflow import dtypes
from dataflow.block import In, Ints, Out, TensorType, attr
from dataflow.shapes import Shape, merge

BORDERS = f"{BORDER}; EXPLICIT may by `explicit_paddings`"
EXPLICIT = "how far windows reach over the border with EXPLICIT padding, before and behind each dim; otherwise empty"


class MaxPoolGrad(Pooling):
    """Gradient of MaxPool by its input, ``sum(grad of the windows whose largest element it is)``.

    The first of equals gets all of it. A NaN that comes first in a window counts as its largest element, others are
    passed over.

    >>> pool = MaxPoolGrad(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="VALID")
    >>> pool([[[[1.0], [3.0], [2.0], [2.0]]]], [[[[3.0], [2.0]]]], [[[[10.0], [20.0]]]]).ravel()
    array([ 0., 10., 20.,  0.], dtype=float32)

    Source: tf.raw_ops.MaxPoolGrad.
    """

    T = dtypes.real
    smooth = False  # `orig_output` stands for the largest elements, and moves with them alone
    orig_input = In("T", "input of the MaxPool, 4 dims")
    orig_output = In("T", "its output", like=True)
    grad = In("T", "gradient by its output")
    output = Out("T", "gradient by its input")
    padding: str = attr(BORDERS, choices=PADDINGS)
    explicit_paddings: Ints = attr(EXPLICIT, default=())
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)

    def shape_of(self, orig_input: TensorType, orig_output: TensorType, grad: TensorType) -> Shape:
        self.require(self.pooled("orig_input", orig_input.shape), orig_output=orig_output, grad=grad)
        return merge(orig_input.shape, (None,) * len(self.layout))

    def kernel(self, orig_input: Any, orig_output: Any, grad: Any, out: Any = None) -> Any:
        slides = self.slides("orig_input", orig_input.shape)

        def part(x: Any, dy: Any) -> Any:
            return scattered(widened(dy), largest(widened(x), slides)[1], x.shape, slides)

        return by_images(part, orig_input.shape, orig_input.dtype, out, orig_input, grad)

    def backward(self, orig_input: Any, orig_output: Any, grad: Any, output: Any, doutput: Any) -> Any:
        """The gradient rule."""
        if self.padding == "EXPLICIT":
            raise self.error(
                "attr 'padding' must be SAME or VALID for a gradient of the gradient, got EXPLICIT; "
                "choose one of these in the MaxPool"
            )
        again = MaxPoolGradGrad(**self.attrs())
        return ZerosLike()(orig_input), ZerosLike()(orig_output), again(orig_input, orig_output, doutput)


class MaxPoolGradGrad(Pooling):
    """Gradient of MaxPoolGrad by its `grad`, ``grad at the first element of the window that equals orig_output``.

    0 where none does, as where it is NaN.

    >>> pool = MaxPoolGradGrad(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="VALID")
    >>> pool([[[[1.0], [3.0], [2.0], [2.0]]]], [[[[3.0], [2.0]]]], [[[[5.0], [6.0], [7.0], [8.0]]]]).ravel()
    array([6., 7.], dtype=float32)

    Source: tf.raw_ops.MaxPoolGradGrad.
    """

    T = dtypes.real
    smooth = False  # `orig_output` stands for the largest elements, and moves with them alone
    orig_input = In("T", "input of the MaxPool, 4 dims")
    orig_output = In("T", "its output")
    grad = In("T", "gradient by the output of the MaxPoolGrad, same shape as `orig_input`")
    output = Out("T", "gradient by its `grad`, same shape as `orig_output`")
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)

    def shape_of(self, orig_input: TensorType, orig_output: TensorType, grad: TensorType) -> Shape:
        shape = self.pooled("orig_input", orig_input.shape)
        self.require(shape, orig_output=orig_output)
        self.require(orig_input.shape, grad=grad)
        return merge(shape, orig_output.shape)

    def kernel(self, orig_input: Any, orig_output: Any, grad: Any, out: Any = None) -> Any:
        slides = self.slides("orig_input", orig_input.shape)

        def part(x: Any, y: Any, dx: Any) -> Any:
            return gathered(dx, first_equal(widened(x), widened(y), slides), slides)

        return by_images(part, orig_output.shape, grad.dtype, out, orig_input, orig_output, grad)

    def backward(self, orig_input: Any, orig_output: Any, grad: Any, output: Any, doutput: Any) -> Any:
        """The gradient rule."""
        again = MaxPoolGrad(**self.attrs())
        return ZerosLike()(orig_input), ZerosLike()(orig_output), again(orig_input, orig_output, doutput)


class Indexed(Pooling, abstract=True):
    """Moves numbers between an image and its windows by the indices that MaxPoolWithArgmax gives."""

    T = dtypes.real
    Targmax = dtypes.signed[2:]
    input = In("T", "input of the MaxPoolWithArgmax, 4 dims", like=True)
    grad = In("T", "gradient by its output")
    argmax = In("Targmax", "the indices it gave, same shape as its output")
    output = Out("T", "gradient by its input")
    include_batch_in_index: bool = attr("whether the indices count over the batch too", default=False)

    def indices(self, input: Any, argmax: Any) -> Any:
        """The indices counted over the batch; an error where one is not in the image."""
        size = input.size if self.include_batch_in_index else input[:1].size
        if argmax.size and not 0 <= argmax.min() <= argmax.max() < size:
            raise self.error(f"input 'argmax' must lie in [0, {size}), got values in [{argmax.min()}, {argmax.max()}]")
        if self.include_batch_in_index:
            return argmax
        return argmax + size * np.arange(len(argmax)).reshape(-1, 1, 1, 1)


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

    def kernel(self, input: Any, grad: Any, argmax: Any, out: Any = None) -> Any:
        grad = widened(grad)
        total = np.zeros(input.size, grad.dtype)
        np.add.at(total, self.indices(input, argmax).reshape(-1), grad.reshape(-1))
        return finished(total.reshape(input.shape), input.dtype, out)

    def backward(self, input: Any, grad: Any, argmax: Any, output: Any, doutput: Any) -> Any:
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

    input = In("T", "input of the MaxPoolWithArgmax, 4 dims", like=True)
    grad = In("T", "gradient by the output of the MaxPoolGradWithArgmax, same shape as `input`")
    argmax = In("Targmax", "the indices that MaxPoolWithArgmax gave")
    output = Out("T", "gradient by its `grad`, same shape as `argmax`")

    def shape_of(self, input: TensorType, grad: TensorType, argmax: TensorType) -> Shape:
        shape = self.pooled("input", input.shape)
        self.require(shape, argmax=argmax)
        self.require(input.shape, grad=grad)
        return merge(shape, argmax.shape)

    def kernel(self, input: Any, grad: Any, argmax: Any, out: Any = None) -> Any:
        return finished(grad.reshape(-1)[self.indices(input, argmax)], grad.dtype, out)

    def backward(self, input: Any, grad: Any, argmax: Any, output: Any, doutput: Any) -> Any:
        """The gradient rule."""
        again = MaxPoolGradWithArgmax(**self.attrs())
        return None, again(input, doutput, argmax), None

"""Gradients of max pooling over images, and the gradients of these."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any, ClassVar

import numpy as np

from blocks.array_ops.fill import ZerosLike
from blocks.kernels import argmax_loops
from blocks.kernels.argmax_loops import Windows
from blocks.kernels.sliding_windows import (
    Band,
    Bands,
    Slides,
    converted,
    count,
    in_bands,
    is_disjoint,
    is_float,
    lowest,
    shaped,
)
from blocks.kernels.window_argmax import (
    Selected,
    argmax_scratch,
    bind_scatter,
    copy_scratch,
    equals,
    first_argmax,
    gather,
    unordered,
)
from blocks.kernels.window_reduce import partial_scratch, reduce_band
from blocks.nn_ops.pooling_base import Pooling
from blocks.nn_ops.window_base import BORDER, FORMAT, FORMATS, PADDINGS
from dataflow.core import dtypes
from dataflow.core.block import In, Ints, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType
from dataflow.core.numpy_state import in_short_runs
from dataflow.core.scratch import ArraySpec
from dataflow.core.shapes import Shape, merge
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

BORDERS = f"{BORDER}; EXPLICIT may by `explicit_paddings`"
EXPLICIT = "how far windows reach over the border with EXPLICIT padding, before and behind each dim; otherwise empty"


class MaxGradient(Pooling, abstract=True):
    """A gradient that goes to or comes from the largest elements of windows, which are found again."""

    T: ClassVar[tuple[str, ...]] = dtypes.real
    smooth = False  # `orig_output` stands for the largest elements, and moves with them alone
    orig_input = In("T", "input of the MaxPool, 4 dims")
    orig_output = In("T", "its output")
    grad = In("T", "gradient by its output")
    output = Out("T", "gradient by its input")

    def shape_of(self, orig_input: TensorType, orig_output: TensorType, grad: TensorType) -> Shape:
        self.require(self.pooled("orig_input", orig_input.shape), orig_output=orig_output, grad=grad)
        return merge(orig_input.shape, (None,) * len(self.layout))

    def known(self, input: TensorType) -> tuple[tuple[int, ...], DType, Slides]:
        """Shape and dtype of an input, and the windows on it."""
        return input.sizes, dtypes.storage(input.dtype), self.slides("orig_input", input.shape)


class MaxPoolGrad(MaxGradient):
    """Gradient of MaxPool by its input, ``sum(grad of the windows whose largest element it is)``.

    The first of equals gets all of it. A NaN that comes first in a window counts as its largest element, others are
    ignored.

    >>> pool = MaxPoolGrad(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="VALID")
    >>> pool([[[[1.0], [3.0], [2.0], [2.0]]]], [[[[3.0], [2.0]]]], [[[[10.0], [20.0]]]]).ravel()
    array([ 0., 10., 20.,  0.], dtype=float32)

    Source: tf.raw_ops.MaxPoolGrad.
    """

    orig_output = In("T", "its output", like=True)
    padding: str = attr(BORDERS, choices=PADDINGS)
    explicit_paddings: Ints = attr(EXPLICIT, default=())
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)

    def bind(self, memory: Workspace, orig_input: TensorType, orig_output: TensorType, grad: TensorType) -> Kernel:
        shape, dtype, slides = self.known(orig_input)
        windows = argmax_loops.bind_windows(memory, shape, slides, dtype)
        if windows is not None:
            return self.bind_loop(memory, windows, shape, dtype, not is_disjoint(slides))
        held = count(slides)
        scatter = bind_scatter(memory, shape, slides, dtype, held, partial(self.scratch_arrays, dtype))

        def kernel(orig_input: Array, orig_output: Array, grad: Array, out: Array | None = None) -> Array:
            def select(band: Band, copy: Array, top: Array, *space: Array) -> list[Selected]:
                x, y = converted(orig_input[band.input], copy), shaped(top, grad[band.output].shape)
                start = -np.inf if is_float(x.dtype) else lowest(x.dtype)
                reduce_band(np.fmax, start, x, band.slides, y, space[3 + held :])
                selected = first_argmax(y.shape, space[: 3 + held], band.slides, equals(x, y), unordered(x))
                return list(selected)[::-1]  # so that each element gets its values in the order of the windows

            return scatter(grad, np.empty(shape, dtype) if out is None else out, select)

        return in_short_runs(kernel, prod(orig_input.sizes))

    @staticmethod
    def bind_loop(memory: Workspace, windows: Windows, shape: tuple[int, ...], dtype: DType, adds: bool) -> Kernel:
        """The kernel that is a compiled loop."""
        top, index = memory.array(shape[-1], dtype), memory.array(shape[-1], np.uint32)

        def kernel(orig_input: Array, orig_output: Array, grad: Array, out: Array | None = None) -> Array:
            out = np.empty(shape, dtype) if out is None else out
            out.fill(0)
            x, dy, dx = (array.reshape(len(array), -1) for array in (orig_input, grad, out))
            argmax_loops.add_to_largest(x, *windows.arguments, top, index, dy, dx, adds)
            return out

        return kernel

    @staticmethod
    def scratch_arrays(dtype: DType, bands: Bands) -> list[ArraySpec]:
        """Memory for a copy of the input, for the largest elements, and to find them."""
        exact = dtypes.compute(dtype)
        own = [((prod(bands.input) * (dtype != exact),), exact), ((prod(bands.output),), exact)]
        return own + argmax_scratch(bands, count(bands.slides)) + partial_scratch(bands, exact)

    def backward(self, orig_input: Wire, orig_output: Wire, grad: Wire, output: Wire, doutput: Wire) -> Any:
        """The gradient rule."""
        if self.padding == "EXPLICIT":
            raise self.error(
                "attr 'padding' must be SAME or VALID for a gradient of the gradient, got EXPLICIT; "
                "choose one of these in the MaxPool"
            )
        again = MaxPoolGradGrad(**self.attrs())
        return ZerosLike()(orig_input), ZerosLike()(orig_output), again(orig_input, orig_output, doutput)


class MaxPoolGradGrad(MaxGradient):
    """Gradient of MaxPoolGrad by its `grad`, ``grad at the first element of the window that equals orig_output``.

    0 where none does, as where it is NaN.

    >>> pool = MaxPoolGradGrad(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="VALID")
    >>> pool([[[[1.0], [3.0], [2.0], [2.0]]]], [[[[3.0], [2.0]]]], [[[[5.0], [6.0], [7.0], [8.0]]]]).ravel()
    array([6., 7.], dtype=float32)

    Source: tf.raw_ops.MaxPoolGradGrad.
    """

    grad = In("T", "gradient by the output of the MaxPoolGrad, same shape as `orig_input`")
    output = Out("T", "gradient by its `grad`, same shape as `orig_output`")
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)

    def shape_of(self, orig_input: TensorType, orig_output: TensorType, grad: TensorType) -> Shape:
        shape = self.pooled("orig_input", orig_input.shape)
        self.require(shape, orig_output=orig_output)
        self.require(orig_input.shape, grad=grad)
        return merge(shape, orig_output.shape)

    def bind(self, memory: Workspace, orig_input: TensorType, orig_output: TensorType, grad: TensorType) -> Kernel:
        shape, dtype, slides = self.known(orig_input)
        windows = argmax_loops.bind_windows(memory, shape, slides, dtype)
        if windows is not None:
            return self.bind_loop(windows, self.infer(orig_input, orig_output, grad)[0].sizes, dtype)
        made, bands = self.infer(orig_input, orig_output, grad)[0].sizes, in_bands(shape, slides, weight=2)
        inputs, outputs, product, *masks = memory.arrays(*self.scratch_arrays(bands, dtype))

        def kernel(orig_input: Array, orig_output: Array, grad: Array, out: Array | None = None) -> Array:
            taken = np.empty(made, dtype) if out is None else out
            for band in bands.bands if taken.size else ():
                x, y = converted(orig_input[band.input], inputs), converted(orig_output[band.output], outputs)
                selected = first_argmax(y.shape, masks, band.slides, equals(x, y))
                gather(grad[band.input], selected, taken[band.output], shaped(product, y.shape))
            return taken

        return in_short_runs(kernel, prod(orig_input.sizes))

    @staticmethod
    def bind_loop(windows: Windows, made: tuple[int, ...], dtype: DType) -> Kernel:
        """The kernel that is a compiled loop."""

        def kernel(orig_input: Array, orig_output: Array, grad: Array, out: Array | None = None) -> Array:
            out = np.empty(made, dtype) if out is None else out
            x, y, dx, taken = (array.reshape(len(array), -1) for array in (orig_input, orig_output, grad, out))
            argmax_loops.take_at_equal(x, *windows.arguments, y, dx, taken)
            return out

        return kernel

    @staticmethod
    def scratch_arrays(bands: Bands, dtype: DType) -> list[ArraySpec]:
        """Memory for copies, for what is taken from an element of the window, and to find it."""
        return [*copy_scratch(bands, dtype), ((prod(bands.output),), dtype), *argmax_scratch(bands, 1)]

    def backward(self, orig_input: Wire, orig_output: Wire, grad: Wire, output: Wire, doutput: Wire) -> Any:
        """The gradient rule."""
        again = MaxPoolGrad(**self.attrs())
        return ZerosLike()(orig_input), ZerosLike()(orig_output), again(orig_input, orig_output, doutput)

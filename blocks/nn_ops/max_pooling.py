"""Max pooling over images: the largest element of each window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from blocks.kernels.sliding_windows import Slides, lowest
from blocks.kernels.window_ranges import by_channel
from blocks.kernels.window_reduce import bind_largest
from blocks.kernels.windows import span, split
from blocks.nn_ops.max_pooling_gradient import BORDERS, EXPLICIT, MaxPoolGrad
from blocks.nn_ops.pooling_base import Pooling
from blocks.nn_ops.window_base import FORMAT, FORMATS, PADDINGS
from dataflow.core import dtypes
from dataflow.core.block import In, Ints, Out, TensorType, attr
from dataflow.core.dtypes import storage
from dataflow.core.quantized import Passes
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape, fits, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


class Largest(Pooling, abstract=True):
    """The largest element of each window, which may also lie on channels alone."""

    ksize: Ints = attr("size of the window, a number per dim; that of batch is 1")
    strides: Ints = attr("step of the window, a number per dim; that of batch is 1")
    over_channels = True

    def check(self) -> None:
        super().check()
        (_, window, depth), (_, steps, hop) = split(self.ksize, self.layout), split(self.strides, self.layout)
        if depth != hop:
            raise self.error(f"attr 'strides' must be that of 'ksize' in the channel dim, {depth}, got {hop}")
        if depth > 1 and max(*window, *steps) > 1:
            raise self.error(
                f"attr 'ksize' must be 1 in the spatial dims or in the channel dim, got {list(self.ksize)}"
            )

    def slides(self, port: str, shape: Shape) -> Slides:
        dims = shape or ()
        depth = split(self.ksize, self.layout)[2]
        if depth == 1:
            return super().slides(port, shape)
        axis = 1 if self.layout == "NCHW" else 3
        channels = dims[axis]
        if isinstance(channels, int) and channels % depth:
            raise self.error(f"input '{port}' must have a multiple of {depth} channels, got {channels}")
        return ((axis, span(channels, depth, depth, 1, "VALID")),)

    def bind(self, memory: Workspace, *types: TensorType) -> Kernel:
        shape, dtype = types[0].sizes, storage(types[0].dtype)
        # `lowest` is the largest of a window without numbers, and of one with none but -inf
        move = bind_largest(memory, shape, self.slides("input", shape), dtype, lowest(dtype))
        return self.bind_moving(move, self.infer(*types)[0])


class MaxPool(Largest):
    """Largest element of each window of an image, ``max(window)``.

    NaN is ignored; a window without numbers, or with none but -inf, gives the lowest finite one. A window may also
    lie on channels alone: its size and its step are then a divisor of their number.

    >>> MaxPool(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME")([[[[1.0], [3.0], [-5.0]]]]).ravel()
    array([ 3., -5.], dtype=float32)

    Source: tf.nn.max_pool2d.
    """

    found_by = ("max pooling", "downsample")
    quantized_as = Passes(("input",))
    T = (*dtypes.floating, "int32", "int64", "uint8", "int16", "int8", "uint16", "qint8")
    input = In("T", "images, 4 dims; 5 where the format is NCHW_VECT_C")
    output = Out("T", "images with a pixel per window")
    padding: str = attr(BORDERS, choices=PADDINGS)
    explicit_paddings: Ints = attr(EXPLICIT, default=())
    data_format: str = attr(
        f"{FORMAT}; NCHW_VECT_C has the second split in two, and 4 of them at the end",
        default="NHWC",
        choices=(*FORMATS, "NCHW_VECT_C"),
    )

    @property
    def layout(self) -> str:
        return self.data_format.removesuffix("_VECT_C")

    def shape_of(self, input: TensorType) -> Shape:
        if self.data_format != "NCHW_VECT_C":
            return self.pooled("input", input.shape)
        if not fits(input.shape, (None, None, None, None, 4)):
            raise self.error(f"input 'input' must have 5 dims, the last of size 4, got {show(input.shape)}")
        return (*(self.pooled("input", input.shape and input.shape[:4]) or ()), 4)

    def bound(self, input: Range) -> Range:
        one_by_one = split(self.ksize, self.layout)[2] == 1 and self.data_format in FORMATS
        found, floor = by_channel(input, self.channel if one_by_one else None), lowest(input.low.dtype)
        return replace(found, low=np.maximum(found.low, floor), high=np.maximum(found.high, floor))

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Any:
        return MaxPoolGrad(**self.attrs())(input, output, dy)

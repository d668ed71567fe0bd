"""Convolution of images that are first resized or mirrored at their edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.kernels.mirrored_convolution import Mode, Size, bind_convolve_mirrored, mirrored_size
from blocks.kernels.static_shape import sizes
from blocks.nn_ops.convolution import FILTER
from blocks.nn_ops.convolution_base import Convolution
from blocks.nn_ops.window_base import PADDING_IMPLICIT, PADDINGS
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.shapes import Dim, Shape, show
from dataflow.core.workspace import Kernel, Workspace

MODES = ("REFLECT", "SYMMETRIC")
MODE = "how images go on behind their edges: REFLECT leaves out the edge itself, SYMMETRIC has it twice"
MIRRORED = "elements to add before and behind each dim of the images, 0 for batch and channel"


class Mirrored(Convolution, abstract=True):
    """A convolution of images with mirrored edges."""

    input = In("T", "images, [batch, height, width, channels]")
    paddings = In("int32", MIRRORED, shape=(4, 2), static=True)
    filter = In("T", "weights of the window", shape=FILTER)
    output = Out("T", "[batch, height, width, out_channels]")
    mode: str = attr(MODE, choices=MODES)
    padding: str = attr(PADDING_IMPLICIT, choices=PADDINGS[:2])

    def mirrored(self, images: Shape, paddings: TensorType) -> tuple[Dim, ...]:
        """The shape of images with their edges mirrored; BlockError where the edges are not as large."""
        batch, inner, channels = self.parts("input", images)
        if paddings.value is None:
            return (batch, None, None, channels)
        pads = paddings.value.tolist()
        if pads[0] != [0, 0] or pads[3] != [0, 0]:
            raise self.error(f"input 'paddings' must be 0 for batch and channel, got {pads}")
        for size, pad in zip(inner, pads[1:3], strict=True):
            most = size - (self.mode == "REFLECT") if isinstance(size, int) else None
            if min(pad) < 0 or (most is not None and max(pad) > most):
                limit = "" if most is None else f" and at most {most} for a dim of {size}, with mode {self.mode}"
                raise self.error(f"input 'paddings' must be at least 0{limit}, got {pad}")
        height, width = (n + sum(p) if isinstance(n, int) else None for n, p in zip(inner, pads[1:3], strict=True))
        return (batch, height, width, channels)

    def bind_images(
        self,
        memory: Workspace,
        images: TensorType,
        paddings: TensorType,
        filter: TensorType,
        size: Size | None = None,
        align_corners: bool = False,
    ) -> Kernel:
        """The convolution of the images once they have the size, if one is given, and their edges are mirrored."""
        batch, height, width, channels = images.sizes
        dtype, pads = storage(images.dtype), paddings.value
        shape = (batch, *mirrored_size(size or (height, width), pads), channels)
        made, over = self.convolved(shape, filter.sizes), self.over(shape[1:3], filter.sizes)
        mode: Mode = "reflect" if self.mode == "REFLECT" else "symmetric"
        convolve = bind_convolve_mirrored(
            memory, images.sizes, pads, mode, filter.sizes, over, dtype, size, align_corners
        )

        def kernel(images: Array, *rest: Array, out: Array | None = None) -> Array:
            out = np.empty(made, dtype) if out is None else out
            convolve(images, rest[-1], out)
            return out

        return kernel


class FusedPadConv2D(Mirrored):
    """Convolution of images with mirrored edges, ``conv(mirror(input, paddings), filter)``.

    TensorFlow's CPU kernel answers for the first image of a batch only, and repeats that; here each has its own. With
    SAME padding and a step longer than the window it begins at other pixels than Conv2D and this block.

    >>> block = FusedPadConv2D(mode="REFLECT", strides=[1, 1, 1, 1], padding="VALID")
    >>> block([[[[1.0], [2.0], [4.0]]]], [[0, 0], [0, 0], [2, 0], [0, 0]], [[[[1.0]]]]).ravel()
    array([4., 2., 1., 2., 4.], dtype=float32)

    Source: tf.raw_ops.FusedPadConv2D.
    """

    def shape_of(self, input: TensorType, paddings: TensorType, filter: TensorType) -> Shape:
        return self.convolved(self.mirrored(input.shape, paddings), filter.shape)

    def bind(self, memory: Workspace, input: TensorType, paddings: TensorType, filter: TensorType) -> Kernel:
        self.mirrored(input.shape, paddings)
        return self.bind_images(memory, input, paddings, filter)


class FusedResizeAndPadConv2D(Mirrored):
    """Convolution of images that are resized and mirrored, ``conv(mirror(resize(input, size), paddings), filter)``.

    Resizing is bilinear and counts from the corner of the first pixel: pixel ``i`` comes from ``i * height / size``,
    or with `resize_align_corners` from ``i * (height - 1) / (size - 1)``. TensorFlow's CPU kernel answers for the first
    image of a batch only, and repeats that; here each has its own. With SAME padding and a step longer than the window
    it begins at other pixels than Conv2D and this block.

    >>> block = FusedResizeAndPadConv2D(mode="REFLECT", strides=[1, 1, 1, 1], padding="VALID")
    >>> block([[[[1.0], [2.0]]]], [1, 4], [[0, 0], [0, 0], [1, 0], [0, 0]], [[[[1.0]]]]).ravel()
    array([1.5, 1. , 1.5, 2. , 2. ], dtype=float32)

    Source: tf.raw_ops.FusedResizeAndPadConv2D.
    """

    T = dtypes.floating[1:]
    input = In("T", "images, [batch, height, width, channels]")
    size = In("int32", "height and width to resize to", shape=(2,), static=True)
    paddings = In("int32", MIRRORED, shape=(4, 2), static=True)
    filter = In("T", "weights of the window", shape=FILTER)
    output = Out("T", "[batch, height, width, out_channels]")
    resize_align_corners: bool = attr("let the first and last pixels keep their places", default=False)

    def shape_of(self, input: TensorType, size: TensorType, paddings: TensorType, filter: TensorType) -> Shape:
        return self.convolved(self.mirrored(self.resized(input.shape, size), paddings), filter.shape)

    def resized(self, images: Shape, size: TensorType) -> tuple[Any, ...]:
        """The shape of resized images."""
        batch, inner, channels = self.parts("input", images)
        if 0 in inner:
            raise self.error(f"input 'input' must have pixels, got shape {show(images)}")
        wanted = sizes(self, "size", size) or (None, None)
        if 0 in wanted:
            raise self.error(f"input 'size' must be positive, got {show(wanted)}")
        return (batch, *wanted, channels)

    def bind(
        self, memory: Workspace, input: TensorType, size: TensorType, paddings: TensorType, filter: TensorType
    ) -> Kernel:
        shape = self.resized(input.shape, size)
        self.mirrored(shape, paddings)
        return self.bind_images(memory, input, paddings, filter, shape[1:3], self.resize_align_corners)

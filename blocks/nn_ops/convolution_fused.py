"""Convolution of images that are first resized or mirrored at their edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.array_ops.shape_ops import sizes
from blocks.nn_ops import columns
from blocks.nn_ops.convolution import FILTER
from blocks.nn_ops.convolving import Convolution
from blocks.nn_ops.sliding import widened
from blocks.nn_ops.windows import PADDING_IMPLICIT, PADDINGS
from dataflow import dtypes
from dataflow.block import In, Out, TensorType, attr
from dataflow.shapes import Dim, show

MODES = ("REFLECT", "SYMMETRIC")
MODE = "how images go on behind their edges: REFLECT leaves out the edge itself, SYMMETRIC has it twice"
MIRRORED = "elements to add before and behind each dim of the images, 0 for batch and channel"


class Mirrored(Convolution, abstract=True):
    """A convolution of images with mirrored edges."""

    mode: str = attr(MODE, choices=MODES)
    padding: str = attr(PADDING_IMPLICIT, choices=PADDINGS[:2])

    def grown(self, images: Any, paddings: TensorType) -> tuple[Dim, ...]:
        """The shape of images with their edges mirrored."""
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

    def product(self, images: Any, paddings: Any, filter: Any, out: Any) -> Any:
        """The convolution of the images once their edges are mirrored."""
        images = np.pad(images, paddings, "reflect" if self.mode == "REFLECT" else "symmetric")
        return columns.convolve(images, filter, self.over(images.shape[1:-1], filter.shape), out)


class FusedPadConv2D(Mirrored):
    """Convolution of images with mirrored edges, ``conv(mirror(input, paddings), filter)``.

    TensorFlow's CPU kernel answers for the first image of a batch only, and repeats that; here each has its own.

    >>> block = FusedPadConv2D(mode="REFLECT", strides=[1, 1, 1, 1], padding="VALID")
    >>> block([[[[1.0], [2.0], [4.0]]]], [[0, 0], [0, 0], [2, 0], [0, 0]], [[[[1.0]]]]).ravel()
    array([4., 2., 1., 2., 4.], dtype=float32)

    Source: tf.raw_ops.FusedPadConv2D.
    """

    input = In("T", "images, [batch, height, width, channels]")
    paddings = In("int32", MIRRORED, shape=(4, 2), static=True)
    filter = In("T", "weights of the window", shape=FILTER)
    output = Out("T", "[batch, height, width, out_channels]")

    def shape_of(self, input: TensorType, paddings: TensorType, filter: TensorType) -> Any:
        return self.convolved(self.grown(input.shape, paddings), filter.shape)

    def kernel(self, input: Any, paddings: Any, filter: Any, out: Any = None) -> Any:
        self.grown(input.shape, TensorType.of(paddings))
        return self.product(input, paddings, filter, out)


class FusedResizeAndPadConv2D(Mirrored):
    """Convolution of images that are resized and mirrored, ``conv(mirror(resize(input, size), paddings), filter)``.

    Resizing is bilinear and counts from the corner of the first pixel: pixel ``i`` comes from ``i * height / size``,
    or with `resize_align_corners` from ``i * (height - 1) / (size - 1)``. TensorFlow's CPU kernel answers for the first
    image of a batch only, and repeats that; here each has its own.

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

    def shape_of(self, input: TensorType, size: TensorType, paddings: TensorType, filter: TensorType) -> Any:
        return self.convolved(self.grown(self.resized(input.shape, size), paddings), filter.shape)

    def resized(self, images: Any, size: TensorType) -> Any:
        """The shape of resized images."""
        batch, inner, channels = self.parts("input", images)
        if 0 in inner:
            raise self.error(f"input 'input' must have pixels, got shape {show(images)}")
        wanted = sizes(self, "size", size) or (None, None)
        if 0 in wanted:
            raise self.error(f"input 'size' must be positive, got {show(wanted)}")
        return (batch, *wanted, channels)

    def kernel(self, input: Any, size: Any, paddings: Any, filter: Any, out: Any = None) -> Any:
        shape = self.resized(input.shape, TensorType.of(size))
        self.grown(shape, TensorType.of(paddings))
        images = widened(input)
        for axis in (2, 1):
            images = self.interpolated(images, axis, shape[axis])
        return self.product(images.astype(input.dtype, copy=False), paddings, filter, out)

    def interpolated(self, images: Any, axis: int, size: int) -> Any:
        """The images with another size along an axis; places are float32, as in TensorFlow."""
        given = images.shape[axis]
        inside = self.resize_align_corners and size > 1
        scale = np.float32(given - inside) / np.float32(size - inside)
        place = np.arange(size, dtype=np.float32) * scale
        below = np.minimum(place.astype(np.int64), given - 1)
        share = (place - below).astype(images.dtype).reshape(-1, *[1] * (images.ndim - 1 - axis))
        low, high = images.take(below, axis), images.take(np.minimum(below + 1, given - 1), axis)
        high -= low
        high *= share
        high += low
        return high

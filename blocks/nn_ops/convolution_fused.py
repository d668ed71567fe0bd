"""Convolution of images that are first resized or mirrored at their edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.kernels import grouped_convolution
from blocks.kernels.static_shape import sizes
from blocks.kernels.windows import PADDING_IMPLICIT, PADDINGS
from blocks.nn_ops.convolution import FILTER
from blocks.nn_ops.convolution_base import Convolution
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes
from dataflow.core.shapes import Dim, show

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

    def product(self, images: Any, paddings: Any, filter: Any, out: Any, size: Any = None) -> Any:
        """The convolution of the images once they have the size, if one is given, and their edges are mirrored."""
        batch, height, width, channels = images.shape
        given = (1, *(size or (height, width)), channels)
        shape = tuple(n + sum(pad) for n, pad in zip(given, paddings.tolist(), strict=True))
        over = self.over(shape[1:-1], filter.shape)
        if out is None:
            out = np.empty(self.convolved((batch, *shape[1:]), filter.shape), images.dtype)
        mode: Any = "reflect" if self.mode == "REFLECT" else "symmetric"
        down, across = (np.pad(np.arange(n), pad, mode) for n, pad in zip(given[1:3], paddings[1:3], strict=True))
        with scratch(*self.scratch_arrays(images.shape, paddings, images.dtype, size)) as (edges, lines, *space):
            for image in range(batch if out.size else 0):
                x = images[image : image + 1]
                if size is not None:
                    x = self.resized_in(space, x, size)
                grown = x.take(down, 1, lines.reshape(1, shape[1], *given[2:]), "clip")
                grown = grown.take(across, 2, edges.reshape(shape), "clip")  # other modes make copies on the way
                grouped_convolution.convolve(grown, filter, over, out[image : image + 1])
        return out

    def scratch_arrays(self, shape: Any, paddings: Any, dtype: Any, size: Any = None) -> list[ArraySpec]:
        """Memory for an image with mirrored edges, for those above and below, and to resize it."""
        _, height, width, channels = shape
        given = size or (height, width)
        rows, lines = _mirrored(given, paddings)
        own: list[ArraySpec] = [((n * channels,), dtype) for n in (rows * lines, rows * given[1])]
        if size is not None:
            exact = dtypes.compute(dtype)
            across, both = height * size[1] * channels, size[0] * size[1] * channels
            copy = height * width * channels * (dtype != exact)
            own += [((n,), exact) for n in (copy, across, max(across, both), both)] + [
                ((both * (dtype != exact),), dtype)
            ]
        return own

    def bytes(self, shape: Any, paddings: Any, filter: Any, dtype: Any, size: Any = None) -> int:
        """What `product` takes."""
        grown = (1, *_mirrored(size or shape[1:3], paddings), shape[3])
        taken = grouped_convolution.convolve_bytes(grown, filter, self.over(grown[1:3], filter), dtype, True)
        return scratch_bytes(*self.scratch_arrays(shape, paddings, dtype, size)) + taken

    def resized_in(self, space: Any, image: Any, size: Any) -> Any:
        """An image in another size."""
        raise TypeError(f"{type(self).__name__}: must have a method resized_in, got none; write one")


def _mirrored(size: Any, paddings: Any) -> tuple[int, ...]:
    """Height and width with mirrored edges."""
    return tuple(int(n + sum(pad)) for n, pad in zip(size, paddings[1:3].tolist(), strict=True))


class FusedPadConv2D(Mirrored):
    """Convolution of images with mirrored edges, ``conv(mirror(input, paddings), filter)``.

    TensorFlow's CPU kernel answers for the first image of a batch only, and repeats that; here each has its own. With
    SAME padding and a step longer than the window it begins at other pixels than Conv2D and this block.

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

    def kernel(self, input: Array, paddings: Array, filter: Array, out: Array | None = None) -> Any:
        self.grown(input.shape, TensorType.of(paddings))
        return self.product(input, paddings, filter, out)

    def workspace(self, input: TensorType, paddings: TensorType, filter: TensorType) -> int:
        if paddings.value is None or 0 in self.infer(input, paddings, filter)[0].shape:  # type: ignore[operator]
            return 0
        return self.bytes(input.shape, paddings.value, filter.shape, storage(input.dtype))


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

    def kernel(self, input: Array, size: Array, paddings: Array, filter: Array, out: Array | None = None) -> Any:
        shape = self.resized(input.shape, TensorType.of(size))
        self.grown(shape, TensorType.of(paddings))
        return self.product(input, paddings, filter, out, shape[1:3])

    def workspace(self, input: TensorType, size: TensorType, paddings: TensorType, filter: TensorType) -> int:
        made: Any = self.infer(input, size, paddings, filter)[0].shape
        if size.value is None or paddings.value is None or 0 in made:
            return 0
        dtype, wanted = storage(input.dtype), self.resized(input.shape, size)[1:3]
        return self.bytes(input.shape, paddings.value, filter.shape, dtype, wanted)

    def resized_in(self, space: Any, image: Any, size: Any) -> Any:
        copy, wide, buffer, made, narrow = space
        _, height, width, channels = image.shape
        if copy.size:
            np.copyto(copy.reshape(image.shape), image)
            image = copy.reshape(image.shape)
        lines = wide.reshape(height, size[1], channels)
        self.interpolated(image[0], 1, width, lines, buffer)
        both = made.reshape(*size, channels)
        self.interpolated(lines, 0, height, both, buffer)
        if narrow.size:
            np.copyto(narrow.reshape(both.shape), both, casting="unsafe")
            both = narrow.reshape(both.shape)
        return both[None]

    def interpolated(self, image: Any, axis: int, given: int, out: Any, buffer: Any) -> None:
        """The image with another size along an axis; places are float32, as in TensorFlow."""
        size = out.shape[axis]
        inside = self.resize_align_corners and size > 1
        scale = np.float32(given - inside) / np.float32(size - inside)
        place = np.arange(size, dtype=np.float32) * scale
        below = np.minimum(place.astype(np.int64), given - 1)
        share = (place - below).astype(out.dtype).reshape(-1, *[1] * (2 - axis))
        low = image.take(below, axis, buffer[: out.size].reshape(out.shape), "clip")
        high = image.take(np.minimum(below + 1, given - 1), axis, out, "clip")
        np.subtract(high, low, high)
        np.add(np.multiply(high, share, high), low, high)

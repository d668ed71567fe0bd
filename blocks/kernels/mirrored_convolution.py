"""Convolution of images that may be resized and whose edges are mirrored first, one image at a time."""

from __future__ import annotations

from typing import Literal

import numpy as np

from blocks.kernels import grouped_convolution
from blocks.kernels.im2col import Bound, Geometry
from blocks.kernels.windows import Span
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec
from dataflow.core.workspace import Workspace

Mode = Literal["reflect", "symmetric"]  # of numpy.pad
Size = tuple[int, int]  # height and width


def mirrored_size(size: Size, paddings: Array) -> Size:
    """Height and width of images with as many mirrored rows and columns as ``paddings`` has for the four dims."""
    height, width = (n + sum(pad) for n, pad in zip(size, paddings[1:3].tolist(), strict=True))
    return height, width


def bind_convolve_mirrored(
    memory: Workspace,
    shape: tuple[int, ...],
    paddings: Array,
    mode: Mode,
    filter: tuple[int, ...],
    over: tuple[Span, ...],
    dtype: DType,
    size: Size | None = None,
    align_corners: bool = False,
) -> Bound:
    """The convolution of images that have been resized to ``size``, if it is given, and mirrored.

    As ``(images, filter, out)``; ``shape`` is that of the images.
    """
    batch, height, width, channels = shape
    before = size or (height, width)
    rows, columns = mirrored_size(before, paddings)
    down, across = (_mirrored(n, pad, mode) for n, pad in zip(before, paddings[1:3].tolist(), strict=True))
    memory.kept += down.nbytes + across.nbytes
    mirrored, lines = memory.arrays(*(((n * channels,), dtype) for n in (rows * columns, rows * before[1])))
    mirrored, lines = mirrored.reshape(1, rows, columns, channels), lines.reshape(1, rows, before[1], channels)
    resizing = memory.arrays(*_resizing(shape, size, dtype)) if size is not None else []
    convolve = grouped_convolution.bind_convolve(memory, Geometry(mirrored.shape, filter, over, dtype, True))

    def convolve_mirrored(images: Array, filter: Array, out: Array) -> None:
        for image in range(batch if out.size else 0):
            x = images[image : image + 1]
            if size is not None:
                x = _resize(x, size, align_corners, *resizing)
            x = x.take(down, 1, lines, "clip").take(across, 2, mirrored, "clip")  # other modes make copies
            convolve(x, filter, out[image : image + 1])

    return convolve_mirrored


def _mirrored(size: int, pad: list[int], mode: Mode) -> Array:
    """The places of the elements of a dim that goes on behind its edges."""
    before, after = pad
    places, twice = np.arange(-before, size + after), mode == "symmetric"
    front, back = places[:before], places[before + size :]
    np.subtract(-int(twice), front, front)
    np.subtract(2 * (size - 1) + twice, back, back)
    return places


def _resizing(shape: tuple[int, ...], size: Size, dtype: DType) -> list[ArraySpec]:
    """Memory to resize an image."""
    _, height, width, channels = shape
    exact = dtypes.compute(dtype)
    across, both = height * size[1] * channels, size[0] * size[1] * channels
    copy = height * width * channels * (dtype != exact)
    own: list[ArraySpec] = [((n,), exact) for n in (copy, across, max(across, both), both)]
    return [*own, ((both * (dtype != exact),), dtype)]


def _resize(
    image: Array, size: Size, align_corners: bool, copy: Array, wide: Array, buffer: Array, made: Array, narrow: Array
) -> Array:
    """An image, [1, height, width, channels], in another size by bilinear interpolation: columns first, then rows."""
    _, height, _, channels = image.shape
    if copy.size:
        np.copyto(copy.reshape(image.shape), image)
        image = copy.reshape(image.shape)
    lines, resized = wide.reshape(height, size[1], channels), made.reshape(*size, channels)
    _interpolate(image[0], 1, align_corners, lines, buffer)
    _interpolate(lines, 0, align_corners, resized, buffer)
    if narrow.size:
        np.copyto(narrow.reshape(resized.shape), resized, casting="unsafe")
        resized = narrow.reshape(resized.shape)
    return resized[None]


def _interpolate(image: Array, axis: int, align_corners: bool, out: Array, buffer: Array) -> None:
    """The image with another size along an axis, in ``out``; places are float32, as in TensorFlow."""
    given, size = image.shape[axis], out.shape[axis]
    inside = align_corners and size > 1
    scale = np.float32(given - inside) / np.float32(size - inside)
    place = np.arange(size, dtype=np.float32) * scale
    below = np.minimum(place.astype(np.int64), given - 1)
    part = (place - below).astype(out.dtype).reshape(-1, *[1] * (2 - axis))
    low = image.take(below, axis, buffer[: out.size].reshape(out.shape), "clip")
    high = image.take(np.minimum(below + 1, given - 1), axis, out, "clip")
    np.subtract(high, low, high)
    np.add(np.multiply(high, part, high), low, high)

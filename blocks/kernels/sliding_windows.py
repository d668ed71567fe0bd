"""Windows that slide along any axes of an array: which elements they have, and bands of them that fit into the cache.

Arrays keep their layout; a window is a `Span` for each axis that it slides along. No padding is added: an element of
the window counts only where it lies on the input. The 16-bit floats are computed in float32 and rounded once. The work
goes by bands, some images or some windows of one, so that intermediate results stay in the cache.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise, product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from blocks.kernels.chunked import SMALL, pieces
from blocks.kernels.windows import Span, valid_slices
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType

CACHED = 1 << 19  # elements of the largest array to work on at a time

Slides = tuple[tuple[int, Any], ...]  # an axis and the `Span` of the window along it, with known sizes
Index = tuple[slice, ...]


# -- dtypes ---------------------------------------------------------------------------------------------------------


@cache
def is_float(dtype: DType) -> bool:
    """Whether the dtype is a float, bfloat16 included."""
    return dtype.name in dtypes.floating


@cache
def lowest(dtype: DType) -> Any:
    """The lowest finite number of a dtype."""
    if is_float(dtype):
        return np.nextafter(dtype.type(-np.inf), dtype.type(0))
    return np.iinfo(dtype).min


def larger_number(x: Array, y: Array, out: Array) -> None:
    """The larger of two, the second of equals; NaN is no number."""
    for left, right, part in pieces(SMALL, x, y, out):
        if out is not x:
            np.copyto(part, left)
        np.copyto(part, -np.inf, where=np.isnan(part))
        np.maximum(part, right, out=part, where=~np.isnan(right))


def converted(x: Array, buffer: Array) -> Array:
    """The array in the dtype of the buffer: itself, or a copy there, which a kernel may also overwrite."""
    if x.dtype == buffer.dtype:
        return x
    copy = shaped(buffer, x.shape)
    np.copyto(copy, x)
    return copy


def shaped(buffer: Array, shape: tuple[int, ...]) -> Array:
    """The beginning of memory of one dim as an array of this shape."""
    return buffer[: prod(shape)].reshape(shape)


# -- bands ----------------------------------------------------------------------------------------------------------


class Band(NamedTuple):
    """A part of the input to work on at once, the part of the output that it is for, and the windows there."""

    input: Index
    output: Index
    slides: Slides


class Bands(NamedTuple):
    """The bands of an input of one shape, the largest shapes of their inputs and outputs, and the windows of all."""

    bands: tuple[Band, ...]
    input: tuple[int, ...]
    output: tuple[int, ...]
    slides: Slides


@lru_cache(maxsize=256)
def in_bands(shape: tuple[int, ...], slides: Slides, weight: float = 1, whole: bool = False) -> Bands:
    """The bands of an input of this shape.

    ``weight`` is how many elements are held for each of the output, ``whole`` keeps the windows of an image together.
    """
    (axis, span), input, output = slides[0], list(shape), list(shape)
    for other, across in slides:
        output[other] = across.out
    image_size = max(1, prod(shape[1:]), int(weight * prod(output[1:])))
    input[0] = output[0] = images = min(shape[0], max(1, CACHED // image_size))
    rows = span.out if image_size <= CACHED or whole else min(span.out, max(1, span.out * CACHED // image_size))
    bands, between = [], (slice(None),) * (axis - 1)
    for image in range(0, shape[0], max(1, images)):
        batch = slice(image, image + images)
        if rows == span.out:
            bands.append(Band((batch,), (batch,), slides))
            continue
        for start in range(0, span.out, rows):
            stop, corner = min(start + rows, span.out), start * span.stride - span.before
            first, last = max(corner, 0), min(corner + (stop - start - 1) * span.stride + span.extent, span.size)
            part = span._replace(size=last - first, before=first - corner, out=stop - start)
            own = ((axis, part), *slides[1:])
            bands.append(Band((batch, *between, slice(first, last)), (batch, *between, slice(start, stop)), own))
    if rows < span.out:
        input[axis], output[axis] = min(input[axis], (rows - 1) * span.stride + span.extent), rows
    return Bands(tuple(bands), tuple(input), tuple(output), slides)


# -- elements of windows --------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def valid_taps(rank: int, slides: Slides) -> list[tuple[tuple[int, ...], Index, Index]]:
    """For each element of the window its index, the positions where it lies on the input, and the elements there."""
    taps = []
    for index in product(*(range(span.kernel) for _, span in slides)):
        positions, elements = [slice(None)] * rank, [slice(None)] * rank
        for (axis, span), offset in zip(slides, index, strict=True):
            positions[axis], elements[axis] = valid_slices(span, offset)
        taps.append((index, tuple(positions), tuple(elements)))
    return taps


def larger_axes(slides: Slides) -> list[int]:
    """The axes along which the window is larger than an element, or skips some."""
    return [axis for axis, span in slides if span.kernel != 1 or span.stride != 1]


@lru_cache(maxsize=256)
def taps_along(axis: int, span: Span) -> tuple[list[Index], list[tuple[Index, Index]]]:
    """The elements of the first two taps that all windows have, if there are such; positions and elements of others."""
    before = (slice(None),) * axis
    taps = [
        ((*before, at), (*before, elements)) for at, elements in (valid_slices(span, i) for i in range(span.known[1]))
    ]
    everywhere = [tap for tap in taps if tap[0][-1] == slice(0, span.out)][:2]
    if len(everywhere) < 2:
        return [], taps
    return [elements for _, elements in everywhere], [tap for tap in taps if tap not in everywhere]


def count(slides: Slides) -> int:
    """How many elements the window has."""
    return prod(span.kernel for _, span in slides)


@lru_cache(maxsize=256)
def counts(rank: int, slides: Slides) -> list[tuple[Index, int]]:
    """How many elements windows have on the input: parts of all windows, and the number for each."""
    parts = []
    for runs in product(*(_runs(span) for _, span in slides)):
        place = [slice(None)] * rank
        for (axis, _), (along, _) in zip(slides, runs, strict=True):
            place[axis] = along
        parts.append((tuple(place), prod(number for _, number in runs)))
    return parts


def divide(total: Array, slides: Slides) -> None:
    """Sums of windows become means, in place."""
    for place, number in counts(total.ndim, slides):
        np.divide(total[place], number, total[place])


def _runs(span: Span) -> list[tuple[slice, int]]:
    """Runs of positions along a dim that have equally many elements on the input, and how many."""
    size, kernel, out = span.known
    starts = np.arange(out) * span.stride - span.before
    along = np.minimum(starts + kernel, size) - np.maximum(starts, 0)
    edges = [0, *(np.flatnonzero(np.diff(along)) + 1).tolist(), out]
    return [(slice(first, last), int(along[first])) for first, last in pairwise(edges)]


def is_disjoint(slides: Slides) -> bool:
    """Whether no two windows share an element."""
    return all(span.stride >= span.extent for _, span in slides)


def is_partition(slides: Slides) -> bool:
    """Whether every element of the input lies in exactly one window."""
    return all(
        span.kernel == span.stride and span.dilation == 1 and span.out * span.stride - span.before >= span.size
        for _, span in slides
    )

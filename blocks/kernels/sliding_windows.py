"""What sliding windows have in common over any number of dims and in any layout.

Arrays keep their layout; a window is a `Span` for each axis that it slides along. Padding is never made: an element of
the window is met only where it lies on the input. The 16-bit floats are computed in float32 and rounded once. The work
goes by bands, some images or some windows of one, so that what is made on the way stays in the cache.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise, product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from blocks.kernels.windows import seen
from dataflow.core import dtypes

BORDER = "what to do at the border: SAME has ceil(size / stride) windows, which may reach over it; VALID none that do"

CACHED = 1 << 19  # elements of the largest array to work on at a time

Slides = tuple[tuple[int, Any], ...]  # an axis and the `Span` of the window along it


# -- dtypes ---------------------------------------------------------------------------------------------------------


def widened(x: Any) -> Any:
    """The array in the dtype to compute in."""
    return x.astype(dtypes.compute(x.dtype), copy=False)


@cache
def is_float(dtype: Any) -> bool:
    """Whether the dtype is a float, bfloat16 included."""
    return dtype.name in dtypes.floating


@cache
def lowest(dtype: Any) -> Any:
    """The lowest finite number of a dtype."""
    if is_float(dtype):
        return np.nextafter(dtype.type(-np.inf), dtype.type(0))
    return np.iinfo(dtype).min


def copied(x: Any, buffer: Any) -> Any:
    """The array in the dtype of the buffer: itself, or a copy there, which may also stand for a result."""
    if x.dtype == buffer.dtype:
        return x
    copy = shaped(buffer, x.shape)
    np.copyto(copy, x)
    return copy


def shaped(buffer: Any, shape: tuple[int, ...]) -> Any:
    """The beginning of memory of one dim as an array of this shape."""
    return buffer[: prod(shape)].reshape(shape)


# -- bands ----------------------------------------------------------------------------------------------------------


class Band(NamedTuple):
    """What is worked on at once: a part of the input, the part of the output that it is for, and the windows there."""

    seen: tuple[slice, ...]
    made: tuple[slice, ...]
    slides: Slides


class Bands(NamedTuple):
    """The bands of inputs of one shape, the largest shapes of what they see and make, and the windows of all."""

    bands: tuple[Band, ...]
    seen: tuple[int, ...]
    made: tuple[int, ...]
    slides: Slides


@lru_cache(maxsize=256)
def in_bands(shape: tuple[int, ...], slides: Slides, weight: float = 1, whole: bool = False) -> Bands:
    """The bands of an input of this shape.

    ``weight`` is how many elements are held for each of the output, ``whole`` keeps the windows of an image together.
    """
    (axis, span), made, seen = slides[0], list(shape), list(shape)
    for other, across in slides:
        made[other] = across.out
    each = max(1, prod(shape[1:]), int(weight * prod(made[1:])))
    seen[0] = made[0] = many = min(shape[0], max(1, CACHED // each))
    rows = span.out if each <= CACHED or whole else min(span.out, max(1, span.out * CACHED // each))
    bands, between = [], (slice(None),) * (axis - 1)
    for image in range(0, shape[0], max(1, many)):
        images = slice(image, image + many)
        if rows == span.out:
            bands.append(Band((images,), (images,), slides))
            continue
        for start in range(0, span.out, rows):
            stop, corner = min(start + rows, span.out), start * span.stride - span.before
            first, last = max(corner, 0), min(corner + (stop - start - 1) * span.stride + span.extent, span.size)
            part = span._replace(size=last - first, before=first - corner, out=stop - start)
            own = ((axis, part), *slides[1:])
            bands.append(Band((images, *between, slice(first, last)), (images, *between, slice(start, stop)), own))
    if rows < span.out:
        seen[axis], made[axis] = min(seen[axis], (rows - 1) * span.stride + span.extent), rows
    return Bands(tuple(bands), tuple(seen), tuple(made), slides)


# -- elements of windows --------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def overlaps(rank: int, slides: Slides) -> list[tuple[tuple[int, ...], Any, Any]]:
    """For each element of the window: its index, the positions where it lies on the input, and what it lies on."""
    made = []
    for index in product(*(range(span.kernel) for _, span in slides)):
        positions, elements = [slice(None)] * rank, [slice(None)] * rank
        for (axis, span), offset in zip(slides, index, strict=True):
            positions[axis], elements[axis] = seen(span, offset)
        made.append((index, tuple(positions), tuple(elements)))
    return made


def count(slides: Slides) -> int:
    """How many elements the window has."""
    return prod(span.kernel for _, span in slides)


@lru_cache(maxsize=256)
def counts(rank: int, slides: Slides) -> list[tuple[tuple[slice, ...], int]]:
    """How many elements windows have on the input: parts of all windows, and the number for each."""
    parts = []
    for runs in product(*(_runs(span) for _, span in slides)):
        place = [slice(None)] * rank
        for (axis, _), (along, _) in zip(slides, runs, strict=True):
            place[axis] = along
        parts.append((tuple(place), prod(number for _, number in runs)))
    return parts


def _runs(span: Any) -> list[tuple[slice, int]]:
    """Positions along a dim that follow each other and have as many elements on the input, and how many."""
    starts = np.arange(span.out) * span.stride - span.before
    along = np.minimum(starts + span.kernel, span.size) - np.maximum(starts, 0)
    edges = [0, *(np.flatnonzero(np.diff(along)) + 1).tolist(), span.out]
    return [(slice(first, last), int(along[first])) for first, last in pairwise(edges)]


def apart(slides: Slides) -> bool:
    """Whether no two windows share an element."""
    return all(span.stride >= span.extent for _, span in slides)


def covering(slides: Slides) -> bool:
    """Whether every element of the input is in one window and no more."""
    return all(
        span.kernel == span.stride and span.dilation == 1 and span.out * span.stride - span.before >= span.size
        for _, span in slides
    )

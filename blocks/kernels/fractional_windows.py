"""Windows of unequal sizes over images: where they begin, drawn as in the reference, and their elements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import prod

import numpy as np

from blocks.kernels.chunked import TILE
from blocks.kernels.sliding_windows import lowest, shaped
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec

WORD = 0xFFFFFFFF

Rows = list[tuple[Array, Array]]  # indices of rows, and of the window that each belongs to


# -- where windows begin --------------------------------------------------------------------------------------------


class Words:
    """The 32-bit words that Philox4x32-10 makes of two seeds, as the reference draws them."""

    def __init__(self, seed: int, seed2: int):
        self.key = seed & WORD, seed >> 32 & WORD
        self.high = seed2 & WORD, seed2 >> 32 & WORD
        self.count = 0

    def draw(self, count: int) -> list[int]:
        """At least ``count`` words; those drawn beyond, as they come in fours, are not used again."""
        words: list[int] = []
        while len(words) < count:
            words += self._four()
        return words

    def _four(self) -> list[int]:
        a, b, c, d = self.count & WORD, self.count >> 32, *self.high
        left, right = self.key
        self.count += 1
        for _ in range(10):
            x, y = 0xD2511F53 * a, 0xCD9E8D57 * c
            a, b, c, d = y >> 32 ^ b ^ left, y & WORD, x >> 32 ^ d ^ right, x & WORD
            left, right = left + 0x9E3779B9 & WORD, right + 0xBB67AE85 & WORD
        return [a, b, c, d]


def sequence(size: int, windows: int, words: Words, pseudo_random: bool) -> Array:
    """Where each window begins, and the size: sizes of windows differ by one, in random order or nearly evenly."""
    least, more = divmod(size, windows)
    if pseudo_random:
        mean = size / windows
        bound = min((least + 2) / mean - 1, (size + 1 - least) / mean - (windows - 1))
        high, low = words.draw(2)[:2]
        u = ((high & 0xFFFFF) << 32 | low) / 2**52 * bound
        return np.array([0, *(math.ceil(mean * (i + u)) - 1 for i in range(1, windows)), size])
    sizes = [least + 1] * more + [least] * (windows - more)
    drawn = words.draw(windows)
    for i in range(windows - 1):
        j = i + drawn[i] % (windows - i)
        sizes[i], sizes[j] = sizes[j], sizes[i]
    return np.cumsum([0, *sizes])


# -- elements of windows --------------------------------------------------------------------------------------------


def bounds(begins: Array, size: int, overlapping: bool) -> tuple[Array, Array]:
    """First row of each window, and the one behind its last."""
    return begins[:-1], np.minimum(begins[1:] + overlapping, size)


def reduce_windows(
    ufunc: np.ufunc, x: Array, axis: int, begins: Array, overlapping: bool, y: Array, buffers: Sequence[Array]
) -> Array:
    """The rows of each window along an axis of an image, and what ``y`` holds, reduced by a ufunc; in ``y``."""
    begin, end = bounds(begins, x.shape[axis], overlapping)
    for offset in range(max(end - begin)):
        windows = np.flatnonzero(begin + offset < end)
        part = _take_rows(x, axis, begin[windows] + offset, buffers[0])
        if len(windows) == len(begin):
            ufunc(y, part, out=y)
        else:
            old = _take_rows(y, axis, windows, buffers[1])
            _put_rows(y, axis, windows, ufunc(old, part, out=old))
    return y


def side_by_side(images: Array, buffer: Array) -> Array:
    """Images [image, row, column, channel] as one, [row, column, image and channel], in the dtype of the buffer.

    So NumPy goes over long rows, however few channels there are. A single image that needs no copy is not copied.
    """
    count, rows, columns, channels = images.shape
    if not buffer.size:
        return images.reshape(rows, columns, channels)
    copy = shaped(buffer, (rows, columns, count, channels))
    np.copyto(copy, images.transpose(1, 2, 0, 3))
    return copy.reshape(rows, columns, -1)


def apart(made: Array, out: Array) -> None:
    """Write what was made of images `side_by_side` to images; undoes it."""
    count, rows, columns, channels = out.shape
    np.copyto(out, made.reshape(rows, columns, count, channels).transpose(2, 0, 1, 3), casting="unsafe")


def at_once(shape: tuple[int, ...]) -> int:
    """How many images of a batch of this shape to work on at once: few enough to stay in the cache."""
    return max(1, min(shape[0], TILE // max(1, prod(shape[1:]))))


def max_windows(x: Array, rows: Array, columns: Array, overlapping: bool, y: Array, buffers: Sequence[Array]) -> Array:
    """The largest number of each window of an image, in ``y``; NaN is ignored."""
    floor = lowest(x.dtype)
    between = shaped(buffers[0], (len(y), *x.shape[1:]))
    between.fill(floor)
    y.fill(floor)
    reduce_windows(np.fmax, x, 0, rows, overlapping, between, buffers[1:])
    reduce_windows(np.fmax, between, 1, columns, overlapping, y, buffers[1:])
    np.fmax(y, floor, out=y)
    return y


def own_rows(begins: Array) -> Rows:
    """The rows of windows without what they share with the next, at most one row of a window at a time."""
    begin, end = begins[:-1], begins[1:]
    groups = [np.flatnonzero(begin + offset < end) for offset in range(max(end - begin))]
    return [(begin[windows] + offset, windows) for offset, windows in enumerate(groups)]


def shared_rows(begins: Array, size: int) -> Rows:
    """The rows that belong to the window before too, with that window."""
    windows = np.flatnonzero(begins[1:] < size)
    return [(begins[windows + 1], windows)]


def spread_windows(y: Array, axis: int, places: Rows, x: Array, buffers: Sequence[Array]) -> None:
    """A value per window added to its rows along an axis of ``x``."""
    for rows, windows in places:
        old = _take_rows(x, axis, rows, buffers[1])
        _put_rows(x, axis, rows, np.add(old, _take_rows(y, axis, windows, buffers[0]), old))


def _take_rows(x: Array, axis: int, index: Array, buffer: Array) -> Array:
    shape = (*x.shape[:axis], len(index), *x.shape[axis + 1 :])
    return x.take(index, axis, shaped(buffer, shape), "clip")  # other modes make a copy on the way


def _put_rows(x: Array, axis: int, index: Array, rows: Array) -> None:
    x[(slice(None),) * axis + (index,)] = rows


def windows_scratch(size: Sequence[int], windows: Sequence[int], channels: int, dtype: DType) -> list[ArraySpec]:
    """Memory for an image reduced along its rows, and twice for the rows that this takes at a time."""
    return [((windows[0] * size[1] * channels,), dtype)] * 3


def divide(x: Array, number: Array, buffer: Array) -> Array:
    """The quotient ``x / number``, of integers rounded towards 0; in the place of ``x``."""
    if x.dtype.kind != "i":
        np.divide(x, number, x)
        return x
    np.subtract(x, np.fmod(x, number, shaped(buffer, x.shape)), x)
    np.floor_divide(x, number, x)
    return x


def areas(rows: Array, columns: Array, shape: tuple[int, ...], overlapping: bool) -> Array:
    """How many pixels each window has, [rows, columns, 1]."""
    (top, bottom), (left, right) = bounds(rows, shape[1], overlapping), bounds(columns, shape[2], overlapping)
    area: Array = ((bottom - top)[:, None] * (right - left))[:, :, None]
    return area

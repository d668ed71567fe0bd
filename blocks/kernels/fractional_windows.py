"""Windows of unequal sizes over images: where they begin, drawn as in the reference, and their elements."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod

import numpy as np

from blocks.kernels.chunked import TILE
from blocks.kernels.sliding_windows import larger_number, lowest, shaped
from dataflow.core.dtypes import Array

WORD = 0xFFFFFFFF

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


@lru_cache(64)
def sequences(
    sizes: tuple[int, int], windows: tuple[int, int], seeds: tuple[int, int], pseudo_random: bool
) -> tuple[Array, Array]:
    """Where windows begin, for rows and columns, drawn one after the other."""
    words = Words(*seeds)
    rows, columns = (sequence(*each, words, pseudo_random) for each in zip(sizes, windows, strict=True))
    return rows, columns


@lru_cache(64)
def rises(begins: bytes, size: int) -> bool:
    """Whether windows begin one after the other, and end on an image of this size."""
    numbers = np.frombuffer(begins, np.int64)
    return bool(len(numbers) > 1 and numbers[0] >= 0 and numbers[-1] <= size and (np.diff(numbers) > 0).all())


# -- elements of windows --------------------------------------------------------------------------------------------


def bounds(begins: Array, size: int, overlapping: bool) -> tuple[Array, Array]:
    """First row of each window, and the one behind its last."""
    return begins[:-1], np.minimum(begins[1:] + overlapping, size)


def places(begins: Array, size: int, overlapping: bool, beyond: int | None = None) -> list[Array]:
    """The first row of each window, then the second and so on; a smaller window has its last again, or ``beyond``."""
    begin, end = bounds(begins, size, overlapping)
    offsets = range(int((end - begin).max()))
    if beyond is None:
        return [np.minimum(begin + offset, end - 1) for offset in offsets]
    return [np.where(begin + offset < end, begin + offset, beyond) for offset in offsets]


def reduce_windows(
    ufunc: Callable[..., object], x: Array, axis: int, rows: Sequence[Array], y: Array, buffer: Array
) -> Array:
    """Rows along an axis, those of the first `places` with those of the others, reduced by a ufunc; in ``y``."""
    x.take(rows[0], axis, y, "clip")  # other modes make a copy on the way
    for more in rows[1:]:
        ufunc(y, x.take(more, axis, shaped(buffer, y.shape), "clip"), out=y)
    return y


def at_once(shape: tuple[int, ...]) -> int:
    """How many images of a batch of this shape to work on at once: few enough to stay in the cache."""
    return max(1, min(shape[0], TILE // max(1, prod(shape[1:]))))


def max_windows(
    x: Array, down: Sequence[Array], along: Sequence[Array], y: Array, between: Array, buffer: Array
) -> Array:
    """The largest number of each window of images, in ``y``; NaN is ignored."""
    lines, least = shaped(between, (*y.shape[:2], *x.shape[2:])), lowest(x.dtype)
    reduce_windows(np.maximum, x, 1, down, lines, buffer)
    reduce_windows(np.maximum, lines, 2, along, y, buffer)
    if not np.minimum.reduce(y, None) >= least:  # there is a NaN or -inf
        reduce_windows(larger_number, x, 1, down, lines, buffer)
        reduce_windows(larger_number, lines, 2, along, y, buffer)
        np.fmax(y, least, out=y)
    return y


def own_windows(begins: Array, size: int) -> Array:
    """The window of each row, without what windows share with the next; one that is not there for rows outside."""
    window: Array = begins.searchsorted(np.arange(size), "right") - 1
    window[window < 0] = len(begins) - 1
    return window


def shared_windows(begins: Array, size: int) -> Array:
    """The window that takes in a row in which the next begins; for other rows one that is not there."""
    window = np.full(size, len(begins) - 1)
    first = begins[1:][begins[1:] < size]
    window[first] = np.arange(len(first))
    return window


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

"""Windows of unequal sizes over images: where they begin, drawn as the reference does, and what lies in them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from blocks.nn_ops.sliding import lowest

WORD = 0xFFFFFFFF


# -- where windows begin --------------------------------------------------------------------------------------------


class Words:
    """The 32-bit words that Philox4x32-10 makes of two seeds, as the reference draws them."""

    def __init__(self, seed: int, seed2: int):
        self.key = seed & WORD, seed >> 32 & WORD
        self.high = seed2 & WORD, seed2 >> 32 & WORD
        self.count = 0

    def take(self, words: int) -> list[int]:
        """So many words; what is left of the last four is not used again."""
        taken: list[int] = []
        while len(taken) < words:
            taken += self._four()
        return taken

    def _four(self) -> list[int]:
        a, b, c, d = self.count & WORD, self.count >> 32, *self.high
        left, right = self.key
        self.count += 1
        for _ in range(10):
            x, y = 0xD2511F53 * a, 0xCD9E8D57 * c
            a, b, c, d = y >> 32 ^ b ^ left, y & WORD, x >> 32 ^ d ^ right, x & WORD
            left, right = left + 0x9E3779B9 & WORD, right + 0xBB67AE85 & WORD
        return [a, b, c, d]


def sequence(size: int, windows: int, words: Words, pseudo_random: bool) -> Any:
    """Where each window begins, and the size: sizes of windows differ by one, in random order or nearly evenly."""
    least, more = divmod(size, windows)
    if more == 0:
        return np.arange(windows + 1) * least
    if pseudo_random:
        mean = size / windows
        bound = min((least + 2) / mean - 1, (size + 1 - least) / mean - (windows - 1))
        high, low = words.take(2)[:2]
        u = ((high & 0xFFFFF) << 32 | low) / 2**52 * bound
        return np.array([0, *(math.ceil(mean * (i + u)) - 1 for i in range(1, windows)), size])
    sizes = [least + 1] * more + [least] * (windows - more)
    drawn = words.take(windows)
    for i in range(windows - 1):
        j = i + drawn[i] % (windows - i)
        sizes[i], sizes[j] = sizes[j], sizes[i]
    return np.cumsum([0, *sizes])


# -- what lies in them ----------------------------------------------------------------------------------------------


def bounds(begins: Any, size: int, overlapping: bool) -> tuple[Any, Any]:
    """First row of each window, and the one behind its last."""
    return begins[:-1], np.minimum(begins[1:] + overlapping, size)


def folded(ufunc: np.ufunc, start: Any, x: Any, axis: int, begins: Any, overlapping: bool) -> Any:
    """The rows of each window along an axis folded by a ufunc."""
    x = x.swapaxes(0, axis)
    begin, end = bounds(begins, len(x), overlapping)
    y = np.full((len(begin), *x.shape[1:]), start, x.dtype)
    for offset in range(max(end - begin)):
        there = np.flatnonzero(begin + offset < end)
        y[there] = ufunc(y[there], x[begin[there] + offset])
    return y.swapaxes(0, axis)


def tops(x: Any, rows: Any, columns: Any, overlapping: bool) -> Any:
    """The largest number of each window."""
    floor = lowest(x.dtype)
    y = folded(np.fmax, floor, x, 1, rows, overlapping)
    return np.fmax(folded(np.fmax, floor, y, 2, columns, overlapping), floor)


def spread(y: Any, size: int, axis: int, begins: Any, overlapping: bool) -> Any:
    """A value per window added to every row of it."""
    y = y.swapaxes(0, axis)
    begin, end = bounds(begins, size, overlapping)
    x = np.zeros((size, *y.shape[1:]), y.dtype)
    for offset in range(max(end - begin)):
        there = np.flatnonzero(begin + offset < end)
        x[begin[there] + offset] += y[there]
    return x.swapaxes(0, axis)


def divided(x: Any, number: Any) -> Any:
    """The quotient, of integers cut towards 0."""
    return (x - np.fmod(x, number)) // number if x.dtype.kind == "i" else x / number


def areas(rows: Any, columns: Any, shape: tuple[int, ...], overlapping: bool) -> Any:
    """How many pixels each window has, as an array that broadcasts."""
    (top, bottom), (left, right) = bounds(rows, shape[1], overlapping), bounds(columns, shape[2], overlapping)
    return ((bottom - top)[:, None] * (right - left))[:, :, None]

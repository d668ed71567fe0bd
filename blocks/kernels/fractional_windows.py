"""Windows of unequal sizes over images: where they begin, drawn as the reference does, and what lies in them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from blocks.kernels.sliding_windows import lowest, shaped
from dataflow.core.scratch import ArraySpec

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


def fold(ufunc: np.ufunc, x: Any, axis: int, begins: Any, overlapping: bool, y: Any, spare: Any) -> Any:
    """The rows of each window along an axis of an image folded into what ``y`` has."""
    begin, end = bounds(begins, x.shape[axis], overlapping)
    for offset in range(max(end - begin)):
        there = np.flatnonzero(begin + offset < end)
        part = _rows(x, axis, begin[there] + offset, spare[0])
        if len(there) == len(begin):
            ufunc(y, part, out=y)
        else:
            old = _rows(y, axis, there, spare[1])
            _put_rows(y, axis, there, ufunc(old, part, out=old))
    return y


def tops(x: Any, rows: Any, columns: Any, overlapping: bool, y: Any, space: Any) -> Any:
    """The largest number of each window of an image."""
    floor = lowest(x.dtype)
    between = shaped(space[0], (len(y), *x.shape[1:]))
    between.fill(floor)
    y.fill(floor)
    fold(np.fmax, fold(np.fmax, x, 0, rows, overlapping, between, space[1:]), 1, columns, overlapping, y, space[1:])
    return np.fmax(y, floor, out=y)


def members(begins: Any) -> list[tuple[Any, Any]]:
    """Rows and the windows that they belong to by size, at most one row of a window at a time."""
    begin, end = begins[:-1], begins[1:]
    there = [np.flatnonzero(begin + offset < end) for offset in range(max(end - begin))]
    return [(begin[windows] + offset, windows) for offset, windows in enumerate(there)]


def overlaps(begins: Any, size: int) -> list[tuple[Any, Any]]:
    """Rows that the window before takes in too, with that window."""
    windows = np.flatnonzero(begins[1:] < size)
    return [(begins[windows + 1], windows)]


def spread(y: Any, axis: int, places: list[tuple[Any, Any]], x: Any, spare: Any) -> Any:
    """What windows have added to the rows of these places."""
    for rows, windows in places:
        old = _rows(x, axis, rows, spare[1])
        _put_rows(x, axis, rows, np.add(old, _rows(y, axis, windows, spare[0]), old))
    return x


def _rows(x: Any, axis: int, index: Any, buffer: Any) -> Any:
    shape = (*x.shape[:axis], len(index), *x.shape[axis + 1 :])
    return x.take(index, axis, shaped(buffer, shape), "clip")  # other modes make a copy on the way


def _put_rows(x: Any, axis: int, index: Any, rows: Any) -> None:
    x[(slice(None),) * axis + (index,)] = rows


def folding_scratch(size: Any, windows: Any, channels: int, dtype: Any) -> list[ArraySpec]:
    """Memory for an image folded along its rows, and twice for the rows that this takes at a time."""
    return [((windows[0] * size[1] * channels,), dtype)] * 3


def divided(x: Any, number: Any, buffer: Any) -> Any:
    """The quotient, of integers cut towards 0; in the place of ``x``."""
    if x.dtype.kind != "i":
        return np.divide(x, number, x)
    np.subtract(x, np.fmod(x, number, shaped(buffer, x.shape)), x)
    return np.floor_divide(x, number, x)


def areas(rows: Any, columns: Any, shape: tuple[int, ...], overlapping: bool) -> Any:
    """How many pixels each window has, as an array that broadcasts."""
    (top, bottom), (left, right) = bounds(rows, shape[1], overlapping), bounds(columns, shape[2], overlapping)
    return ((bottom - top)[:, None] * (right - left))[:, :, None]

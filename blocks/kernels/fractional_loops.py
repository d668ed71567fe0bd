"""Compiled loops over windows of unequal sizes, which begin where each run says, and their gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.argmax_loops import SMALL
from blocks.kernels.chunked import cut
from blocks.kernels.fractional_windows import at_once, bounds
from blocks.kernels.window_loops import FLOATS, SHORT, reduce_windows
from dataflow.core.dtypes import Array, DType
from dataflow.core.evaluator import jit_loop
from dataflow.core.workspace import Workspace

MOST = 1 << 17  # elements from which on NumPy finds the largest numbers as fast

Table = Array  # without a sign, as compilers then know that no index is negative
Pool = Callable[[Array, Array, Array, Array], None]  # images, where windows begin by rows and columns, and the result


def pays(memory: Workspace, shape: tuple[int, ...], dtype: DType) -> bool:
    """Whether loops are faster than NumPy."""
    return memory.compiled and dtype in FLOATS and shape[3] >= SHORT and prod(shape) > SMALL


def of_windows(rows: Array, columns: Array, shape: tuple[int, ...], overlapping: bool) -> tuple[Table, Table]:
    """A row for each window along rows and columns: how many of these it has, and which."""
    return _tables(_of_windows, rows.tobytes(), columns.tobytes(), shape[1:3], overlapping)


def of_pixels(rows: Array, columns: Array, shape: tuple[int, ...], overlapping: bool) -> tuple[Table, Table]:
    """A row for each row and column of an image: of how many windows it is a part, and of which, in order."""
    return _tables(_of_pixels, rows.tobytes(), columns.tobytes(), shape[1:3], overlapping)


@lru_cache(64)
def _tables(
    table: Callable[..., Array], rows: bytes, columns: bytes, sizes: tuple[int, ...], overlapping: bool
) -> tuple[Table, Table]:
    """A table for each dim, kept for windows that are the same in every run."""
    begins = (np.frombuffer(side, np.int64) for side in (rows, columns))
    down, along = (table(side, size, overlapping).astype(np.uint32) for side, size in zip(begins, sizes, strict=True))
    return down, along


def _of_windows(begins: Array, size: int, overlapping: bool) -> Array:
    begin, end = bounds(begins, size, overlapping)
    count = end - begin
    return np.concatenate([count[:, None], begin[:, None] + np.arange(count.max())], 1)


def _of_pixels(begins: Array, size: int, overlapping: bool) -> Array:
    place = np.arange(size)
    own = begins.searchsorted(place, "right") - 1
    inside = (own >= 0) & (own < len(begins) - 1)
    shared = overlapping & (own > 0) & (begins[np.clip(own, 0, None)] == place)
    first = np.where(shared, own - 1, own)
    return np.stack([inside + shared.astype(np.int64), first * (inside | shared), own * inside], 1)


def bind_pool(
    memory: Workspace,
    shape: tuple[int, ...],
    made: tuple[int, ...],
    overlapping: bool,
    dtypes: tuple[DType, DType],
    least: Any = None,
) -> Pool:
    """The means of windows, or the largest numbers from ``least`` on; by dtypes of images and to compute in."""
    (batch, height, width, channels), (given, exact), images = shape, dtypes, at_once(shape)
    line = memory.array(width * channels, exact)
    result = memory.array(images * prod(made[1:]) * (given != exact), exact)
    starts, means = np.array([0 if least is None else least] * 2, exact), least is None

    def pool(value: Array, rows: Array, columns: Array, out: Array) -> None:
        down, _ = of_windows(rows, columns, shape, overlapping)
        runs, number, numbers = _runs(rows.tobytes(), columns.tobytes(), shape, overlapping, exact)
        for part in cut(batch, images):
            target = out[part]
            y = result[: target.size].reshape(target.shape) if result.size else target
            x, flat = value[part].reshape(-1, height, width * channels), y.reshape(len(y), len(down), -1)
            reduce_windows(x, flat, line, down, runs, starts, number, numbers[: numbers.size * means], not means)
            if y is not target:
                np.copyto(target, y, casting="unsafe")

    return pool


@lru_cache(64)
def _runs(
    rows: bytes, columns: bytes, shape: tuple[int, ...], overlapping: bool, dtype: DType
) -> tuple[Table, Array, Array]:
    """The columns of windows as runs for `reduce_windows`, and what rows and elements of means are divided by."""
    (down, along), channels = _tables(_of_windows, rows, columns, shape[1:3], overlapping), shape[3]
    runs = np.zeros((len(along), along.shape[1] + 4), np.uint32)
    runs[:, 0], runs[:, 1], runs[:, 2] = np.arange(len(along)) * channels, channels, 1
    runs[:, 4], runs[:, 5:] = along[:, 0], along[:, 1:] * channels
    return runs, down[:, 0].astype(dtype), along[:, 0].repeat(channels).astype(dtype)


@jit_loop
def add_to_equal(
    x: Array, y: Array, down: Array, across: Array, width: int, best: Array, index: Array, dy: Array, dx: Array
) -> None:
    """What is given for each window added to its first element that equals ``y``, or to its first, in ``dx``.

    ``best`` has the lowest number and room for the channels of a window, ``index`` too. Where ``y`` is not the largest
    number of a window the last of ``index`` becomes 1.
    """
    channels, lowest, wrong = best.size - 1, best[best.size - 1], False
    for n in range(x.shape[0]):
        for b in range(down.shape[0]):
            for c in range(across.shape[0]):
                to = np.uint32((b * across.shape[0] + c) * channels)
                start = np.uint32((down[b, 1] * width + across[c, 1]) * channels)
                for e in range(channels):
                    best[e], index[e] = lowest, start + e
                for j in range(down[b, 0], 0, -1):
                    for k in range(across[c, 0], 0, -1):
                        at = np.uint32((down[b, j] * width + across[c, k]) * channels)
                        for e in range(channels):
                            value = x[n, at + e]
                            best[e] = value if value > best[e] else best[e]
                            index[e] = at + e if value == y[n, to + e] else index[e]
                for e in range(channels):
                    wrong |= best[e] != y[n, to + e]
                    dx[n, index[e]] += dy[n, to + e]
    index[channels] = wrong


@jit_loop
def spread_means(dy: Array, high: Array, wide: Array, down: Array, across: Array, quotients: Array, out: Array) -> None:
    """For each pixel the sum of what is given for the windows that it is a part of, each by the pixels of the window.

    ``high`` and ``wide`` are tables of windows, ``down`` and ``across`` of pixels; ``quotients``, [rows, elements of a
    row], are those of an image.
    """
    channels = quotients.shape[1] // wide.shape[0]
    line, zero = across.shape[0] * channels, quotients.dtype.type(0)
    for n in range(dy.shape[0]):
        for b in range(high.shape[0]):
            for c in range(wide.shape[0]):
                number, to = quotients.dtype.type(high[b, 0] * wide[c, 0]), np.uint32(c * channels)
                at = np.uint32(b * quotients.shape[1] + c * channels)
                for e in range(channels):
                    quotients[b, to + e] = dy[n, at + e] / number + zero  # no zero is negative
        for h in range(down.shape[0]):
            upper, lower = down[h, 1], down[h, 2]
            for w in range(across.shape[0]):
                to = np.uint32(h * line + w * channels)
                left, right = np.uint32(across[w, 1] * channels), np.uint32(across[w, 2] * channels)
                if down[h, 0] * across[w, 0] == 0:
                    for e in range(channels):
                        out[n, to + e] = zero
                elif down[h, 0] * across[w, 0] == 1:
                    for e in range(channels):
                        out[n, to + e] = quotients[upper, left + e]
                elif down[h, 0] == 1:
                    for e in range(channels):
                        out[n, to + e] = quotients[upper, left + e] + quotients[upper, right + e]
                elif across[w, 0] == 1:
                    for e in range(channels):
                        out[n, to + e] = quotients[upper, left + e] + quotients[lower, left + e]
                else:
                    for e in range(channels):
                        total = quotients[upper, left + e] + quotients[upper, right + e]
                        out[n, to + e] = total + quotients[lower, left + e] + quotients[lower, right + e]

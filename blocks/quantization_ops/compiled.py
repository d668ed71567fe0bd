"""Loops of the quantization blocks for Numba: rounding per channel, and gradients with their sums.

They do for each element what the kernels do for whole arrays, in the same order of operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.compiler import loop

_CHUNK = 128  # elements that are looked through at once for one that does not pass


@loop
def round_rows(x: Any, out: Any, low: Any, high: Any, inv: Any, qz: Any, half: Any, scale: Any) -> None:
    """Fake quantization of flat values; the numbers are those of a row of elements, and rows follow each other."""
    width = low.size
    for start in range(0, out.size, width):
        size = min(width, out.size - start)
        xs, to = x[start : start + size], out[start : start + size]
        for j in range(size):
            v = xs[j]
            v = low[j] if v < low[j] else v
            v = high[j] if v > high[j] else v
            to[j] = np.floor((v - low[j]) * inv[j] - qz[j] + half) * scale[j]


@loop
def step_rows(x: Any, out: Any, low: Any, high: Any, scale: Any, step: Any) -> None:
    """Values rounded to whole multiples of a step, halves to even, as rows."""
    width = low.size
    for start in range(0, out.size, width):
        size = min(width, out.size - start)
        xs, to = x[start : start + size], out[start : start + size]
        for j in range(size):
            v = xs[j]
            v = low[j] if v < low[j] else v
            v = high[j] if v > high[j] else v
            to[j] = np.rint(v * scale[j]) * step[j]


@loop
def pass_flat(g: Any, x: Any, out: Any, low: Any, high: Any, tiny: Any, one: Any) -> None:
    """Gradients of values between two ends; ``out`` may be one of the inputs."""
    zero = one - one
    for j in range(out.size):
        inside = (low <= x[j]) & (x[j] <= high)
        out[j] = g[j] * (one if inside & (abs(g[j]) >= tiny) else zero)


@loop
def pass_rows(g: Any, x: Any, out: Any, lows: Any, highs: Any, tiny: Any, one: Any) -> None:
    """The same with ends for each element of a row."""
    zero, width = one - one, lows.size
    for start in range(0, out.size, width):
        size = min(width, out.size - start)
        gs, xs, to = g[start : start + size], x[start : start + size], out[start : start + size]
        for j in range(size):
            inside = (lows[j] <= xs[j]) & (xs[j] <= highs[j])
            to[j] = gs[j] * (one if inside & (abs(gs[j]) >= tiny) else zero)


@loop
def sum_flat(g: Any, x: Any, out: Any, low: Any, high: Any, tiny: Any, one: Any, tile: Any, columns: Any) -> None:
    """What `pass_flat` does, and the sums of the other gradients of each tile, added to its columns below and above.

    ``out`` is memory of its own.
    """
    zero = one - one
    for t in range(columns.shape[0]):
        below, above = columns[t, 0], columns[t, 1]
        stop = min((t + 1) * tile, out.size)
        for row in range(t * tile, stop, below.size):
            end = min(row + below.size, stop)
            for start in range(row, end, _CHUNK):
                size, column = min(_CHUNK, end - start), start - row
                gs, xs, to = g[start : start + size], x[start : start + size], out[start : start + size]
                others = np.int32(0)
                for j in range(size):
                    inside = (low <= xs[j]) & (xs[j] <= high)
                    to[j] = gs[j] * (one if inside & (abs(gs[j]) >= tiny) else zero)
                    others = np.int32(others | (np.int32(0) if inside & (abs(gs[j]) < np.inf) else np.int32(1)))
                if others:
                    under, over = below[column : column + size], above[column : column + size]
                    for j in range(size):
                        under[j] += gs[j] * (one if xs[j] < low else zero)
                        over[j] += gs[j] * (one if xs[j] > high else zero)


@loop
def sum_rows(g: Any, x: Any, out: Any, lows: Any, highs: Any, tiny: Any, one: Any, tile: Any, columns: Any) -> None:
    """The same with ends for each element of a row."""
    zero = one - one
    for t in range(columns.shape[0]):
        below, above = columns[t, 0], columns[t, 1]
        stop = min((t + 1) * tile, out.size)
        for row in range(t * tile, stop, below.size):
            end = min(row + below.size, stop)
            for start in range(row, end, _CHUNK):
                size, column = min(_CHUNK, end - start), start - row
                gs, xs, to = g[start : start + size], x[start : start + size], out[start : start + size]
                low, high = lows[column : column + size], highs[column : column + size]
                others = np.int32(0)
                for j in range(size):
                    inside = (low[j] <= xs[j]) & (xs[j] <= high[j])
                    to[j] = gs[j] * (one if inside & (abs(gs[j]) >= tiny) else zero)
                    others = np.int32(others | (np.int32(0) if inside & (abs(gs[j]) < np.inf) else np.int32(1)))
                if others:
                    under, over = below[column : column + size], above[column : column + size]
                    for j in range(size):
                        under[j] += gs[j] * (one if xs[j] < low[j] else zero)
                        over[j] += gs[j] * (one if xs[j] > high[j] else zero)

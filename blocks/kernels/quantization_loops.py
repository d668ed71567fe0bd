"""Loops of the quantization blocks for Numba: rounding per channel, and gradients with their sums.

They do for each element what the kernels do for whole arrays, in the same order of operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core.evaluator import jit_loop


@jit_loop
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


@jit_loop
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


@jit_loop
def pass_flat(g: Any, x: Any, out: Any, low: Any, high: Any, tiny: Any, one: Any) -> None:
    """Gradients of values between two ends; ``out`` may be one of the inputs."""
    zero = one - one
    for j in range(out.size):
        inside = (low <= x[j]) & (x[j] <= high)
        out[j] = g[j] * (one if inside & (abs(g[j]) >= tiny) else zero)


@jit_loop
def pass_rows(g: Any, x: Any, out: Any, lows: Any, highs: Any, tiny: Any, one: Any) -> None:
    """The same with ends for each element of a row."""
    zero, width = one - one, lows.size
    for start in range(0, out.size, width):
        size = min(width, out.size - start)
        gs, xs, to = g[start : start + size], x[start : start + size], out[start : start + size]
        for j in range(size):
            inside = (lows[j] <= xs[j]) & (xs[j] <= highs[j])
            to[j] = gs[j] * (one if inside & (abs(gs[j]) >= tiny) else zero)


@jit_loop
def sum_flat(
    g: Any, x: Any, out: Any, low: Any, high: Any, tiny: Any, one: Any, tile: Any, first: Any, columns: Any
) -> None:
    """What `pass_flat` does, and the sums of the other gradients below and above, for values in short rows.

    So many rows make a tile, which has columns of its own, ``[2, rows, row]``; the first row belongs to ``first``.
    ``out`` is memory of its own.
    """
    zero = one - one
    for t in range(columns.shape[0]):
        below, above, k = columns[t, 0], columns[t, 1], first
        for i in range(t * tile, min((t + 1) * tile, g.shape[0])):
            others = np.int32(0)
            for j in range(g.shape[1]):
                inside = (low <= x[i, j]) & (x[i, j] <= high)
                out[i, j] = g[i, j] * (one if inside & (abs(g[i, j]) >= tiny) else zero)
                others = np.int32(others | (np.int32(0) if inside & (abs(g[i, j]) < np.inf) else np.int32(1)))
            if others:
                for j in range(g.shape[1]):
                    below[k, j] += g[i, j] * (one if x[i, j] < low else zero)
                    above[k, j] += g[i, j] * (one if x[i, j] > high else zero)
            k = k + 1 if k + 1 < below.shape[0] else 0


@jit_loop
def sum_rows(
    g: Any, x: Any, out: Any, lows: Any, highs: Any, tiny: Any, one: Any, tile: Any, first: Any, columns: Any
) -> None:
    """The same with ends for each of the columns."""
    zero = one - one
    for t in range(columns.shape[0]):
        below, above, k = columns[t, 0], columns[t, 1], first
        for i in range(t * tile, min((t + 1) * tile, g.shape[0])):
            others = np.int32(0)
            for j in range(g.shape[1]):
                inside = (lows[k, j] <= x[i, j]) & (x[i, j] <= highs[k, j])
                out[i, j] = g[i, j] * (one if inside & (abs(g[i, j]) >= tiny) else zero)
                others = np.int32(others | (np.int32(0) if inside & (abs(g[i, j]) < np.inf) else np.int32(1)))
            if others:
                for j in range(g.shape[1]):
                    below[k, j] += g[i, j] * (one if x[i, j] < lows[k, j] else zero)
                    above[k, j] += g[i, j] * (one if x[i, j] > highs[k, j] else zero)
            k = k + 1 if k + 1 < below.shape[0] else 0

"""Loops of the quantization blocks for Numba: rounding per channel, and clipped gradients with their sums.

They do for each element what the kernels do for whole arrays, in the same order of operations.
"""

from __future__ import annotations

import numpy as np

from blocks.kernels.flush_subnormals import Float
from dataflow.core.dtypes import Array
from dataflow.core.evaluator import jit_loop


@jit_loop
def round_rows(x: Array, out: Array, low: Array, high: Array, inv: Array, qz: Array, half: Float, scale: Array) -> None:
    """Fake quantization of flat values as rows; ``low`` to ``scale`` have a number for each element of a row."""
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
def round_rows_to_steps(x: Array, out: Array, low: Array, high: Array, scale: Array, step: Array) -> None:
    """Flat values as rows rounded to whole multiples of a step, halves to even."""
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
def clip_gradient(g: Array, x: Array, out: Array, low: Float, high: Float, tiny: Float, one: Float) -> None:
    """Gradients of values between two ends, otherwise zeros; ``out`` may be one of the inputs."""
    zero = one - one
    for j in range(out.size):
        inside = (low <= x[j]) & (x[j] <= high)
        out[j] = g[j] * (one if inside & (abs(g[j]) >= tiny) else zero)


@jit_loop
def clip_gradient_per_channel(
    g: Array, x: Array, out: Array, lows: Array, highs: Array, tiny: Float, one: Float
) -> None:
    """The same with ends for each element of a row."""
    zero, width = one - one, lows.size
    for start in range(0, out.size, width):
        size = min(width, out.size - start)
        gs, xs, to = g[start : start + size], x[start : start + size], out[start : start + size]
        for j in range(size):
            inside = (lows[j] <= xs[j]) & (xs[j] <= highs[j])
            to[j] = gs[j] * (one if inside & (abs(gs[j]) >= tiny) else zero)


@jit_loop
def sum_gradient(
    g: Array,
    x: Array,
    out: Array,
    low: Float,
    high: Float,
    tiny: Float,
    one: Float,
    tile: int,
    first: int,
    columns: Array,
) -> None:
    """What `clip_gradient` does, and the sums of the other gradients below and above, for values in short rows.

    ``out`` shares no memory with the inputs.

    tile : number of rows that have columns of their own.
    first : the row of the columns that the first row is added to.
    columns : the sums to add to, ``[tiles, 2, rows, row]``.
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
def sum_gradient_per_channel(
    g: Array,
    x: Array,
    out: Array,
    lows: Array,
    highs: Array,
    tiny: Float,
    one: Float,
    tile: int,
    first: int,
    columns: Array,
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

"""Compiled loops that give each window's gradient to the first of its largest sums of an image and a filter."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.argmax_loops import SMALL
from blocks.kernels.sliding_windows import Slides
from blocks.kernels.window_loops import FLOATS, SHORT, table
from blocks.kernels.windows import Span
from dataflow.core.dtypes import Array, DType
from dataflow.core.evaluator import jit_loop
from dataflow.core.workspace import Workspace


def bind_tables(memory: Workspace, shape: tuple[int, ...], slides: Slides, dtype: DType) -> tuple[Array, Array] | None:
    """The windows on images of this shape and dtype along rows and columns; None where NumPy is as fast.

    A row for each position: of how many elements the window is made there, and pairs of an element and where it lies.
    """
    small = prod(shape) <= SMALL or shape[3] < SHORT or not all(span.out for _, span in slides)
    if not memory.compiled or dtype not in FLOATS or small:
        return None
    down, across = (table(_met(span)) for _, span in slides)
    return down, across


def _met(span: Span) -> list[list[int]]:
    """A row of a table for each position."""
    (size, kernel, out), rows = span.known, []
    for i in range(out):
        places = [(tap, i * span.stride - span.before + tap * span.dilation) for tap in range(kernel)]
        met = [pair for pair in places if 0 <= pair[1] < size]
        rows.append([len(met), *(number for pair in met for number in pair)])
    return rows


@jit_loop
def add_to_input(
    x: Array, filter: Array, down: Array, across: Array, best: Array, index: Array, dy: Array, dx: Array, adds: bool
) -> None:
    """What is given for each window added to the first of its largest sums, in ``dx``, which holds zeros.

    Images are [images, rows, elements of a row], the filter [rows, elements of a row]. ``best`` has room for the
    channels of a window and the lowest number at its end, which sums do not fall below; where none is higher the
    first element gets it. Where no element lies in several windows nothing is added: zeros keep their signs.
    """
    channels, lowest = best.size - 1, best[best.size - 1]
    for n in range(x.shape[0]):
        for b in range(down.shape[0]):
            for c in range(across.shape[0]):
                if down[b, 0] * across[c, 0] == 0:
                    continue
                to = np.uint32(c * channels)
                start = np.uint32(down[b, 2] * x.shape[2] + across[c, 2] * channels)
                for e in range(channels):
                    best[e], index[e] = lowest, start + e
                for j in range(down[b, 0]):
                    tap, row = down[b, 1 + 2 * j], down[b, 2 + 2 * j]
                    for k in range(across[c, 0]):
                        place, at = (
                            np.uint32(across[c, 1 + 2 * k] * channels),
                            np.uint32(across[c, 2 + 2 * k] * channels),
                        )
                        where = np.uint32(row * x.shape[2] + at)
                        for e in range(channels):
                            total = x[n, row, at + e] + filter[tap, place + e]
                            more = total > best[e]
                            best[e] = total if more else best[e]
                            index[e] = where + e if more else index[e]
                for e in range(channels):
                    value, line = dy[n, b, to + e], dx[n]
                    line[index[e]] = line[index[e]] + value if adds else value


@jit_loop
def add_to_filter(
    x: Array, filter: Array, down: Array, across: Array, best: Array, index: Array, dy: Array, totals: Array
) -> None:
    """What is given for each window added to the element of the filter of the first of its largest sums.

    As `add_to_input`, in ``totals`` [elements of the filter and one, channels]: the last is for windows of which no sum
    is higher than the lowest number.
    """
    channels, lowest, width = best.size - 1, best[best.size - 1], filter.shape[1] // (best.size - 1)
    for n in range(x.shape[0]):
        for b in range(down.shape[0]):
            for c in range(across.shape[0]):
                to = np.uint32(c * channels)
                for e in range(channels):
                    best[e], index[e] = lowest, totals.shape[0] - 1
                for j in range(down[b, 0]):
                    tap, row = down[b, 1 + 2 * j], down[b, 2 + 2 * j]
                    for k in range(across[c, 0]):
                        place, at = (
                            np.uint32(across[c, 1 + 2 * k] * channels),
                            np.uint32(across[c, 2 + 2 * k] * channels),
                        )
                        number = np.uint32(tap * width + across[c, 1 + 2 * k])
                        for e in range(channels):
                            total = x[n, row, at + e] + filter[tap, place + e]
                            more = total > best[e]
                            best[e] = total if more else best[e]
                            index[e] = number if more else index[e]
                for e in range(channels):
                    totals[index[e], e] += dy[n, b, to + e]

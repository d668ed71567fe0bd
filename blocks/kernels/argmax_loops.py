"""Compiled loops over the largest elements of windows, for images and volumes with their channels last.

A window is told by a table for each of three dims, of which images have but one plane: a row for each position, with
how many elements of the window lie on the input there, and where.
"""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.sliding_windows import Slides
from blocks.kernels.window_loops import FLOATS, SHORT, table
from blocks.kernels.windows import Span
from dataflow.core.dtypes import Array, DType
from dataflow.core.evaluator import jit_loop
from dataflow.core.workspace import Workspace

SMALL = 1 << 9  # elements up to which NumPy is as fast


class Windows:
    """The windows on an input of some shape, as loops take them."""

    def __init__(self, shape: tuple[int, ...], slides: Slides):
        *sizes, channels = shape[1:]
        self.tables = [table([[1, 0]])] * (3 - len(slides)) + [table(_places(span)) for _, span in slides]
        self.steps = np.array([prod(sizes[-2:]) * channels, sizes[-1] * channels, channels], np.uint32)

    @property
    def arguments(self) -> tuple[Array, ...]:
        """The tables, and how many elements lie from one place to the next, for each dim."""
        return (*self.tables, self.steps)


def bind_windows(memory: Workspace, shape: tuple[int, ...], slides: Slides, dtype: DType) -> Windows | None:
    """The windows on inputs of this shape and dtype; None where NumPy is as fast."""
    last = [axis for axis, _ in slides] == list(range(1, len(shape) - 1)) and len(slides) in (2, 3)
    large = prod(shape) > SMALL and all(span.out for _, span in slides) and prod(shape[1:]) < 1 << 32
    if not memory.compiled or dtype not in FLOATS or not last or shape[-1] < SHORT or not large:
        return None
    return Windows(shape, slides)


def _places(span: Span) -> list[list[int]]:
    """A row of the table for each position."""
    (size, kernel, out), step = span.known, span.dilation
    begins = [i * span.stride - span.before for i in range(out)]
    met = [[place for place in range(begin, begin + kernel * step, step) if 0 <= place < size] for begin in begins]
    return [[len(places), *places] for places in met]


@jit_loop
def largest(
    x: Array, deep: Array, down: Array, across: Array, steps: Array, top: Array, index: Array, apart: int
) -> None:
    """The first of the largest elements of each window, and where it is, for ``x`` [images, elements].

    NaN is the largest if it comes first, and else no number. ``apart`` is what an image adds to the index.
    """
    channels = steps[2]
    for n in range(x.shape[0]):
        window = 0
        for a in range(deep.shape[0]):
            for b in range(down.shape[0]):
                for c in range(across.shape[0]):
                    to, first = np.uint32(window), True
                    for i in range(1, 1 + deep[a, 0]):
                        for j in range(1, 1 + down[b, 0]):
                            for k in range(1, 1 + across[c, 0]):
                                at = np.uint32(deep[a, i] * steps[0] + down[b, j] * steps[1] + across[c, k] * channels)
                                place = at + n * apart
                                if first:
                                    for e in range(channels):
                                        top[n, to + e] = x[n, at + e]
                                        index[n, to + e] = place + e
                                else:
                                    for e in range(channels):
                                        value, best = x[n, at + e], top[n, to + e]
                                        more = value > best
                                        top[n, to + e] = value if more else best
                                        index[n, to + e] = place + e if more else index[n, to + e]
                                first = False
                    window += channels


@jit_loop
def add_to_largest(
    x: Array,
    deep: Array,
    down: Array,
    across: Array,
    steps: Array,
    top: Array,
    index: Array,
    dy: Array,
    dx: Array,
    adds: bool,
) -> None:
    """What is given for each window added to its largest element, as `largest` finds it, in ``dx`` that holds zeros.

    ``top`` and ``index`` have room for the channels of a window. Where no element lies in several windows, nothing is
    added: zeros keep their signs.
    """
    channels = steps[2]
    for n in range(x.shape[0]):
        window = 0
        for a in range(deep.shape[0]):
            for b in range(down.shape[0]):
                for c in range(across.shape[0]):
                    to, first = np.uint32(window), True
                    for i in range(1, 1 + deep[a, 0]):
                        for j in range(1, 1 + down[b, 0]):
                            for k in range(1, 1 + across[c, 0]):
                                at = np.uint32(deep[a, i] * steps[0] + down[b, j] * steps[1] + across[c, k] * channels)
                                if first:
                                    for e in range(channels):
                                        top[e] = x[n, at + e]
                                        index[e] = at + e
                                else:
                                    for e in range(channels):
                                        value, best = x[n, at + e], top[e]
                                        more = value > best
                                        top[e] = value if more else best
                                        index[e] = at + e if more else index[e]
                                first = False
                    for e in range(channels):
                        value = dy[n, to + e]
                        dx[n, index[e]] = dx[n, index[e]] + value if adds else value
                    window += channels


@jit_loop
def take_at_equal(
    x: Array, deep: Array, down: Array, across: Array, steps: Array, y: Array, values: Array, out: Array
) -> None:
    """For each window the value at its first element that equals ``y``, 0 where none does."""
    channels, zero = steps[2], out.dtype.type(0)
    for n in range(x.shape[0]):
        window = 0
        for a in range(deep.shape[0]):
            for b in range(down.shape[0]):
                for c in range(across.shape[0]):
                    to = np.uint32(window)
                    for e in range(channels):
                        out[n, to + e] = zero
                    for i in range(deep[a, 0], 0, -1):
                        for j in range(down[b, 0], 0, -1):
                            for k in range(across[c, 0], 0, -1):
                                at = np.uint32(deep[a, i] * steps[0] + down[b, j] * steps[1] + across[c, k] * channels)
                                for e in range(channels):
                                    value = zero + values[n, at + e]
                                    out[n, to + e] = value if x[n, at + e] == y[n, to + e] else out[n, to + e]
                    window += channels

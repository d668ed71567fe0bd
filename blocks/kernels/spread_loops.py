"""A compiled loop that spreads means over the windows that they are of, in the order in which NumPy adds."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from blocks.kernels.chunked import cut
from blocks.kernels.sliding_windows import CACHED, Slides
from blocks.kernels.window_loops import FLOATS, SHORT, SMALL, Taps, runs, table
from blocks.kernels.windows import Span
from dataflow.core.dtypes import Array, DType
from dataflow.core.evaluator import jit_loop
from dataflow.core.workspace import Workspace

Move = Callable[[Array, Array], Array]


def bind_loop(memory: Workspace, shape: tuple[int, ...], slides: Slides, dtype: DType) -> Move | None:
    """A value per window divided by its elements and added to each of them, as ``(dy, out)``.

    For a result of this shape and dtype. None where NumPy is as fast, or windows slide along other than two neighbours.
    """
    (first, down), (last, across) = slides[0], slides[-1]
    width = prod(shape[last + 1 :])
    long = width >= SHORT or (across.stride == 1 and width * shape[last] >= SHORT)
    some = prod(shape) > SMALL and down.out and across.out
    if not memory.compiled or dtype not in FLOATS or last - first != 1 or not some or not long:
        return None
    (rows, number), (columns, count) = _met(down), _met(across)
    kept = max(1, *(len(taps) for taps in rows))
    row, line = across.out * width, shape[last] * width
    quotients, lines = memory.array(row, dtype), memory.array(kept * line, dtype).reshape(kept, line)
    starts = np.array([-0.0 if span.stride >= span.extent else 0.0 for span in (down, across)], dtype)
    numbers = np.array(number, dtype), np.array(count, dtype).repeat(width)
    tables = table([[len(taps), *(place for _, place in taps)] for taps in rows]), table(runs(columns, width, 1))
    images = max(1, CACHED // max(1, prod(shape[first:])))

    def spread(dy: Array, out: Array) -> Array:
        given, made = dy.reshape(-1, down.out, row), out.reshape(-1, shape[first], line)
        for some in cut(len(made), images):
            _spread(given[some], *numbers, *tables, starts, quotients, lines, made[some])
        return out

    return spread


def _met(span: Span) -> tuple[list[Taps], list[int]]:
    """For each element the windows that it is in, the last one first; and how many elements each window has."""
    size, kernel, out = span.known
    met: list[Taps] = [[] for _ in range(size)]
    count = [0] * out
    for tap in range(kernel):
        for i in range(out):
            place = i * span.stride - span.before + tap * span.dilation
            if 0 <= place < size:
                met[place].append((0, i))
                count[i] += 1
    return met, count


@jit_loop
def _spread(
    dy: Array,
    number: Array,
    numbers: Array,
    down: Array,
    across: Array,
    starts: Array,
    quotients: Array,
    lines: Array,
    out: Array,
) -> None:
    """Rows of windows, divided by ``number`` and ``numbers``, become lines of elements, and these rows of ``out``.

    A row of ``down`` says of each row of ``out`` of how many lines it is the sum, and of which; one of ``across`` what
    `runs` says. As many lines are kept as a row is made of. ``starts`` is what comes before the first of these.
    """
    kept, zero = lines.shape[0], quotients.dtype.type(0)
    for image in range(dy.shape[0]):
        done = 0
        for h in range(down.shape[0]):
            for i in range(done, down[h, 1] + 1 if down[h, 0] else 0):
                done = i + 1
                for j in range(quotients.size):
                    quotients[j] = dy[image, i, j] / (number[i] * numbers[j])
                line, start = lines[i % kept], starts[1]
                for run in across:
                    begin, size, count = run[0], run[1], run[4]
                    for j in range(size if count == 0 else 0):
                        line[begin + j] = zero
                    for k in range(count):
                        at = run[5 + k]
                        for j in range(size):
                            line[begin + j] = (start if k == 0 else line[begin + j]) + quotients[at + j]
            for j in range(lines.shape[1] if down[h, 0] == 0 else 0):
                out[image, h, j] = zero
            for k in range(down[h, 0]):
                slot, start = np.uint32(down[h, 1 + k] % kept), starts[0]
                for j in range(lines.shape[1]):
                    out[image, h, j] = (start if k == 0 else out[image, h, j]) + lines[slot, j]

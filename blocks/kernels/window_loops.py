"""A compiled loop that reduces the elements of each window to one, in the order in which NumPy does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from blocks.kernels.sliding_windows import Bands, Slides, divide, larger_axes, taps_along
from blocks.kernels.windows import Span
from dataflow.core.dtypes import Array, DType
from dataflow.core.evaluator import jit_loop
from dataflow.core.workspace import Workspace

SMALL = 1 << 12  # elements up to which NumPy is as fast
SHORT = 8  # elements in a row, below which NumPy is as fast
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))

Taps = list[tuple[int, int]]  # of a window the elements that lie on the input, by number, and where they lie
Reduce = Callable[[Array, Slides, Array], None]  # the elements of a band, its windows, and where the results go


class Stage(NamedTuple):
    """One axis, or two neighbours: rows and their elements before and after; what `reduce_windows` takes."""

    given: tuple[int, int]
    made: tuple[int, int]
    down: Array
    across: Array
    starts: Array
    numbers: tuple[Array, Array]


def bind_loop(memory: Workspace, bands: Bands, dtype: DType, least: float | None = None) -> Reduce | None:
    """What makes means of the windows of bands, or the largest numbers from ``least`` on, in a dtype to compute in.

    None where NumPy is as fast. Integers it converts by itself.
    """
    contiguous = bands.slides[0][0] == 1 or all(len(band.input) == 1 for band in bands.bands)
    if not memory.compiled or not contiguous or dtype not in FLOATS or prod(bands.input) <= SMALL:
        return None
    groups = _groups(bands.slides)
    stages = {band.slides: _stages(bands.input, band.slides, groups, dtype, least) for band in bands.bands}
    if not all(stages.values()):
        return None
    *_, last = stages[bands.bands[0].slides]
    line = memory.array(last.given[1] * bool(last.across.size), dtype)
    partials, shape = [], list(bands.input)
    for axis, *_ in groups[:-1]:
        shape[axis] = bands.output[axis]
        partials.append(memory.array(prod(shape), dtype))

    def reduce(x: Array, slides: Slides, out: Array) -> None:
        for stage, space in zip(stages[slides], [*partials, out.reshape(-1)], strict=True):
            given = x.reshape(-1, *stage.given)
            made = space[: len(given) * prod(stage.made)].reshape(-1, *stage.made)
            reduce_windows(given, made, line, stage.down, stage.across, stage.starts, *stage.numbers, least is not None)
            x = made
        if least is None and not stage.numbers[1].size:
            divide(out, slides)

    return reduce


def _groups(slides: Slides) -> list[list[int]]:
    """The axes that are reduced at once: the last two where they are neighbours."""
    axes = larger_axes(slides)
    if len(axes) > 1 and axes[-1] - axes[-2] == 1:
        return [*([axis] for axis in axes[:-2]), axes[-2:]]
    return [[axis] for axis in axes]


def _stages(
    shape: tuple[int, ...], slides: Slides, groups: list[list[int]], dtype: DType, least: float | None
) -> list[Stage]:
    """How windows of a band are reduced, for bands of at most this shape; nothing where NumPy is as fast."""
    sizes, stages, before = list(shape), [], 1  # elements that all windows have along the axes before
    for group in groups:
        spans = [dict(slides)[axis] for axis in group]
        row, width = (prod(sizes[axis + 1 :]) for axis in (group[0], group[-1]))
        (down, *across), starts = zip(*map(_met, group, spans), strict=True)
        counts = [np.array(list(map(len, met)), dtype) for met in (down, *across)]
        if (width if spans[-1].stride > 1 else row) < SHORT or any(0 in count for count in counts):
            return []
        along = table(runs(across[0], width, spans[1].stride) if across else [])
        made = spans[0].out, spans[1].out * width if across else row
        numbers = counts[0] * before, counts[1].repeat(width) if across else np.ones(row, dtype)
        if least is not None or group != groups[-1] or not before:
            numbers = np.zeros(0, dtype), np.zeros(0, dtype)
        before *= int(counts[0][0]) if np.ptp(counts[0]) == 0 else 0
        firsts = np.array([starts[0], starts[-1]] if least is None else [least] * 2, dtype)
        rows = table([[len(met), *(place for _, place in met)] for met in down])
        stages.append(Stage((spans[0].size, row), made, rows, along, firsts, numbers))
        for axis, span in zip(group, spans, strict=True):
            sizes[axis] = span.out
    return stages


def _met(axis: int, span: Span) -> tuple[list[Taps], float]:
    """The elements of each window along an axis, in order, and what the first is added to."""
    (_, _, out), (pair, others) = span.known, taps_along(axis, span)
    everywhere = [(slice(0, out), elements[axis]) for elements in pair]
    taps = [*everywhere, *((positions[axis], elements[axis]) for positions, elements in others)]
    met = [
        [(n, on.start + (i - at.start) * span.stride) for n, (at, on) in enumerate(taps) if at.start <= i < at.stop]
        for i in range(out)
    ]
    return met, -0.0 if pair else 0.0  # what is added to -0.0 stays as it is


def table(rows: Sequence[Sequence[int]]) -> Array:
    """Rows of different lengths; without a sign, as compilers then know that no index is negative."""
    made = np.zeros((len(rows), max(map(len, rows), default=0)), np.uint32)
    for line, row in zip(made, rows, strict=True):
        line[: len(row)] = row
    return made


def runs(met: Sequence[Taps], width: int, stride: int) -> list[list[int]]:
    """The runs of a row, for places of so many numbers: begin, size, repeats, step between these, count, begins."""
    made: list[list[int]] = []
    for i, taps in enumerate(met):
        if i and taps == [(tap, place + stride) for tap, place in met[i - 1]]:
            made[-1][1 if stride == 1 else 2] += width if stride == 1 else 1
        else:
            made.append([i * width, width, 1, stride * width, len(taps), *(place * width for _, place in taps)])
    return made


@jit_loop
def reduce_windows(
    x: Array,
    out: Array,
    line: Array,
    down: Array,
    across: Array,
    starts: Array,
    number: Array,
    numbers: Array,
    largest: bool,
) -> None:
    """The windows of ``x``, [images, rows, elements of a row], in ``out``; along rows first, in ``line``, then in each.

    A row of ``down`` says of each row of ``out`` of how many rows it is made, and which; one of ``across`` of runs of
    elements there what `runs` says. Where there are none, only rows are reduced. ``starts`` is what comes before the
    first of these. Of means ``number`` and ``numbers`` are what rows and their elements are divided by. Three are
    added at a time, so that fewer results are kept in between.
    """
    real = line.dtype.type
    for image in range(x.shape[0]):
        for i in range(down.shape[0]):
            row, count, start = out[image, i], down[i, 0], starts[0]
            made = line if across.shape[0] else row
            for k in range(0, count, 3):
                a, left = down[i, 1 + k], count - k
                b, c = down[i, 1 + k + (left > 1)], down[i, 1 + k + 2 * (left > 2)]
                if left == 1:
                    for j in range(made.size):
                        v, p = start if k == 0 else made[j], real(x[image, a, j])
                        made[j] = (p if p >= v else v) if largest else v + p
                elif left == 2:
                    for j in range(made.size):
                        v, p, q = start if k == 0 else made[j], real(x[image, a, j]), real(x[image, b, j])
                        v = (p if p >= v else v) if largest else v + p
                        made[j] = (q if q >= v else v) if largest else v + q
                else:
                    for j in range(made.size):
                        v, p = start if k == 0 else made[j], real(x[image, a, j])
                        q, r = real(x[image, b, j]), real(x[image, c, j])
                        v = (p if p >= v else v) if largest else v + p
                        v = (q if q >= v else v) if largest else v + q
                        made[j] = (r if r >= v else v) if largest else v + r
            start = starts[1]
            for run in across:
                begin, size, repeats, step, count = run[0], run[1], run[2], run[3], run[4]
                for k in range(0, count, 3):
                    left, first = count - k, run[5 + k]
                    second, third = run[5 + k + (left > 1)], run[5 + k + 2 * (left > 2)]
                    for t in range(repeats):
                        to, a = np.uint32(begin + t * size), np.uint32(first + t * step)
                        b, c = np.uint32(second + t * step), np.uint32(third + t * step)
                        if left == 1:
                            for j in range(size):
                                v, p = start if k == 0 else row[to + j], line[a + j]
                                row[to + j] = (p if p >= v else v) if largest else v + p
                        elif left == 2:
                            for j in range(size):
                                v, p, q = start if k == 0 else row[to + j], line[a + j], line[b + j]
                                v = (p if p >= v else v) if largest else v + p
                                row[to + j] = (q if q >= v else v) if largest else v + q
                        else:
                            for j in range(size):
                                v, p, q, r = start if k == 0 else row[to + j], line[a + j], line[b + j], line[c + j]
                                v = (p if p >= v else v) if largest else v + p
                                v = (q if q >= v else v) if largest else v + q
                                row[to + j] = (r if r >= v else v) if largest else v + r
            if numbers.size:
                for j in range(row.size):
                    row[j] /= number[i] * numbers[j]

"""Compiled loops for depthwise convolution of images with one output per channel, in the order in which NumPy adds.

Images are copied one by one into memory that has zeros around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from blocks.kernels.chunked import cut
from blocks.kernels.im2col import Bound, Geometry, positions
from blocks.kernels.window_loops import FLOATS, SHORT, SMALL, Taps, runs, table
from blocks.kernels.windows import Span
from dataflow.core.dtypes import Array
from dataflow.core.evaluator import jit_loop
from dataflow.core.workspace import Workspace

CHUNK = 256  # elements of a row to multiply at a time, with as many weights: few enough for the nearest cache


def pays(memory: Workspace, of: Geometry) -> bool:
    """Whether there are loops that are faster than NumPy. Of one channel it adds in another order."""
    *_, width, channels = of.shape
    long = channels >= SHORT or (of.over[-1].stride == 1 and channels > 1 and channels * width >= SHORT)
    large = prod(of.shape) > SMALL and 0 not in positions(of.over)
    plain = len(of.over) == 2 and of.filter[-1] == 1 and of.channels_last and of.dtype in FLOATS
    return memory.compiled and plain and large and long


# -- the convolution, and its gradient by the input -----------------------------------------------------------------


def bind_convolve(memory: Workspace, of: Geometry) -> Bound:
    """The products of each window of a channel with the filter of that channel, as ``(x, filter, out)``."""
    met = [[_window(s, i) for i in range(s.known[2])] for s in of.over]
    return _bind_products(memory, of, of.shape[1:-1], met, of.over[-1].stride)


def bind_by_input(memory: Workspace, of: Geometry) -> Bound:
    """The gradient of a convolution by its ``x``, which has this shape, as ``(filter, dy, out)``."""
    met = [[_windows_of(s, i) for i in range(s.known[0])] for s in of.over]
    products = _bind_products(memory, of, positions(of.over), met, 1)
    return lambda filter, dy, out: products(dy, filter, out)


def _window(s: Span, position: int) -> Taps:
    """The elements of a window, and the places that they lie on, beyond the ends too."""
    return [(tap, position * s.stride - s.before + tap * s.dilation) for tap in range(s.known[1])]


def _windows_of(s: Span, place: int) -> Taps:
    """The elements of windows that lie on a place, and the positions of these windows, beyond the ends too."""
    begins = [(tap, place + s.before - tap * s.dilation) for tap in range(s.known[1])]
    return [(tap, begin // s.stride) for tap, begin in begins if begin % s.stride == 0]


class _Padded:
    """Memory for an image of some size with zeros around it, as far as windows reach.

    image : ``[rows, elements of a row]``.
    corner : where the first row and the first element of it are.
    met : the elements of windows with the places there that they lie on, for each position along both dims.
    """

    def __init__(self, memory: Workspace, of: Geometry, sizes: Sequence[int], met: Sequence[Sequence[Taps]]):
        places = [[place for taps in along for _, place in taps] or [0] for along in met]
        before = [max(0, -min(along)) for along in places]
        rows, columns = (
            first + max(size, 1 + max(along)) for first, size, along in zip(before, sizes, places, strict=True)
        )
        channels = of.shape[-1]
        self.image = memory.array(rows * columns * channels, of.dtype).reshape(rows, columns * channels)
        self.corner = before[0], before[1] * channels
        self.met = [
            [[(tap, place + first) for tap, place in taps] for taps in along]
            for along, first in zip(met, before, strict=True)
        ]


def _bind_products(
    memory: Workspace, of: Geometry, sizes: Sequence[int], met: Sequence[Sequence[Taps]], stride: int
) -> Bound:
    """What adds up the products of a filter with what its elements meet in images of these sizes, for each place.

    ``stride`` is how far apart lie the columns that neighbours meet.
    """
    (_, across, channels, _), padded = of.filter, _Padded(memory, of, sizes, met)
    weights = memory.array(prod(of.filter) * max(1, CHUNK // channels), of.dtype).reshape(prod(of.filter[:2]), -1)
    rows, columns = padded.met
    down = table([[len(taps), *(n for pair in taps for n in pair)] for taps in rows])
    along = runs(columns, channels, stride)
    numbers = table([[tap for tap, _ in columns[run[0] // channels]] for run in along])
    threes = len(weights) == 9 and all(run[4] == 3 for run in along)
    pairs = table(_pairs(rows) if threes else [[i, i] for i in range(len(rows))])
    tables, found = (pairs, down, table(along), numbers), np.zeros((2, len(weights) + 3), np.uint32)

    def products(x: Array, filter: Array, out: Array) -> None:
        np.copyto(weights.reshape(len(weights), -1, channels), filter.reshape(-1, 1, channels))
        padded.image.fill(0)
        images, made = x.reshape(len(x), sizes[0], -1), out.reshape(len(out), len(rows), -1)
        _multiply(images, padded.image, *padded.corner, weights, made, *tables, across, found)

    return products


def _pairs(rows: list[Taps]) -> list[list[int]]:
    """Rows for which a window of three rows meets two that are the same, the upper one first; others twice."""
    pairs, left = [], list(range(len(rows)))
    while left:
        i = left.pop(0)
        for one, two in ((i, i + 1), (i + 1, i)) if left else ():
            last, first = rows[one][1:], rows[two][:2]
            if len(rows[one]) == len(rows[two]) == 3 and [place for _, place in last] == [place for _, place in first]:
                pairs.append([one, two])
                left.pop(0)
                break
        else:
            pairs.append([i, i])
    return pairs


@jit_loop
def _multiply(
    x: Array,
    padded: Array,
    top: int,
    left: int,
    weights: Array,
    out: Array,
    pairs: Array,
    down: Array,
    along: Array,
    numbers: Array,
    across: int,
    found: Array,
) -> None:
    """``out[image, place] = sum(x[image, met] * weights[tap])`` for arrays [images, rows, elements of a row].

    A row of ``down`` for each row of ``out``: of how many rows it is made, and pairs of a row of the filter, which has
    ``across`` columns, and a row of ``padded``. A row of ``along`` for each of the `runs` in a row of ``out``, and in
    ``numbers`` the columns of the filter. Three products are added at a time, so that few sums are kept in between;
    of the rows of ``pairs`` that are two all nine, as they share rows of ``padded``.
    """
    at, by = found
    image, weight, zero = padded.reshape(-1), weights.reshape(-1), weights.dtype.type(0)
    chunk, pitch, first = weights.shape[1], padded.shape[1], np.uint32(left)
    for n in range(x.shape[0]):
        for i in range(x.shape[1]):
            y = np.uint32(i + top)
            for j in range(x.shape[2]):
                padded[y, first + j] = x[n, i, j]
        for one, two in pairs:
            row, other = out[n, one], out[n, two]
            for r in range(along.shape[0]):
                count = down[one, 0] * along[r, 4]
                for k in range(count):
                    t, u = k // along[r, 4], k % along[r, 4]
                    at[k] = down[one, 2 + 2 * t] * pitch + along[r, 5 + u]
                    by[k] = (down[one, 1 + 2 * t] * across + numbers[r, u]) * chunk
                for k in range(9, 12 if one != two else 0):
                    at[k] = down[two, 6] * pitch + along[r, 5 + k - 9]
                for repeat in range(along[r, 2]):
                    for part in range(0, along[r, 1], chunk):
                        size, to = min(chunk, along[r, 1] - part), np.uint32(along[r, 0] + repeat * along[r, 1] + part)
                        shift = repeat * along[r, 3] + part
                        if one != two:
                            x0, x1, x2 = np.uint32(at[0] + shift), np.uint32(at[1] + shift), np.uint32(at[2] + shift)
                            x3, x4, x5 = np.uint32(at[3] + shift), np.uint32(at[4] + shift), np.uint32(at[5] + shift)
                            x6, x7, x8 = np.uint32(at[6] + shift), np.uint32(at[7] + shift), np.uint32(at[8] + shift)
                            x9, x10, x11 = (
                                np.uint32(at[9] + shift),
                                np.uint32(at[10] + shift),
                                np.uint32(at[11] + shift),
                            )
                            w0, w1, w2, w3, w4, w5, w6, w7, w8 = (
                                by[0],
                                by[1],
                                by[2],
                                by[3],
                                by[4],
                                by[5],
                                by[6],
                                by[7],
                                by[8],
                            )
                            for j in range(size):
                                v0, u0 = image[x0 + j], weight[w0 + j]
                                v1, u1 = image[x1 + j], weight[w1 + j]
                                v2, u2 = image[x2 + j], weight[w2 + j]
                                v3, u3 = image[x3 + j], weight[w3 + j]
                                v4, u4 = image[x4 + j], weight[w4 + j]
                                v5, u5 = image[x5 + j], weight[w5 + j]
                                v6, u6 = image[x6 + j], weight[w6 + j]
                                v7, u7 = image[x7 + j], weight[w7 + j]
                                v8, u8 = image[x8 + j], weight[w8 + j]
                                total = zero + v0 * u0
                                total += v1 * u1
                                total += v2 * u2
                                total += v3 * u3
                                total += v4 * u4
                                total += v5 * u5
                                total += v6 * u6
                                total += v7 * u7
                                row[to + j] = total + v8 * u8
                                total = zero + v3 * u0
                                total += v4 * u1
                                total += v5 * u2
                                total += v6 * u3
                                total += v7 * u4
                                total += v8 * u5
                                total += image[x9 + j] * u6
                                total += image[x10 + j] * u7
                                other[to + j] = total + image[x11 + j] * u8
                            continue
                        for j in range(size if count == 0 else 0):
                            row[to + j] = zero
                        for k in range(0, count - count % 3, 3):
                            x0, x1 = np.uint32(at[k] + shift), np.uint32(at[k + 1] + shift)
                            x2, w0, w1, w2 = np.uint32(at[k + 2] + shift), by[k], by[k + 1], by[k + 2]
                            for j in range(size):
                                total = zero if k == 0 else row[to + j]
                                total += image[x0 + j] * weight[w0 + j]
                                total += image[x1 + j] * weight[w1 + j]
                                row[to + j] = total + image[x2 + j] * weight[w2 + j]
                        for k in range(count - count % 3, count):
                            x0, w0 = np.uint32(at[k] + shift), by[k]
                            for j in range(size):
                                total = zero if k == 0 else row[to + j]
                                row[to + j] = total + image[x0 + j] * weight[w0 + j]


# -- its gradient by the filter -------------------------------------------------------------------------------------


def bind_by_filter(memory: Workspace, of: Geometry, images: int) -> Bound:
    """The gradient of a convolution by its filter, which has this shape, as ``(x, dy, out)``.

    So many images are summed at a time.
    """
    met = [[_window(s, i) for i in range(s.known[2])] for s in of.over]
    padded, channels = _Padded(memory, of, of.shape[1:-1], met), of.shape[-1]
    steps = of.over[0].stride * padded.image.shape[1], of.over[1].stride * channels
    first = [[place for _, place in along[0]] for along in padded.met]
    starts = [down * padded.image.shape[1] + across * channels for down in first[0] for across in first[1]]
    taps = np.array(starts + starts[-1:] * (-len(starts) % 3), np.uint32)
    columns = max(1, CHUNK // channels)
    partial = memory.array(len(taps) * columns * channels, of.dtype).reshape(len(taps), -1)
    totals = memory.array(len(taps) * channels, np.float64).reshape(len(taps), -1)

    def by_filter(x: Array, dy: Array, out: Array) -> None:
        sums = np.zeros((len(starts), channels))
        padded.image.fill(0)
        for some in cut(len(x), images):
            given, gradients = (part[some].reshape(*part[some].shape[:2], -1) for part in (x, dy))
            totals.fill(0)
            _sum_products(given, padded.image, *padded.corner, gradients, taps, *steps, partial, totals)
            sums += totals[: len(starts)]
        np.copyto(out, sums.reshape(out.shape), casting="unsafe")

    return by_filter


@jit_loop
def _sum_products(
    x: Array,
    padded: Array,
    top: int,
    left: int,
    dy: Array,
    taps: Array,
    down: int,
    across: int,
    partial: Array,
    totals: Array,
) -> None:
    """``totals[tap, channel] += sum(padded[tap + place] * dy[place])``: the rows of some columns first, then these.

    Three taps and four rows are added at a time, so that few sums are kept in between.
    """
    image, channels, first, zero = padded.reshape(-1), totals.shape[1], np.uint32(left), partial.dtype.type(0)
    height, row = dy.shape[1], dy.shape[2]
    for n in range(x.shape[0]):
        for i in range(x.shape[1]):
            y = np.uint32(i + top)
            for j in range(x.shape[2]):
                padded[y, first + j] = x[n, i, j]
        for begin in range(0, row, partial.shape[1]):
            width = min(partial.shape[1], row - begin)
            run = width if across == channels else channels
            for t in range(0, taps.size, 3):
                for part in range(0, width, run):
                    to, at, shift = np.uint32(part), np.uint32(begin + part), (begin + part) // channels * across
                    for j in range(run):
                        partial[t, to + j], partial[t + 1, to + j], partial[t + 2, to + j] = zero, zero, zero
                    for i in range(0, height - height % 4, 4):
                        s0 = shift + i * down
                        a0, b0, c0 = np.uint32(taps[t] + s0), np.uint32(taps[t + 1] + s0), np.uint32(taps[t + 2] + s0)
                        s1 = shift + (i + 1) * down
                        a1, b1, c1 = np.uint32(taps[t] + s1), np.uint32(taps[t + 1] + s1), np.uint32(taps[t + 2] + s1)
                        s2 = shift + (i + 2) * down
                        a2, b2, c2 = np.uint32(taps[t] + s2), np.uint32(taps[t + 1] + s2), np.uint32(taps[t + 2] + s2)
                        s3 = shift + (i + 3) * down
                        a3, b3, c3 = np.uint32(taps[t] + s3), np.uint32(taps[t + 1] + s3), np.uint32(taps[t + 2] + s3)
                        for j in range(run):
                            d0 = dy[n, i, at + j]
                            d1 = dy[n, i + 1, at + j]
                            d2 = dy[n, i + 2, at + j]
                            d3 = dy[n, i + 3, at + j]
                            a = partial[t, to + j]
                            a += image[a0 + j] * d0
                            a += image[a1 + j] * d1
                            a += image[a2 + j] * d2
                            a += image[a3 + j] * d3
                            partial[t, to + j] = a
                            b = partial[t + 1, to + j]
                            b += image[b0 + j] * d0
                            b += image[b1 + j] * d1
                            b += image[b2 + j] * d2
                            b += image[b3 + j] * d3
                            partial[t + 1, to + j] = b
                            c = partial[t + 2, to + j]
                            c += image[c0 + j] * d0
                            c += image[c1 + j] * d1
                            c += image[c2 + j] * d2
                            c += image[c3 + j] * d3
                            partial[t + 2, to + j] = c
                    for i in range(height - height % 4, height):
                        s0 = shift + i * down
                        a0, b0, c0 = np.uint32(taps[t] + s0), np.uint32(taps[t + 1] + s0), np.uint32(taps[t + 2] + s0)
                        for j in range(run):
                            d0 = dy[n, i, at + j]
                            a = partial[t, to + j]
                            a += image[a0 + j] * d0
                            partial[t, to + j] = a
                            b = partial[t + 1, to + j]
                            b += image[b0 + j] * d0
                            partial[t + 1, to + j] = b
                            c = partial[t + 2, to + j]
                            c += image[c0 + j] * d0
                            partial[t + 2, to + j] = c
            for t in range(taps.size):
                for part in range(0, width, channels):
                    to = np.uint32(part)
                    for j in range(channels):
                        totals[t, j] += partial[t, to + j]

"""Compiled loops that fold along the last or a middle axis, in the order in which NumPy does, where it is slow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from dataflow.core.dtypes import Array, DType
from dataflow.core.evaluator import jit_loop
from dataflow.core.numpy_state import BUFFER

SMALL = 1 << 12  # elements up to which NumPy is as fast
LONG = 1 << 9  # elements of a row from which NumPy finds its extremes as fast
BLOCK = 128  # elements of a row up to which NumPy adds every eighth, then these eight, then the rest
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
Fold = Callable[[Array], Array]


def bind_loop(
    ufunc: np.ufunc, shape: tuple[int, ...], axes: Sequence[int], given: DType, dtype: DType, most: int
) -> Fold | None:
    """What folds contiguous arrays of this shape and dtype over axes in a dtype, ``[outer, inner]``; None for others.

    The folded axes must be neighbours. ``most`` is how many elements NumPy multiplies one after the other.
    """
    long = [axis for axis, size in enumerate(shape) if size != 1]
    folded = [axis for axis in long if axis in axes]
    if prod(shape) <= SMALL or not folded or long.index(folded[-1]) - long.index(folded[0]) >= len(folded):
        return None
    outer, n = prod(shape[: folded[0]]), prod(shape[axis] for axis in folded)
    inner = prod(shape) // outer // n
    floats = given in FLOATS and dtype == np.float64
    loop: Callable[..., None]
    if given in FLOATS and given == dtype and ufunc in (np.maximum, np.minimum) and (inner > 1 or n < LONG):
        return _bind_extreme(ufunc, (outer, n, inner) if inner > 1 else (outer, n), dtype)
    if inner > 1:
        return _bind_columns(ufunc, outer, inner) if floats and ufunc in (np.add, np.multiply) else None
    if floats and ufunc is np.add:
        return _bind_sum(outer, n, BUFFER if given != dtype else n)
    if floats and ufunc is np.multiply and n < most:
        loop = _multiply_last
    elif given == np.bool_ and ufunc in (np.logical_or, np.logical_and):
        loop = _any_last if ufunc is np.logical_or else _all_last
    else:
        return None

    def fold(x: Array) -> Array:
        out = np.empty(outer, dtype)
        loop(x.reshape(outer, n), out)
        return out

    return fold


def bind_columns(size: int, width: int, given: DType, ufunc: np.ufunc) -> Fold | None:
    """What adds up or multiplies so many flat values of a dtype in float64, in columns; None where NumPy does it."""
    if size <= SMALL or given not in FLOATS:
        return None
    fold = _bind_columns(ufunc, 1, width)
    return lambda values: fold(values)[0]


def _bind_columns(ufunc: np.ufunc, outer: int, width: int) -> Fold:
    """What adds up or multiplies, in float64, every ``width``-th value of each row, ``[outer, width]``."""
    loop = _add_columns if ufunc is np.add else _multiply_columns

    def fold(x: Array) -> Array:
        out = np.empty((outer, width))
        loop(x.reshape(outer, -1), out)
        return out

    return fold


def _bind_extreme(ufunc: np.ufunc, taken: tuple[int, ...], dtype: DType) -> Fold:
    """What finds the largest or the smallest floats, ``[outer, n, inner]`` or ``[outer, n]``, along the second axis."""
    loop, sign = _largest_middle if len(taken) == 3 else _largest_last, dtype.type(1 if ufunc is np.maximum else -1)
    bits = np.dtype(f"i{dtype.itemsize}")

    def fold(x: Array) -> Array:
        x, out = x.reshape(taken), np.empty((taken[0], *taken[2:]), dtype)
        loop(x, sign, out)
        if not out.all() and x.view(bits).min() == np.iinfo(bits).min:  # which of 0.0 and -0.0 follows from how it goes
            return np.asarray(ufunc.reduce(x, 1))
        return out

    return fold


def _bind_sum(outer: int, n: int, buffer: int) -> Fold:
    """What adds up rows, ``[outer, n]``, in float64 and in NumPy's order: by pairs of blocks, a buffer at a time."""
    buffers = []
    for start in range(0, n, buffer):
        blocks, pairs = _pairwise(start, min(buffer, n - start))
        buffers.append((np.array(blocks), np.array(pairs, np.intp).reshape(-1, 2)))

    def fold(x: Array) -> Array:
        x, total, part = x.reshape(outer, n), np.zeros(outer), np.empty(outer)
        for blocks, pairs in buffers:
            _add_last(x, blocks, pairs, part)
            total += part
        return total

    return fold


def _pairwise(start: int, size: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The blocks of a sum, from where to where, and the pairs of which the first takes the second, in order."""
    if size <= BLOCK:
        return [(start, start + size)], []
    half = size // 16 * 8
    left, within_left = _pairwise(start, half)
    right, within_right = _pairwise(start + half, size - half)
    moved = [(i + len(left), j + len(left)) for i, j in within_right]
    return left + right, [*within_left, *moved, (0, len(left))]


@jit_loop
def _add_last(x: Array, blocks: Array, pairs: Array, out: Array) -> None:
    eighths, sums = np.empty((64, 8)), np.empty((len(blocks), min(64, out.size)))
    for first in range(0, out.size, 64):
        rows = x[first : first + 64]
        for block in range(len(blocks)):
            start, stop = blocks[block]
            whole = (stop - start) // 8 * 8
            for row in range(len(rows)):
                p, s = rows[row, start:stop], eighths[row]
                a = b = c = d = e = f = g = h = 0.0
                for i in range(0, whole, 8):
                    a, b, c, d = a + p[i], b + p[i + 1], c + p[i + 2], d + p[i + 3]
                    e, f, g, h = e + p[i + 4], f + p[i + 5], g + p[i + 6], h + p[i + 7]
                # joined later: a compiler that saw how would not add neighbours as one vector
                s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7] = a, b, c, d, e, f, g, h
            for row in range(len(rows)):
                p, s = rows[row, start:stop], eighths[row]
                total = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
                for i in range(whole, stop - start):
                    total += p[i]
                sums[block, row] = total
        for pair in range(len(pairs)):
            left, right = sums[pairs[pair, 0]], sums[pairs[pair, 1]]
            for row in range(len(rows)):
                left[row] += right[row]
        for row in range(len(rows)):
            out[first + row] = sums[0, row]


@jit_loop
def _largest_last(x: Array, sign: float, out: Array) -> None:
    whole = x.shape[1] - x.shape[1] % 8
    found = np.empty((64, 8), x.dtype)
    for first in range(0, out.size, 64):
        rows = x[first : first + 64]
        for k in range(len(rows)):
            p, q = rows[k], found[k]
            a = b = c = d = e = f = g = h = p[0] * sign
            for i in range(0, whole, 8):
                a = p[i] * sign if p[i] * sign > a else a
                b = p[i + 1] * sign if p[i + 1] * sign > b else b
                c = p[i + 2] * sign if p[i + 2] * sign > c else c
                d = p[i + 3] * sign if p[i + 3] * sign > d else d
                e = p[i + 4] * sign if p[i + 4] * sign > e else e
                f = p[i + 5] * sign if p[i + 5] * sign > f else f
                g = p[i + 6] * sign if p[i + 6] * sign > g else g
                h = p[i + 7] * sign if p[i + 7] * sign > h else h
            q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7] = a, b, c, d, e, f, g, h
        for k in range(len(rows)):
            p, q = rows[k], found[k]
            best = q[0]
            for i in range(1, 8):
                best = q[i] if q[i] > best else best
            for i in range(whole, p.size):
                best = p[i] * sign if p[i] * sign > best else best
            out[first + k] = best * sign
        flat, nan = rows.reshape(-1), False
        for i in range(flat.size):
            nan |= flat[i] != flat[i]
        if nan:
            for k in range(len(rows)):
                for i in range(rows.shape[1]):
                    if rows[k, i] != rows[k, i]:
                        out[first + k] = rows[k, i]


@jit_loop
def _largest_middle(x: Array, sign: float, out: Array) -> None:
    for o in range(x.shape[0]):
        best = out[o]
        best[:] = -np.inf
        for i in range(x.shape[1]):
            part = x[o, i]
            for j in range(best.size):
                value, before = part[j] * sign, best[j]
                best[j] = value if (value > before) | (value != value) else before
        for j in range(best.size):
            best[j] *= sign


@jit_loop
def _add_columns(x: Array, out: Array) -> None:
    width = out.shape[1]
    for o in range(len(out)):
        values, total = x[o], out[o]
        total[:] = 0.0
        paired = values.size - values.size % (width * 2)
        for start in range(0, paired, width * 2):  # two rows at a time, as columns wait for memory
            p, q = values[start : start + width], values[start + width : start + width * 2]
            for j in range(width):
                total[j] = total[j] + p[j] + q[j]
        for start in range(paired, values.size, width):
            p = values[start : start + width]
            for j in range(p.size):
                total[j] += p[j]


@jit_loop
def _multiply_columns(x: Array, out: Array) -> None:
    width = out.shape[1]
    for o in range(len(out)):
        values, total = x[o], out[o]
        total[:] = 1.0
        paired = values.size - values.size % (width * 2)
        for start in range(0, paired, width * 2):  # two rows at a time, as columns wait for memory
            p, q = values[start : start + width], values[start + width : start + width * 2]
            for j in range(width):
                total[j] = total[j] * p[j] * q[j]
        for start in range(paired, values.size, width):
            p = values[start : start + width]
            for j in range(p.size):
                total[j] *= p[j]


@jit_loop
def _multiply_last(x: Array, out: Array) -> None:
    apart = out.size // 8
    for row in range(apart):  # eight at a time: each product waits for the one before
        a, b, c, d = 1.0, 1.0, 1.0, 1.0
        e, f, g, h = 1.0, 1.0, 1.0, 1.0
        for i in range(x.shape[1]):
            a *= x[row, i]
            b *= x[row + apart, i]
            c *= x[row + apart * 2, i]
            d *= x[row + apart * 3, i]
            e *= x[row + apart * 4, i]
            f *= x[row + apart * 5, i]
            g *= x[row + apart * 6, i]
            h *= x[row + apart * 7, i]
        # of neighbouring rows a compiler would make one vector, element by element
        out[row], out[row + apart], out[row + apart * 2], out[row + apart * 3] = a, b, c, d
        out[row + apart * 4], out[row + apart * 5], out[row + apart * 6], out[row + apart * 7] = e, f, g, h
    for row in range(apart * 8, out.size):
        total = 1.0
        for i in range(x.shape[1]):
            total *= x[row, i]
        out[row] = total


@jit_loop
def _any_last(x: Array, out: Array) -> None:
    for row in range(out.size):
        p, found = x[row], False
        for i in range(p.size):
            found |= p[i]
        out[row] = found


@jit_loop
def _all_last(x: Array, out: Array) -> None:
    for row in range(out.size):
        p, found = x[row], False
        for i in range(p.size):
            found |= not p[i]
        out[row] = not found

"""Compiled loops that fold along the last or a middle axis, in the order in which NumPy does, where it is slow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from dataflow.core.dtypes import Array, DType
from dataflow.core.evaluator import jit_loop

SMALL = 1 << 12  # elements up to which NumPy is as fast
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def bind_loop(
    ufunc: np.ufunc, shape: tuple[int, ...], axes: Sequence[int], given: DType, dtype: DType, most: int
) -> Callable[[Array], Array] | None:
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
    if inner > 1 and floats and ufunc in (np.add, np.multiply):
        loop = _add_middle if ufunc is np.add else _multiply_middle
    elif inner == 1 and floats and ufunc is np.multiply and n < most:
        loop = _multiply_last
    elif inner == 1 and given == np.bool_ and ufunc in (np.logical_or, np.logical_and):
        loop = _any_last if ufunc is np.logical_or else _all_last
    else:
        return None
    taken = (outer, n, inner) if inner > 1 else (outer, n)

    def fold(x: Array) -> Array:
        out = np.empty((outer, inner) if inner > 1 else outer, dtype)
        loop(x.reshape(taken), out)
        return out

    return fold


@jit_loop
def _add_middle(x: Array, out: Array) -> None:
    for o in range(x.shape[0]):
        total = out[o]
        total[:] = 0.0
        for i in range(x.shape[1]):
            part = x[o, i]
            for j in range(total.size):
                total[j] += part[j]


@jit_loop
def _multiply_middle(x: Array, out: Array) -> None:
    for o in range(x.shape[0]):
        total = out[o]
        total[:] = 1.0
        for i in range(x.shape[1]):
            part = x[o, i]
            for j in range(total.size):
                total[j] *= part[j]


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
        found = False
        for i in range(x.shape[1]):
            found |= x[row, i]
        out[row] = found


@jit_loop
def _all_last(x: Array, out: Array) -> None:
    for row in range(out.size):
        found = True
        for i in range(x.shape[1]):
            found &= x[row, i]
        out[row] = found

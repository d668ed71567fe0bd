"""Arithmetic with the rows of a matrix, some at a time, so that what it makes on the way stays in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from blocks.kernels.chunked import TILE
from dataflow.core import dtypes
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes

FEW = 32  # elements of a row below which rows are turned into columns: NumPy is slow with short rows
SMALL = 1 << 12  # elements up to which nothing is gained by going by some rows at a time
PER_ROW = 24  # bytes that largest elements, sums and logarithms take


def by_rows(step: Callable[..., None], spare: int, given: Sequence[Any], made: Sequence[Any]) -> None:
    """``step(rows, axis, *given, *made, *spare)`` done for some rows at a time of matrices of one shape.

    What is given and made may come in float32 where it is of 16 bits, and with the rows along the first axis; spare are
    arrays to work in.
    """
    (rows, columns), dtype = made[0].shape, made[0].dtype
    if made[0].size <= SMALL and dtype.itemsize > 2:
        step(slice(0, rows), 1, *given, *made, *[np.empty((rows, columns), dtype) for _ in range(spare)])
        return
    turned, exact = columns < FEW, dtypes.compute(dtype)
    copied = turned or dtype != exact
    step_rows = at_once(made[0].shape)
    with scratch(*_scratch_arrays(made[0].shape, dtype, spare, len(given) + len(made))) as (space,):
        for start in range(0, rows, step_rows):
            part = slice(start, min(start + step_rows, rows))
            count = part.stop - start
            shape = (columns, count) if turned else (count, columns)
            work = [buffer[: count * columns].reshape(shape) for buffer in space]
            inside, outside = [array[part] for array in given], [array[part] for array in made]
            if not copied:
                step(part, 1, *inside, *outside, *work)
                continue
            for copy, array in zip(work, inside, strict=False):
                np.copyto(copy, array.T if turned else array)
            step(part, 1 - turned, *work)
            for array, copy in zip(outside, work[len(given) :], strict=False):
                np.copyto(array, copy.T if turned else copy, casting="unsafe")


def rows_bytes(shape: tuple[int, int], dtype: Any, spare: int, arrays: int) -> int:
    """What `by_rows` takes for so many matrices given and made."""
    size = shape[0] * shape[1]
    sums = 8 * min(size, np.getbufsize())  # NumPy's buffer, for float64
    if size <= SMALL and dtype.itemsize > 2:
        return spare * size * int(dtype.itemsize) + PER_ROW * shape[0] + sums
    return scratch_bytes(*_scratch_arrays(shape, dtype, spare, arrays)) + PER_ROW * min(shape[0], at_once(shape)) + sums


def _scratch_arrays(shape: tuple[int, int], dtype: Any, spare: int, arrays: int) -> list[ArraySpec]:
    exact = dtypes.compute(dtype)
    many = spare + arrays * (shape[1] < FEW or dtype != exact)
    return [((many, min(shape[0], at_once(shape)) * shape[1]), exact)]


def at_once(shape: tuple[int, int]) -> int:
    """How many rows of a matrix to work on at once: few enough to stay in the cache."""
    return max(1, TILE // max(1, shape[1]))


def shifted(x: Any, axis: int, out: Any) -> Any:
    """Each element less the largest of its row."""
    return np.subtract(x, np.maximum.reduce(x, axis, keepdims=True, initial=-np.inf), out)


def sums(x: Any, axis: int) -> Any:
    """The sum of each row, in float64."""
    return np.add.reduce(x, axis, np.float64, keepdims=True)

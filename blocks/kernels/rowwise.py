"""Arithmetic along the rows of a matrix, some rows at a time, so that intermediate results stay in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from blocks.kernels.chunked import TILE
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes

FEW = 32  # elements of a row below which matrices are transposed: NumPy is slow with short rows
SMALL = 1 << 12  # elements up to which nothing is gained by going by some rows at a time
PER_ROW = 24  # bytes that largest elements, sums and logarithms take


def by_rows(step: Callable[..., None], buffers: int, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    """``step(rows, axis, *inputs, *outputs, *buffers)`` done for some rows at a time of matrices of one shape.

    ``axis`` is that along which a row lies: matrices come transposed where rows are short, and in float32 where they
    are of 16 bits. ``buffers`` is how many arrays of the same shape the step works in.
    """
    (rows, columns), dtype = outputs[0].shape, outputs[0].dtype
    if outputs[0].size <= SMALL and dtype.itemsize > 2:
        step(slice(0, rows), 1, *inputs, *outputs, *[np.empty((rows, columns), dtype) for _ in range(buffers)])
        return
    transposed, exact = columns < FEW, dtypes.compute(dtype)
    copied = transposed or dtype != exact
    step_rows = rows_at_once((rows, columns))
    with scratch(*_scratch_arrays((rows, columns), dtype, buffers, len(inputs) + len(outputs))) as (space,):
        for start in range(0, rows, step_rows):
            part = slice(start, min(start + step_rows, rows))
            count = part.stop - start
            shape = (columns, count) if transposed else (count, columns)
            work = [buffer[: count * columns].reshape(shape) for buffer in space]
            given, made = [array[part] for array in inputs], [array[part] for array in outputs]
            if not copied:
                step(part, 1, *given, *made, *work)
                continue
            for copy, array in zip(work, given, strict=False):
                np.copyto(copy, array.T if transposed else array)
            step(part, 1 - transposed, *work)
            for array, copy in zip(made, work[len(inputs) :], strict=False):
                np.copyto(array, copy.T if transposed else copy, casting="unsafe")


def rows_bytes(shape: tuple[int, ...], dtype: DType, buffers: int, arrays: int) -> int:
    """The memory that `by_rows` works in, for as many ``arrays`` of input and output together."""
    size = shape[0] * shape[1]
    sums = 8 * min(size, np.getbufsize())  # NumPy's buffer, for float64
    if size <= SMALL and dtype.itemsize > 2:
        return buffers * size * dtype.itemsize + PER_ROW * shape[0] + sums
    own = scratch_bytes(*_scratch_arrays(shape, dtype, buffers, arrays))
    return own + PER_ROW * min(shape[0], rows_at_once(shape)) + sums


def _scratch_arrays(shape: tuple[int, ...], dtype: DType, buffers: int, arrays: int) -> list[ArraySpec]:
    exact = dtypes.compute(dtype)
    count = buffers + arrays * (shape[1] < FEW or dtype != exact)
    return [((count, min(shape[0], rows_at_once(shape)) * shape[1]), exact)]


def rows_at_once(shape: tuple[int, ...]) -> int:
    """How many rows of a matrix of this shape to work on at once: few enough to stay in the cache."""
    return max(1, TILE // max(1, shape[1]))


def shifted(x: Array, axis: int, out: Array) -> Array:
    """Each element less the largest of its row, which lies along ``axis``; in ``out``."""
    np.subtract(x, np.maximum.reduce(x, axis, keepdims=True, initial=-np.inf), out)
    return out


def row_sums(x: Array, axis: int) -> Array:
    """The sum of each row, which lies along ``axis``, in float64."""
    total: Array = np.add.reduce(x, axis, np.float64, keepdims=True)
    return total


def softmax(x: Array, axis: int, out: Array, buffer: Array) -> Array:
    """The softmax of rows in ``out``, and the logarithms of the sums of their exponentials, which are returned.

    ``buffer`` gets the logits less the largest of their row.
    """
    np.exp(shifted(x, axis, buffer), out)
    total = row_sums(out, axis)
    np.divide(out, total.astype(out.dtype), out)
    np.log(total, total)
    return total.astype(out.dtype)

"""Arithmetic along the rows of a matrix, some rows at a time, so that intermediate results stay in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from blocks.kernels.chunked import TILE, cut
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.workspace import Workspace

Step = Callable[..., None]

FEW = 32  # elements of a row below which matrices are transposed: NumPy is slow with short rows
SMALL = 1 << 12  # elements up to which nothing is gained by going by some rows at a time
PER_ROW = 24  # bytes that largest elements, sums and logarithms take


def bind_rows(
    memory: Workspace, shape: tuple[int, int], dtype: DType, buffers: int, inputs: int, outputs: int
) -> Callable[[Step, Sequence[Array], Sequence[Array]], None]:
    """``step(rows, axis, *inputs, *outputs, *buffers)`` done for some rows at a time of matrices of one shape.

    As ``(step, inputs, outputs)``, for as many of these, of this dtype. ``axis`` is that along which a row lies:
    matrices come transposed where rows are short, and in float32 where they are of 16 bits. ``buffers`` is how many
    arrays of the same shape the step works in.
    """
    (rows, columns), size = shape, shape[0] * shape[1]
    small = size <= SMALL and dtype.itemsize > 2
    transposed, exact = columns < FEW and not small, dtypes.compute(dtype)
    copied = transposed or dtype != exact
    at_once = rows if small else min(rows, rows_at_once(shape))
    space = [memory.array(at_once * columns, exact) for _ in range(buffers + (inputs + outputs) * copied)]
    memory.borrowed += PER_ROW * at_once + 8 * min(size, np.getbufsize())  # the latter is NumPy's buffer, for float64
    parts = []
    for part in [slice(0, rows)] if small else cut(rows, at_once):
        count = part.stop - part.start
        made = (columns, count) if transposed else (count, columns)
        parts.append((part, [buffer[: count * columns].reshape(made) for buffer in space]))

    def by_rows(step: Step, given: Sequence[Array], made: Sequence[Array]) -> None:
        for part, work in parts:
            if not copied:
                step(part, 1, *(array[part] for array in (*given, *made)), *work)
                continue
            for copy, array in zip(work, given, strict=False):
                np.copyto(copy, array[part].T if transposed else array[part])
            step(part, 1 - transposed, *work)
            for array, copy in zip(made, work[len(given) :], strict=False):
                np.copyto(array[part], copy.T if transposed else copy, casting="unsafe")

    return by_rows


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

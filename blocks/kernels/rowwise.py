"""Arithmetic along the rows of a matrix, some rows at a time, so that intermediate results stay in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from blocks.kernels import row_loops
from blocks.kernels.chunked import TILE, cut
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.folding_loops import bind_loop
from dataflow.core.workspace import Workspace

Step = Callable[..., None]

FEW = 32  # elements of a row below which matrices are transposed: NumPy is slow with short rows
SMALL = 1 << 12  # elements up to which nothing is gained by going by some rows at a time
PER_ROW = 24  # bytes that largest elements, sums and logarithms take


class Rows:
    """Arithmetic of a matrix, with a number for each of its rows, which lie along an axis."""

    def __init__(self, axis: int):
        self.axis = axis

    def subtract(self, x: Array, numbers: Array, out: Array) -> Array:
        """Each element less the number of its row, in ``out``."""
        return np.subtract(x, numbers, out)

    def divide(self, x: Array, numbers: Array) -> None:
        """Divide each element by the number of its row, in place."""
        np.divide(x, numbers, x)

    def sums(self, x: Array) -> Array:
        """The sum of each row, in float64."""
        total: Array = np.add.reduce(x, self.axis, np.float64, keepdims=True)
        return total

    def shifted(self, x: Array, out: Array) -> Array:
        """Each element less the largest of its row, in ``out``."""
        return self.subtract(x, np.maximum.reduce(x, self.axis, keepdims=True, initial=-np.inf), out)

    def softmax(self, x: Array, out: Array, buffer: Array) -> Array:
        """The softmax in ``out``, and the logarithms of the sums of exponentials, which are returned.

        ``buffer`` gets the logits less the largest of their row.
        """
        np.exp(self.shifted(x, buffer), out)
        total = self.sums(out)
        self.divide(out, total.astype(out.dtype))
        np.log(total, total)
        return total.astype(out.dtype)


class CompiledRows(Rows):
    """The same by compiled loops, for contiguous rows; ``add`` gives the sums."""

    def __init__(self, add: Callable[[Array], Array]):
        super().__init__(1)
        self.add = add

    def subtract(self, x: Array, numbers: Array, out: Array) -> Array:
        if np.may_share_memory(x, out):
            row_loops.subtract_in_place(out, numbers.reshape(-1))
        else:
            row_loops.subtract(x, numbers.reshape(-1), out)
        return out

    def divide(self, x: Array, numbers: Array) -> None:
        row_loops.divide_in_place(x, numbers.reshape(-1))

    def sums(self, x: Array) -> Array:
        return self.add(x).reshape(-1, 1)


def _compiled(shape: tuple[int, int], dtype: DType) -> Rows | None:
    """Arithmetic by compiled loops for a matrix of this shape; None where NumPy is as fast."""
    add = bind_loop(np.add, shape, (1,), dtype, np.dtype(np.float64), shape[1])
    return None if add is None else CompiledRows(add)


def bind_rows(
    memory: Workspace, shape: tuple[int, int], dtype: DType, buffers: int, inputs: int, outputs: int
) -> Callable[[Step, Sequence[Array], Sequence[Array]], None]:
    """``step(part, rows, *inputs, *outputs, *buffers)`` done for some rows at a time of matrices of one shape.

    As ``(step, inputs, outputs)``, for as many of these, of this dtype. ``rows`` computes with them: matrices come
    transposed where rows are short, and in float32 where they are of 16 bits. ``buffers`` is how many arrays of the
    same shape the step works in.
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
        rows_of = _compiled((count, columns), dtype) if memory.compiled and not copied else None
        work = [buffer[: count * columns].reshape(made) for buffer in space]
        parts.append((part, rows_of or Rows(1 - transposed), work))

    def by_rows(step: Step, given: Sequence[Array], made: Sequence[Array]) -> None:
        for part, rows, work in parts:
            if not copied:
                step(part, rows, *(array[part] for array in (*given, *made)), *work)
                continue
            for copy, array in zip(work, given, strict=False):
                np.copyto(copy, array[part].T if transposed else array[part])
            step(part, rows, *work)
            for array, copy in zip(made, work[len(given) :], strict=False):
                np.copyto(array[part], copy.T if transposed else copy, casting="unsafe")

    return by_rows


def rows_at_once(shape: tuple[int, ...]) -> int:
    """How many rows of a matrix of this shape to work on at once: few enough to stay in the cache."""
    return max(1, TILE // max(1, shape[1]))

"""Rows added to those that an index names: each sum is taken in float64, in the order of the rows, and rounded once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from blocks.kernels import index_loops as loops
from blocks.kernels.chunked import TILE, cut
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.workspace import Workspace

DENSE = 4  # rows to add to, for each that is added, up to which there is a sum for every one

FEW = 1 << 8  # elements up to which a compiled loop is not faster
LONG = 16  # elements of a row from which on compiled loops put rows in order first
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))

Adder = Callable[[Array, Array, Array], None]


def computes(dtype: DType) -> bool:
    """Whether compiled loops take this dtype."""
    return dtype.kind in "iu" or dtype in FLOATS


def bind_add_rows(memory: Workspace, size: int, count: int, width: int, dtype: DType) -> Adder:
    """What adds at most ``count`` rows ``[n, width]`` to those of ``[size, width]`` that an index ``[n]`` names.

    As ``(to, index, rows)``, contiguous arrays of one dtype.
    """
    exact, dense = dtypes.accumulate(dtype), size <= DENSE * count
    zero = -exact.type(0)  # which leaves what it is added to as it is
    if memory.compiled and dense and count * width > FEW and computes(dtype):
        return _bind_loop(memory, size, count, width, exact, zero)
    at_once = min(count, max(1, TILE // max(width, 1)))
    sums = memory.array((size if dense else count) * width, exact)
    copies = memory.array(at_once * width * (dtype != exact), exact)
    places = memory.array(at_once * width * (width > 1), np.int64).reshape(at_once * (width > 1), width)
    columns = np.arange(width)
    memory.kept += columns.nbytes
    memory.borrowed += 8 * at_once * (width > 1)
    if not dense:  # the order of the rows and where sums are, then what these are counted by or added to
        memory.borrowed += count * (4 * 8 + 1 + max(8, width * dtype.itemsize))

    def sum_up(index: Array, rows: Array, total: Array) -> Array:
        total.fill(zero)
        for part in cut(len(index), at_once):
            place, row = index[part], rows[part].reshape(-1)
            if width > 1:
                place = np.add((place * width)[:, None], columns, places[: len(place)]).reshape(-1)
            if copies.size:
                np.copyto(copies[: row.size], row)
                row = copies[: row.size]
            np.add.at(total, place, row)
        return total.reshape(-1, width)

    def add(to: Array, index: Array, rows: Array) -> None:
        if not rows.size:
            return
        if dense:
            total = sum_up(index, rows, sums)
            to[...] = np.add(to, total, total)
            return
        order = np.argsort(index, kind="stable")
        ordered = index[order]
        first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        different = ordered[first]
        slots = np.empty_like(order)
        slots[order] = np.subtract(np.cumsum(first, out=ordered), 1, ordered)
        total = sum_up(slots, rows, sums[: len(different) * width])
        to[different] = np.add(to[different], total, total)

    return add


def _bind_loop(memory: Workspace, size: int, count: int, width: int, exact: DType, zero: np.generic) -> Adder:
    """A compiled loop for contiguous rows."""
    if width < LONG:
        sums = memory.array(size * width, exact)
        return lambda to, index, rows: loops.add_short(to.reshape(-1), index, rows.reshape(-1), width, zero, sums)
    total, ends, order = memory.array(width, exact), memory.array(size, np.int64), memory.array(count, np.int64)
    return lambda to, index, rows: loops.add_long(to, index, rows, zero, total, ends, order)

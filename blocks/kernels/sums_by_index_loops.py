"""Compiled loops that add rows to those that an index names, each sum in the order of the rows, as NumPy does it."""

from __future__ import annotations

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.evaluator import jit_loop


@jit_loop
def add_short(to: Array, index: Array, rows: Array, width: int, zero: np.number, sums: Array) -> None:
    """Short rows, in flat arrays: there is a sum for every element of ``to``."""
    for i in range(sums.size):
        sums[i] = zero
    for i in range(index.size):
        first, row = index[i] * width, i * width
        for j in range(width):
            sums[first + j] += rows[row + j]
    for i in range(sums.size):
        to[i] = to[i] + sums[i]


@jit_loop
def add_long(to: Array, index: Array, rows: Array, zero: np.number, total: Array, ends: Array, order: Array) -> None:
    """Long rows: they are put in the order of their index first, and those of one are added in one row of sums."""
    for k in range(ends.size):
        ends[k] = 0
    for i in range(index.size):
        ends[index[i]] += 1
    end = 0
    for k in range(ends.size):
        count = ends[k]
        ends[k] = end
        end += count
    for i in range(index.size):
        k = index[i]
        order[ends[k]] = i
        ends[k] += 1
    first = 0
    for k in range(ends.size):
        if ends[k] > first:
            for j in range(total.size):
                total[j] = zero
            for i in range(first, ends[k]):
                row = rows[order[i]]
                for j in range(total.size):
                    total[j] += row[j]
            row = to[k]
            for j in range(total.size):
                row[j] = row[j] + total[j]
        first = ends[k]

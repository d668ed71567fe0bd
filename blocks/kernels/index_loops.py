"""Compiled loops that add rows to those that an index names, in their order, and put values at places."""

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


@jit_loop
def put(places: Array, limits: Array, values: Array, rising: bool, flat: Array, done: Array) -> None:
    """Values at places, ``flat[places[i]] = values[i]``, or one value at all, and how many are done.

    The first that lies outside of the limits stops it, and where places must rise one that does not.
    """
    count, last, rank, many = 0, np.int64(-1), limits.size, values.size > 1
    first = limits[0] if rank else 1
    for i in range(len(places)):
        number = np.int64(places[i, 0] if rank else 0)
        fine = (number >= 0) & (number < first)
        for axis in range(1, rank):
            place = np.int64(places[i, axis])
            fine &= (place >= 0) & (place < limits[axis])
            number = number * limits[axis] + place
        if not fine or (rising and number <= last):
            break
        flat[number] = values[i] if many else values[0]
        last = number
        count += 1
    done[0] = count


@jit_loop
def put_along(index: Array, value: Array, vectors: Array) -> None:
    """One value in each vector, ``vectors[i, index[i, j], j] = value[0]``, where the index lies in it."""
    size = vectors.shape[1]
    for i in range(index.shape[0]):
        for j in range(index.shape[1]):
            place = np.int64(index[i, j])
            if place >= 0 and place < size:
                vectors[i, place, j] = value[0]

"""Compiled loops over rows with a number for each: NumPy takes longer to begin a row than to go through a short one.

Those that work in place have no other array: a loop over two whose memory may be the same has no vectors.
"""

from __future__ import annotations

from dataflow.core.dtypes import Array
from dataflow.core.evaluator import jit_loop


@jit_loop
def subtract(x: Array, numbers: Array, out: Array) -> None:
    """``x[i] - numbers[i]``."""
    for i in range(numbers.size):
        row, made, number = x[i], out[i], numbers[i]
        for j in range(made.size):
            made[j] = row[j] - number


@jit_loop
def subtract_in_place(x: Array, numbers: Array) -> None:
    """``x[i] - numbers[i]``, in place."""
    for i in range(numbers.size):
        row, number = x[i], numbers[i]
        for j in range(row.size):
            row[j] = row[j] - number


@jit_loop
def divide_in_place(x: Array, numbers: Array) -> None:
    """``x[i] / numbers[i]``, in place."""
    for i in range(numbers.size):
        row, number = x[i], numbers[i]
        for j in range(row.size):
            row[j] = row[j] / number

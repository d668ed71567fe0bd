"""Memory that a kernel works in: what it borrows, and how many bytes that takes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from dataflow.scratch import ALIGNMENT, CHUNK, borrowed

Room = tuple[tuple[int, ...], Any]  # shape and dtype


class rooms:
    """Arrays of the given shapes and dtypes for the length of a ``with`` block, whatever they hold, borrowed as one.

    >>> with rooms(((2,), np.float64), ((3, 4), np.int8)) as (squares, counts):
    ...     print(squares.shape, counts.shape)
    (2,) (3, 4)

    None of them may be used after the block.
    """

    def __init__(self, *wanted: Room):
        self.wanted = wanted

    def __enter__(self) -> list[Any]:
        self.loan = borrowed()
        memory, arrays, start = self.loan.__enter__()((_total(self.wanted),), np.uint8), [], 0
        for shape, dtype in self.wanted:
            size = prod(shape) * np.dtype(dtype).itemsize
            arrays.append(memory[start : start + size].view(dtype).reshape(shape))
            start += _padded(size)
        return arrays

    def __exit__(self, *error: object) -> None:
        self.loan.__exit__(*error)


def rooms_bytes(*wanted: Room) -> int:
    """What a thread takes to borrow these `rooms`; nothing for empty ones."""
    return borrowed_bytes(_total(wanted))


def borrowed_bytes(nbytes: int) -> int:
    """What a thread takes to borrow so many bytes as one array; nothing for nothing."""
    return max(nbytes, CHUNK) + ALIGNMENT if nbytes else 0


def _total(wanted: tuple[Room, ...]) -> int:
    return sum(_padded(prod(shape) * np.dtype(dtype).itemsize) for shape, dtype in wanted)


def _padded(nbytes: int) -> int:
    return -(-nbytes // ALIGNMENT) * ALIGNMENT

"""Memory that a kernel works in: what it borrows, and how many bytes that takes."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from dataflow.core.scratch import ALIGNMENT, CHUNK, borrowed

Room = tuple[tuple[int, ...], Any]  # shape and dtype
NOTHING = np.empty(0, np.uint8)


class rooms:
    """Arrays of the given shapes and dtypes for the length of a ``with`` block, whatever they hold, borrowed as one.

    >>> with rooms(((2,), np.float64), ((3, 4), np.int8)) as (squares, counts):
    ...     print(squares.shape, counts.shape)
    (2,) (3, 4)

    None of them may be used after the block.
    """

    def __init__(self, *wanted: Room):
        self.total, self.places = _layout(wanted)

    def __enter__(self) -> list[Any]:
        self.loan = borrowed() if self.total else None
        memory = NOTHING if self.loan is None else self.loan.__enter__()((self.total,), np.uint8)
        return [np.ndarray(shape, dtype, memory, start) for shape, dtype, start in self.places]

    def __exit__(self, *error: object) -> None:
        if self.loan is not None:
            self.loan.__exit__(*error)


def reserve(nbytes: int) -> None:
    """See that what the calling thread borrows next, in one go or in several, comes from one piece of so many bytes."""
    with borrowed() as empty:
        empty((nbytes,), np.uint8)


def rooms_bytes(*wanted: Room) -> int:
    """What a thread takes to borrow these `rooms`; nothing for empty ones."""
    return borrowed_bytes(_layout(wanted)[0])


def borrowed_bytes(nbytes: int) -> int:
    """What a thread takes to borrow so many bytes as one array; nothing for nothing."""
    return max(nbytes, CHUNK) + ALIGNMENT if nbytes else 0


@lru_cache(maxsize=256)
def _layout(wanted: tuple[Room, ...]) -> tuple[int, list[tuple[tuple[int, ...], Any, int]]]:
    """How many bytes there are in all, and where each room begins."""
    places, start = [], 0
    for shape, dtype in wanted:
        nbytes = prod(shape) * np.dtype(dtype).itemsize
        places.append((shape, dtype, start if nbytes else 0))
        start += -(-nbytes // ALIGNMENT) * ALIGNMENT
    return start, places

"""Memory that kernels borrow while they run: it stays warm from one call to the next, and each thread has its own."""

from __future__ import annotations

import threading
from math import prod
from typing import Any

import numpy as np

KEPT = 64 << 20  # bytes that a thread keeps for the next call
CHUNK = 1 << 16  # bytes: memory is asked for in so much or more
MOST = 512  # arrays that are remembered
ALIGNMENT = 64  # bytes: a cache line, and as much as any vector instruction asks for


class borrowed:
    """Arrays for the length of a ``with`` block, whose values are whatever the memory holds.

    >>> with borrowed() as empty:
    ...     squares = np.square([1.0, 2.0], out=empty((2,), np.float64))
    ...     print(squares.sum())
    5.0

    None of the arrays may be used after the block. Blocks may be nested.
    """

    def __enter__(self) -> borrowed:
        try:
            self.arena = _threads.arena
        except AttributeError:
            self.arena = _threads.arena = _Arena()
        self.mark = self.arena.chunk, self.arena.used
        return self

    def __exit__(self, *error: object) -> None:
        self.arena.give_back(*self.mark)

    def __call__(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
        """An array of this shape and dtype."""
        array: np.ndarray[Any, Any] = self.arena.take(shape, dtype)
        return array


class _Arena:
    """Chunks of memory that are handed out from front to back, and given back from back to front."""

    def __init__(self) -> None:
        self.chunks: list[np.ndarray[Any, Any]] = []
        self.chunk = self.used = 0  # the chunk that is handed out now, and how much of it is gone
        self.least = CHUNK  # bytes of the next chunk
        self.arrays: dict[Any, Any] = {}  # by where they begin: to make one again takes longer than a small kernel

    def take(self, shape: tuple[int, ...], dtype: Any) -> Any:
        key = self.chunk, self.used, shape, dtype
        if (known := self.arrays.get(key)) is None:
            known = self.arrays[key] = self._made(shape, np.dtype(dtype))
        array, self.chunk, self.used = known
        return array

    def _made(self, shape: tuple[int, ...], dtype: Any) -> tuple[np.ndarray[Any, Any], int, int]:
        if len(self.arrays) >= MOST:
            self.arrays.clear()
        chunk, start, size = self.chunk, self.used, prod(shape) * dtype.itemsize
        while chunk < len(self.chunks) and start + size > self.chunks[chunk].size:
            chunk, start = chunk + 1, 0
        if chunk == len(self.chunks):
            if not self.chunk and not self.used:  # nobody uses what is there, and it is too small
                self.chunks.clear()
                self.arrays.clear()
                chunk = 0
            self.chunks.append(_chunk(max(self.least, size)))
            self.least = CHUNK
        array = self.chunks[chunk][start : start + size].view(dtype).reshape(shape)
        return array, chunk, start + -(-size // ALIGNMENT) * ALIGNMENT

    def give_back(self, chunk: int, used: int) -> None:
        self.chunk, self.used = chunk, used
        if not chunk and not used and (len(self.chunks) > 1 or (self.chunks and self.chunks[0].size > KEPT)):
            # the next call finds one chunk that is large enough for all; not yet, as these are still in use
            self.least = min(KEPT, sum(chunk.size for chunk in self.chunks))
            self.chunks.clear()
            self.arrays.clear()


def _chunk(nbytes: int) -> np.ndarray[Any, Any]:
    memory = np.empty(nbytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + nbytes]


_threads = threading.local()

"""Memory that kernels borrow while they run; each thread keeps its own, so that it is in the cache at the next call."""

from __future__ import annotations

import threading
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core.dtypes import Array, DType

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

KEPT = 64 << 20  # bytes that a thread keeps for the next call
CHUNK = 1 << 16  # bytes: the least that is allocated at a time
MOST = 512  # arrays that are remembered
ALIGNMENT = 64  # bytes: a cache line, enough for every vector instruction


class Scratch:
    """A ``with`` block that lends uninitialized arrays.

    >>> with Scratch() as empty:
    ...     squares = np.square([1.0, 2.0], out=empty((2,), np.float64))
    ...     print(squares.sum())
    5.0

    None of the arrays may be used after the block. Blocks may be nested.
    """

    def __enter__(self) -> Scratch:
        try:
            self.arena = _threads.arena
        except AttributeError:
            self.arena = _threads.arena = _Arena()
        self.mark = self.arena.chunk, self.arena.used
        return self

    def __exit__(self, *error: object) -> None:
        self.arena.give_back(*self.mark)

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """An array of this shape and dtype."""
        array: Array = self.arena.take(shape, dtype)
        return array


ArraySpec = tuple[tuple[int, ...], Any]  # shape and dtype
_NOTHING = np.empty(0, np.uint8)


def scratch(*wanted: ArraySpec) -> ScratchArrays:
    """Uninitialized arrays of these shapes and dtypes for the length of a ``with`` block, borrowed as one.

    >>> with scratch(((2,), np.float64), ((3, 4), np.int8)) as (squares, counts):
    ...     print(squares.shape, counts.shape)
    (2,) (3, 4)

    None of them may be used after the block.
    """
    return ScratchArrays(wanted)


class ScratchArrays:
    """A ``with`` block that gives the arrays; `scratch` makes it."""

    def __init__(self, wanted: tuple[ArraySpec, ...]):
        self.total, self.places = _layout(wanted)

    def __enter__(self) -> list[Any]:
        self.loan = Scratch() if self.total else None
        memory = _NOTHING if self.loan is None else self.loan.__enter__()((self.total,), np.uint8)
        return [np.ndarray(shape, dtype, memory, start) for shape, dtype, start in self.places]

    def __exit__(self, *error: object) -> None:
        if self.loan is not None:
            self.loan.__exit__(*error)


def reserve(nbytes: int) -> None:
    """Let the next ``nbytes`` bytes that the calling thread borrows, at once or in parts, come from one chunk."""
    with Scratch() as empty:
        empty((nbytes,), np.uint8)


def scratch_bytes(*wanted: ArraySpec) -> int:
    """Bytes that a thread allocates to lend these `scratch` arrays; 0 for empty ones."""
    return one_array_bytes(_layout(wanted)[0])


def one_array_bytes(nbytes: int) -> int:
    """Bytes that a thread allocates to lend one array of ``nbytes`` bytes; 0 for 0."""
    return max(nbytes, CHUNK) + ALIGNMENT if nbytes else 0


@lru_cache(maxsize=256)
def _layout(wanted: tuple[ArraySpec, ...]) -> tuple[int, list[tuple[tuple[int, ...], Any, int]]]:
    """The bytes in all, and shape, dtype and offset of each array."""
    places, start = [], 0
    for shape, dtype in wanted:
        nbytes = prod(shape) * np.dtype(dtype).itemsize
        places.append((shape, dtype, start if nbytes else 0))
        start += -(-nbytes // ALIGNMENT) * ALIGNMENT
    return start, places


class _Arena:
    """Chunks of memory that are handed out from front to back, and given back from back to front."""

    def __init__(self) -> None:
        self.chunks: list[Array] = []
        self.chunk = self.used = 0  # the chunk lent from now, and the bytes of it in use
        self.least = CHUNK  # bytes of the next chunk
        self.arrays: dict[
            Any, tuple[Array, int, int]
        ] = {}  # by place, as making one anew may take longer than a kernel

    def take(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        key = self.chunk, self.used, shape, dtype
        if (known := self.arrays.get(key)) is None:
            known = self.arrays[key] = self._made(shape, np.dtype(dtype))
        array, self.chunk, self.used = known
        return array

    def _made(self, shape: tuple[int, ...], dtype: DType) -> tuple[Array, int, int]:
        if len(self.arrays) >= MOST:
            self.arrays.clear()
        chunk, start, size = self.chunk, self.used, prod(shape) * dtype.itemsize
        while chunk < len(self.chunks) and start + size > self.chunks[chunk].size:
            chunk, start = chunk + 1, 0
        if chunk == len(self.chunks):
            if not self.chunk and not self.used:  # nothing is lent, and every chunk is too small
                self.chunks.clear()
                self.arrays.clear()
                chunk = 0
            self.chunks.append(aligned(max(self.least, size)))
            self.least = CHUNK
        array = self.chunks[chunk][start : start + size].view(dtype).reshape(shape)
        return array, chunk, start + -(-size // ALIGNMENT) * ALIGNMENT

    def give_back(self, chunk: int, used: int) -> None:
        self.chunk, self.used = chunk, used
        if not chunk and not used and (len(self.chunks) > 1 or (self.chunks and self.chunks[0].size > KEPT)):
            # the next call allocates one chunk that is large enough for all
            self.least = min(KEPT, sum(chunk.size for chunk in self.chunks))
            self.chunks.clear()
            self.arrays.clear()


def aligned(nbytes: int) -> Array:
    """Uninitialized bytes that begin where a cache line does."""
    memory = np.empty(nbytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + nbytes]


_threads = threading.local()

"""Arrays in files, read by row: a data set may be larger than memory.

What a file holds uncompressed (.npy, members of .npz that were saved so, IDX) stays there until its rows are asked for,
and is read, not mapped: pages of a mapped file would count as the process's own. The rest is read whole, within limits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from dataflow.core.dtypes import Array, DType
from dataflow.core.errors import DataflowError, reason
from dataflow.files import ArrayFile, Entry, RegularFile, Unreadable


class RowSource(Protocol):
    """An array whose rows can be taken."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of all dims; the first is the number of rows."""

    @property
    def dtype(self) -> DType:
        """The dtype of the rows."""

    def take(self, indices: Array) -> Array:
        """The rows with these numbers, in this order."""

    def where(self, row: int, column: int | None) -> str:
        """How messages name a row, and a column of a matrix."""


class InMemoryArray:
    """An array in memory."""

    def __init__(self, array: Array, name: str = ""):
        self.array, self.shape, self.dtype, self.name = array, array.shape, array.dtype, name

    def take(self, indices: Array) -> Array:
        """The rows with these numbers, in this order."""
        return np.take(self.array, indices, axis=0)

    def where(self, row: int, column: int | None) -> str:
        """How messages name a row, and a column of a matrix, both from 0."""
        return _named(self.name, row, column)


class FileArray:
    """An array whose rows lie one after another in a file, from byte ``start`` on."""

    def __init__(self, file: RegularFile, start: int, shape: tuple[int, ...], dtype: DType, name: str = ""):
        self.file, self.start, self.shape, self.dtype, self.name = file, start, shape, dtype, name

    def take(self, indices: Array) -> Array:
        """The rows with these numbers, read from the file."""
        rows = np.empty((len(indices), *self.shape[1:]), self.dtype)
        size = rows[:1].nbytes
        memory = memoryview(rows.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
        try:
            self.file.check_unchanged()
            self.file.fill(
                (self.start + row * size, memory[first * size : last * size]) for first, last, row in _runs(indices)
            )
        except Unreadable as error:
            raise DataflowError(f"{self.file.path}: {error}") from None
        return rows

    def where(self, row: int, column: int | None) -> str:
        """How messages name a row, and a column of a matrix, both from 0."""
        return _named(self.name, row, column)


def _runs(indices: Array) -> list[tuple[int, int, int]]:
    """Runs of rows that are contiguous in the file: where each goes, from and to, and the number of its first row."""
    breaks = np.flatnonzero(np.diff(indices) != 1) + 1
    starts = [0, *breaks.tolist()] if len(indices) else []
    ends = [*breaks.tolist(), len(indices)]
    return [(start, end, int(indices[start])) for start, end in zip(starts, ends, strict=False)]


def open_array(path: str | os.PathLike[str], name: str | None = None) -> RowSource:
    """The array in a .npy, .npz or IDX file; ``name`` is the array of a .npz file.

    Raises DataflowError that says what is wrong with the file.
    """
    with _readable(path):
        file = ArrayFile(path)
        return _rows(_entry(file, name), f"{path}: array '{name}'" if file.names and name else str(path))


def array_type(path: str | os.PathLike[str], name: str | None = None) -> tuple[DType, tuple[int, ...]]:
    """The dtype and shape of that array by its header, however many bytes it has; DataflowError as `open_array`."""
    with _readable(path), ArrayFile(path) as file:
        entry = _entry(file, name)
        return entry.dtype, entry.shape


@contextmanager
def _readable(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, DataflowError):
            raise
        said = reason(error)
        if not Path(path).exists() and "; did you mean" not in said:
            said += "; put it there, or name another in the data section"
        raise DataflowError(f"{path}: cannot be read as data: {said}") from None


def _entry(file: ArrayFile, name: str | None) -> Entry:
    """The named array of a file, which must have rows; where there is one array, any name is its own."""
    entry = file.entry(name if file.names else None)
    if not entry.shape:
        raise Unreadable("must have rows, got a single number; save it with shape [1]")
    if entry.shape[0] and not entry.nbytes:  # a file of a hundred bytes can declare any number of them
        raise Unreadable(f"rows must have elements, got shape {list(entry.shape)}")
    return entry


def _rows(entry: Entry, name: str) -> RowSource:
    found = entry.in_rows()
    if found is None:
        return InMemoryArray(entry.read(), name)
    return FileArray(*found, entry.shape, entry.dtype, name)


def _named(array: str, row: int, column: int | None) -> str:
    place = f"row {row}" if column is None else f"row {row}, column {column}"
    return f"{array}: {place}" if array else place

"""Arrays in files, read by row: a data set may be larger than memory.

What a file holds uncompressed (.npy, members of .npz that were saved so, IDX) stays there until its rows are asked for,
and is read, not mapped: pages of a mapped file would count as the process's own. The rest is read whole, within limits.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, listing, nearest, reason
from dataflow.files import ArrayFile, Entry, RegularFile, Unreadable

_LINES, _VALUES = 1 << 16, 1 << 22  # of a .csv file that are parsed together


class RowSource(Protocol):
    """An array whose rows can be taken."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of all dims; the first is the number of rows."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the rows."""

    def take(self, indices: Array) -> Array:
        """The rows with these numbers, in this order."""


class InMemoryArray:
    """An array in memory."""

    def __init__(self, array: Array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def take(self, indices: Array) -> Array:
        """The rows with these numbers, in this order."""
        return np.take(self.array, indices, axis=0)


class FileArray:
    """An array whose rows lie one after another in a file, from byte ``start`` on."""

    def __init__(self, file: RegularFile, start: int, shape: tuple[int, ...], dtype: np.dtype[Any]):
        self.file, self.start, self.shape, self.dtype = file, start, shape, dtype

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


def _runs(indices: Array) -> list[tuple[int, int, int]]:
    """Runs of rows that are contiguous in the file: where each goes, from and to, and the number of its first row."""
    breaks = np.flatnonzero(np.diff(indices) != 1) + 1
    starts = [0, *breaks.tolist()] if len(indices) else []
    ends = [*breaks.tolist(), len(indices)]
    return [(start, end, int(indices[start])) for start, end in zip(starts, ends, strict=False)]


def open_rows(path: str | os.PathLike[str], name: str | None = None) -> RowSource:
    """The array in a .npy, .npz, .csv or IDX file; ``name`` is the array of a .npz file or the columns of a .csv one.

    Raises DataflowError that says what is wrong with the file.
    """
    try:
        if Path(path).suffix == ".csv":
            return _csv(path, name)
        file = ArrayFile(path)
        return _rows(file.entry(name if file.names else None))  # where there is one array, any name is its own
    except (OSError, ValueError) as error:
        if isinstance(error, DataflowError):
            raise
        said = reason(error)
        if not Path(path).exists() and "; did you mean" not in said:
            said += "; put it there, or name another in the data section"
        raise DataflowError(f"{path}: cannot be read as data: {said}") from None


def _rows(entry: Entry) -> RowSource:
    if not entry.shape:
        raise Unreadable("must have rows, got a single number; save it with shape [1]")
    if entry.shape[0] and not entry.nbytes:  # a file of a hundred bytes can declare any number of them
        raise Unreadable(f"rows must have elements, got shape {list(entry.shape)}")
    found = entry.in_rows()
    return InMemoryArray(entry.read()) if found is None else FileArray(*found, entry.shape, entry.dtype)


def _csv(path: str | os.PathLike[str], columns: str | None) -> RowSource:
    """Numbers separated by commas under a line of names; parsed in pieces into a temporary file."""
    with RegularFile(path) as opened, opened.text() as file:
        header = [name.strip().strip('"') for name in file.readline().split(",")]
        wanted = [name.strip() for name in columns.split(",")] if columns else header
        place_of = {name: i for i, name in reversed([*enumerate(header)])}  # the first of equal names
        if unknown := [name for name in wanted if name not in place_of]:
            hint = nearest(unknown[0], header) or f"it has {listing(header, 'and')}"
            raise DataflowError(f"{path}: no column '{unknown[0]}'; {hint}")
        places = [place_of[name] for name in wanted]
        at_once = max(1, min(_LINES, _VALUES // len(header)))
        values = RegularFile.spooled(Path(path), _parsed(path, file, places, at_once))
    count = values.size // (4 * len(places))
    shape = (count, len(places)) if columns is None or len(places) > 1 else (count,)
    return FileArray(values, 0, shape, np.dtype(np.float32))


def _parsed(path: str | os.PathLike[str], file: Iterable[str], places: list[int], at_once: int) -> Iterator[bytes]:
    count, lines = 0, iter(file)
    while read := list(itertools.islice(lines, at_once)):
        kept = [line for line in read if line.strip()]
        try:
            part = np.loadtxt(kept, np.float64, delimiter=",", usecols=places, ndmin=2) if kept else np.empty(0)
        except ValueError as error:
            raise DataflowError(f"{path}: after row {count}: {error}") from None
        yield part.astype(np.float32).tobytes()
        count += len(part)

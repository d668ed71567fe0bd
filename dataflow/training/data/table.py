"""Tables: columns with names, parsed once into a temporary file of rows from which batches are read."""

from __future__ import annotations

import itertools
import os
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from dataflow.core.dtypes import Array, DType
from dataflow.core.errors import DataflowError, cropped, reason
from dataflow.files import RegularFile
from dataflow.files.endings import CSV, is_table
from dataflow.training.data import csv_table
from dataflow.training.data.columns import selected
from dataflow.training.data.csv_text import CsvText
from dataflow.training.data.section import Csv
from dataflow.training.data.sources import FileArray, InMemoryArray, RowSource, open_array
from dataflow.training.data.wanted import Vocabulary, Wanted

_TEXT = (".txt", ".dat", ".data", ".asc")
_COUNTED = 1 << 20  # bytes of text whose rows are counted for a look at it
_SHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


class TableFile(Protocol):
    """A file with columns that have names."""

    names: list[str]

    @property
    def identity(self) -> tuple[int, ...]:
        """What is the same as long as the file is."""

    def length(self) -> int | None:
        """The number of rows, where that takes no reading of a large file."""

    def close(self) -> None:
        """Close the file; its names and errors stay."""

    def pieces(self, wanted: Sequence[Wanted], words: Vocabulary) -> Iterator[list[Array]]:
        """The wanted columns, row after row, in pieces: an array per column."""

    def where(self, row: int) -> str:
        """How messages name a row."""

    def unknown(self, name: str) -> DataflowError:
        """The error for a column that is not there."""


class CsvFile:
    """A CSV file as a table."""

    def __init__(self, path: str | os.PathLike[str], options: Csv):
        self.text = CsvText(path, options)
        self.names, self.unknown = self.text.names, self.text.unknown

    @property
    def identity(self) -> tuple[int, ...]:
        """What is the same as long as the file is."""
        return self.text.file.identity

    def length(self) -> int | None:
        """The number of rows of a small file."""
        return self.text.count(_COUNTED)

    def close(self) -> None:
        """Close the file; its names and errors stay."""
        self.text.file.close()

    def pieces(self, wanted: Sequence[Wanted], words: Vocabulary) -> Iterator[list[Array]]:
        """The wanted columns, row after row, in pieces: an array per column."""
        return csv_table.pieces(self.text, wanted, words)

    def where(self, row: int) -> str:
        """How messages name a row: by its line."""
        return f"{self.text.path}:{csv_table.line_of(self.text, row)}"


def as_table(path: str | os.PathLike[str]) -> str:
    """How a file that is no table by its ending, and no array either, becomes a table; nothing if it cannot."""
    bare = str(path).lower().removesuffix(".gz")
    if not Path(path).is_file():
        return ""
    if bare.endswith(_SHEETS):
        return "save the sheet as CSV"
    return "a table of text must end in .csv or .tsv: rename it" if bare.endswith(_TEXT) else ""


def open_table(path: str | os.PathLike[str], options: Csv) -> TableFile:
    """The table in a file; DataflowError where it cannot be read."""
    if str(path).lower().removesuffix(".gz").endswith(CSV):
        return CsvFile(path, options)
    from dataflow.training.data.arrow_table import ArrowFile

    return ArrowFile(path)


class Rows:
    """The rows of a table that were asked for, read in any order: from memory if they are few, else from a file."""

    def __init__(self, file: TableFile, path: str | os.PathLike[str], wanted: Iterable[Wanted]):
        self.file, self.words = file, Vocabulary()
        self.wanted = sorted(set(wanted))
        self.field = {each: f"f{i}" for i, each in enumerate(self.wanted)}
        self.dtype = np.dtype([(self.field[each], each.storage) for each in self.wanted])
        self.length = 0
        self.array = self._kept(path)
        self._last: tuple[bytes, Array] | None = None

    def _kept(self, path: str | os.PathLike[str]) -> RowSource:
        packed = self._packed()
        few, size = [], 0
        for rows in packed:
            few.append(rows)
            size += rows.nbytes
            if size > _IN_MEMORY:
                break
        else:
            together = np.concatenate([np.empty(0, np.uint8), *(rows.view(np.uint8) for rows in few)])
            return InMemoryArray(together.view(self.dtype), str(path))  # records would be copied field by field
        try:
            spool = RegularFile.spooled(Path(path), (each.tobytes() for each in itertools.chain(few, packed)))
        except OSError as error:
            raise DataflowError(
                f"{path}: its rows take a temporary file, got: {reason(error)}; have TMPDIR name a folder with room"
            ) from None
        return FileArray(spool, 0, (self.length,), self.dtype)

    def _packed(self) -> Iterator[Array]:
        for columns in self.file.pieces(self.wanted, self.words):
            rows = np.empty(len(columns[0]), self.dtype)
            for each, column in zip(self.wanted, columns, strict=True):
                rows[self.field[each]] = column
            self.length += len(rows)
            yield rows

    def take(self, wanted: Sequence[Wanted], indices: Array) -> list[Array]:
        """Some columns of the rows with these numbers; the other inputs of a batch take the rows that were read."""
        key = indices.tobytes()
        last = self._last
        rows = last[1] if last is not None and last[0] == key else self.array.take(indices)
        self._last = (key, rows)
        return [rows[self.field[each]] for each in wanted]


class TableColumns:
    """Columns of a table as an array: one column, or a matrix of several."""

    def __init__(self, rows: Rows, wanted: Sequence[Wanted], matrix: bool):
        self.table, self.wanted, self.matrix = rows, wanted, matrix
        self.shape = (rows.length, len(wanted)) if matrix else (rows.length,)
        self.dtype: DType = wanted[0].storage

    def take(self, indices: Array) -> Array:
        """The rows with these numbers, in this order."""
        columns = self.table.take(self.wanted, indices)
        if not self.matrix:
            return np.ascontiguousarray(columns[0])
        found = np.empty((len(indices), len(columns)), self.dtype)
        for i, column in enumerate(columns):
            found[:, i] = column
        return found

    def where(self, row: int, column: int | None) -> str:
        """How messages name a row, and a column of a matrix."""
        return f"{self.table.file.where(row)}: column '{cropped(self.wanted[column or 0].name)}'"


_IN_MEMORY = 64 << 20  # bytes of rows
_open: weakref.WeakValueDictionary[object, Rows] = weakref.WeakValueDictionary()
_latest: deque[Rows] = deque(maxlen=2)  # these stay: what is checked is then trained with


def rows_of(path: str | os.PathLike[str], options: Csv, file: TableFile, wanted: Iterable[Wanted]) -> Rows:
    """The rows of a table; those in use are not read again as long as the file is the same."""
    needed = frozenset(wanted)
    key = (str(path), file.identity, repr(vars(options)), needed)
    found = _open.get(key)
    if found is None:
        found = _open[key] = Rows(file, path, needed)
        _latest.append(found)
    return found


def array_of(path: str | os.PathLike[str], name: str | None) -> RowSource:
    """The array in a file that is no table by its ending; DataflowError where it has none."""
    with no_table(path):
        return open_array(path, name)


@contextmanager
def no_table(path: str | os.PathLike[str]) -> Iterator[None]:
    """What is wrong with a file that is read as arrays also tells how it becomes a table, if it can."""
    try:
        yield
    except DataflowError as error:
        if hint := as_table(path):
            raise DataflowError(f"{error}; {hint}") from None
        raise


def open_rows(path: str | os.PathLike[str], name: str | None = None, dtype: str = "float32") -> RowSource:
    """The array in a file, or numbers of this dtype in columns of a table.

    name : the array of a .npz file, or one or several columns, as ``a, b, c``; by default the only array, or all.

    Raises DataflowError that says what is wrong with the file.
    """
    if not is_table(path):
        return array_of(path, name)
    file = open_table(path, Csv())
    names = selected(file.names, name, None, file.unknown)
    wanted = [Wanted(each, dtype) for each in names]
    return TableColumns(rows_of(path, Csv(), file, wanted), wanted, name is None or len(names) > 1)

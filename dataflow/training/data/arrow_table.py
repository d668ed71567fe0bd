"""Parquet and Arrow (Feather) files as tables, read by pyarrow, a batch of rows at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, cropped, instead
from dataflow.files import RegularFile, Unreadable
from dataflow.training.data import conversion
from dataflow.training.data.columns import check_different
from dataflow.training.data.numbers import WrongText, parsed
from dataflow.training.data.wanted import MISSING, TEXT, Vocabulary, Wanted

_ROWS = 1 << 16  # of a batch
_BUFFER = 1 << 20  # bytes of a column that are read at a time, however large its row groups are
# what pyarrow and decoding raise at damaged files, beside errors of its own
_FAILURES = (OSError, ValueError, LookupError, ArithmeticError, MemoryError)


class Column(Protocol):
    """What is used of an array of pyarrow, which has no types of its own."""

    type: Any
    null_count: int
    dictionary_decode: Callable[[], Column]
    dictionary_encode: Callable[[], Any]
    fill_null: Callable[[object], Column]
    is_null: Callable[[], Column]
    to_numpy: Callable[..., Array]
    to_pylist: Callable[[], list[Any]]


def pyarrow() -> Any:
    """The module; DataflowError with the command that installs it where it is missing."""
    try:
        import pyarrow
    except ImportError:
        raise DataflowError(
            "Parquet and Arrow files must have pyarrow to be read, got none; pip install 'dataflow-blocks[arrow]'"
        ) from None
    return pyarrow


class ArrowFile:
    """A Parquet or Arrow file.

    Raises DataflowError where it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path, self.arrow = path, pyarrow()
        try:
            self.file = RegularFile(path)
            self._parquet = self.file.read(0, min(4, self.file.size)) == b"PAR1"
        except Unreadable as error:
            raise DataflowError(f"{path}: cannot be read as data: {error}") from None
        self._failures = (self.arrow.ArrowException, *_FAILURES)
        try:
            schema = self._open().schema_arrow if self._parquet else self._open().schema
            self.names: list[str] = schema.names
        except self._failures as error:
            raise self._damaged(error) from None
        check_different(self.names, lambda said: DataflowError(f"{path}: {said}"))

    @property
    def identity(self) -> tuple[int, ...]:
        """What is the same as long as the file is."""
        return self.file.identity

    def length(self) -> int | None:
        """The number of rows, which Parquet files say in their footer."""
        try:
            return int(self._open().metadata.num_rows) if self._parquet else None
        except self._failures as error:
            raise self._damaged(error) from None

    def close(self) -> None:
        """Close the file; its names and errors stay."""
        self.file.close()

    def where(self, row: int) -> str:
        """How messages name a row, from 0."""
        return f"{self.path}: row {row}"

    def unknown(self, name: str) -> DataflowError:
        """The error for a column that is not there."""
        return DataflowError(f"{self.path}: no column '{cropped(name)}'; {instead(name, self.names)}")

    def pieces(self, wanted: Sequence[Wanted], words: Vocabulary) -> Iterator[list[Array]]:
        """The wanted columns, row after row, in pieces: an array per column."""
        names, done = sorted({each.name for each in wanted}), 0
        try:
            for batch in self._batches(names):
                for first in range(0, batch.num_rows, _ROWS):
                    part = batch.slice(first, _ROWS)
                    yield [self._column(part.column(each.name), each, done, words) for each in wanted]
                    done += part.num_rows
        except self._failures as error:
            raise error if isinstance(error, DataflowError) else self._damaged(error) from None

    def _open(self) -> Any:
        stream = self.file.stream()
        if self._parquet:
            from pyarrow import parquet

            return parquet.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER)
        return self.arrow.ipc.open_file(stream)

    def _batches(self, names: list[str]) -> Iterator[Any]:
        opened = self._open()
        if self._parquet:
            yield from opened.iter_batches(_ROWS, columns=names)
            return
        for i in range(opened.num_record_batches):
            batch = opened.get_batch(i).select(names)
            batch.validate(full=True)  # offsets of a damaged file lead anywhere in memory
            yield batch

    def _damaged(self, error: Exception) -> DataflowError:
        return DataflowError(
            f"{self.path}: cannot be read as data: {cropped((str(error).splitlines() or ['damaged'])[0])}"
        )

    def _column(self, column: Column, wanted: Wanted, done: int, words: Vocabulary) -> Array:
        types = self.arrow.types
        who = f"column '{cropped(wanted.name)}'"
        if types.is_dictionary(column.type):
            column = column.dictionary_decode()
        missing = np.asarray(column.is_null().to_numpy(zero_copy_only=False), bool) if column.null_count else None
        if missing is not None and not wanted.may_miss:
            at = done + int(missing.argmax())
            raise DataflowError(
                f"{self.where(at)}: {who} must have a value, got none; say with 'missing' what takes its place"
            )
        if wanted.kind == TEXT:
            return self._codes(column, wanted, who, words)

        def tell(index: tuple[int, ...], message: str) -> DataflowError:
            return DataflowError(f"{self.where(done + index[0])}: {who} {message}")

        if types.is_decimal(column.type):
            texts = ["nan" if value is None else str(value) for value in column.to_pylist()]
            try:
                return parsed(texts, wanted.kind)
            except WrongText as error:
                raise tell((error.index,), str(error)) from None
        if not (types.is_integer(column.type) or types.is_floating(column.type) or types.is_boolean(column.type)):
            hint = "; write classes or categories" if _is_text(column) else ""
            raise DataflowError(f"{self.path}: {who} must be numbers, got {column.type}{hint}")
        if missing is None:
            return conversion.converted(column.to_numpy(zero_copy_only=False), wanted.kind, tell)
        known = column.fill_null(False if types.is_boolean(column.type) else 0).to_numpy(zero_copy_only=False)
        made = known.astype(np.float64)
        made[missing] = np.nan
        return made.astype(dtypes.storage(wanted.kind), copy=False)

    def _codes(self, column: Column, wanted: Wanted, who: str, words: Vocabulary) -> Array:
        types = self.arrow.types
        if not (_is_text(column) or types.is_integer(column.type) or types.is_boolean(column.type)):
            raise DataflowError(f"{self.path}: {who} must be text or whole numbers to be labels, got {column.type}")
        encoded = column.dictionary_encode()
        texts: list[str | None] = [str(value) for value in encoded.dictionary.to_pylist()]
        try:
            codes = np.append(words.encode(wanted.name, texts), np.int32(MISSING))
        except DataflowError as error:
            raise DataflowError(f"{self.path}: {error}") from None
        result: Array = codes[encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)]
        return result


def _is_text(column: Column) -> bool:
    return str(column.type) in ("string", "large_string", "string_view")

"""The text of a CSV file: decompressed, decoded, in pieces of whole lines; and its records, by RFC 4180."""

from __future__ import annotations

import csv
import os
import zlib
from collections.abc import Iterator

import numpy as np

from dataflow.core.errors import DataflowError, cropped, instead, nearest
from dataflow.files import RegularFile, Unreadable
from dataflow.training.data import csv_hints
from dataflow.training.data.columns import check_different
from dataflow.training.data.numbers import is_number
from dataflow.training.data.section import Csv

_PIECE = 2 << 20  # bytes
_LONGEST = 64 << 20  # bytes of a line
_GZIP = b"\x1f\x8b"
Record = tuple[int, list[str]]  # the number of its last line, from 1, and its fields


class CsvText:
    """A CSV file, its names and its records.

    Raises DataflowError with file and line where it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], options: Csv):
        self.path, self.options = path, options
        named = str(path).lower().removesuffix(".gz")
        self.delimiter = options.delimiter or ("\t" if named.endswith((".tsv", ".tab")) else ",")
        if self.delimiter == options.decimal:
            raise DataflowError(
                f"{path}: 'delimiter' must be another character than 'decimal', got '{self.delimiter}' for both; "
                'write csv: {delimiter: ";", decimal: ","}'
            )
        try:
            self.file = RegularFile(path)
            self.packed = self.file.read(0, min(2, self.file.size)) == _GZIP
        except Unreadable as error:
            raise DataflowError(f"{path}: cannot be read as data: {error}") from None
        self.first, self.names = self._header()

    def _header(self) -> tuple[int, list[str]]:
        """The number of lines above the first record, and the names of the columns."""
        line, fields = next(self.records(self.lines()), (0, []))
        if not fields:
            raise DataflowError(f"{self.path}: must have a line of names and rows, got an empty file")
        if not self.options.header:
            names = [*(self.options.columns or [f"column {i}" for i in range(1, len(fields) + 1)])]
            if len(names) != len(fields):
                raise self.error(line, f"must have {len(names)} fields, as 'columns' has names, got {len(fields)}")
            check_different(names, lambda said: DataflowError(f"{self.path}: {said}"))
            return 0, names
        names = [name.strip() for name in fields]
        if all(is_number(name, self.options.decimal) for name in names):
            raise self.error(
                line,
                f"must have the names of the columns, got numbers: {cropped(', '.join(names))}; "
                "write csv: {header: false} for a file without names",
            )
        check_different(names, lambda said: self.error(line, said))
        return line, names

    def wrong_fields(self, fields: list[str]) -> str:
        """What is wrong with the number of fields of a record."""
        said = f"must have {len(self.names)} fields, as the first line has, got {len(fields)}"
        if 1 not in (len(self.names), len(fields)):
            return said
        other = csv_hints.other_delimiter(self.delimiter, [*self.names, *fields])
        return f"{said}; {csv_hints.separate(other)}" if other else said

    @property
    def other_delimiter(self) -> str:
        """What seems to separate fields instead, in a file whose first line was read as a single one."""
        return csv_hints.other_delimiter(self.delimiter, self.names) if len(self.names) == 1 else ""

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """Pieces of the file, decompressed, that end where a line does: the number of the first line, and the bytes."""
        line, rest = 1, b""
        for raw in self._bytes():
            data = rest + raw
            cut = data.rfind(b"\n") + 1 or data[:-1].rfind(b"\r") + 1
            if not cut:
                if len(data) > _LONGEST:
                    raise self.error(line, f"a line may have at most {_LONGEST:,} bytes, got more")
                rest = data
                continue
            yield line, data[:cut]
            line, rest = line + _ends(data[:cut]), data[cut:]
        if rest:
            yield line, rest

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """The same as text: the number of the first line, and the lines with their ends."""
        return ((line, self.decoded(data, line)) for line, data in self.pieces())

    def decoded(self, data: bytes, line: int) -> list[str]:
        """The lines of a piece, of which the first has this number; each ends in a line feed but perhaps the last."""
        if line == 1 and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise self.error(line, "must be UTF-8, got UTF-16; save it as UTF-8")
        try:
            text = data.decode("utf-8-sig" if line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            at = line + _ends(data[: error.start])
            raise self.error(at, f"must be UTF-8, got the byte 0x{data[error.start]:02x}; save it as UTF-8") from None
        if "\0" in text:
            raise self.error(line + _ends(data[: data.index(b"\0")]), "must be text, got a byte 0x00")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        found = text.split("\n")
        last = found.pop()
        return [f"{each}\n" for each in found] + ([last] if last else [])

    def _bytes(self) -> Iterator[bytes]:
        try:
            yield from self._unpacked() if self.packed else self._stored()
            self.file.check_unchanged()
        except Unreadable as error:
            raise DataflowError(f"{self.path}: cannot be read as data: {error}") from None

    def _stored(self) -> Iterator[bytes]:
        for at in range(0, self.file.size, _PIECE):
            yield self.file.read(at, min(_PIECE, self.file.size - at))

    def _unpacked(self) -> Iterator[bytes]:
        engine = zlib.decompressobj(31)
        try:
            for data in self._stored():
                while data:
                    if engine.eof:  # a file may be several, one after the other
                        engine = zlib.decompressobj(31)
                    yield engine.decompress(data, _PIECE)
                    data = engine.unused_data if engine.eof else engine.unconsumed_tail
            while not engine.eof:
                if not (piece := engine.decompress(b"", _PIECE)):
                    raise Unreadable("is cut short: its compressed bytes end too early")
                yield piece
        except zlib.error as error:
            raise Unreadable(f"is damaged: {error}") from None

    def records(self, pieces: Iterator[tuple[int, list[str]]]) -> Iterator[Record]:
        """The records of lines; blank lines and comments are left out."""
        lines = (line for _, piece in pieces for line in piece)
        yield from self.parsed(1, lines)

    def count(self, most: int) -> int | None:
        """The number of records below the names; None of a file of more than so many bytes, decompressed."""
        read, more = 0, False

        def few() -> Iterator[tuple[int, list[str]]]:
            nonlocal read, more
            for line, data in self.pieces():
                read += len(data)
                if more := read > most:
                    return
                yield line, self.decoded(data, line)

        count = sum(1 for _ in self.records(few())) if self.file.size <= most else 0
        return None if more or self.file.size > most else count - self.options.header

    def parsed(self, first: int, lines: Iterator[str]) -> Iterator[Record]:
        """The records of lines of which the first has this number."""
        at, begins = first - 1, True

        def kept() -> Iterator[str]:
            nonlocal begins
            for line in lines:
                if begins and self._says_nothing(line):
                    yield "\n"
                else:
                    begins = False
                    yield line

        reader = csv.reader(kept(), delimiter=self.delimiter, strict=True)
        try:
            for fields in reader:
                at, begins = first - 1 + reader.line_num, True
                if fields:
                    yield at, fields
        except csv.Error as error:
            longest = f"a field may have at most {csv.field_size_limit():,} characters, got more; is its quote closed?"
            said = {
                "unexpected end of data": "a quote must be closed, got the end of the file",
                f"'{self.delimiter}' expected after '\"'": f"after a quoted field must be a '{self.delimiter}'; "
                "quotes in a quoted field are doubled",
            }.get(str(error), longest if "field limit" in str(error) else str(error))
            raise self.error(at + 1, said) from None

    def one_per_line(self, lines: list[str]) -> list[list[str]] | None:
        """The records of lines of which each is one; None where some are not, or something is wrong with them."""
        if self.options.comment or any(map(str.isspace, lines)):
            return None
        try:
            found = [*csv.reader(lines, delimiter=self.delimiter, strict=True)]
        except csv.Error:
            return None
        return found if len(found) == len(lines) else None

    def _says_nothing(self, line: str) -> bool:
        """Whether a line between records is blank or a comment."""
        comment = self.options.comment
        return (line.isspace() and self.delimiter not in line) or bool(comment and line.startswith(comment))

    def error(self, line: int, message: str) -> DataflowError:
        """An error that names file and line."""
        return DataflowError(f"{self.path}:{line}: {message}")

    def unknown(self, name: str) -> DataflowError:
        """An error for a column that the file does not have."""
        if self.other_delimiter:
            got = f"must have several columns, got one, '{cropped(self.names[0])}'"
            return DataflowError(f"{self.path}: {got}; {csv_hints.separate(self.other_delimiter)}")
        shown = [f"'{each}'" if "," in each else each for each in self.names]
        hint = nearest(name, self.names) or instead("", shown)
        return DataflowError(f"{self.path}: no column '{cropped(name)}'; {hint}")


def _ends(data: bytes) -> int:
    """The number of line ends, of any kind."""
    feeds = int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))
    return feeds + data.count(b"\r") - data.count(b"\r\n") if b"\r" in data else feeds

"""The columns of a CSV file in the dtypes that are asked for, piece by piece."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.training.data import csv_arrow, csv_hints
from dataflow.training.data.csv_text import CsvText
from dataflow.training.data.numbers import Unclear, WrongText, is_number, nearest, parsed
from dataflow.training.data.wanted import TEXT, Vocabulary, Wanted

# quotes, and blanks that loadtxt leaves out around numbers, as is_number does not
_CLOSER = re.compile('["\v\f\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]')
_RECORDS = 1 << 15  # that are looked at together: lists of short fields take many times the bytes of the file
Piece = tuple[int, bytes]  # whole lines, and the number of the first


class Reader(Protocol):
    """Reads plain pieces faster than record by record."""

    def columns(self, first: int, data: bytes) -> list[Array] | None:
        """The wanted columns of whole lines, of which the first has this number; None where it does not take them."""


def pieces(text: CsvText, wanted: Sequence[Wanted], words: Vocabulary, plain: bool = True) -> Iterator[list[Array]]:
    """The wanted columns, row after row, in pieces: an array per column.

    Without ``plain`` all of it is read record by record, to the same bits.

    Raises DataflowError with file, line and column where a value is missing or is not what is wanted.
    """
    fast = _reader(text, wanted, words) if plain else None
    source = text.pieces()
    piece = _below_names(text, source)
    while piece is not None:
        columns = fast.columns(*piece) if fast is not None else None
        rest = None
        if columns is None:
            records, rest = _records(text, *piece, source)
            columns = _columns(text, wanted, records, words)
        yield columns
        piece = rest or next(source, None)


def _reader(text: CsvText, wanted: Sequence[Wanted], words: Vocabulary) -> Reader | None:
    """The fastest reader that is installed and may take files written in this way."""
    if csv_arrow.is_installed() and csv_arrow.may_take(text, wanted):
        return csv_arrow.ByArrow(text, wanted, words)
    return ByLoadtxt(text, wanted) if _is_numeric(text, wanted) else None


def line_of(text: CsvText, row: int) -> int:
    """The line of a row of the table; the file is read again to find it."""
    for i, (line, _) in enumerate(text.records(text.lines())):
        if i == row + text.options.header:
            return line
    return 0


def _below_names(text: CsvText, source: Iterator[Piece]) -> Piece | None:
    for first, data in source:
        lines = text.decoded(data, first)
        skipped = max(text.first - first + 1, 0)
        if skipped < len(lines):
            return first + skipped, "".join(lines[skipped:]).encode()
    return None


class Records(NamedTuple):
    """Records of a file, and the number of the line in which each ends."""

    lines: Sequence[int]
    fields: list[list[str]]


def _records(text: CsvText, first: int, data: bytes, source: Iterator[Piece]) -> tuple[Records, Piece | None]:
    """The first records that begin in these lines, the last of which may end in later ones, and the lines after it."""
    lines = text.decoded(data, first)
    if (found := text.one_per_line(lines[:_RECORDS])) is not None:
        rest = lines[len(found) :]
        return Records(range(first, first + len(found)), found), (
            (first + len(found), "".join(rest).encode()) if rest else None
        )
    end, taken = first + len(lines) - 1, 0

    def pulled() -> Iterator[str]:
        nonlocal first, lines, taken
        while lines:
            for taken, line in enumerate(lines, 1):  # noqa: B007 - read below
                yield line
            first, data = next(source, (0, b""))
            lines, taken = text.decoded(data, first), 0

    found = []
    ends = []
    for at, fields in text.parsed(first, pulled()):
        ends.append(at)
        found.append(fields)
        if at >= end or len(found) == _RECORDS:
            break
    return Records(ends, found), (first + taken, "".join(lines[taken:]).encode()) if taken < len(lines) else None


class ByLoadtxt:
    """Numbers read by NumPy's loadtxt, several times as fast as one by one; None for what it does not take."""

    def __init__(self, text: CsvText, wanted: Sequence[Wanted]):
        self.text, self.wanted = text, wanted
        kinds = {each.name: "f8" if each.kind not in dtypes.whole else f"{each.sign}8" for each in wanted}
        self.dtype = np.dtype([(f"f{i}", kinds.get(name, "U1")) for i, name in enumerate(text.names)])
        self.field = {name: f"f{i}" for i, name in enumerate(text.names)}

    def columns(self, first: int, data: bytes) -> list[Array] | None:
        """The wanted columns of whole lines; None where a value needs a closer look."""
        lines = self.text.decoded(data, first)
        if _CLOSER.search("".join(lines)):
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                rows = np.loadtxt(lines, self.dtype, comments=None, delimiter=self.text.delimiter, ndmin=1)
                return [self._column(rows[self.field[each.name]], each) for each in self.wanted]
        except (ValueError, Warning, Unclear):  # WrongText too: it is told with its line
            return None

    def _column(self, found: Array, wanted: Wanted) -> Array:
        if wanted.kind not in dtypes.whole:
            return nearest(np.ascontiguousarray(found), wanted.kind, None)
        low, high = dtypes.limits(wanted.kind)
        if len(found) and not (low <= found.min() and found.max() <= high):
            raise ValueError
        return found.astype(wanted.storage)


def _is_numeric(text: CsvText, wanted: Sequence[Wanted]) -> bool:
    """Whether numbers alone are wanted, none of which may be missing, from a file without comments."""
    plain = text.options.decimal == "." and not text.options.comment and not any(map(is_number, text.options.missing))
    simple = plain and all(each.kind not in (TEXT, "bool") and not each.may_miss for each in wanted)
    return simple and len({each.name for each in wanted}) == len(wanted)


def _columns(text: CsvText, wanted: Sequence[Wanted], records: Records, words: Vocabulary) -> list[Array]:
    """The wanted columns of records."""
    width = len(text.names)
    if set(map(len, records.fields)) - {width}:
        line, fields = next(pair for pair in zip(*records, strict=True) if len(pair[1]) != width)
        raise text.error(line, text.wrong_fields(fields))
    columns = zip(*records.fields, strict=True) if records.fields else [()] * width
    by_name = dict(zip(text.names, columns, strict=True))
    return [_column(text, each, by_name[each.name], records.lines, words) for each in wanted]


def _column(text: CsvText, wanted: Wanted, texts: Sequence[str], lines: Sequence[int], words: Vocabulary) -> Array:
    gone = {"", *map(str.strip, text.options.missing)}
    bare = [*map(str.strip, texts)]
    missing = [] if gone.isdisjoint(bare) else [i for i, each in enumerate(bare) if each in gone]
    if missing and not wanted.may_miss:
        what = "a text" if wanted.kind == TEXT else f"a value of {wanted.kind}"
        got = "nothing" if not texts[missing[0]].strip() else f"'{texts[missing[0]]}', which means that it is missing"
        raise text.error(
            lines[missing[0]],
            f"column '{wanted.name}' must be {what}, got {got}; say with 'missing' what takes its place",
        )
    if wanted.kind == TEXT:
        try:
            return words.encode(wanted.name, [None if each in gone else each for each in bare])
        except DataflowError as error:
            raise DataflowError(f"{text.path}: {error}") from None
    if missing:
        texts = [*texts]
        for i in missing:
            texts[i] = "nan"
    try:
        return parsed(texts, wanted.kind, text.options.decimal)
    except WrongText as error:
        hint = csv_hints.for_value(texts[error.index], wanted, text.names, text.delimiter, text.options.decimal)
        said = f"column '{wanted.name}' {error}" + (f"; {hint}" if hint else "")
        raise text.error(lines[error.index], said) from None

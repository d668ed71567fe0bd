"""CSV files without quotes read by pyarrow, where it is installed: as far as it reads them as `csv_table` does.

It gives the nearest float64 of a decimal number and exact whole numbers. At anything else, such as a quote, a value
that is not of its dtype, or a number halfway between two of the dtype, it stops, and `csv_table` goes on.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Generator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.training.data.arrow_table import Column
from dataflow.training.data.csv_text import CsvText
from dataflow.training.data.numbers import Halfway, WrongText, nearest
from dataflow.training.data.wanted import MISSING, TEXT, Vocabulary, Wanted

_BLOCK = 4 << 20  # bytes


def can_read(text: CsvText, wanted: Sequence[Wanted]) -> bool:
    """Whether a file is read in this way, at least its beginning."""
    plain = not text.packed and not text.options.comment and ord(text.delimiter) < 128
    return plain and all(each.kind != "bool" for each in wanted) and importlib.util.find_spec("pyarrow") is not None


def pieces(text: CsvText, wanted: Sequence[Wanted], words: Vocabulary) -> Generator[list[Array], None, bool]:
    """The wanted columns of the rows before the first that needs a closer look, in pieces; returns whether none did."""
    import pyarrow
    from pyarrow import csv

    names = sorted({each.name for each in wanted})
    kinds = {each.name: _type(pyarrow, each) for each in wanted}
    if any(_type(pyarrow, each) != kinds[each.name] for each in wanted):
        return False
    try:
        reader = csv.open_csv(
            pyarrow.PythonFile(_Unquoted(text), mode="r"),
            csv.ReadOptions(
                column_names=text.names, skip_rows=text.first if text.options.header else 0, block_size=_BLOCK
            ),
            csv.ParseOptions(delimiter=text.delimiter, quote_char=False),
            csv.ConvertOptions(
                include_columns=names,
                column_types=kinds,
                null_values=["", *text.options.missing],
                strings_can_be_null=True,
            ),
        )
        for batch in reader:
            yield [_column(batch.column(names.index(each.name)), each, words) for each in wanted]
    except (pyarrow.ArrowException, Halfway, WrongText, _Stop, ValueError):
        return False
    return True


class _Stop(Exception):
    """Something for `csv_table`."""


class _Unquoted(io.RawIOBase):
    """The bytes of a file; an error where quotes, zeros or whole numbers in hex, which pyarrow takes, stand in them."""

    def __init__(self, text: CsvText):
        self.stream = text.file.stream()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        if any(each in data for each in (b'"', b"\0", b"0x", b"0X")):
            raise ValueError
        return data


def _type(pyarrow: ModuleType, wanted: Wanted) -> Any:
    if wanted.kind == TEXT:
        return pyarrow.string()
    return {"i": pyarrow.int64(), "u": pyarrow.uint64()}.get(wanted.storage.kind, pyarrow.float64())


def _column(column: Column, wanted: Wanted, words: Vocabulary) -> Array:
    if column.null_count and not wanted.may_miss:
        raise _Stop
    if wanted.kind == TEXT:
        encoded = column.dictionary_encode()
        texts = [text.strip() or None for text in encoded.dictionary.to_pylist()]
        if None in texts and not wanted.may_miss:
            raise _Stop
        codes = np.append(words.encode(wanted.name, texts), np.int32(MISSING))
        found: Array = codes[encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)]
        return found
    values: Array = column.to_numpy(zero_copy_only=False)  # what is missing becomes NaN, and its column float64
    if wanted.storage.kind not in "iu":
        return nearest(np.ascontiguousarray(values, np.float64), wanted.kind, None)
    low, high = dtypes.limits(wanted.kind)
    if len(values) and not (low <= values.min() and values.max() <= high):
        raise _Stop
    return values.astype(wanted.storage)

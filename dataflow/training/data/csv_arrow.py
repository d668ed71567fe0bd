"""Plain pieces of CSV files read by pyarrow, where it is installed, to the same bits as `csv_table` reads them."""

from __future__ import annotations

import codecs
import importlib.util
from collections.abc import Sequence

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.training.data.arrow_table import Column
from dataflow.training.data.csv_text import CsvText
from dataflow.training.data.numbers import Unclear, WrongText, is_number, nearest
from dataflow.training.data.wanted import MISSING, TEXT, Vocabulary, Wanted

_BLOCK = 1 << 30  # bytes: a piece is one block
_ODD = (b'"', b"\0")  # quotes are left to `csv_table`
_HEX = ((b"x", b"0x"), (b"X", b"0X"))  # whole numbers in hex, which it reads, are none; one byte is found faster


def is_installed() -> bool:
    """Whether there is a pyarrow."""
    return importlib.util.find_spec("pyarrow") is not None


def may_take(text: CsvText, wanted: Sequence[Wanted]) -> bool:
    """Whether it reads files written in this way: without comments, each column in one kind of values."""
    one_kind = len({(each.name, _kind(each)) for each in wanted}) == len({each.name for each in wanted})
    plain = not text.options.comment and text.delimiter.isascii()
    # numbers that mean that a value is missing are found by pyarrow only without blanks
    plain = plain and not any(is_number(each, text.options.decimal) for each in text.options.missing)
    return plain and one_kind and all(each.kind != "bool" for each in wanted)


class ByArrow:
    """A reader of plain lines.

    It does not take pieces in which a quote stands, a value that is not of its dtype, or a number halfway between two
    values of the dtype.
    """

    def __init__(self, text: CsvText, wanted: Sequence[Wanted], words: Vocabulary):
        import pyarrow
        from pyarrow import csv

        self.wanted, self.words, self.pyarrow, self.read_csv = wanted, words, pyarrow, csv.read_csv
        self.gone = {"", *map(str.strip, text.options.missing)}
        types = {"i": pyarrow.int64(), "u": pyarrow.uint64(), "f": pyarrow.float64(), TEXT: pyarrow.string()}
        self.read = csv.ReadOptions(column_names=text.names, block_size=_BLOCK)
        self.parse = csv.ParseOptions(delimiter=text.delimiter, quote_char=False)
        self.convert = csv.ConvertOptions(
            include_columns=sorted({each.name for each in wanted}),
            column_types={each.name: types[_kind(each)] for each in wanted},
            null_values=["", *text.options.missing],
            strings_can_be_null=True,
            decimal_point=text.options.decimal,
        )

    def columns(self, first: int, data: bytes) -> list[Array] | None:
        """The wanted columns of whole lines; None where it does not take them."""
        if data.startswith(codecs.BOM_UTF8) or any(each in data for each in _ODD):
            return None
        if any(each in data and both in data for each, both in _HEX):
            return None
        try:
            _ = data.isascii() or data.decode()  # the columns that are not wanted too
            source = self.pyarrow.BufferReader(data)
            table = self.read_csv(source, self.read, self.parse, self.convert).combine_chunks()
            return [self._column(table.column(each.name).chunk(0), each) for each in self.wanted]
        except (self.pyarrow.ArrowException, Unclear, WrongText, ValueError):
            return None

    def _column(self, column: Column, wanted: Wanted) -> Array:
        if column.null_count and not wanted.may_miss:
            raise ValueError
        if wanted.kind == TEXT:
            encoded = column.dictionary_encode()
            bare = map(str.strip, encoded.dictionary.to_pylist())
            texts = [None if each in self.gone else each for each in bare]
            if None in texts and not wanted.may_miss:
                raise ValueError
            codes = np.append(self.words.encode(wanted.name, texts), np.int32(MISSING))
            found: Array = codes[encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)]
            return found
        values: Array = column.to_numpy(zero_copy_only=False)  # what is missing becomes NaN, and its column float64
        if wanted.kind not in dtypes.whole:
            return nearest(np.ascontiguousarray(values, np.float64), wanted.kind, None)
        low, high = dtypes.limits(wanted.kind)
        if len(values) and not (low <= values.min() and values.max() <= high):
            raise ValueError
        return values.astype(wanted.storage)


def _kind(wanted: Wanted) -> str:
    """The kind of values that are asked of pyarrow: text, signed or unsigned whole numbers, or float64."""
    if wanted.kind == TEXT:
        return TEXT
    return wanted.sign if wanted.kind in dtypes.whole else "f"

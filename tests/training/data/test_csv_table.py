"""Columns of CSV files: what was written is what is read, by either reader, in pieces of any size, errors by line."""

from __future__ import annotations

import csv as writer
import gzip
import io
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
import tables
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tables import columns

from dataflow.core.errors import DataflowError
from dataflow.training.data import csv_arrow, csv_table, csv_text
from dataflow.training.data.csv_text import CsvText
from dataflow.training.data.section import Csv
from dataflow.training.data.wanted import TEXT, Vocabulary, Wanted


class Table:
    """A CSV file, read by the fastest reader there is, or record by record."""

    def __init__(self, data, plain=True, **options):
        self.text, self.plain = CsvText(tables.csv("a.csv", data), Csv(**options)), plain
        self.names = self.text.names

    def pieces(self, wanted, words):
        return csv_table.pieces(self.text, wanted, words, self.plain)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# -- what was written is what is read -----------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8).map(
    str.strip
)
rows_of = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.integers(0, 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.floats(width=32, allow_infinity=False, allow_nan=False),
        texts,
    ),
    max_size=20,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows_of,
    st.sampled_from(",;|\t "),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([writer.QUOTE_ALL, writer.QUOTE_MINIMAL, writer.QUOTE_NONNUMERIC]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.booleans(),
    st.sampled_from([1, 2, 5, 40, 2 << 20]),
)
@example([(0, 0, 0.0, 0.0, "a\n\n\nb")], ",", "\r\n", writer.QUOTE_MINIMAL, b"", False, 1)
def test_what_csv_writes_is_read_exactly(rows, delimiter, end, quoting, mark, packed, piece):
    if end == "\r" and quoting == writer.QUOTE_MINIMAL:
        quoting = writer.QUOTE_ALL  # else it leaves fields with other line breaks without quotes
    file = io.StringIO()
    made = writer.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    made.writerow(["i", "u", "d", "f", "name, or\ntext"])
    made.writerows([i, u, repr(d), repr(f), text] for i, u, d, f, text in rows)
    data = mark + file.getvalue().encode()
    wanted = [Wanted("f", "float32"), Wanted("d", "float64"), Wanted("i", "int64"), Wanted("u", "uint64")]
    wanted.append(Wanted("name, or\ntext", TEXT, True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_text, "_PIECE", piece)
        found = columns(Table(gzip.compress(data) if packed else data, delimiter=delimiter), wanted)
    for column, at, dtype in zip(found, (3, 2, 0, 1), (np.float32, np.float64, np.int64, np.uint64), strict=False):
        assert column.tobytes() == np.array([row[at] for row in rows], dtype).tobytes()
    assert found[4] == [row[4] or None for row in rows]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            ["0", "-1", "127", "1.5", "0.1", "16777217", "1.00390625", "1e39", "1e400", "inf", "nan", "-0.0", " 2 ",
             "", "300", "1e-46", "9223372036854775808", "1e3", "x", "0x1", "1_0", "\xa01", "é"]
        ),
        min_size=1, max_size=4,
    ),
    st.lists(st.integers(0, 3), max_size=12),
    st.sampled_from(["float64", "float32", "float16", "bfloat16", "int64", "int8", "uint64", "complex64"]),
    st.sampled_from([(), ("x",), ("-1",), ("nan",)]),
)  # fmt: skip
def test_all_readers_give_the_same(pool, picks, kind, missing):
    rows = [f"{pool[i % len(pool)]},{pool[-1 - i % len(pool)]}" for i in picks]
    data = "\n".join(["a,b", *rows]) + "\n"
    found = []
    for plain, with_arrow in ((True, True), (True, False), (False, False)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_arrow, "is_installed", lambda with_arrow=with_arrow: with_arrow)
            try:
                (column,) = columns(Table(data, plain, missing=missing), [Wanted("a", kind)])
                found.append((column.dtype, column.tobytes()))
            except DataflowError as error:
                found.append(str(error))
    assert found[0] == found[1] == found[2]


def test_numbers_are_read_by_loadtxt_and_the_rest_record_by_record(monkeypatch):
    monkeypatch.setattr(csv_text, "_PIECE", 64)
    monkeypatch.setattr(csv_arrow, "is_installed", lambda: False)
    taken = []
    real = csv_table.ByLoadtxt.columns

    def noted(self, first, data):
        taken.append((found := real(self, first, data)) is not None)
        return found

    monkeypatch.setattr(csv_table.ByLoadtxt, "columns", noted)
    rows = [f"{i},{i / 7!r}" for i in range(50)]
    rows[20] = '"20",2.5'
    found = columns(Table("a,b\n" + "\n".join(rows)), [Wanted("a", "int8"), Wanted("b", "float32")])
    assert found[0].tolist() == [*range(50)] and found[1][21] == np.float32(3)
    assert taken.count(True) > 5


def test_a_column_in_two_dtypes():
    (whole, real) = columns(Table("a\n1\n2\n"), [Wanted("a", "int8"), Wanted("a", "float64")])
    assert (whole.dtype, real.dtype, real.tolist()) == (np.int8, np.float64, [1, 2])


# -- what is missing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["", " ", "NA", " NA ", '"NA"', '""'])
@pytest.mark.parametrize("missing", [["NA"], [" NA "]])
def test_missing_values(given, missing):
    table = Table(f"a,b\n1,x\n{given},{given}\n3,z\n", missing=missing)
    number, text = columns(table, [Wanted("a", "float32", True), Wanted("b", TEXT, True)])
    assert number.tobytes() == np.float32([1, np.nan, 3]).tobytes()
    assert text == ["x", None, "z"]
    for wanted in (Wanted("a", "float32"), Wanted("a", "int8"), Wanted("b", TEXT)):
        with pytest.raises(DataflowError, match=r"a\.csv:3: column '[ab]' must be a .*, got .*; say with 'missing'"):
            columns(table, [wanted])


def test_a_number_that_means_missing_is_none():
    table = Table("a\n1\n-999\n", missing=["-999"])
    with pytest.raises(DataflowError, match="got '-999', which means that it is missing"):
        columns(table, [Wanted("a", "float32")])
    assert np.isnan(columns(table, [Wanted("a", "float32", True)])[0][1])


def test_an_empty_quoted_field_of_a_single_column_is_a_row():
    (found,) = columns(Table('a\n1\n""\n\n3\n'), [Wanted("a", "float64", True)])
    assert found.tobytes() == np.float64([1, np.nan, 3]).tobytes()


# -- a decimal comma ----------------------------------------------------------------------------------------------


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.decimals(allow_nan=False, allow_infinity=False, places=20, min_value=-300, max_value=300)
                  | st.floats(), st.integers(-128, 127)), min_size=1, max_size=20),
    st.sampled_from(["float16", "bfloat16", "float32", "float64"]),
    st.booleans(),
)  # fmt: skip
def test_a_decimal_comma_gives_the_same_bits_as_a_point(rows, kind, plain):
    wanted = [Wanted("a", kind, True), Wanted("b", "int8")]
    text = "a;b\n" + "".join(f"{value};{whole}.0\n" for value, whole in rows)
    found = outcome(Table(text.replace(".", ","), plain, delimiter=";", decimal=","), wanted)
    point = outcome(Table(text, plain, delimiter=";"), wanted)
    assert (found.replace(",", ".") if isinstance(found, str) else found) == (
        point.replace(",", ".") if isinstance(point, str) else point
    )


def outcome(table, wanted):
    """The bytes of the columns, or the error."""
    try:
        return [each.tobytes() for each in columns(table, wanted)]
    except DataflowError as error:
        return str(error)


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("written", ["1.5", "1.234,5", "1,234,5", "1'234,5", "1,5x"])
def test_with_a_decimal_comma_points_and_thousands_are_refused(written, plain):
    table = Table(f"a;b\n1,5;1\n{written};1\n", plain, delimiter=";", decimal=",")
    with pytest.raises(DataflowError, match=rf"a\.csv:3: column 'a' must be a number, got '{written}'"):
        columns(table, [Wanted("a", "float64")])


def test_a_decimal_comma_is_quoted_as_written():
    with pytest.raises(DataflowError, match="column 'a' must be a whole number, got '1,5'"):
        columns(Table("a;b\n1,5;1\n", delimiter=";", decimal=","), [Wanted("a", "int8")])


@pytest.mark.parametrize("plain", [True, False])
def test_a_number_with_a_decimal_comma_may_mean_missing(plain):
    table = Table("a;b\n1,5;1\n -9,0 ;2\n", plain, delimiter=";", decimal=",", missing=["-9,0"])
    assert columns(table, [Wanted("a", "float64", True)])[0].tobytes() == np.float64([1.5, np.nan]).tobytes()


def test_a_decimal_comma_is_no_delimiter():
    with pytest.raises(DataflowError, match="'delimiter' must be another character than 'decimal', got ',' for both"):
        Table("a,b\n1,2\n", decimal=",")
    with pytest.raises(DataflowError, match="must have the names of the columns, got numbers: 1,5, 2"):
        Table("1,5;2\n", delimiter=";", decimal=",")


# -- the line of what is wrong ------------------------------------------------------------------------------------

WRONG = [
    ("x,t", Wanted("a", "float32"), "column 'a' must be a number, got 'x'"),
    ('"x",t', Wanted("a", "int8"), "column 'a' must be a whole number, got 'x'"),
    ("300,t", Wanted("a", "int8"), "column 'a' must be int8, got '300'; it holds -128 to 127"),
    ("1e39,t", Wanted("a", "float32"), "column 'a' must be float32, got 1e39; it holds no number as large"),
    (",t", Wanted("a", "float32"), "column 'a' must be a value of float32, got nothing; say with 'missing'"),
    ("1,", Wanted("b", TEXT), "column 'b' must be a text, got nothing; say with 'missing'"),
    ("2,t", Wanted("a", "bool"), "column 'a' must be true, false, 1 or 0, got '2'"),
    ("1", Wanted("a", "float32"), "must have 2 fields, as the first line has, got 1"),
    ("1,2,3", Wanted("a", "float32"), "must have 2 fields, as the first line has, got 3"),
]


@pytest.mark.parametrize("row, wanted, message", WRONG)
@pytest.mark.parametrize(
    "before, lines", [("", 0), ("1,t\n" * 30, 30), ('1,"x\ny\n\nz"\n' * 3, 12), ("\n\n1,t\n \n", 4)]
)
@pytest.mark.parametrize("after", ["", "\n1,t\n", None])
@pytest.mark.parametrize("piece, records", [(1, 4), (30, 1 << 15), (2 << 20, 1 << 15), (2 << 20, 4)])
def test_the_line_of_an_error(monkeypatch, row, wanted, message, before, lines, after, piece, records):
    monkeypatch.setattr(csv_text, "_PIECE", piece)
    monkeypatch.setattr(csv_table, "_RECORDS", records)
    with pytest.raises(DataflowError) as caught:
        columns(Table(f"a,b\n{before}{row}{f'{chr(10)}{row}' if after is None else after}"), [wanted])
    assert str(caught.value).startswith(f"a.csv:{lines + 2}: {message}")


@pytest.mark.parametrize("options, first", [({}, 2), ({"header": False}, 1)])
def test_the_line_of_a_row(monkeypatch, options, first):
    monkeypatch.setattr(csv_text, "_PIECE", 8)
    text = Table('a,"b"\n1,2\n\n"x\ny",3\n4,5\n', **options).text
    names = 0 if first == 2 else 1
    assert [csv_table.line_of(text, row + names) for row in range(3)] == [2, 5, 6]


# -- memory -------------------------------------------------------------------------------------------------------


def test_blank_lines_fill_no_memory(monkeypatch):
    monkeypatch.setattr(csv_text, "_PIECE", 1 << 12)
    table = Table(gzip.compress(b"a\n1\n" + b"\n" * 300_000 + b"2\n"), plain=False)
    tracemalloc.start()
    (found,) = columns(table, [Wanted("a", "float32")])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.tolist() == [1, 2] and peak < 1 << 20


def test_short_records_take_little_memory(monkeypatch):
    monkeypatch.setattr(csv_table, "_RECORDS", 1000)
    table = Table("a\n" + "1\n" * 30_000, plain=False)
    parts = table.pieces([Wanted("a", "int8")], Vocabulary())
    tracemalloc.start()
    assert sum(len(part) for (part,) in parts) == 30_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20  # of which the lines have most


def test_pieces_are_read_when_they_are_asked_for(monkeypatch):
    monkeypatch.setattr(csv_text, "_PIECE", 64)
    parts = Table("a\n" + "1\n" * 1000).pieces([Wanted("a", "int8")], Vocabulary())
    assert isinstance(parts, Iterator) and 0 < len(next(parts)[0]) < 100


def test_the_way_out_follows_what_is_wrong():
    with pytest.raises(DataflowError, match=r"got 'NA'; if it means that a value is missing say csv: \{missing: "):
        columns(Table("a,b\nNA,1\n"), [Wanted("a", "float32")])

"""The text of CSV files: pieces of whole lines, names, records, and the line of each thing that is wrong."""

from __future__ import annotations

import gzip
import re

import pytest
from tables import csv

from dataflow.core.errors import DataflowError
from dataflow.training.data import csv_text
from dataflow.training.data.csv_text import CsvText
from dataflow.training.data.section import Csv


def opened(text, name="a.csv", **options):
    return CsvText(csv(name, text), Csv(**options))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=[1, 2, 3, 7, 2 << 20])
def piece(request, monkeypatch):
    monkeypatch.setattr(csv_text, "_PIECE", request.param)


def records(text):
    return [*text.records(text.lines())]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize(
    "packed", [bytes, gzip.compress, lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:])]
)
@pytest.mark.usefixtures("piece")
def test_lines_in_any_pieces(end, last, packed):
    lines = ["a,b", "", "é,2", '"x', 'y",3']
    data = (end.join(lines) + (end if last else "")).encode()
    text = opened(packed(b"\xef\xbb\xbf" + data))
    assert [line for _, piece in text.lines() for line in piece] == [f"{line}\n" for line in lines[:-1]] + [
        'y",3' + ("\n" if last else "")
    ]
    assert next(first for first, _ in text.lines()) == 1
    assert sum(len(piece) for _, piece in text.lines()) == 5
    assert records(text) == [(1, ["a", "b"]), (3, ["é", "2"]), (5, ["x\ny", "3"])]
    assert (text.first, text.names) == (1, ["a", "b"])


@pytest.mark.parametrize(
    "name, options, wanted",
    [("a.csv", {}, ","), ("a.TSV", {}, "\t"), ("a.tab.gz", {}, "\t"), ("a.tsv", {"delimiter": ";"}, ";")],
)
def test_what_separates_fields(name, options, wanted):
    assert opened(f"a{wanted}b\n1{wanted}2\n", name, **options).names == ["a", "b"]


def test_blank_lines_are_left_out_but_not_an_empty_field():
    assert records(opened('a\n\n1\n  \n""\n2\n')) == [(1, ["a"]), (3, ["1"]), (5, [""]), (6, ["2"])]
    assert records(opened("a\tb\n\t\n \n", "a.tsv")) == [(1, ["a", "b"]), (2, ["", ""])]


def test_comments_begin_a_record_not_a_line_in_a_quoted_field():
    text = opened('#no\na,b\n"x\n#y\n",1\n#no\n2,#3\n', comment="#")
    assert text.first == 2
    assert records(text) == [(2, ["a", "b"]), (5, ["x\n#y\n", "1"]), (7, ["2", "#3"])]


@pytest.mark.parametrize(
    "text, options, names, first",
    [
        (" a , b\n1,2\n", {}, ["a", "b"], 1),
        ("\n\n,a\n0,1\n", {}, ["", "a"], 3),
        ('"height, cm",w\n', {}, ["height, cm", "w"], 1),
        ("1,2\n", {"header": False}, ["column 1", "column 2"], 0),
        ("1,2\n", {"header": False, "columns": ["a", "b"]}, ["a", "b"], 0),
    ],
)
def test_names(text, options, names, first):
    found = opened(text, **options)
    assert (found.names, found.first) == (names, first)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "data, options, message",
    [
        (b"", {}, "a.csv: must have a line of names and rows, got an empty file"),
        (b"\xef\xbb\xbf\n \n", {}, "a.csv: must have a line of names and rows, got an empty file"),
        (b"\n1,2\n3,4\n", {}, "a.csv:2: must have the names of the columns, got numbers: 1, 2; write csv: {"),
        (b"a,b,a\n", {}, "a.csv:1: columns must have different names, got 'a' twice"),
        (b"1,2\n", {"header": False, "columns": ["a"]}, "a.csv:1: must have 1 fields, as 'columns' has names, got 2"),
        (b"1,2\n", {"header": False, "columns": ["a", "a"]}, "a.csv: columns must have different names, got 'a' twice"),
        (b"a\n1\n\xe9\n", {}, "a.csv:3: must be UTF-8, got the byte 0xe9; save it as UTF-8"),
        (b"a\n1\n2\n\0\n", {}, "a.csv:4: must be text, got a byte 0x00"),
        (b'a,b\n1,2\n"3\n,4\n5,6\n', {}, "a.csv:3: a quote must be closed, got the end of the file"),
        (b'a,b\n1,2\n"3\n" 4,5\n', {}, "a.csv:3: after a quoted field must be a ','; quotes in a quoted field"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("piece")
def test_each_error_has_its_line(data, options, message, end):
    with pytest.raises(DataflowError) as caught:
        records(opened(data.replace(b"\n", end.encode()), **options))
    assert str(caught.value).startswith(message)


def test_a_quote_that_is_never_closed_does_not_take_the_whole_file():
    with pytest.raises(DataflowError, match=r"a\.csv:3: a field may have at most 131,072 characters, got more; is its"):
        records(opened('a,b\n1,2\n"' + "3,4\n" * 100_000))


def test_utf_16_is_told():
    with pytest.raises(DataflowError, match=r"a\.csv:1: must be UTF-8, got UTF-16; save it as UTF-8"):
        opened("a,b\n1,2\n".encode("utf-16"))


@pytest.mark.parametrize(
    "data, message",
    [
        (gzip.compress(b"a\n" * 1000)[:-9], "is cut short: its compressed bytes end too early"),
        (gzip.compress(b"a\n" * 1000)[:-8] + bytes(8), "is damaged: Error -3 .* incorrect data check"),
        (gzip.compress(b"a\n" * 1000)[:10] + b"\xff" * 30, "is damaged: Error -3"),
        (b"\x1f\x8b", "is cut short"),
        (gzip.compress(b"a\n1\n") + b"rest", "is damaged: Error -3 .* incorrect header check"),
    ],
    ids=["end", "checksum", "bytes", "beginning", "rest"],
)
def test_damaged_gzip(data, message):
    with pytest.raises(DataflowError, match=rf"a\.csv: cannot be read as data: {message}"):
        records(opened(data))


def test_a_line_without_end_is_refused_before_it_fills_memory(monkeypatch):
    monkeypatch.setattr(csv_text, "_PIECE", 10)
    monkeypatch.setattr(csv_text, "_LONGEST", 100)
    assert records(opened("a" * 95 + "\n"))
    with pytest.raises(DataflowError, match=r"a\.csv:2: a line may have at most 100 bytes, got more"):
        records(opened("a\n" + "1" * 200))


def test_a_file_that_changes_while_it_is_read_is_refused():
    text = opened("a\n1\n2\n")
    csv("a.csv", "a\n1\n2\n3\n")
    with pytest.raises(DataflowError, match="has changed since it was opened"):
        records(text)


@pytest.mark.parametrize(
    "fields, hint",
    [
        (["1;2"], 'where other characters separate fields write csv: {delimiter: ";"}'),
        (["1\t2"], r'csv: {delimiter: "\\t"}'),
        (["1", "2"], "must have 1 fields, as the first line has, got 2$"),
    ],
)
def test_another_delimiter_is_guessed_where_there_is_one_field(fields, hint):
    assert re.search(hint.replace("{", r"\{"), opened("a\n1\n").wrong_fields(fields))


def test_a_column_that_is_not_there():
    assert str(opened("age,fare\n").unknown("aeg")) == "a.csv: no column 'aeg'; did you mean 'age'?"
    assert str(opened('"a, b",c\n').unknown("xyz")) == "a.csv: no column 'xyz'; it has 'a, b' and c"


def test_a_column_that_is_not_there_for_another_delimiter():
    told = str(opened("age;city\n1;x\n").unknown("age"))
    assert told.startswith("a.csv: must have several columns, got one, 'age;city'; ") and told.endswith(
        'csv: {delimiter: ";"}'
    )
    assert "write" not in str(opened("a;b,city\n1,x\n").unknown("age"))


def test_many_names_are_compared_in_time():
    names = ",".join(f"c{i}" for i in range(200_000))
    assert len(opened(names + "\n").names) == 200_000

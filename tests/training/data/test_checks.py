"""`dataflow check` reads the files that a data section names, and tells what is wrong with them by line and column."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tables import csv

from dataflow.graphfile.load import read
from dataflow.graphfile.section_checks import header_problems

GRAPH = """\
dataflow: 1
inputs: {x: "TYPE", z: "float32[N]"}
nodes: {y: {block: Identity, inputs: {input: x}}}
outputs: {y: y}
data:
  train:
    path: t.csv
    inputs:
      x: ENTRY
      z: {array: a}
MORE"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dataflow").touch()
    csv("t.csv", "a,b,l\n1,1.5,x\n2,,y\n3,300,x\n")
    csv("u.csv", "a,b,l\n1,1,z\n")
    np.savez("d.npz", whole=np.int64([1, 2, 3]), real=np.float32([1, np.nan, 1.5]), two=np.ones((2, 2), np.float32))
    np.save("c.npy", np.complex64([1, 2, 3]))


def told(found):
    return [f"{each.line}:{each.column}: {each.message}; {each.hint}".rstrip("; ") for each in found]


def problems(text):
    Path("g.yaml").write_text(text)
    return told(read("g.yaml", {}, files=True).problems())


def of_headers(text):
    Path("g.yaml").write_text(text)
    return told(header_problems(read("g.yaml", {})))


def graph(entry, kind="float32[N]", more=""):
    return GRAPH.replace("TYPE", kind).replace("ENTRY", entry).replace("MORE", more)


WRONG = [
    ("{array: aa}", "float32[N]", "no column 'aa'"),
    ("{columns: [a, q*]}", "float32[N, 2]", r"no column 'q\*'"),
    ("{array: l}", "float32[N]", r"t\.csv:2: column 'l' must be a number, got 'x'"),
    ("{array: b}", "float32[N]", r"t\.csv:3: column 'b' must be a value of float32, got nothing"),
    ("{array: b, missing: 0}", "int32[N]", r"t\.csv:2: column 'b' must be int32, got 1\.5"),
    ("{array: b, missing: 0, scale: 2}", "uint8[N]", r"t\.csv:4: column 'b' must be uint8, got 600\.0"),
    ("{array: a, one_hot: 3}", "float32[N, 3]", r"t\.csv:4: column 'a' must be a class from 0 to 2"),
    ("{array: a, one_hot: 4}", "float32[N, 3]", r"must be float32\[N, 3\], got \[3, 4\]"),
    ("{array: l, classes: [x]}", "int32[N]", r"t\.csv:3: column 'l' must be one of the classes, got 'y'"),
    ("{array: l, classes: fit, one_hot: true}", "int32[N, 3]", r"must be int32\[N, 3\], got \[3, 2\]"),
    ("{columns: [a, b], missing: [1, 2, 3]}", "int32[N, 2]", "'missing' must be one, or one for each of 2 columns"),
    (
        "{columns: [a], categories: {b: fit}}",
        "int32[N, 1]",
        "'categories' must have the columns a, got or lacks '[ab]'",
    ),
    ("{columns: [a, b], missing: 0}", "float32[N, 3]", r"must be float32\[N, 3\], got \[3, 2\]"),
    ("{path: absent.npy}", "float32[N]", r"absent\.npy: cannot be read as data: no such file"),
    ("{path: d.npz, array: while}", "int64[N]", "no array 'while'; did you mean 'whole'"),
    ("{path: d.npz}", "int64[N]", "'array' must be given, got nothing; it has whole, real and two"),
    ("{path: d.npz, array: whole}", "float32[N]", "must be float32, got int64; write dtype: float32"),
    ("{path: d.npz, array: whole, dtype: int8}", "float32[N]", "must be float32, got 'dtype' int8"),
    ("{path: d.npz, array: real, dtype: int8}", "int8[N]", "row 1 must be int8, got nan; write a whole number"),
    ("{path: d.npz, array: real, missing: error}", "float32[N]", "row 1 must be a number, got nan"),
    ("{path: d.npz, array: whole, columns: [a]}", "float32[N]", "'array' and 'columns': must be given one of them"),
    ("{path: d.npz, columns: [a]}", "float32[N]", "'columns' are those of a table, got another file"),
    ("{path: c.npy, dtype: float32}", "float32[N]", "must be float32, got complex64; save the real part"),
    ("{path: c.npy, normalize: minmax}", "complex64[N]", "must be real numbers to be normalized"),
    (
        "{path: d.npz, array: real, normalize: standard, scale: 1.0e+308}",
        "float32[N]",
        "must have numbers whose distances",
    ),
]


@pytest.mark.parametrize("entry, kind, message", WRONG)
def test_what_is_wrong_is_told_at_its_input(entry, kind, message):
    (found,) = problems(graph(entry, kind))
    assert re.match(r"9:(7|10|1\d|2\d|3\d): data 'train': input 'x'", found) and re.search(message, found), found


@pytest.mark.parametrize(
    "more, place, message",
    [
        ("  test: {like: train, path: u.csv}", "11:16", r"data 'test': input 'x': .*u\.csv:2: column 'l' must be one"),
        ("  test: {like: train, rows: [2, 9]}", "11:3", r"data 'test': 'rows' must lie within the 3 there are, got \["),
        ("  test: {like: train, fraction: [0, 0.5], stratify: q}", "11:3", "'stratify' must be an input, got 'q'"),
        (
            "  test: {path: t.csv, inputs: {x: {array: l, classes: fit}, z: {path: d.npz, array: two}}}",
            "11:61", r"data 'test': input 'z' must be float32\[N\], got \[2, 2\]",
        ),
        (
            "  test: {path: t.csv, inputs: {x: {array: l, classes: fit, missing: x}, z: {array: a}}}",
            "11:32", "data 'test': input 'x': must be prepared as in split 'train', to which it is fitted",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_split_is_told_there(more, place, message):
    (found,) = problems(graph("{array: l, classes: fit}", "int32[N]", more))
    assert found.startswith(place) and re.search(message, found), found


def test_rows_that_are_not_equally_many():
    csv("v.csv", "a\n1\n")
    (found,) = problems(graph("{path: v.csv, array: a}"))
    assert found == "6:3: data 'train': arrays must have equally many rows, got x 1 and z 3"


def test_all_that_is_wrong_is_told_at_once():
    text = graph("{array: l}", more="  test: {like: train, path: none.csv}").replace("z: {array: a}", "z: {array: q}")
    assert [each.partition(":")[0] for each in problems(text)] == ["9", "10", "11"]


LIKE = "  valid: {like: train}\n  test: {like: train, rows: [0, 1]}"


@pytest.mark.parametrize(
    "text, message",
    [
        ("", r"t\.csv: must have a line of names and rows, got an empty file"),
        ("a;b;l\n1;2;3\n", r"t\.csv: must have several columns, got one, 'a;b;l'; where"),
        ("a,a\n1,2\n", r"t\.csv:1: columns must have different names"),
        ("a,b,l\n1,2,3\n1,2\n", r"t\.csv:3: must have 3 fields"),
        (b"a,b,l\n1,2,\xff\n", r"t\.csv:2: must be UTF-8"),
        (None, r"t\.csv: cannot be read as data: no such file"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_once(text, message):
    Path("t.csv").unlink() if text is None else csv("t.csv", text)
    (found,) = problems(graph("{array: b}", more=LIKE))
    assert found.startswith("9:7: data 'train': input 'x': ") and re.search(message, found)


def test_what_is_wrong_with_two_files_is_told_of_both():
    csv("u.csv", "a,b,l\n1\n")
    csv("t.csv", "a,b,l\n1\n")
    found = problems(graph("{array: b}", more="  test: {like: train, path: u.csv}"))
    assert [re.findall(r"[tu]\.csv:2", each) for each in found] == [["t.csv:2"], ["u.csv:2"]]


@pytest.mark.parametrize("entry", ["{array: q}", "{array: l}", "{array: b, missing: 0, one_hot: 2}"])
def test_what_is_wrong_with_an_input_is_not_told_again_of_splits_like_it(entry):
    (found,) = problems(graph(entry, more="  valid: {like: train}\n"))
    assert found.startswith("9:") and "data 'train': input 'x'" in found


def test_inputs_with_the_same_mistake_are_each_told():
    found = problems(graph("{array: q}").replace("z: {array: a}", "z: {array: q}"))
    assert ["'x'" in each for each in found] == [True, False]
    text = graph("{path: d.npz, array: whole}").replace("z: {array: a}", "z: {path: d.npz, array: whole}")
    assert len(problems(text)) == 2


def test_what_is_right():
    assert problems(graph("{array: l, classes: fit}", "int32[N]", "  test: {like: train, rows: [0, 1]}")) == []


def test_loading_reads_no_data():
    Path("g.yaml").write_text(graph("{path: none.npy}"))
    assert read("g.yaml", {}).problems() == []


# -- by headers ---------------------------------------------------------------------------------------------------

BY_ROWS = {  # what only the values tell, what is fitted to them, and a file that is still to come
    "{array: b, missing: 0}",
    "{array: b, missing: 0, scale: 2}",
    "{array: a, one_hot: 3}",
    "{array: l, classes: [x]}",
    "{array: l, classes: fit, one_hot: true}",
    "{columns: [a, b], missing: [1, 2, 3]}",
    "{columns: [a], categories: {b: fit}}",
    "{path: absent.npy}",
    "{path: d.npz, array: real, dtype: int8}",
    "{path: d.npz, array: real, missing: error}",
    "{path: d.npz, array: real, normalize: standard, scale: 1.0e+308}",
}
BY_LOADING = {"{path: d.npz, array: whole, columns: [a]}"}


@pytest.mark.parametrize("entry, kind", [(entry, kind) for entry, kind, _ in WRONG if entry not in BY_LOADING])
def test_headers_tell_what_no_value_could_mend(entry, kind):
    """The same words at the same place as where the rows are read."""
    text = graph(entry, kind)
    assert of_headers(text) == ([] if entry in BY_ROWS else problems(text))


@pytest.mark.parametrize("more", ["  test: {like: train, rows: [2, 9]}", "  test: {like: train, path: u.csv}"])
def test_headers_tell_of_rows_that_are_not_there(more):
    text = graph("{array: b, missing: 0}", more=more)
    assert of_headers(text) == problems(text) == ([ROWS] if "rows" in more else [])


ROWS = "11:3: data 'test': 'rows' must lie within the 3 there are, got [2, 9]"


def test_a_file_that_is_still_to_come_is_no_mistake_but_a_misspelt_one_is():
    assert of_headers(graph("{array: q}").replace("t.csv", "later.parquet")) == []
    np.save("digits.npy", np.float32([1, 2, 3]))
    (found,) = of_headers(graph("{path: digit.npy}"))
    assert [found] == problems(graph("{path: digit.npy}")) and "did you mean 'digits.npy'" in found


def test_headers_are_looked_at_where_the_graph_is_right():
    assert of_headers(graph("{array: q}").replace("Identity", "Identitty")) == []


def test_a_training_split_that_cannot_be_read_is_told_there_alone():
    text = graph("{path: d.npz, array: whole}", more="  test: {path: t.csv, inputs: {z: {array: l, classes: fit}}}")
    (found,) = problems(text)
    assert found.startswith("9:7: data 'train': input 'x' must be float32, got int64")

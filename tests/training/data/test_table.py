"""Tables: read once into rows of their final dtypes, shared by all who want the same."""

from __future__ import annotations

import errno
import io
import subprocess
import sys
import tempfile

import numpy as np
import pytest
from tables import csv

from dataflow.core.errors import DataflowError
from dataflow.training.data import csv_arrow, csv_text, table
from dataflow.training.data.section import Csv
from dataflow.training.data.sources import FileArray, InMemoryArray
from dataflow.training.data.table import Rows, TableColumns, open_rows, open_table, rows_of
from dataflow.training.data.wanted import TEXT, Wanted

TEXTS = "a,b,l\n1,1.5,x\n2,2.5,y\n3,3.5,x\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv("t.csv", TEXTS)


@pytest.mark.parametrize("with_arrow", [True, False])
def test_rows_in_any_order(monkeypatch, with_arrow):
    monkeypatch.setattr(csv_arrow, "is_installed", lambda: with_arrow)
    wanted = [Wanted("b", "float32"), Wanted("a", "int8"), Wanted("l", TEXT), Wanted("b", "bfloat16")]
    rows = Rows(open_table("t.csv", Csv()), "t.csv", wanted)
    assert rows.length == 3
    for order in ([0, 1, 2], [2, 0], [1, 1], []):
        real, whole, text, narrow = rows.take(wanted, np.array(order, np.int64))
        assert real.tolist() == narrow.tolist() == [i + 1.5 for i in order]
        assert whole.tolist() == [i + 1 for i in order] and text.tolist() == [i % 2 for i in order]
        assert (real.dtype, whole.dtype, narrow.dtype.name) == (np.float32, np.int8, "bfloat16")
    assert rows.words.texts("l") == ["x", "y"]


def test_columns_as_arrays():
    both = [Wanted("a", "float32"), Wanted("b", "float32")]
    rows = Rows(open_table("t.csv", Csv()), "t.csv", both)
    matrix, column = TableColumns(rows, both, True), TableColumns(rows, both[1:], False)
    assert (matrix.shape, column.shape, matrix.dtype) == ((3, 2), (3,), np.float32)
    assert matrix.take(np.array([2, 0])).tolist() == [[3, 3.5], [1, 1.5]]
    assert column.take(np.array([2, 0])).tolist() == [3.5, 1.5]
    assert matrix.where(1, 1) == "t.csv:3: column 'b'" and column.where(2, None) == "t.csv:4: column 'b'"


def test_what_is_wanted_alike_is_read_once():
    wanted = [Wanted("a", "float32")]
    first = rows_of("t.csv", Csv(), open_table("t.csv", Csv()), wanted)
    assert rows_of("t.csv", Csv(), open_table("t.csv", Csv()), wanted) is first
    assert rows_of("t.csv", Csv(missing=["1"]), open_table("t.csv", Csv()), [Wanted("a", "float32", True)]) is not first
    csv("t.csv", TEXTS + "4,4.5,z\n")
    assert rows_of("t.csv", Csv(), open_table("t.csv", Csv()), wanted).length == 4
    assert first.take(wanted, np.array([2]))[0].tolist() == [3]


def test_arrays_and_tables_by_name():
    np.save("x.npy", np.ones((2, 2)))
    assert open_rows("x.npy").shape == (2, 2)
    assert open_rows("t.csv", "a").shape == (3,) and open_rows("t.csv", "a, b").shape == (3, 2)
    assert open_rows("t.csv", "a", "int64").dtype == np.int64
    with pytest.raises(DataflowError, match=r"t\.csv:2: column 'l' must be a number, got 'x'"):
        open_rows("t.csv")
    with pytest.raises(DataflowError, match=r"t\.csv: no column 'c'; it has a, b and l"):
        open_rows("t.csv", "c")


def test_a_table_without_rows():
    csv("t.csv", "a,b\n")
    rows = open_rows("t.csv")
    assert rows.shape == (0, 2) and rows.take(np.array([], int)).shape == (0, 2)


def test_no_room_for_the_rows_is_told(monkeypatch):
    class Full:
        def __init__(self):
            self.file = io.BytesIO()

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            self.file.close()

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    monkeypatch.setattr(table, "_IN_MEMORY", 0)
    with pytest.raises(DataflowError, match=r"t\.csv: .*no space left on device.*TMPDIR"):
        open_rows("t.csv", "a")


@pytest.mark.parametrize("limit, kept", [(0, FileArray), (100, FileArray), (1 << 20, InMemoryArray)])
def test_many_rows_are_kept_in_a_file(monkeypatch, limit, kept):
    monkeypatch.setattr(csv_text, "_PIECE", 64)
    monkeypatch.setattr(table, "_IN_MEMORY", limit)
    csv("m.csv", "a,b\n" + "".join(f"{i},{i / 2}\n" for i in range(100)))
    rows = open_rows("m.csv", None, "float64")
    assert isinstance(rows.table.array, kept)
    order = np.random.default_rng(0).permutation(100)
    np.testing.assert_array_equal(rows.take(order), np.stack([order, order / 2], axis=1))


def test_a_reader_that_stops_goes_on_with_the_next(monkeypatch):
    monkeypatch.setattr(csv_text, "_PIECE", 64)
    lines = [f"{i}" for i in range(100)]
    lines[70] = '"70"'
    csv("t.csv", "a\n" + "\n".join(lines))
    assert open_rows("t.csv", "a", "int8").take(np.arange(100)).tolist() == [*range(100)]
    lines[80] = "1000"
    csv("t.csv", "a\n" + "\n".join(lines))
    with pytest.raises(DataflowError, match=r"t\.csv:82: column 'a' must be int8, got '1000'"):
        open_rows("t.csv", "a", "int8")


@pytest.mark.slow
def test_a_csv_file_of_a_hundred_thousand_columns(tmp_path):
    columns = 100_000
    csv("wide.csv", ",".join(f"c{i}" for i in range(columns)) + "\n" + (",".join(["1"] * columns) + "\n") * 3)
    code = "import pathlib, dataflow.training.data.table as a; print(a.open_rows(pathlib.Path('wide.csv')).shape)"
    # what once took minutes: a process that takes one is too slow, on any machine
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=60, text=True, capture_output=True)
    assert done.stdout == "(3, 100000)\n"

"""Headers of data files: what they tell of each split, as often as they change and no row read."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from tables import csv, graph_of

from dataflow.core.errors import GraphError
from dataflow.training.data import headers, sources, split, table
from dataflow.training.data.headers import given_of, names_in, row_counts_of
from dataflow.training.data.section import data_section


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv("t.csv", "# who\na,b,l\n1,2,x\n\n3,4,y\n")
    csv("t.csv.gz", gzip.compress(b"a;b\n1;2\n3;4\n5;6\n"))
    np.savez("d.npz", x=np.ones((7, 3), np.float32), y=np.zeros(7, np.int64))
    np.savez_compressed("c.npz", x=np.ones((9, 3), np.float32))
    np.save("x.npy", np.ones((5, 2, 2), np.float32))


def given(entry, dtype="float32", shape=("N",), **more):
    graph = graph_of(entry, dtype, shape, **more)
    return given_of(graph, "train", data_section(graph), "x")


@pytest.mark.parametrize(
    "entry, dtype, shape",
    [
        ({"path": "d.npz", "array": "x"}, "float32", ("N", 3)),
        ({"path": "c.npz"}, "float32", ("N", 3)),
        ({"path": "x.npy"}, "float32", ("N", 2, 2)),
        ({"path": "t.csv", "array": "a", "csv": {"comment": "#"}}, "int8", ("N",)),
        ({"path": "t.csv", "array": "l", "classes": "fit", "csv": {"comment": "#"}}, "int32", ("N",)),
        ({"path": "t.csv", "columns": ["a", "b"], "scale": 2, "csv": {"comment": "#"}}, "float32", ("N", 2)),
        ({"path": "t.csv.gz", "csv": {"delimiter": ";"}}, "float32", ("N", 2)),
    ],
)
def test_they_tell_what_opening_tells(entry, dtype, shape):
    opened = split(graph_of(entry, dtype, shape)).feeds["x"].source
    found = given(entry, dtype, shape)
    assert (found.dtype, found.shape, found.is_table) == (opened.dtype, opened.shape, "csv" in entry["path"])


def test_a_parquet_file_tells_its_rows(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"a": [1.0, 2.0, 3.0], "b": [1, 2, 3]}), "t.parquet")
    assert given({"path": "t.parquet"}, shape=("N", 2)).shape == (3, 2)
    with pytest.raises(GraphError, match="no column 'c'"):
        given({"path": "t.parquet", "array": "c"})


@pytest.mark.parametrize(
    "entry, message",
    [
        ({"path": "d.npz", "array": "z"}, r"data 'train': input 'x': .*d\.npz: cannot be read as data: no array 'z'"),
        ({"path": "t.csv", "array": "z", "csv": {"comment": "#"}}, r"no column 'z'"),
        ({"path": "none.npy"}, "no such file"),
        ({"path": "d.npz", "array": "y"}, r"data 'train': input 'x' must be float32, got int64; write dtype: float32"),
    ],
)
def test_what_is_wrong_has_the_words_of_opening(entry, message):
    graph = graph_of(entry)
    with pytest.raises(GraphError, match=message) as seen:
        given_of(graph, "train", data_section(graph), "x")
    with pytest.raises(GraphError) as opened:
        split(graph)
    assert str(seen.value) == str(opened.value)


def test_no_row_is_read_and_no_header_twice(monkeypatch):
    entry = {"path": "d.npz", "array": "x"}
    for of, name in ((sources, "FileArray"), (sources, "InMemoryArray"), (table, "Rows")):
        monkeypatch.setattr(of, name, None)
    assert given(entry, shape=("N", 3)).shape == (7, 3)
    monkeypatch.setattr(sources, "ArrayFile", None)
    assert given(entry, shape=("N", 3)).shape == (7, 3)


def test_a_file_that_was_changed_is_looked_at_again():
    entry = {"path": "t.csv", "array": "a", "csv": {"comment": "#"}}
    assert given(entry).shape == (2,)
    csv("t.csv", "a\n1\n2\n3\n")
    assert given(entry).shape == (3,)
    Path("t.csv").unlink()
    with pytest.raises(GraphError, match="no such file"):
        given(entry)


@pytest.mark.parametrize(
    "entry", [{"path": "bad.csv", "array": "a"}, {"path": "bad.npz", "array": "x"}, {"path": "short.csv", "array": "a"}]
)
def test_a_file_that_cannot_be_read_is_not_read_again_until_it_has_changed(monkeypatch, entry):
    csv("bad.csv", "a,a\n1,2\n")
    csv("short.csv", "a\none\n")
    Path("bad.npz").write_bytes(b"PK")
    with pytest.raises(GraphError) as first:
        given(entry)
    with monkeypatch.context() as patched, pytest.raises(GraphError) as second:
        patched.setattr(table, "open_table", None)
        patched.setattr(sources, "ArrayFile", None)
        given(entry)
    assert str(second.value) == str(first.value)
    csv(entry["path"], "a\n1\n")
    assert entry["path"].endswith("npz") or given(entry).shape == (1,)


def test_rows_of_splits():
    others = {
        "part": {"like": "train", "rows": [2, 6]},
        "half": {"like": "train", "fraction": [0, 0.5]},
        "beyond": {"like": "train", "rows": [2, 9]},
        "text": {"path": "t.csv.gz", "csv": {"delimiter": ";"}, "inputs": {"x": {"columns": "all"}}},
        "none": {"path": "none.npz", "inputs": {"x": "x"}},
    }
    graph = graph_of("x", shape=("N", "m"), path="d.npz", others=others)
    wanted = {"train": 7, "part": 4, "half": 4, "beyond": None, "text": 3, "none": None}
    assert row_counts_of(graph) == wanted
    for name in ("train", "part", "half", "text"):
        assert split(graph, name).length == wanted[name]
    graph.sections["data"] = {"train": {"inputs": 3}}
    assert row_counts_of(graph) == {}


def test_rows_of_much_text_are_not_counted(monkeypatch):
    monkeypatch.setattr(table, "_COUNTED", 10)
    graph = graph_of({"columns": "all"}, shape=("N", 2), path="t.csv.gz", csv={"delimiter": ";"})
    assert row_counts_of(graph) == {"train": None}
    assert given({"columns": "all"}, shape=("N", "m"), path="t.csv.gz", csv={"delimiter": ";"}).shape == (None, 2)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not list open files")
def test_files_are_not_held_open():
    given({"path": "t.csv", "array": "a", "csv": {"comment": "#"}})
    given({"path": "d.npz", "array": "x"}, shape=("N", 3))
    held = {each.resolve() for each in Path("/proc/self/fd").iterdir()}
    assert not held & {Path("t.csv").resolve(), Path("d.npz").resolve()}


def test_what_a_file_has_is_named():
    assert names_in("d.npz", {}) == {"x": "float32[7, 3]", "y": "int64[7]"}
    assert names_in("t.csv", {"csv": {"comment": "#"}}) == dict.fromkeys("abl", "column")
    assert names_in("t.csv.gz", {"csv": {"delimiter": ";"}}) == dict.fromkeys("ab", "column")
    assert names_in("t.csv", {"csv": {"decimal": "?"}}) == names_in("none.csv", {}) == {}


def test_the_values_of_a_small_table_are_looked_at_once(monkeypatch):
    entry = {"path": "t.csv", "array": "l", "csv": {"comment": "#"}}
    graph = graph_of(entry, "int64")
    with pytest.raises(GraphError) as opened:
        split(graph)
    for _ in range(2):
        with pytest.raises(GraphError) as seen:
            given(entry, "int64")
        assert str(seen.value) == str(opened.value) and "t.csv:3: column 'l' must be a whole number, got 'x'" in str(
            seen.value
        )
        monkeypatch.setattr(headers, "Vocabulary", None)  # which reading takes
    monkeypatch.undo()
    monkeypatch.setattr(table, "_COUNTED", 10)
    csv("t.csv", "l\n" + "x\n" * 20)
    assert given({"path": "t.csv", "array": "l"}, "int64").shape == (None,)

"""Data: what files hold, read by row, as the inputs of a graph want it."""

from __future__ import annotations

import gzip
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from array_files import idx
from graph_text import node, same
from swapped_links import SWAPS, fill

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError, GraphFileError, UnknownNameError
from dataflow.training.data import load_data, split
from dataflow.training.data.row_order import shuffled
from dataflow.training.data.sources import FileArray
from dataflow.training.data.table import TableColumns, open_rows

X = np.arange(24, dtype=np.float32).reshape(8, 3)
Y = np.arange(8, dtype=np.uint8) % 4


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dataflow").touch()
    np.save("x.npy", X)
    np.save("f.npy", np.asfortranarray(X))
    np.savez("d.npz", x=X, y=Y)
    np.savez_compressed("c.npz", x=X, y=Y)
    (tmp_path / "y.idx").write_bytes(idx(Y, 8))
    (tmp_path / "x.idx").write_bytes(idx(X.astype(">f4"), 13))
    (tmp_path / "y.gz").write_bytes(gzip.compress(idx(Y, 8)))
    rows = "\n".join(",".join(map(str, [*row, label])) for row, label in zip(X, Y, strict=True))
    (tmp_path / "t.csv").write_text(f"a,b,c,label\n{rows}\n")
    return tmp_path


@pytest.mark.parametrize(
    "path, name, wanted, stays",
    [
        ("x.npy", None, X, True),
        ("f.npy", None, X, False),
        ("d.npz", "x", X, True),
        ("d.npz", "y", Y, True),
        ("c.npz", "x", X, False),
        ("y.idx", None, Y, True),
        ("x.idx", None, X, True),
        ("y.gz", None, Y, False),
        ("t.csv", "a,b,c", X, True),
        ("t.csv", "label", Y, True),
    ],
)
def test_rows(folder, path, name, wanted, stays):
    rows = open_rows(folder / path, name)
    assert isinstance(rows, FileArray | TableColumns) is stays
    assert rows.shape == wanted.shape
    for indices in ([0], [7, 0, 3], [2, 3, 4, 5], [1, 1], []):
        np.testing.assert_array_equal(rows.take(np.array(indices, int)), wanted[np.array(indices, int)])


def graph_of(entry, dtype="float32", shape=("N", 3), **more):
    graph = flow.Graph("g")
    graph.input("x", dtype, shape)
    graph.sections["data"] = {"train": {"inputs": {"x": entry}, **more}}
    return graph


@pytest.mark.parametrize(
    "entry, dtype, shape, wanted",
    [
        ({"path": "x.npy"}, "float32", ("N", 3), X),
        ({"path": "x.npy", "scale": 0.5, "offset": -1}, "float32", ("N", 3), X * np.float32(0.5) - 1),
        ({"path": "y.idx", "dtype": "int64"}, "int64", ("N",), Y.astype(np.int64)),
        ({"path": "y.gz", "one_hot": 4}, "float32", ("N", 4), np.eye(4, dtype=np.float32)[Y]),
        ({"path": "t.csv", "array": "label", "dtype": "int32"}, "int32", ("N",), Y.astype(np.int32)),
        ({"path": "x.idx"}, "float32", ("N", 3), X),
    ],
)
def test_columns_are_what_the_input_wants(folder, entry, dtype, shape, wanted):
    found = load_data(graph_of(entry, dtype, shape))["x"]
    assert found.dtype == wanted.dtype and found.dtype.isnative
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "entry, dtype, shape, message",
    [
        ({"path": "none.npy"}, "float32", None, "input 'x': none.npy: cannot be read as data: no such file"),
        ({"path": "d.npz"}, "float32", None, "'array' must be given, got nothing; it has x and y"),
        ({"path": "d.npz", "array": "xx"}, "float32", None, "no array 'xx'; did you mean 'x'?"),
        ({"path": "t.csv", "array": "lable"}, "float32", None, "no column 'lable'; did you mean 'label'?"),
        ({"path": "y.idx"}, "int64", ("N",), r"must be int64, got uint8; write dtype: int64"),
        ({"path": "x.npy"}, "float32", ("N", 4), r"must be float32\[N, 4\], got .*\[8, 3\]"),
        ({"array": "x"}, "float32", None, "'path' must be given, got nothing"),
    ],
)
def test_data_that_does_not_fit(folder, entry, dtype, shape, message):
    with pytest.raises(GraphError, match=message):
        split(graph_of(entry, dtype, shape))


def test_text_is_no_data(folder):
    (folder / "bad.csv").write_text("a,b\n1,2\n3,x\n")
    for name in ("bad.csv", "graph.txt"):
        (folder / "graph.txt").write_text("dataflow: 1\n")
        with pytest.raises(DataflowError, match=name):
            open_rows(folder / name)


def test_arrays_are_equally_long(folder):
    graph = graph_of("x", path="d.npz")
    graph.input("z", "float32", ["N"])
    np.save("z.npy", np.zeros(5, np.float32))
    graph.sections["data"]["train"]["inputs"]["z"] = {"path": "z.npy"}
    with pytest.raises(GraphError, match="equally many rows, got x 8 and z 5"):
        split(graph)


def test_a_split_may_have_part_of_the_rows(folder):
    data = split(graph_of("x", path="d.npz", rows=[2, 7]))
    np.testing.assert_array_equal(data.rows()["x"], X[2:7])
    order = shuffled(5, seed=0, epoch=0)
    np.testing.assert_array_equal(next(data.batches(5, order=order))["x"], X[2:7][order])
    with pytest.raises(GraphError, match=r"'rows' must lie within the 8 there are, got \[2, 9\]"):
        split(graph_of("x", path="d.npz", rows=[2, 9]))


def test_batches_cover_every_row_once_and_the_last_is_kept(folder):
    data = split(graph_of("x", path="d.npz"))
    order = shuffled(8, seed=3, epoch=0)
    batches = [batch["x"] for batch in data.batches(3, order=order)]
    assert [len(batch) for batch in batches] == [3, 3, 2]
    np.testing.assert_array_equal(np.concatenate(batches), X[order])
    np.testing.assert_array_equal(next(data.batches(3, start=2, order=order))["x"], X[order[6:]])


def test_each_epoch_has_an_order_of_its_own():
    orders = [tuple(shuffled(100, seed, epoch)) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(orders)) == 4
    assert orders[0] == tuple(shuffled(100, 0, 0))
    assert all(sorted(order) == list(range(100)) for order in orders)


def test_data_by_split_wherever_the_graph_is_saved(read):
    Path("data").mkdir()
    np.savez("data/d.npz", a=np.float32([1, 2]), b=np.float32([3]))
    graph = read(
        f"params: {{set: d}}\ninputs: {{x: 'float32[N]'}}\n{node('Relu', 'inputs: {features: x}')}"
        'data:\n  train: {path: "${set}.npz", inputs: {x: a}}\n  test: {path: ../data/d.npz, inputs: {x: b}}\n',
        "data/graph.yaml",
    )
    Path("far/away").mkdir(parents=True)
    flow.save(graph, "far/away/saved.yaml")
    for found in (graph, flow.load("far/away/saved.yaml")):
        same(load_data(found)["x"], np.float32([1, 2]))
        same(load_data(found, "train")["x"], np.float32([1, 2]))
        same(load_data(found, "test")["x"], np.float32([3]))
        with pytest.raises(UnknownNameError, match="no data 'tst'"):
            load_data(found, "tst")
    Path("data/d.npz").unlink()
    with pytest.raises(GraphError, match=r"data 'train': input 'x': .*d\.npz: cannot be read as data: no such file"):
        load_data(graph)


def test_a_graph_without_data_has_none():
    assert load_data(flow.Graph("g")) == {}
    with pytest.raises(UnknownNameError, match="graph 'g' has no data 'train'; its file has no 'data' section"):
        load_data(flow.Graph("g"), "train")


# -- links that come after a look ---------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("outside"))


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("name", ["x.npy", "x.csv"])
def test_data_that_was_swapped_for_a_link_is_not_read(read, outside, swap, name):
    Path("data").mkdir()
    np.save("data/x.npy", np.float32([1]))
    Path("data/x.csv").write_text("a\n1\n")
    array = ", array: a" if name == "x.csv" else ""
    graph = read(
        f"inputs: {{x: 'float32[N]'}}\n{node('Relu', 'inputs: {features: x}')}"
        f"data:\n  train: {{inputs: {{x: {{path: data/{name}{array}}}}}}}\n"
    )
    opened = split(graph)
    SWAPS[swap](outside, name)
    assert opened.rows()["x"].tolist() == [1]
    for again in (graph, pickle.loads(pickle.dumps(graph)), graph.copy()):
        with pytest.raises(GraphError, match="must be what it was when the graph was loaded, got a link"):
            split(again)
    with pytest.raises(GraphFileError, match="files must lie inside the project"):
        flow.load("graph.yaml")


def test_links_that_a_program_names_are_followed(read, outside):
    graph = flow.Graph("links")
    graph.input("x", "float32", ["N"])
    Path("link.npy").symlink_to(outside / "x.npy")
    graph.sections["data"] = {"train": {"inputs": {"x": {"path": str(Path("link.npy").absolute())}}}}
    assert split(graph).rows()["x"].tolist() == [666]


# -- wide files ---------------------------------------------------------------------------------------------------


def in_time(code, project):
    """Run what once took minutes: a process that takes a minute is too slow, on any machine."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=project, check=True, timeout=60, text=True, capture_output=True
    )


@pytest.mark.slow
def test_a_csv_file_of_a_hundred_thousand_columns(tmp_path):
    columns = 100_000
    (tmp_path / "wide.csv").write_text(
        ",".join(f"c{i}" for i in range(columns)) + "\n" + (",".join(["1"] * columns) + "\n") * 3
    )
    code = "import pathlib, dataflow.training.data.table as a; print(a.open_rows(pathlib.Path('wide.csv')).shape)"
    assert in_time(code, tmp_path).stdout == "(3, 100000)\n"

"""From a declaration to what feeds an input: which file, which columns, and what is told of others."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from graph_text import node
from swapped_links import SWAPS, fill
from tables import csv, graph_of

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError, GraphFileError
from dataflow.training.data import split, table
from dataflow.training.data.opening import open_feed
from dataflow.training.data.section import data_section
from dataflow.training.data.table import open_rows


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dataflow").touch()
    np.savez("d.npz", x=np.ones((8, 3), np.float32), y=np.zeros(8, np.uint8))
    np.save("x.npy", np.ones((8, 3), np.float32))
    for name in ("t.csv", "t.txt", "t.xlsx"):
        csv(name, "a,b,label\n1,2,0\n3,4,1\n")


@pytest.mark.parametrize(
    "entry, dtype, shape, message",
    [
        ({"path": "none.npy"}, "float32", None, "input 'x': none.npy: cannot be read as data: no such file"),
        ({"path": "d.npz"}, "float32", None, "'array' must be given, got nothing; it has x and y"),
        ({"path": "d.npz", "array": "xx"}, "float32", None, "no array 'xx'; did you mean 'x'?"),
        ({"path": "t.csv", "array": "lable"}, "float32", None, "no column 'lable'; did you mean 'label'?"),
        (
            {"path": "t.csv", "columns": {"except": "*"}},
            "float32",
            ("N", 3),
            "'columns' must leave a column with a name",
        ),
        ({"path": "d.npz", "array": "y"}, "int64", ("N",), "must be int64, got uint8; write dtype: int64"),
        (
            {"path": "d.npz", "array": "y", "columns": ["y"]},
            "int64",
            ("N",),
            "'array' and 'columns': must be given one",
        ),
        (
            {"path": "x.npy", "columns": ["y"]},
            "int64",
            ("N",),
            "'columns' are those of a table, got another file, x.npy; write",
        ),
        (
            {"path": "t.txt", "columns": ["y"]},
            "int64",
            ("N",),
            "got another file, t.txt; .* end in .csv or .tsv: rename",
        ),
        ({"path": "t.xlsx", "columns": ["y"]}, "int64", ("N",), "got another file, t.xlsx; save the sheet as CSV"),
        ({"path": "t.txt", "array": "y"}, "int64", ("N",), "got something else; .* end in .csv or .tsv: rename it"),
        ({"path": "x.npy"}, "float32", ("N", 4), r"must be float32\[N, 4\], got .*\[8, 3\]"),
        ({"array": "x"}, "float32", None, "'path' must be given, got nothing"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_data_that_does_not_fit(entry, dtype, shape, message):
    graph = graph_of(entry, dtype, ("N", 3) if shape is None else shape)
    with pytest.raises(GraphError, match=message):
        split(graph)


@pytest.mark.usefixtures("folder")
def test_an_input_that_is_not_there():
    graph = graph_of("x", path="d.npz")
    graph.sections["data"]["train"]["inputs"]["xs"] = {"array": "y"}
    with pytest.raises(GraphError, match="data 'train': input 'xs': no graph input named so; did you mean 'x'"):
        open_feed(graph, "train", data_section(graph), "xs")


def two_inputs(**others):
    graph = graph_of({"array": "a"}, path="t.csv", **others)
    graph.input("z", "float32", ["N"])
    graph.sections["data"]["train"]["inputs"]["z"] = {"array": "b"}
    return graph


@pytest.mark.usefixtures("folder")
def test_a_table_is_read_once_for_all_inputs_and_splits(monkeypatch):
    read = []
    real = table.Rows.__init__
    monkeypatch.setattr(table.Rows, "__init__", lambda self, *args: read.append(args) or real(self, *args))
    graph = two_inputs(others={"test": {"like": "train", "rows": [0, 1]}})
    first, second = split(graph), split(graph, "test")
    assert len(read) == 1
    assert first.rows()["z"].tolist() == [2, 4] and second.rows()["z"].tolist() == [2]


@pytest.mark.usefixtures("folder")
def test_what_is_wrong_with_another_input_is_told_where_it_is_used():
    csv("t.csv", "a,b\n1,x\n")
    graph = two_inputs()
    splits = data_section(graph)
    assert open_feed(graph, "train", splits, "x").rows(np.array([0])).tolist() == [1]
    with pytest.raises(GraphError, match=r"input 'z': t\.csv:2: column 'b' must be a number, got 'x'"):
        open_feed(graph, "train", splits, "z")


@pytest.mark.usefixtures("folder")
def test_how_a_file_is_written_is_said_for_a_split_or_an_input():
    csv("s.csv", "1;2\n")
    graph = graph_of({"array": "column 2"}, path="s.csv", csv={"delimiter": ";", "header": False})
    assert split(graph).rows()["x"].tolist() == [2]
    own = {"array": "q", "path": "s.csv", "csv": {"delimiter": ";", "header": False, "columns": ["p", "q"]}}
    assert split(graph_of(own, path="t.csv")).rows()["x"].tolist() == [2]


@pytest.mark.usefixtures("folder")
def test_text_is_no_data():
    csv("bad.csv", "a,b\n1,2\n3,x\n")
    csv("graph.txt", "dataflow: 1\n")
    for name in ("bad.csv", "graph.txt"):
        with pytest.raises(DataflowError, match=name):
            open_rows(name)


# -- links that come after a look ---------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("outside"))


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("name", ["x.npy", "x.csv"])
def test_data_that_was_swapped_for_a_link_is_not_read(read, outside, swap, name):
    Path("data").mkdir()
    np.save("data/x.npy", np.float32([1]))
    csv("data/x.csv", "a\n1\n")
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


def test_links_that_a_program_names_are_followed(tmp_path, monkeypatch, outside):
    monkeypatch.chdir(tmp_path)
    Path("link.npy").symlink_to(outside / "x.npy")
    assert split(graph_of({"path": str(Path("link.npy").absolute())})).rows()["x"].tolist() == [666]

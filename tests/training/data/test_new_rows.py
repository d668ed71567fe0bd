"""Rows of other files, prepared as those that a graph was trained with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError
from dataflow.training.data import split
from dataflow.training.data.new_rows import rows_of_file

TABLE = "age,fare,sex,kind\n10,1,m,a\n30,3,f,b\n20,,m,b\n"
INPUTS = {
    "numbers": {"columns": {"except": ["sex", "kind"]}, "missing": "mean", "normalize": "minmax"},
    "sex": {"columns": ["sex"], "categories": "fit", "one_hot": True},
    "kind": {"array": "kind", "classes": "fit"},
}


@pytest.fixture
def graph(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("old.csv").write_text(TABLE)
    made = flow.Graph("g")
    made.input("numbers", "float32", ["N", 2])
    made.input("sex", "float32", ["N", 2])
    made.input("kind", "int64", ["N"])
    made.sections["data"] = {"train": {"path": "old.csv", "inputs": INPUTS}}
    return made


def test_they_are_prepared_as_the_training_split(graph):
    Path("new.csv").write_text("note,sex,kind,fare,age\n?,f,b,,40\n,m,a,2,15\n")
    fitted = split(graph).fitted
    for known in (fitted, None):  # None: fitted anew, to the training split
        found = rows_of_file(graph, "new.csv", known)
        rows = found.rows()
        np.testing.assert_array_equal(rows["numbers"], np.float32([[1.5, 0.5], [0.25, 0.5]]))
        assert rows["sex"].tolist() == [[1, 0], [0, 1]]
        assert rows["kind"].tolist() == [1, 0]


def test_what_is_known_serves_without_the_training_data(graph):
    fitted = split(graph).fitted
    Path("old.csv").unlink()
    Path("new.csv").write_text("age,sex,fare\n20,f,1\n")
    assert rows_of_file(graph, "new.csv", fitted).rows()["numbers"].tolist() == [[0.5, 0.0]]


def test_inputs_whose_columns_are_not_there_are_left_out(graph):
    Path("new.csv").write_text("age,sex,fare\n20,f,1\n")
    assert rows_of_file(graph, "new.csv").rows().keys() == {"numbers", "sex"}
    Path("none.csv").write_text("a,b\n1,2\n")
    wanted = r"none.csv: feeds no input; it lacks 'age' for input 'numbers', 'sex' for input 'sex' and 'kind' for"
    with pytest.raises(GraphError, match=wanted):
        rows_of_file(graph, "none.csv")


def test_another_delimiter_than_in_training_is_told(graph):
    Path("new.csv").write_text("age;fare;sex\n1;2;m\n")
    with pytest.raises(GraphError, match="fields must be separated by ',', as in training, got ';'; save it so"):
        rows_of_file(graph, "new.csv")


def test_a_file_that_is_no_table_by_its_ending(graph):
    for name, hint in (("new.txt", "must end in .csv or .tsv: rename it"), ("new.xlsx", "save the sheet as CSV")):
        Path(name).write_text("age,fare,sex\n1,2,m\n")
        with pytest.raises(DataflowError, match=f"got another file, {name}; .*{hint}"):
            rows_of_file(graph, name)
    np.savez("new.npz", sheet=np.ones(3))
    Path("new.npz").replace("new.xlsx")  # a sheet is an archive too
    with pytest.raises(DataflowError, match=r"lacks 'kind' for input 'kind'; .*save the sheet as CSV"):
        graph.sections["data"]["train"]["inputs"] = {"kind": INPUTS["kind"]}
        rows_of_file(graph, "new.xlsx")


@pytest.mark.parametrize(
    "text, message",
    [
        ("age,sex,fare\nx,f,1\n", "new.csv:2: column 'age' must be a number, got 'x'"),
        ("age,sex,fare\n1,d,1\n", "new.csv:2: column 'sex' must be one of the categories, got 'd'; they are f and m"),
        ("", "must have a line of names and rows, got an empty file"),
    ],
)  # fmt: skip
def test_wrong_values_are_refused_as_anywhere(graph, text, message):
    Path("new.csv").write_text(text)
    with pytest.raises(DataflowError, match=message):
        rows_of_file(graph, "new.csv").rows()


def test_arrays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    graph = flow.Graph("g")
    graph.input("numbers", "float32", ["N"])
    np.savez("old.npz", x=np.float32([1, 2, 3]))
    graph.sections["data"] = {"train": {"path": "old.npz", "inputs": {"numbers": {"array": "x", "scale": 2}}}}
    np.savez("new.npz", x=np.float32([4]), y=np.float32([5]))
    assert rows_of_file(graph, "new.npz").rows()["numbers"].tolist() == [8]
    np.savez("none.npz", y=np.float32([5]))
    with pytest.raises(GraphError, match=r"none\.npz: feeds no input; it lacks 'x' for input 'numbers'"):
        rows_of_file(graph, "none.npz")


def test_a_graph_without_data_has_no_way_to_read_them():
    with pytest.raises(GraphError, match="graph 'g' has no data"):
        rows_of_file(flow.Graph("g"), "new.csv")

"""``-i x=file``: arrays from files, tables and archives."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pytest

import dataflow as flow
from dataflow.cli import input_files
from dataflow.core.errors import DataflowError


def test_arrays_by_name(folder):
    found = input_files.arrays(["x=x.npy", "points=data.npz", "y=data.npz:others"])
    assert {name: array.tolist() for name, array in found.items()} == {"x": [1, 2], "points": [3], "y": [4]}


def test_an_archive_of_one_array_needs_no_name(folder):
    np.savez("one.npz", a=np.int8([7]))
    assert input_files.arrays(["x=one.npz"])["x"].tolist() == [7]


@pytest.mark.parametrize("text", ["d.npz:a:b.npz:c", "a/b.npz:key"])
def test_keys_may_have_colons(text):
    path, key = text.split(":", 1)
    assert input_files.place(text) == (path, key)
    assert input_files.place("plain.npy") == ("plain.npy", "")


@pytest.mark.parametrize(
    "text, kind, said",
    [
        ("x=data.npz", click.UsageError, "-i x: data.npz has points, others, got 'x'; write data.npz:points"),
        ("x=data.npz:none", click.UsageError, "-i x: data.npz has points, others, got 'none'; write data.npz:points"),
        ("x=none.npy", DataflowError, "-i x: none.npy: no such file or directory"),
        ("x=line.yaml", DataflowError, "-i x: line.yaml: must be .npy, .npz, "),
        ("x=.", DataflowError, "-i x: .: must be a file, got a folder"),
        ("x=none.csv", DataflowError, "-i x: none.csv: cannot be read as data: no such file or directory"),
        ("x=t.csv:none", DataflowError, "-i x: t.csv: "),
    ],
)
def test_arrays_that_cannot_be_read(folder, text, kind, said):
    Path("t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(kind) as caught:
        input_files.arrays([text])
    assert getattr(caught.value, "message", str(caught.value)).startswith(said)


@pytest.mark.parametrize(
    "text, rows",
    [
        ("x=t.csv", [[1, 2, 5], [3, 4, 6]]),
        ("x=t.csv:a", [1, 3]),
        ("x=t.csv:b,a", [[2, 1], [4, 3]]),
        ("c=t.csv", [5, 6]),  # the column of the input's name
    ],
)
def test_columns_of_a_table(folder, text, rows):
    Path("t.csv").write_text("a,b,c\n1,2,5\n3,4,6\n")
    (found,) = input_files.arrays([text]).values()
    assert found.tolist() == rows


def test_rows_of_a_table_take_the_type_of_the_input(folder):
    Path("t.csv").write_text("a,b,c,d\n1,2,5,6\n")
    graph = flow.Graph()
    graph.input("x", "int8", ["N", 2, 2])
    found = input_files.arrays(["x=t.csv"], graph)["x"]
    assert (found.dtype, found.tolist()) == (np.int8, [[[1, 2], [5, 6]]])
    Path("t.csv").write_text("a\n300\n")
    with pytest.raises(DataflowError, match=r"^-i x: "):
        input_files.arrays(["x=t.csv"], graph)

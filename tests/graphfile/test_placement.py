"""Where the arrays of a graph go that is being written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dataflow.core.errors import GraphError
from dataflow.graphfile.arrays import Arrays
from dataflow.graphfile.placement import Placement


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".dataflow").touch()
    return tmp_path


def test_arrays_on_inputs_and_attrs_are_placed(folder):
    placement, array = Placement(folder / "q.yaml", 16), np.arange(20)
    entry = {"block": "B", "inputs": ["x", array], "attrs": {"values": [1.0, array], "n": 3}, "doc": "d"}
    assert placement.node("n", entry) == {
        "block": "B",
        "inputs": ["x", {"path": "q.npz", "array": "n.1"}],
        "attrs": {"values": [1.0, {"path": "q.npz", "array": "n.values.1"}], "n": 3},
        "doc": "d",
    }
    assert placement.new.keys() == {"n.1", "n.values.1"}
    assert placement.write() is False
    np.testing.assert_array_equal(np.load(folder / "q.npz")["n.1"], array)


def test_another_file_of_that_name_is_left_and_said(folder):
    np.savez(folder / "q.npz", other=np.arange(3))
    placement = Placement(folder / "q.yaml", 16)
    placement.placed("a", np.arange(20))
    assert placement.write() is True
    assert placement.file == "q-2.npz"
    assert np.load(folder / "q.npz").files == ["other"]
    assert placement.write() is False  # the same arrays again are there already


def test_an_array_of_a_file_is_named_while_that_has_it(folder):
    np.save(folder / "w.npy", np.arange(20))
    array = Arrays().read(folder / "w.npy", None)
    (folder / "sub").mkdir()
    assert Placement(folder / "sub" / "q.yaml", 16).placed("a", array) == {"path": "../w.npy"}
    np.save(folder / "w.npy", np.arange(21))
    assert Placement(folder / "sub" / "q.yaml", 16).placed("a", array) == {"path": "q.npz", "array": "a"}


def test_files_are_named_inside_the_project_alone(folder):
    placement = Placement(folder / "sub" / "q.yaml", 16)
    assert placement.named(folder / "d.csv") == "../d.csv"
    assert placement.named(folder.parent / "d.csv") is None
    with pytest.raises(GraphError, match=r"^data: files must lie inside the project of the graph file, "):
        placement.path("data", str(folder.parent / "d.csv"))

"""Words of data files, and of what is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dataflow.graphfile import sections
from dataflow.graphfile.paths import Location
from dataflow.graphfile.suggest import stored
from dataflow.graphfile.suggest.stored import arrays_at, arrays_in, data_files


@pytest.fixture
def file(tmp_path: Path) -> Location:
    """A graph in a folder of a project, with data in it and beside it."""
    (tmp_path / ".dataflow").touch()
    for name in ("graphs/g.checkpoints", "graphs/more", "data"):
        (tmp_path / name).mkdir(parents=True)
    np.savez(tmp_path / "graphs/d.npz", x=np.ones((7, 3), ">f4"), y=np.zeros(7, np.int64))
    np.save(tmp_path / "graphs/more/one.npy", np.zeros((5, 2), np.uint8))
    (tmp_path / "data/t.csv").write_text("width,a b,,kind\n1,2,3,x\n")
    (tmp_path / "data/s.csv").write_text("p;q\n1;2\n")
    for name in ("graphs/g.checkpoints/best.npz", "graphs/g.stats.npz", "graphs/history.csv", "graphs/notes.txt"):
        (tmp_path / name).touch()
    return Location.of(tmp_path / "graphs/g.yaml")


def test_files_are_named_as_the_graph_would_the_nearest_first(file: Location) -> None:
    names = [name for name, _ in data_files(file)]
    assert names[:4] == ["d.npz", "more/one.npy", "../data/s.csv", "../data/t.csv"]
    assert "dataflow:data/digits.npz" in names[4:] and all(name.startswith("dataflow:") for name in names[4:])
    assert dict(data_files(file))["../data/s.csv"] == "8 bytes"


DATA = {
    "train": {"path": "d.npz", "inputs": {"x": "x"}},
    "valid": {"like": "train", "inputs": {"x": "x", "z": {"path": "more/one.npy"}}},
    "round": {"like": "trip"},
    "trip": {"like": "round"},
    "table": {"path": "../data/t.csv", "inputs": {"x": {"columns": ["width"]}}},
    "other": {"path": "../data/s.csv", "csv": {"delimiter": ";"}, "inputs": {"x": "p"}},
    "param": {"path": "${folder}/t.csv", "inputs": {"x": "p"}},
    "out": {"path": "../../secret.npz", "inputs": {"x": "x"}},
    "none": {"path": "none.npz", "inputs": {"x": "x"}},
    "wrong": {"path": 3, "inputs": {"x": "x"}},
}
TREE = {"params": {"folder": "../data"}, "data": DATA}
ARRAYS = {"x": "float32[7, 3]", "y": "int64[7]"}


@pytest.mark.parametrize(
    "path, wanted",
    [
        (("train", "inputs", "x"), ARRAYS),
        (("train", "inputs", "x", "array"), ARRAYS),
        (("train", "inputs", "new"), ARRAYS),
        (("valid", "inputs", "x"), ARRAYS),
        (("valid", "inputs", "z", "array"), {"z": "uint8[5, 2]"}),
        (("round", "inputs", "x"), {}),
        (("table", "inputs", "x", "columns", 0), {"width": "column", "a b": "column", "kind": "column"}),
        (("other", "inputs", "x"), {"p": "column", "q": "column"}),
        (("param", "inputs", "x"), {"width": "column", "a b": "column", "kind": "column"}),
        (("out", "inputs", "x"), {}),
        (("none", "inputs", "x"), {}),
        (("wrong", "inputs", "x"), {}),
    ],
)
def test_arrays_of_the_nearest_file(file: Location, path: tuple[str | int, ...], wanted: dict[str, str]) -> None:
    names = sections.declared("data").names
    assert names is not None
    assert dict(arrays_at(TREE, ("data", *path), file, names)) == wanted


def test_columns_are_those_of_tables_alone(file: Location) -> None:
    names = sections.declared("data").names
    assert names is not None
    assert dict(arrays_at(TREE, ("data", "train", "inputs", "x", "columns"), file, names, columns=True)) == {}
    found = dict(arrays_at(TREE, ("data", "other", "inputs", "x", "columns"), file, names, columns=True))
    assert list(found) == ["p", "q"]


def test_what_no_file_of_the_project_is_is_not_looked_at(file: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(file.home.parent / "secret.npz", x=np.ones(3))
    monkeypatch.setattr(stored, "ArrayFile", None)
    assert dict(arrays_at(TREE, ("data", "out", "inputs", "x"), file, arrays_in)) == {}


def test_a_header_is_read_once_while_the_file_is_the_same(file: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file.real.parent / "d.npz"
    assert arrays_in(str(path), {}) == ARRAYS
    with monkeypatch.context() as patch:
        patch.setattr(stored, "ArrayFile", None)
        assert arrays_in(str(path), {}) == ARRAYS
    np.savez(path, z=np.ones(2))
    assert arrays_in(str(path), {}) == {"z": "float64[2]"}


def test_the_types_of_many_arrays_are_not_told(file: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "_TYPED", 1)
    np.savez(file.real.parent / "many.npz", a=np.ones(2), b=np.ones(2))
    assert arrays_in(str(file.real.parent / "many.npz"), {}) == {"a": "float64[2]", "b": "array"}
    (file.real.parent / "broken.npz").write_bytes(b"PK\5\6 no zip")
    assert arrays_in(str(file.real.parent / "broken.npz"), {}) == {}

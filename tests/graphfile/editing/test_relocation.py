"""Paths in nodes as a file in another folder writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.graphfile.editing.changes import Refusal
from dataflow.graphfile.editing.relocation import relocated
from dataflow.graphfile.paths import Location

NODE = {
    "block": "./part.yaml",
    "inputs": {"w": {"path": "w.npz", "array": "w"}, "x": "x"},
    "attrs": {"value": {"path": "../v.npy"}, "n": 1, "s": {"path": "dataflow:data/digits.npz", "array": "w"}},
}


@pytest.fixture
def file(tmp_path: Path) -> Location:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "a").mkdir()
    return Location.of(tmp_path / "a" / "g.yaml")


def test_paths_lead_to_the_same_files(file: Location, tmp_path: Path) -> None:
    assert relocated(NODE, "n", file, tmp_path / "b") == {
        "block": "../a/part.yaml",
        "inputs": {"w": {"path": "../a/w.npz", "array": "w"}, "x": "x"},
        "attrs": {**NODE["attrs"], "value": {"path": "../v.npy"}},
    }
    assert relocated(NODE, "n", file, tmp_path)["block"] == "./a/part.yaml"
    assert relocated(NODE, "n", file, tmp_path)["attrs"]["value"] == {"path": "v.npy"}
    assert relocated({"block": "Relu", "inputs": [{"path": "w.npy"}, "x"]}, "n", file, tmp_path)["inputs"] == [
        {"path": "a/w.npy"},
        "x",
    ]


def test_in_one_folder_nothing_changes(file: Location) -> None:
    assert relocated(NODE, "n", file, file.real.parent) is NODE
    assert relocated(None, "n", file, file.real.parent.parent) is None


def test_files_of_the_package_are_named_from_anywhere(tmp_path: Path) -> None:
    layer = Location.of("dataflow:layers/conv2d_batch_norm.yaml")
    node = {"block": "./batch_norm.yaml", "attrs": {"v": {"path": "../data/digits.npz"}}}
    moved = relocated(node, "n", layer, tmp_path)
    assert moved == {
        "block": "dataflow:layers/batch_norm.yaml",
        "attrs": {"v": {"path": "dataflow:data/digits.npz"}},
    }


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("./${p}.yaml", "node 'n' names a file by parameters"),
        ("../../../out.yaml", "files must lie inside the project"),
    ],
)
def test_what_cannot_be_followed_is_refused(file: Location, tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(Refusal) as refusal:
        relocated({"block": path}, "n", file, tmp_path)
    assert message in refusal.value.message

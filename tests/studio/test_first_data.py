"""Which arrays of which file a first data section takes for which inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dataflow.core.shapes import TensorType
from dataflow.graphfile.paths import Location
from dataflow.studio.first_data import first_data

INPUTS = {"x": TensorType("float32", ("N", 64)), "y": TensorType("int64", ("N",))}
X, Y = np.zeros((6, 64), np.float32), np.zeros(6, np.int64)


@pytest.fixture
def graph(tmp_path: Path) -> Location:
    (tmp_path / "net.yaml").touch()
    return Location(tmp_path / "net.yaml", "net.yaml", tmp_path)


def split(path: str, **inputs: object) -> dict[str, object]:
    return {"path": path, "inputs": inputs}


def test_names_of_arrays_tell_splits(graph: Location, tmp_path: Path) -> None:
    np.savez(tmp_path / "digits.npz", x_train=X, x_test=X, y_train=Y, y_test=Y, **{"val/x": X, "val/y": Y})
    assert first_data(INPUTS, graph) == {
        "train": split("./digits.npz", x="x_train", y="y_train"),
        "validation": split("./digits.npz", x="val/x", y="val/y"),
        "test": split("./digits.npz", x="x_test", y="y_test"),
    }


def test_arrays_of_other_names_go_by_shape_and_dtype(graph: Location, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", weight=np.zeros(6), label=Y, image=X)
    assert first_data(INPUTS, graph) == {"train": split("./d.npz", x="image", y="label")}
    swapped = {"y": INPUTS["x"], "x": INPUTS["y"]}
    assert first_data(swapped, graph) == {"train": split("./d.npz", y="image", x="label")}


def test_a_name_counts_more_than_a_shape(graph: Location, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.zeros((6, 8, 8), np.float32), z=X, y=Y)
    assert first_data(INPUTS, graph) == {"train": split("./d.npz", x="x", y="y")}


def test_other_dtypes_are_converted(graph: Location, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X.astype(np.uint8), y=Y.astype(np.int32))
    columns = {name: {"array": name, "dtype": declared.dtype} for name, declared in INPUTS.items()}
    assert first_data(INPUTS, graph) == {"train": split("./d.npz", **columns)}


def test_arrays_that_are_called_like_splits_are_splits(graph: Location, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", train=X, test=X)
    expected = {"train": split("./d.npz", x="train"), "test": split("./d.npz", x="test")}
    assert first_data({"x": INPUTS["x"]}, graph) == expected


def test_no_array_is_taken_twice(graph: Location, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", one=Y, two=Y)
    both = dict.fromkeys("ab", INPUTS["y"])
    assert first_data(both, graph) == {"train": split("./d.npz", a="one", b="two")}


def test_a_split_that_lacks_an_input_is_none(graph: Location, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x_train=X, y=Y)
    assert first_data(INPUTS, graph) == {"train": split("./d.npz", x="x_train", y="y")}


def test_words_within_words_and_splits_that_lack_an_input_tell_nothing(graph: Location, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", latest=X, y_contest=Y, x_test=X)
    found = first_data(INPUTS, graph)
    assert found == {"train": split("./d.npz", x="x_test", y="y_contest")}


def test_the_file_that_fits_best_is_taken(graph: Location, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "a.npz", p=np.zeros(3))
    np.savez(tmp_path / "data/b.npz", x=X, y=Y)
    assert first_data(INPUTS, graph) == {"train": split("./data/b.npz", x="x", y="y")}


def test_what_no_array_fits_keeps_its_name(graph: Location, tmp_path: Path) -> None:
    assert first_data(INPUTS, graph) == {"train": split("data.npz", x="x", y="y")}
    np.savez(tmp_path / "a.npz", p=np.zeros((3, 2, 2)))
    assert first_data(INPUTS, graph) == {"train": split("./a.npz", x="x", y="y")}


def test_a_single_array_without_a_name(graph: Location, tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", X)
    assert first_data({"x": INPUTS["x"]}, graph) == {"train": split("./rows.npy", x="x")}


def test_columns_of_a_table(graph: Location, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,0\n")
    assert first_data(INPUTS, graph) == {"train": split("./t.csv", x={"columns": {"except": ["y"]}}, y="y")}
    assert first_data({"x": INPUTS["x"]}, graph) == {"train": split("./t.csv", x={"columns": "all"})}

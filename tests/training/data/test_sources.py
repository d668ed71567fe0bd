"""Arrays in files, by row: what stays in its file, in any order, and what becomes of a file that changes."""

from __future__ import annotations

import gzip
import pickle

import numpy as np
import pytest
from array_files import idx

from dataflow.core.errors import DataflowError
from dataflow.training.data.sources import FileArray, InMemoryArray, open_array

X = np.arange(24, dtype=np.float32).reshape(8, 3)
Y = np.arange(8, dtype=np.uint8) % 4
ORDERS = ([0], [7, 0, 3], [2, 3, 4, 5], [1, 1], [], [*range(8)], [7, 6, 5, 4, 3, 2, 1, 0], [0, 1, 4, 5, 2, 3])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", X)
    np.save("f.npy", np.asfortranarray(X))
    np.save("big.npy", X.astype(">f4"))
    np.savez("d.npz", x=X, y=Y)
    np.savez_compressed("c.npz", x=X, y=Y)
    (tmp_path / "y.idx").write_bytes(idx(Y, 8))
    (tmp_path / "x.idx").write_bytes(idx(X.astype(">f4"), 13))
    (tmp_path / "y.gz").write_bytes(gzip.compress(idx(Y, 8)))


@pytest.mark.parametrize(
    "path, name, wanted, stays",
    [
        ("x.npy", None, X, True),
        ("f.npy", None, X, False),
        ("big.npy", None, X, True),
        ("d.npz", "x", X, True),
        ("d.npz", "y", Y, True),
        ("c.npz", "x", X, False),
        ("y.idx", None, Y, True),
        ("x.idx", None, X, True),
        ("y.gz", None, Y, False),
    ],
)
def test_rows_in_any_order(path, name, wanted, stays):
    rows = open_array(path, name)
    assert isinstance(rows, FileArray) is stays and isinstance(rows, InMemoryArray) is not stays
    assert rows.shape == wanted.shape
    for order in ORDERS:
        found = rows.take(np.array(order, int))
        assert found.flags.c_contiguous
        np.testing.assert_array_equal(found, wanted[np.array(order, int)])


def test_how_rows_are_named():
    assert open_array("x.npy").where(3, 1) == "x.npy: row 3, column 1"
    assert open_array("d.npz", "y").where(3, None) == "d.npz: array 'y': row 3"
    assert open_array("c.npz", "y").where(3, None) == "d.npz: array 'y': row 3".replace("d.", "c.")
    assert InMemoryArray(X).where(0, None) == "row 0"


def test_a_file_that_has_changed_is_refused():
    rows = open_array("x.npy")
    np.save("x.npy", X + 1)
    with pytest.raises(DataflowError, match=r"x\.npy: has changed since it was opened; begin again"):
        rows.take(np.arange(2))


@pytest.mark.parametrize(
    "data, message",
    [
        (np.float32(3), "must have rows, got a single number; save it with shape \\[1\\]"),
        (np.zeros((5, 0), np.float32), r"rows must have elements, got shape \[5, 0\]"),
        (np.array(["1.5"]), "must be of numbers, got dtype <U3"),
        (np.array(["2020-01-01"], "M8[D]"), r"must be of numbers, got dtype <M8\[D\]"),
        (np.zeros(2, [("a", "f4"), ("b", "f4")]), "must have a header with one dtype, the order and the shape, got"),
    ],
)
def test_what_has_no_rows_of_numbers(data, message):
    np.save("t.npy", data)
    with pytest.raises(DataflowError, match=rf"t\.npy: cannot be read as data: {message}"):
        open_array("t.npy")


@pytest.mark.parametrize(
    "path, name, message",
    [
        ("other", None, "no such file or directory; put it there, or name another in the data section"),
        ("x.npyy", None, "no such file or directory; did you mean 'x.npy'"),
        ("d.npz", None, "'array' must be given, got nothing; it has x and y"),
        ("d.npz", "xx", "no array 'xx'; did you mean 'x'"),
        (".", None, "must be a file, got a folder"),
    ],
)
def test_what_cannot_be_opened(path, name, message):
    with pytest.raises(DataflowError, match=f"cannot be read as data: {message}"):
        open_array(path, name)


def test_sources_are_sent_to_other_processes():
    rows = pickle.loads(pickle.dumps(open_array("x.npy")))
    np.testing.assert_array_equal(rows.take(np.array([5])), X[5:6])

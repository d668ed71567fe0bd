"""Regular files: nothing else is opened, each reading may fail, and a file may change while it is read."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
from array_files import READERS, by_rows, npy, written
from graph_text import same
from written_arrays import RIGHT, X, saved

from dataflow.core.errors import DataflowError
from dataflow.files import RegularFile, Unreadable
from dataflow.training.data.sources import FileArray
from dataflow.training.data.table import open_rows

# -- what is no file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "link_to_pipe", "nothing", "nul"])
def test_only_regular_files_are_opened(tmp_path, reader, kind):
    path = tmp_path / "x.npz"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "link_to_pipe":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    elif kind == "nul":
        path = tmp_path / "\0"
    with pytest.raises(
        (DataflowError, ValueError), match=r"must be a (regular )?file, got|no such file|null (byte|character)"
    ):
        READERS[reader](path, None)


def test_a_path_that_becomes_a_pipe_is_not_waited_for(tmp_path, monkeypatch):
    path = written(tmp_path / "x.npy", npy(X))
    open_file = os.open

    def swapped(*args, **named):
        path.unlink()
        os.mkfifo(path)
        return open_file(*args, **named)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(Unreadable, match="must be a regular file, got a device or pipe"):
        RegularFile(path)


def test_a_table_in_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(DataflowError, match=r"x\.csv: cannot be read as data: must be a regular file"):
        open_rows(tmp_path / "x.csv")


# -- reading that fails ------------------------------------------------------------------------------------------------


def reading(monkeypatch, change):
    """Has every reading from a file go through ``change(number, read, memories, start)``."""
    calls = []

    def read(descriptor, memories, start):
        calls.append(start)
        return change(len(calls) - 1, lambda m: os.preadv(descriptor, m, start), memories)

    monkeypatch.setattr("dataflow.files.regular_file._PREADV", read)
    return calls


READABLE = [name for name in RIGHT if not name.startswith(("version", "python", "spaces"))]


@pytest.mark.parametrize("name", READABLE)
def test_each_reading_may_fail(tmp_path, monkeypatch, name):
    path = written(tmp_path / name, RIGHT[name])
    array = "x" if name.endswith(".npz") else None
    with monkeypatch.context() as patch:
        calls = reading(patch, lambda number, read, memories: read(memories))
        by_rows(path, array)
        count = len(calls)
    for failing in range(count):

        def fail(number, read, memories, failing=failing):
            if number == failing:
                raise OSError(5, "Input/output error")
            return read(memories)

        with monkeypatch.context() as patch:
            reading(patch, fail)
            with pytest.raises(DataflowError, match=r"input/output error"):
                by_rows(path, array)
    assert count > 1


@pytest.mark.parametrize("name", READABLE)
def test_a_system_that_reads_in_small_parts_or_from_one_place_to_the_next(tmp_path, monkeypatch, name):
    path = written(tmp_path / name, RIGHT[name])
    array = "x" if name.endswith(".npz") else None
    with monkeypatch.context() as patch:
        reading(patch, lambda number, read, memories: read([memories[0][:7]]))
        found = by_rows(path, array)
        patch.setattr("dataflow.files.regular_file._PREADV", None)
        again = by_rows(path, array)
    for rows in (found, again):
        same(rows.astype(rows.dtype.newbyteorder("=")), X)


# -- files that change ------------------------------------------------------------------------------------------------


def test_rows_of_a_file_that_has_changed_are_not_read(tmp_path):
    path = written(tmp_path / "x.npz", saved(np.savez, x=X))
    rows = open_rows(path, "x")
    assert isinstance(rows, FileArray)
    same(rows.take(np.array([7, 2])), X[[7, 2]])
    with path.open("r+b") as file:
        file.seek(200)
        file.write(b"changed")
    os.utime(path, (1, 1))
    with pytest.raises(DataflowError, match=r"x\.npz: has changed since it was opened; begin again"):
        rows.take(np.array([7, 2]))


def test_rows_stay_those_of_the_file_that_was_opened(tmp_path):
    path = written(tmp_path / "x.npz", saved(np.savez, x=X))
    rows = open_rows(path, "x")
    written(tmp_path / "new", saved(np.savez, x=X + 1)).replace(path)
    same(rows.take(np.array([7, 2])), X[[7, 2]])


def test_rows_can_be_pickled_while_their_file_stays(tmp_path):
    path = written(tmp_path / "x.npy", npy(X))
    rows = open_rows(path)
    stored = pickle.dumps(rows)
    same(pickle.loads(stored).take(np.array([1])), X[[1]])
    written(path, npy(X[:7]))
    with pytest.raises(Unreadable, match=r"x\.npy: has changed since it was opened"):
        pickle.loads(stored)

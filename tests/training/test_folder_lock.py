"""A folder is one training's at a time; what a process left behind is recognised."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from dataflow.core.errors import GraphError
from dataflow.training import folder_lock
from dataflow.training.folder_lock import NAME, locked


def test_the_second_is_refused_and_the_first_leaves_nothing(tmp_path):
    with locked(tmp_path):
        assert json.loads((tmp_path / NAME).read_text())["pid"] == os.getpid()
        with pytest.raises(GraphError) as caught, locked(tmp_path):
            pytest.fail("it was let in")
        assert str(caught.value) == (
            f"{tmp_path}: must be used by one training at a time, got process {os.getpid()} on {socket.gethostname()}, "
            f"which is training there; wait for it or use another folder, or remove {tmp_path / NAME} if there is no "
            "such process"
        )
    assert [*tmp_path.iterdir()] == []
    with locked(tmp_path):
        pass


def test_where_there_are_no_links_it_is_made_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_lock.os, "link", lambda *paths: (_ for _ in ()).throw(PermissionError()))
    test_the_second_is_refused_and_the_first_leaves_nothing(tmp_path)


def test_errors_release_it(tmp_path):
    with pytest.raises(KeyError), locked(tmp_path):
        raise KeyError
    assert [*tmp_path.iterdir()] == []


def left_behind(folder, **change):
    own = {"pid": os.getpid(), "host": socket.gethostname(), "start": folder_lock._start_of(os.getpid()), "id": "0"}
    (folder / NAME).write_text(json.dumps(own | change))


def ended():
    """The number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="the system has no zombies")
def test_a_zombie_is_gone(tmp_path):
    """A process that was killed stays in the table of processes until its parent asks how it ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        left_behind(tmp_path, pid=process.pid, start=folder_lock._start_of(process.pid))
        with pytest.raises(GraphError, match=f"process {process.pid}"), locked(tmp_path):
            pytest.fail("it was let in")
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still in the table
        with locked(tmp_path):
            assert json.loads((tmp_path / NAME).read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("kind", ["gone", "number used again", "no JSON", "another JSON", "empty"])
def test_what_was_left_behind_is_taken_over(tmp_path, kind):
    if kind == "gone":
        left_behind(tmp_path, pid=ended())
    elif kind == "number used again":
        left_behind(tmp_path, start="boot 12345")
    else:
        (tmp_path / NAME).write_text({"no JSON": "{", "another JSON": "[1]", "empty": ""}[kind])
    with locked(tmp_path):
        assert json.loads((tmp_path / NAME).read_text())["id"] != "0"
    assert [*tmp_path.iterdir()] == []


def test_another_host_cannot_be_asked(tmp_path):
    left_behind(tmp_path, host="elsewhere", pid=ended())
    with pytest.raises(GraphError, match="on elsewhere"), locked(tmp_path):
        pytest.fail("it was let in")
    assert (tmp_path / NAME).exists()


def test_one_that_took_the_place_of_a_stale_one_is_put_back(tmp_path):
    """Between reading a stale file and removing it, another process may have done the same."""
    left_behind(tmp_path, id="live")
    folder_lock._remove(tmp_path / NAME, {"id": "stale"})
    assert json.loads((tmp_path / NAME).read_text())["id"] == "live"
    assert len([*tmp_path.iterdir()]) == 1


def test_only_its_own_file_is_removed(tmp_path):
    with locked(tmp_path):
        left_behind(tmp_path, id="other")
    assert json.loads((tmp_path / NAME).read_text())["id"] == "other"


def test_a_folder_that_is_not_there_is_told(tmp_path):
    from dataflow.core.errors import DataflowError

    with (
        pytest.raises(DataflowError, match=r"training\.lock: cannot be written: no such file"),
        locked(tmp_path / "no"),
    ):
        pytest.fail("it was let in")

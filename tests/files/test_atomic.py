"""Files that are written: what they replace, what they are written into, and several together."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from graph_text import same

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError
from dataflow.files.atomic import write_arrays, write_text, write_texts

ONE = "dataflow: 1\nnodes: {c: {block: Const, attrs: {value: 2.5}}}\noutputs: {y: c}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("g.yaml").write_text(ONE)
    return tmp_path


# -- what is written into -------------------------------------------------------------------------------------------


def received(pipe, act):
    """What comes out of a named pipe while something is done."""
    got = []
    reader = threading.Thread(target=lambda: got.append(Path(pipe).read_bytes()))
    reader.start()
    act()
    reader.join(60)
    return got[0]


def test_a_pipe_is_written_into_and_stays(here):
    os.mkfifo("pipe")
    assert received("pipe", lambda: write_text("pipe", "text")) == b"text"
    Path("got.npz").write_bytes(received("pipe", lambda: write_arrays("pipe", {"a": np.arange(5)})))
    with np.load("got.npz") as found:
        same(found["a"], np.arange(5))
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)
    assert not list(here.glob(".*"))


def test_a_device_is_written_into_and_stays(here):
    main, device = os.openpty()
    try:
        write_text(os.ttyname(device), "text")
        assert os.read(main, 100) == b"text"
        assert stat.S_ISCHR(Path(os.ttyname(device)).stat().st_mode)
    finally:
        os.close(main)
        os.close(device)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_device_that_takes_nothing_is_an_error(here):
    with pytest.raises(DataflowError, match="/dev/full: cannot be written: no space left on device"):
        write_text("/dev/full", "text")


@pytest.mark.slow
@pytest.mark.parametrize("into", ["pipe", "file"])
def test_standard_output_gets_the_file_and_nothing_else(here, into):
    for args in (["run"], ["grad", "--of", "y", "--wrt", "c"], ["show", "--resolved"]):
        args = [sys.executable, "-m", "dataflow", args[0], "g.yaml", *args[1:], "-o"]
        subprocess.run([*args, "wanted.npz"], check=True, capture_output=True)
        if into == "pipe":
            Path("got").write_bytes(subprocess.run([*args, "/dev/stdout"], stdout=subprocess.PIPE, check=True).stdout)
        else:
            with Path("got").open("wb") as out:
                subprocess.run([*args, "/dev/stdout"], stdout=out, check=True)
        if args[3] == "run":
            with np.load("got") as found:
                assert dict(found) == {"y": 2.5}
            assert Path("got").read_bytes().rindex(b"PK\x05\x06") + 22 == len(Path("got").read_bytes())
        else:
            assert Path("got").read_bytes() == Path("wanted.npz").read_bytes()


def test_text_on_standard_output_comes_after_what_was_there(here):
    with Path("out").open("ab") as out:
        out.write(b"before\n")
        out.flush()
        subprocess.run(
            [sys.executable, "-m", "dataflow", "show", "g.yaml", "-o", "/dev/stdout"], stdout=out, check=True
        )
    assert Path("out").read_text().startswith("before\nc ")


def test_large_arrays_are_not_put_beside_a_pipe(here):
    os.mkfifo("pipe")
    graph = flow.Graph("large")
    graph.output("c", graph.constant(np.zeros(2000, np.float32)))
    with pytest.raises(GraphError, match="pipe: a graph with large arrays must be saved to a file"):
        flow.save(graph, "pipe")
    assert not Path("pipe.npz").exists()


# -- what is replaced -----------------------------------------------------------------------------------------------


def test_a_file_keeps_its_mode_and_a_link_its_place(here):
    write_text("real", "old")
    Path("real").chmod(0o640)
    Path("link").symlink_to("real")
    write_text("link", "new")
    assert (Path("real").read_text(), stat.S_IMODE(Path("real").stat().st_mode)) == ("new", 0o640)
    assert Path("link").is_symlink()
    Path("hanging").symlink_to("made")
    write_text("hanging", "new")
    assert Path("made").read_text() == "new"


def test_what_only_the_owner_may_read_is_never_open_to_others(here, monkeypatch):
    write_text("secret", "old")
    Path("secret").chmod(0o600)
    modes = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: modes.append(stat.S_IMODE(os.fstat(fd).st_mode)) or fsync(fd))
    write_text("secret", "new")
    assert modes[0] == 0o600


def test_a_read_only_file_is_not_replaced(here, monkeypatch):
    write_text("kept", "old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # a user who may do anything could write it
    with pytest.raises(DataflowError, match="kept: cannot be written: it is read-only"):
        write_text("kept", "new")
    assert Path("kept").read_text() == "old"


def test_names_as_long_as_the_file_system_takes(here):
    write_text("日" * 84, "text")
    assert Path("日" * 84).read_text() == "text"


# Where coverage is measured, it writes files and handles signals in the processes that are started, as the tests do.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}

FILLED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from dataflow.files.atomic import write_arrays
write_arrays("a.npz", {"a": [0.0] * 100_000})
"""


def test_a_file_that_grows_too_large_leaves_the_old_one(here):
    write_arrays("a.npz", {"a": [0]})
    done = subprocess.run([sys.executable, "-c", FILLED], capture_output=True, text=True, env=UNMEASURED)
    assert done.stderr.splitlines()[-1].endswith("DataflowError: a.npz: cannot be written: file too large")
    assert dict(np.load("a.npz")) == {"a": [0]}
    assert not list(here.glob(".*"))


# -- signals --------------------------------------------------------------------------------------------------------

STALLED = """
import os, sys
from dataflow.files.atomic import write_arrays
def stall(fd):
    print("writing", flush=True)
    while True:
        os.read(0, 1)
os.fsync = stall
write_arrays("a.npz", {"a": [1]})
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_while_a_file_is_written_leaves_the_old_one_alone(here, name):
    write_arrays("a.npz", {"a": [0]})
    process = subprocess.Popen(
        [sys.executable, "-c", STALLED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=UNMEASURED,
    )
    try:
        assert process.stdout.readline() == b"writing\n"
        assert list(here.glob(".*.tmp"))
        process.send_signal(getattr(signal, name))
        assert process.wait(60) == -getattr(signal, name)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
    assert not list(here.glob(".*.tmp"))
    assert dict(np.load("a.npz")) == {"a": [0]}


def test_signals_that_the_program_handles_stay_its_own(here):
    seen = []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append("ours"))
    fsync = os.fsync
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", lambda fd: (os.kill(os.getpid(), signal.SIGTERM), fsync(fd)))
            write_text("a", "text")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (Path("a").read_text(), set(seen)) == ("text", {"ours"})


def test_handlers_are_as_they_were(here):
    before = signal.getsignal(signal.SIGTERM)
    write_text("a", "text")
    thread = threading.Thread(target=write_text, args=("b", "text"))
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
    assert Path("b").read_text() == "text"


def test_texts_are_written_together(here):
    Path("link.yaml").symlink_to("g.yaml")
    write_texts({"link.yaml": "one", "new.yaml": "two"})
    assert (Path("g.yaml").read_text(), Path("new.yaml").read_text()) == ("one", "two")
    assert Path("link.yaml").is_symlink() and len([*here.iterdir()]) == 3


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_where_one_text_cannot_be_written_none_is(here, monkeypatch, call, at):
    def failing(*given):
        calls.append(given)
        if len(calls) == at:
            raise OSError(28, "No space left on device")
        return original(*given)

    calls = []
    owner = os if call == "fsync" else Path
    original = getattr(owner, call)
    Path("other.yaml").write_bytes(b"as it \r\n was")
    with monkeypatch.context() as patched, pytest.raises(DataflowError, match="cannot be written: no space left"):
        patched.setattr(owner, call, failing)
        write_texts({"g.yaml": "one", "new.yaml": "two", "other.yaml": "three"})
    assert sorted(path.name for path in here.iterdir()) == ["g.yaml", "other.yaml"]
    assert Path("g.yaml").read_text() == ONE and Path("other.yaml").read_bytes() == b"as it \r\n was"


def test_what_cannot_be_put_back_is_told_and_the_rest_is(here, monkeypatch):
    def failing(path, target):
        if target.name == "last.yaml" or (target.name == "g.yaml" and target.read_text() == "one"):
            raise PermissionError(1, "Operation not permitted")
        return original(path, target)

    original = Path.replace
    message = r"^last\.yaml: cannot be written: .*permitted; the new text stays in \S*/g\.yaml$"
    with monkeypatch.context() as patched, pytest.raises(DataflowError, match=message):
        patched.setattr(Path, "replace", failing)
        write_texts({"g.yaml": "one", "new.yaml": "two", "last.yaml": "three"})
    assert [path.name for path in here.iterdir()] == ["g.yaml"]


def test_texts_that_cannot_be_encoded_or_placed_leave_all_as_it_was(here):
    for wrong, message in (("no/such/folder.yaml", "no such file"), ("new.yaml", "text must be UTF-8")):
        with pytest.raises(DataflowError, match=message):
            write_texts({"g.yaml": "one", wrong: "\ud800" if wrong == "new.yaml" else "two"})
        assert Path("g.yaml").read_text() == ONE and len([*here.iterdir()]) == 1

"""Ctrl+C, with real signals: who asks once is obeyed when there is a good end, who asks twice at once."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from dataflow.training import checkpoint

pytestmark = pytest.mark.slow

ENDLESS = "hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)"  # as a long kernel is: Python runs no handler meanwhile
TRAINED = """\
dataflow: 1
nodes:
  w: {block: Variable, inputs: {initvalues: 1.0}}
  y: {block: Square, inputs: {x: w}}
outputs: {y: y}
train: {minimize: y, optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.1}}, epochs: 100000000}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("g.yaml").write_text(TRAINED)
    return tmp_path


@contextmanager
def running(*args, code=""):
    """A command that is running, or a script that prepares one, with its output as lines of text."""
    script = ["-c", f"import hashlib, sys\n{code}\nfrom dataflow.__main__ import main\nmain()"]
    process = subprocess.Popen(
        [sys.executable, *script, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def ended(process):
    """The exit code, and what came on the error output."""
    return process.wait(60), process.stderr.read()


def slow(where, attribute):
    return f"""
{where} as where
def stall(*args, **named):
    print("stalled", flush=True)
    {ENDLESS}
where.{attribute} = stall
"""


def test_training_ends_after_the_step_that_is_under_way(here):
    with running("train", "g.yaml") as process:
        assert process.stdout.readline().lstrip().startswith("epoch ")
        process.send_signal(signal.SIGINT)
        status, said = ended(process)
    assert status == 130
    assert said.startswith("stopping after this step; Ctrl+C once more stops at once\nstopped in step ")
    meta, _ = checkpoint.latest(Path("g.checkpoints"), checkpoint.read)
    assert f"stopped in step {meta['step']};" in said


def test_a_second_time_ends_the_longest_step_at_once(here):
    with running("train", "g.yaml", code=slow("from dataflow.training.trainer import Trainer", "_steps")) as process:
        assert process.stdout.readline() == "stalled\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline().startswith("stopping after this step")
        process.send_signal(signal.SIGINT)
        assert ended(process) == (130, "stopped\n")
    assert {path.name for path in here.glob("g.checkpoints/*")} <= {"runs"}  # the record of what was begun


def test_other_commands_end_the_first_time(here):
    with running("run", "g.yaml", code=slow("from dataflow.engine.plan import Plan", "run")) as process:
        assert process.stdout.readline() == "stalled\n"
        process.send_signal(signal.SIGINT)
        assert ended(process) == (130, "stopped\n")


SWEPT = """\
dataflow: 1
inputs: {x: 'float32[N, 2]'}
nodes:
  w: {block: Const, attrs: {value: [[0.3], [1.7]]}}
  product: {block: MatMul, inputs: [x, w]}
  p: {block: Mul, inputs: [product, $p]}
params: {p: 1.0}
outputs: {y: p}
data: {test: {path: x.npz, inputs: {x: x}}}
"""
ONE_BY_ONE = """
from dataflow.cli import sweep
from dataflow.quantize import trials
def counted(wide):
    def count(*args, **named):
        measured.append(1)
        if len(measured) == 3:
            print("stalled", flush=True)
            hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)
        return wide(*args, **named)
    return count
measured = []
"""


@pytest.mark.parametrize(
    ("options", "stall", "rows"),
    [
        (["--sensitivity", "--bits", "2,4,8"], "trials.Trials.alone = counted(trials.Trials.alone)", 1),
        (["-p", "p=1,2,3"], "sweep._with_params = counted(sweep._with_params)", 2),
    ],
)
def test_a_sweep_shows_what_it_has_and_goes_on_from_there(here, options, stall, rows):
    np.savez("x.npz", x=np.random.default_rng(0).random((4, 2), np.float32))
    Path("s.yaml").write_text(SWEPT)
    with running("sweep", "s.yaml", *options, code=ONE_BY_ONE + stall) as process:
        assert process.stdout.readline() == "stalled\n"
        process.send_signal(signal.SIGINT)
        status, said = ended(process)
        table = process.stdout.read()
    assert (status, said) == (130, "2 of 3 are measured and kept; --resume goes on with them\nstopped\n")
    assert len(table.splitlines()) == 1 + rows
    again = "measured += [1, 1, 1]\n"  # nothing stalls
    with running("sweep", "s.yaml", *options, "--resume", code=ONE_BY_ONE + stall + "\n" + again) as process:
        assert process.wait(60) == 0
        whole = process.stdout.read()
    assert whole.startswith(table) if rows > 1 else len(whole) > len(table)  # another row, or another cell


def test_what_is_being_written_is_taken_away(here):
    np.savez("out.npz", old=1)
    with running("run", "g.yaml", "-o", "out.npz", code=slow("import os", "fsync")) as process:
        assert process.stdout.readline() == "stalled\n"
        assert list(here.glob(".*.tmp"))
        process.send_signal(signal.SIGINT)
        assert ended(process) == (130, "stopped\n")
    assert not list(here.glob(".*.tmp"))
    assert np.load("out.npz").files == ["old"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_training_that_is_killed_leaves_whole_checkpoints_only(here, name):
    """Wherever the signal comes: here while the fourth checkpoint is being written."""
    stall = """
import glob, os, signal
seen, fsync = set(), os.fsync
def sync(fd):
    seen.update(glob.glob("g.checkpoints/.step-*.tmp"))
    if len(seen) > 3:
        print("writing", flush=True)
        signal.pause()
    fsync(fd)
os.fsync = sync
"""
    heard = f"import signal\nsignal.signal(signal.{name}, signal.SIG_DFL)"  # the tests may run under nohup
    with running("train", "g.yaml", "--json", code=heard + stall) as process:
        while process.stdout.readline() != "writing\n":
            pass
        assert list(here.glob("g.checkpoints/.*.tmp"))
        process.send_signal(getattr(signal, name))
        assert ended(process) == (-getattr(signal, name), "")
    assert not list(here.glob("g.checkpoints/.*"))
    paths = [*checkpoint.steps(Path("g.checkpoints")), Path("g.checkpoints", checkpoint.BEST)]
    assert len(paths) > 1 and all(checkpoint.read(path)[0]["step"] for path in paths)


IMPORTING = """
import time
class Finder:
    def find_spec(self, name, *_):
        if name == "{name}":
            print("importing", flush=True)
            time.sleep(600)
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("name", ["click", "dataflow.graph.graph", "yaml", "numpy"])
def test_no_traceback_while_importing(here, name):
    with running("run", "g.yaml", code=IMPORTING.format(name=name)) as process:
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        assert ended(process) == (130, "stopped\n")


def test_who_is_told_not_to_listen_does_not(here):
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)"  # as nohup and the shell's & do
    with running("train", "g.yaml", "--epochs", "40", "--json", code=code) as process:
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert len(process.stdout.readlines()) == 39
        assert ended(process) == (0, "")


PROGRAM = """
import signal, sys
from dataflow.cli import main
try:
    main(["train", "g.yaml"])
except SystemExit as ended:
    print(ended.code, signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def test_as_part_of_another_program(here):
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout.readline().lstrip().startswith(b"epoch ")
        process.send_signal(signal.SIGINT)
        assert process.stdout.read().splitlines()[-1] == b"130 True"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()

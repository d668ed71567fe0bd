"""Compiled kernels on disk: in one folder, never trusted when damaged, and no run fails because of them."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.engine import jit_cache
from dataflow.engine.jit import compile_loop

pytestmark = pytest.mark.slow

pytest.importorskip("numba", reason="compiled kernels are an extra: pip install 'dataflow-blocks[jit]'")

# A graph with loops of both kinds: one of a fused region, one of a block's own.
PROGRAM = """
import numpy as np, dataflow as flow
from dataflow.engine import tiling

tiling.COMPILED = 0
b = flow.blocks
graph = flow.Graph("g")
x = graph.input("x", "float32", ["N", 3])
graph.output("y", b["HistogramObserver"]()(x).counts)
graph.output("z", b["Abs"]()(x * 2.0 + 1.0))
fed = np.linspace(-3, 3, 9000, dtype=np.float32).reshape(-1, 3)
numpy, jit = (flow.plan(graph, kernels=kernels).run(x=fed) for kernels in ("numpy", "jit"))
print(all(numpy[name].tobytes() == jit[name].tobytes() for name in numpy))
"""


def run(**variables):
    environment = {k: v for k, v in os.environ.items() if k not in ("DATAFLOW_CACHE", "XDG_CACHE_HOME")} | variables
    return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory):
    """An environment in which not even root can write to the cache: files stand in the place of its folders."""
    folder = tmp_path_factory.mktemp("site")
    for package in ("dataflow", "blocks"):
        ours = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path(flow.__file__).parents[1] / package, folder / package, ignore=ours)
        for inner in [folder / package, *(folder / package).rglob("*")]:
            if inner.is_dir():
                (inner / "__pycache__").touch()
    (folder / "home").touch()
    home = str(folder / "home")
    return {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "HOME": home, "LOCALAPPDATA": home}


def test_a_run_without_a_place_for_the_cache_warns_once(nowhere):
    done = run(**nowhere)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("compiled kernels cannot be kept, ")
    assert line.endswith("; DATAFLOW_CACHE may name another folder")


def test_the_folder_that_was_named_has_all_and_each_loop_is_compiled_once(nowhere, tmp_path):
    def files():
        return {path.name: path.stat().st_ino for path in tmp_path.iterdir()}

    seen = []
    for _ in range(2):
        done = run(**nowhere, DATAFLOW_CACHE=str(tmp_path))
        assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
        seen.append(files())
    assert seen[0] == seen[1]
    assert {name.split("-")[0] for name in seen[0]} == {"fused", "_count_in_loop"}


def twice(x, out):
    for j in range(out.size):
        out[j] = x[j] * 2


def call():
    """What a process gets that has not compiled the loop yet."""
    x, out = np.arange(5.0), np.zeros(5)
    compile_loop(twice)(x, out)
    np.testing.assert_array_equal(out, x * 2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DATAFLOW_CACHE", str(tmp_path / "kernels"))
    jit_cache.warn.cache_clear()
    return tmp_path / "kernels"


def flipped(data, place):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


DAMAGES = {
    "empty": lambda data: b"",
    "short": lambda data: data[:20],
    "cut": lambda data: data[:-100],
    "longer": lambda data: data + b"0",
    "zeros": lambda data: data[:4096] + bytes(len(data) - 4096),
    "first": lambda data: flipped(data, 0),
    "middle": lambda data: flipped(data, len(data) // 2),
    "last": lambda data: flipped(data, len(data) - 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_are_compiled_again(folder, damage):
    call()
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(DAMAGES[damage](whole))
    assert jit_cache.read(file.name) is None
    call()
    (again,) = folder.iterdir()
    assert jit_cache.read(again.name) is not None
    before = again.stat().st_ino
    call()
    assert again.stat().st_ino == before


def test_a_folder_in_the_place_of_a_file_is_left_alone(folder, caplog):
    call()
    (file,) = folder.iterdir()
    file.unlink()
    (file / "inner").mkdir(parents=True)
    call()
    assert [path.name for path in folder.iterdir()] == [file.name]
    assert caplog.text.count("compiled kernels cannot be kept") == 1


@pytest.mark.parametrize("method", ["open", "replace", "mkdir"])
def test_a_full_disk_leaves_nothing_half_written(folder, monkeypatch, caplog, method):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder.mkdir()
    monkeypatch.setattr(Path, method, full)
    call()
    call()
    assert list(folder.iterdir()) == []
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"compiled kernels cannot be kept, {folder}: No space left on device;")

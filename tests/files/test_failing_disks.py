"""Every operation on a file that is written fails once: the old file or the new one is there, and nothing beside it."""

from __future__ import annotations

import contextlib
import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest
from training.line import TEXT, X, Y, bits

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.files import ArrayFile
from dataflow.files.atomic import write_arrays, write_text
from dataflow.files.output_file import write_outputs
from dataflow.files.safetensors import write_safetensors
from dataflow.training import checkpoint
from dataflow.training.history import rows
from dataflow.training.trainer import Trainer

pytestmark = pytest.mark.slow

FULL = OSError(errno.ENOSPC, "No space left on device")


class Faults:
    """Counts operations on files that are written, and lets one of them fail."""

    def __init__(self, patch):
        self.count, self.failing, self.error, self.names = 0, None, FULL, []
        for name in ("replace", "fsync", "chmod", "open"):
            patch.setattr(os, name, self.of(name, getattr(os, name)))
        patch.setattr(io, "open", self.opening(io.open))

    def of(self, name, function):
        def failing(*args, **named):
            self.step(name)
            return function(*args, **named)

        return failing

    def opening(self, function):
        def opened(path, mode="r", *args, **named):
            if mode == "r" or "r" in mode:
                return function(path, mode, *args, **named)
            self.step("open")
            file = function(path, mode, *args, **named)
            return Written(file, self)

        return opened

    def step(self, name):
        self.names.append(name)
        self.count += 1
        if self.count - 1 == self.failing:
            raise self.error


class Written:
    """A file whose writes, flushes and closing are counted."""

    def __init__(self, file, faults):
        self.file, self.faults = file, faults

    def __getattr__(self, name):
        member = getattr(self.file, name)
        return self.faults.of(name, member) if name in ("write", "flush", "close") else member

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()


@contextlib.contextmanager
def faults(failing=None, error=FULL):
    """Faults for as long as this takes: only what is done inside is counted."""
    with pytest.MonkeyPatch.context() as patch:
        made = Faults(patch)
        made.failing, made.error = failing, error
        yield made


def every(act):
    """Each operation that an act does, by its number and name."""
    with faults() as seen:
        act()
    assert len(seen.names) > 3
    return list(enumerate(seen.names))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def left_over():
    return [path.name for path in Path().rglob("*") if path.name.endswith(".tmp")]


def epochs(folder):
    return [int(row["epoch"]) for row in rows(folder / "history.csv")]


def graph(value):
    made = flow.Graph("g")
    made.output("c", made.constant(np.full(2000, value, np.float32)) * 2.0)
    return made


def written_text():
    return Path("a").read_text()


def written_outputs():
    return Path("a.csv").read_text()


def written_tensors():
    with ArrayFile("a.safetensors") as found:
        return found.entry("x").read().tolist()


def written_arrays():
    with np.load("a.npz") as found:
        return {name: array.tolist() for name, array in found.items()}


WAYS = {
    "text": (lambda n: write_text("a", f"{n}" * 1000), written_text),
    "arrays": (lambda n: write_arrays("a.npz", {"x": np.full(3, n), "y": np.float32(n)}), written_arrays),
    "outputs": (lambda n: write_outputs("a.csv", {"x": np.full(50_000, n)}), written_outputs),
    "tensors": (lambda n: write_safetensors("a.safetensors", {"x": np.full(9, n)}), written_tensors),
    "graph": (lambda n: flow.save(graph(n), "a.yaml"), lambda: flow.run(flow.load("a.yaml"))["c"].tolist()),
}


@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=["full", "ctrl_c"])
@pytest.mark.parametrize("way", WAYS)
def test_the_old_file_or_the_new(way, error):
    write, read = WAYS[way]
    write(1)
    old = read()
    for place, name in every(lambda: write(2)):
        write(1)
        told = False
        with faults(place, error):
            try:
                write(3 + place)
            except (DataflowError, KeyboardInterrupt):
                told = True
        assert told or name == "fsync" or name == "open", f"{way}: '{name}' failed at {place}, and nobody said so"
        found = read()
        write(3 + place)
        assert found in (old, read()), f"{way}: '{name}' failed at {place}"
        assert not left_over(), f"{way}: '{name}' failed at {place}"


def test_training_goes_on_to_the_same_bits():
    np.savez("d.npz", x=X, y=Y)
    Path("g.yaml").write_text(TEXT)

    def train(folder, **given):
        trainer = Trainer(flow.load("g.yaml", epochs=3), Path(folder), **given)
        list(trainer.run())
        return bits(trainer.state)

    whole = train("whole")
    best = checkpoint.read(Path("whole") / checkpoint.BEST)[0]["step"]
    operations = every(lambda: train("counted"))
    writes = [place for place, name in operations if name == "write"]
    for place, name in operations:
        if name == "write" and place not in writes[::7]:
            continue  # there are some hundred, and any seven in a row are in one file
        folder = Path(f"fault-{place}")
        with faults(place), contextlib.suppress(DataflowError):
            train(folder)
        assert not left_over(), f"'{name}' failed at {place}"
        for path in folder.glob("*.npz"):
            checkpoint.read(path)  # whole
        assert epochs(folder) == [*range(1, len(epochs(folder)) + 1)], f"'{name}' failed at {place}"
        if folder.exists() and checkpoint.steps(folder):
            assert train(folder, resume=True) == whole, f"'{name}' failed at {place}"
            assert epochs(folder) == [1, 2, 3], f"'{name}' failed at {place}"
            assert checkpoint.read(folder / checkpoint.BEST)[0]["step"] == best, f"'{name}' failed at {place}"

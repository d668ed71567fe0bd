"""A studio that is ended or killed while it trains: the training goes on from what is kept, to the same bits."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from studio_pages import Page

import dataflow as flow
from dataflow.studio.server import Server
from dataflow.training import checkpoint
from dataflow.training.trainer import Trainer
from tests.studio.fitted_line import DESCENT, TEXT, write

pytestmark = pytest.mark.slow

EPOCHS, STEPS = 25, 10_000
MOMENTUM = TEXT.replace(DESCENT, "{block: ApplyMomentum, inputs: {lr: $rate, momentum: 0.9}}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a graph that is trained for so many steps that what is asked of it comes long before its end."""
    write(tmp_path, rows=1600, text=MOMENTUM.replace("epochs: 3", f"epochs: {EPOCHS}"))
    return tmp_path


@contextmanager
def studio(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Server]]:
    """A studio in a process of its own, and what a page needs of its server."""
    command = [sys.executable, "-m", "dataflow", "studio", str(folder), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = next(line.strip() for line in process.stdout if "http://" in line)
            found = re.search(r":(\d+)/#token=(.*)", address)
            assert found is not None
            yield process, cast(Server, SimpleNamespace(port=int(found[1]), token=found[2]))
        finally:
            process.kill()


def reached(page: Page, step: int, state: str = "running") -> dict[str, Any]:
    """The training as soon as it has done so many steps."""
    return page.training(lambda found: found["step"] >= step and found["state"] == state)


def kept(folder: Path) -> tuple[int, dict[str, bytes], list[dict[str, Any]]]:
    """The step of the last checkpoint, the bits of its variables, and what was changed before."""
    meta, variables = checkpoint.latest(folder, checkpoint.read)
    return meta["step"], {name: array.tobytes() for name, array in variables.items()}, meta["notes"]["changed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_training_with_changes_goes_on_to_the_same_bits(
    folder: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    checkpoints = folder / "line.checkpoints"
    with studio(folder) as (process, server):
        first, second = Page(server), Page(server)
        first.ask("open", path="line.yaml")
        first.ask("train")
        reached(first, 50)
        second.ask("change", rate=0.002)
        second.ask("change", params={"factor": 0.5})
        first.close()  # which the training does not mind
        step = reached(second, 500)["step"]
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
        second.close()
    assert (process.returncode, told) == (0 if number == signal.SIGTERM else -number, "")

    with studio(folder) as (process, server), Page(server) as page:
        page.ask("open", path="line.yaml")
        while True:  # until the process that trained has let go of the folder
            page.events.clear()
            page.ask("train", resume=True)
            ended = reached(page, STEPS, "done") if not _refused(page) else None
            if ended is not None:
                break
    assert not [path for path in checkpoints.iterdir() if path.suffix == ".tmp"]
    last, bits, changes = kept(checkpoints)
    assert (last, len(changes)) == (STEPS, 2)
    assert 50 <= changes[0]["step"] <= step

    trainer = Trainer(flow.load("line.yaml"), folder / "whole.checkpoints")

    def change(trained: Trainer) -> None:
        for each in changes:
            if each["step"] == trained.state.step:
                trained.change(each["rate"], each["params"])

    assert len([*trainer.run(change)]) == EPOCHS
    assert kept(folder / "whole.checkpoints")[:2] == (last, bits)


def _refused(page: Page) -> bool:
    """Whether the training that was begun fails."""
    found = page.training(lambda found: found["state"] == "failed" or (found["state"] != "none" and found["step"]))
    return bool(found["state"] == "failed")

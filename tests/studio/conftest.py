"""A studio on a free port, over a folder of its own, and pages that ask it."""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from studio_pages import Page, served

import blocks
from dataflow.studio import process as processes
from dataflow.studio.process import Process
from dataflow.studio.server import Server
from dataflow.studio.studio import Studio

TEXT = """dataflow: 1
name: small
inputs:
  x: float32[N, 4]
nodes:
  half: {block: Mul, inputs: {x: x, y: 0.5}}
  relu: {block: Relu, inputs: {features: half}}
outputs:
  y: relu
"""


@pytest.fixture(autouse=True, scope="session")
def counted() -> Iterator[None]:
    """Where coverage is measured, workers end by a signal at which they write it down, and are killed after that."""
    if "COVERAGE_RUN" not in os.environ:
        yield
        return
    kill = Process.end

    def end(process: Process) -> None:
        process._heard = process._lost = None
        process.process.terminate()
        timer = threading.Timer(5, kill, (process,))
        timer.daemon = True
        timer.start()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Process, "end", end)
        yield


WORKERS_IMPORT = [
    "dataflow.studio.jobs.loop",
    "dataflow.studio.jobs.run",
    "dataflow.engine.run",
    "dataflow.graphfile.load",
    "dataflow.training.data",
    *(module.name for module in pkgutil.walk_packages(blocks.__path__, "blocks.")),
]


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are forked from one process that has imported all they need; each would import it for a second else.

    The tests of workers, and of a studio that is a process of its own, start them as the studio does.
    """
    if "forkserver" in multiprocessing.get_all_start_methods() and "COVERAGE_RUN" not in os.environ:
        forking = multiprocessing.get_context("forkserver")
        forking.set_forkserver_preload(WORKERS_IMPORT)
        monkeypatch.setattr(processes, "_SPAWN", forking)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one graph."""
    (tmp_path / "small.yaml").write_text(TEXT, "utf-8")
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    """A server over the folder, on a thread of its own."""
    with served(Studio(folder)) as made:
        yield made


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[[], Page]]:
    """Connects pages."""
    pages: list[Page] = []

    def connected() -> Page:
        pages.append(Page(server))
        return pages[-1]

    yield connected
    for page in pages:
        page.close()


@pytest.fixture
def page(connect: Callable[[], Page]) -> Page:
    """A page that is connected."""
    return connect()

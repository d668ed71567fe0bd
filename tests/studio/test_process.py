"""Processes at the other end of a pipe: nobody waits for one that is stopped, and what cannot be started is told."""

from __future__ import annotations

import errno
import os
import queue
import signal
import threading
from collections.abc import Iterator
from typing import NoReturn

import pytest
from studio_pages import PATIENCE

from dataflow.core.errors import DataflowError
from dataflow.studio import process as processes
from dataflow.studio.process import Process, Spares
from tests.studio.made_work import Count


class Unstarted:
    """A process for which the system has no room."""

    def __init__(self, **_: object):
        pass

    def start(self) -> NoReturn:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that can start no process."""
    monkeypatch.setattr(processes._SPAWN, "Process", Unstarted, raising=False)


@pytest.fixture
def process() -> Iterator[Process]:
    """A process that is ready."""
    made = Process()
    assert made.ready.wait(PATIENCE)
    yield made
    made.end()
    made.process.join(PATIENCE)


def test_where_none_can_be_started_who_takes_one_is_told(no_room: None, capfd: pytest.CaptureFixture[str]) -> None:
    before = threading.active_count()
    spares = Spares()
    spares.warm_soon()
    with pytest.raises(DataflowError, match="must be started, got: resource temporarily unavailable; close other"):
        spares.take()
    while threading.active_count() > before:  # the one that keeps the next ready
        pass
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_nobody_waits_for_one_that_is_stopped(process: Process) -> None:
    heard: queue.Queue[tuple[str, int]] = queue.Queue()
    assert process.follow(lambda what, number, thing: heard.put((what, number)), lambda how: None)
    assert process.process.pid is not None
    os.kill(process.process.pid, signal.SIGSTOP)
    sent = threading.Thread(target=lambda: process.send("say", 0, "x" * (4 << 20)), daemon=True)  # no pipe holds that
    sent.start()
    sent.join(PATIENCE)
    assert not sent.is_alive()
    process.send("do", 7, Count())
    os.kill(process.process.pid, signal.SIGCONT)
    assert heard.get(timeout=PATIENCE) == ("event", 7)


@pytest.mark.slow
def test_a_fault_of_who_listens_does_not_end_the_listening(process: Process, capfd: pytest.CaptureFixture[str]) -> None:
    heard: queue.Queue[str] = queue.Queue()

    def listen(what: str, number: int, thing: object) -> None:
        heard.put(what)
        raise KeyError("a fault")

    process.follow(listen, heard.put)
    process.send("do", 1, Count())
    assert [heard.get(timeout=PATIENCE) for _ in range(2)] == ["event", "done"]
    process.process.kill()
    assert heard.get(timeout=PATIENCE) == "signal SIGKILL"
    assert "KeyError: 'a fault'" in capfd.readouterr().err

"""Jobs: what they have found so far is kept however they end, and told to a page that connects."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from studio_pages import PATIENCE

from dataflow.studio.jobs.call import Work
from dataflow.studio.longer import Jobs
from dataflow.studio.process import Spares
from dataflow.studio.worker import Worker
from tests.studio.made_work import Fails, Finds, Waits

pytestmark = pytest.mark.slow


class Told:
    """Jobs whose events are kept."""

    def __init__(self, worker: Worker):
        self.events: queue.Queue[Any] = queue.Queue()
        self.jobs = Jobs(self.events.put, worker)

    def start(self, work: Work) -> int:
        return self.jobs.start("sweep", "Sweep net.yaml", work, lambda path: {"path": path}, _same, lambda _: None)

    def until(self, number: int, **wanted: object) -> Mapping[str, Any]:
        """A job, as soon as it is so."""
        while True:
            event = self.events.get(timeout=PATIENCE)
            for job in event.get("jobs", ()):
                if job["number"] == number and wanted.items() <= job.items():
                    return dict(job)


def _same(problem: dict[str, object]) -> dict[str, object]:
    return problem


@pytest.fixture
def told() -> Iterator[Told]:
    spares = Spares()
    worker = Worker(spares)
    yield Told(worker)
    worker.close()
    spares.close()


FOUND = {"layers": [{"layer": "conv", "sqnr": {"2": 5.0}}]}


@pytest.mark.parametrize("deaf", [False, True])  # it ends by itself, or its process is ended
def test_a_cancelled_job_keeps_what_it_has_found(told: Told, deaf: bool) -> None:
    number = told.start(Finds(FOUND, Waits(deaf)))
    running = told.until(number, message="3 of 10 measurements")
    assert (running["result"], running["done"], running["total"]) == (FOUND, 3, 10)
    assert told.jobs.event()["jobs"] == [running]  # what a page is told that connects meanwhile
    told.jobs.cancel(number)
    job = told.until(number, state="cancelled")
    assert (job["result"], job["message"]) == (FOUND, "cancelled after 3 of 10 measurements")


def test_a_job_whose_process_ends_keeps_what_it_has_found(told: Told) -> None:
    job = told.until(told.start(Finds(FOUND, None)), state="failed")
    assert job["result"] == FOUND
    assert "has ended by itself" in job["problem"]["message"]


def test_one_that_has_found_nothing_says_so(told: Told) -> None:
    number = told.start(Finds(None, Waits()))
    told.until(number, done=3)
    told.jobs.cancel()
    job = told.until(number, state="cancelled")
    assert (job["result"], job["message"]) == (None, "cancelled")


def test_a_job_waits_only_while_one_before_it_runs(told: Told) -> None:
    first, second = told.start(Waits()), told.start(Fails(expected=True))
    waiting = "waits for the job before it"
    assert [job["message"] for job in told.jobs.event()["jobs"]] == ["", waiting]
    told.jobs.cancel(first)
    job = told.until(second, state="failed")
    assert (job["message"], job["problem"]["message"]) == ("", "a value must be there, got nothing")

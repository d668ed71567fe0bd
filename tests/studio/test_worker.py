"""Workers: what they tell, how they are cancelled, what becomes of work whose process ends."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping

import pytest

from dataflow.core.errors import DataflowError
from dataflow.studio.jobs.call import Work
from dataflow.studio.worker import Refused, Spares, Worker
from tests.studio.made_work import Count, Counted, Dies, Fails, Waits

pytestmark = pytest.mark.slow
PATIENCE = 30  # seconds that a test waits, at most


class Told:
    """A follower: what it is told, in order."""

    def __init__(self) -> None:
        self.events: queue.Queue[tuple[str, object]] = queue.Queue()

    def told(self, event: Mapping[str, object]) -> None:
        self.events.put(("told", event))

    def ended(self, state: str, what: object) -> None:
        self.events.put((state, what))

    def next(self) -> tuple[str, object]:
        return self.events.get(timeout=PATIENCE)


@pytest.fixture(scope="module")
def spares() -> Iterator[Spares]:
    made = Spares()
    made.warm()
    yield made
    made.close()


@pytest.fixture
def worker(spares: Spares) -> Iterator[Worker]:
    made = Worker(spares, "run")
    yield made
    made.close()


def begun(worker: Worker, work: Work) -> Told:
    told = Told()
    worker.start(work, told)
    return told


def finish(told: Told) -> None:
    while told.next()[0] == "told":
        pass


def test_a_process_is_kept_with_what_it_knows(worker: Worker) -> None:
    for count in (1, 2):
        told = begun(worker, Count())
        assert told.next() == ("told", {"event": "counted", "count": count})
        assert told.next() == ("done", count)
    assert worker.ask(Counted()) == 2
    worker.rest()
    with pytest.raises(Refused, match="nothing was counted"):
        worker.ask(Counted())


def test_errors_are_told_and_the_next_work_is_done(worker: Worker, capfd: pytest.CaptureFixture[str]) -> None:
    state, refusal = begun(worker, Fails(expected=True)).next()
    assert (state, refusal) == (
        "refused",
        {"message": "a value must be there, got nothing", "hint": "give one", "problems": []},
    )
    state, refusal = begun(worker, Fails(expected=False)).next()
    assert state == "refused"
    assert "KeyError" in str(refusal)
    assert "Traceback" not in str(refusal)
    assert begun(worker, Count()).next()[0] == "told"


def test_one_at_a_time(worker: Worker) -> None:
    told = begun(worker, Waits())
    assert told.next()[1] == {"event": "waiting"}
    with pytest.raises(DataflowError, match="a run must end before the next one begins"):
        begun(worker, Count())
    worker.cancel()
    assert [told.next()[0] for _ in range(2)] == ["told", "cancelled"]
    with pytest.raises(DataflowError, match="there must be a run to pause, got none"):
        worker.say("pause")


def test_questions_and_words_reach_work_that_is_being_done(worker: Worker) -> None:
    finish(begun(worker, Count()))
    told = begun(worker, Waits())
    told.next()
    assert worker.ask(Counted()) == 1
    worker.say("change", rate=0.5)
    assert told.next() == ("told", {"event": "change", "rate": 0.5})


def test_soft_cancel_keeps_the_process(worker: Worker) -> None:
    finish(begun(worker, Count()))
    told = begun(worker, Waits())
    told.next()
    worker.cancel()
    assert [told.next()[0] for _ in range(2)] == ["told", "cancelled"]
    assert worker.ask(Counted()) == 1  # which a process that was ended would not know


def test_deaf_work_is_ended_and_the_spare_takes_over(worker: Worker) -> None:
    told = begun(worker, Waits(deaf=True))
    told.next()
    worker.cancel()
    assert told.next() == ("cancelled", None)
    again = begun(worker, Count())
    assert again.next() == ("told", {"event": "counted", "count": 1})


def test_a_process_that_ends_is_told_and_replaced(worker: Worker) -> None:
    assert begun(worker, Dies()).next() == ("lost", "signal SIGKILL")
    assert begun(worker, Count()).next() == ("told", {"event": "counted", "count": 1})


def test_a_question_to_a_process_that_ends_is_answered(worker: Worker) -> None:
    told = begun(worker, Waits())
    told.next()
    assert worker._process is not None
    worker._process.process.kill()
    assert told.next()[0] == "lost"
    with pytest.raises(Refused, match="nothing was counted"):
        worker.ask(Counted())


def test_closed_spares_start_nothing() -> None:
    spares = Spares()
    spares.close()
    with pytest.raises(DataflowError, match="the studio is closed"):
        Worker(spares, "run").ask(Counted())

"""Workers: what they tell, how they are cancelled, what becomes of work whose process ends."""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest
from studio_pages import PATIENCE

from dataflow.core.errors import DataflowError
from dataflow.studio.jobs import loop
from dataflow.studio.jobs.call import Work
from dataflow.studio.process import Spares
from dataflow.studio.worker import Refused, Worker
from tests.studio.made_work import Count, Counted, Dies, Fails, Stops, Waits, Warns

pytestmark = pytest.mark.slow


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
    made = Worker(spares)
    yield made
    made.close()


class Begun(Told):
    """Work that was begun."""

    def __init__(self, worker: Worker, work: Work):
        super().__init__()
        self.number = worker.start(work, self)

    def end(self) -> tuple[str, object]:
        """How it ended, whatever else it told."""
        while True:
            state, what = self.next()
            if state != "told":
                return state, what


def test_warnings_of_work_are_told_each_time_and_those_of_answers_to_nobody(spares: Spares) -> None:
    told: list[str] = []
    worker = Worker(spares, told.append)
    worker.result(Warns())
    assert told == []
    for count in (1, 2):
        assert Begun(worker, Warns()).end() == ("done", None)
        assert told == ["it is not what it says"] * count
    worker.close()


def test_a_process_is_kept_with_what_it_knows(worker: Worker) -> None:
    for count in (1, 2):
        told = Begun(worker, Count())
        assert told.next() == ("told", {"event": "counted", "count": count})
        assert told.end() == ("done", count)
    assert worker.ask(Counted()) == 2
    worker.rest(60.0)
    assert worker.ask(Counted()) == 2
    worker._drop_idle()
    with pytest.raises(Refused, match="nothing was counted"):
        worker.ask(Counted())


def test_errors_are_told_and_the_next_work_is_done(worker: Worker, capfd: pytest.CaptureFixture[str]) -> None:
    state, refusal = Begun(worker, Fails(expected=True)).next()
    assert (state, refusal) == (
        "refused",
        {"message": "a value must be there, got nothing", "hint": "give one", "problems": []},
    )
    state, refusal = Begun(worker, Fails(expected=False)).next()
    assert state == "refused"
    assert "KeyError" in str(refusal)
    assert "Traceback" not in str(refusal)
    assert Begun(worker, Count()).next()[0] == "told"


def test_work_waits_for_what_was_begun_before(worker: Worker) -> None:
    first, second = Begun(worker, Waits()), Begun(worker, Count())
    assert first.next()[1] == {"event": "waiting"}
    worker.cancel(first.number)
    assert first.end()[0] == "cancelled"
    assert second.end() == ("done", 1)
    worker.say(first.number, "pause")  # to nobody


def test_questions_and_words_reach_work_that_is_being_done(worker: Worker) -> None:
    Begun(worker, Count()).end()
    told = Begun(worker, Waits())
    told.next()
    assert worker.ask(Counted()) == 1
    worker.say(told.number, "change", rate=0.5)
    assert told.next() == ("told", {"event": "change", "rate": 0.5})


def test_soft_cancel_keeps_the_process(worker: Worker) -> None:
    Begun(worker, Count()).end()
    told = Begun(worker, Waits())
    told.next()
    worker.cancel(told.number)
    assert told.end()[0] == "cancelled"
    assert worker.ask(Counted()) == 1  # which a process that was ended would not know


def test_deaf_work_is_ended_and_the_spare_takes_over(worker: Worker) -> None:
    told = Begun(worker, Waits(deaf=True))
    behind = Begun(worker, Count())
    told.next()
    worker.cancel(told.number)
    assert told.end() == ("cancelled", None)
    assert behind.end() == ("done", 1)  # by another process


def test_short_work_is_waited_for(worker: Worker) -> None:
    assert worker.result(Count()) == 1
    with pytest.raises(Refused, match="a value must be there, got nothing; give one"):
        worker.result(Fails(expected=True))
    with pytest.raises(DataflowError, match=r"must answer within 0\.1 seconds"):
        worker.result(Waits(), seconds=0.1)
    assert worker.result(Count()) == 2  # the other was cancelled


def test_a_process_that_ends_is_told_and_replaced(worker: Worker) -> None:
    dies, behind = Begun(worker, Dies()), Begun(worker, Count())
    assert dies.next() == ("lost", "signal SIGKILL")
    assert behind.end() == ("done", 1)


def test_processes_that_end_one_after_another(worker: Worker) -> None:
    for _ in range(2):
        assert Begun(worker, Dies()).end() == ("lost", "signal SIGKILL")
    assert worker.result(Count()) == 1


def test_where_no_other_process_is_started_nothing_waits_for_ever(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, behind = Begun(worker, Waits()), Begun(worker, Count())
    waits.next()

    def none_left() -> NoReturn:
        raise DataflowError("no process can be started")

    monkeypatch.setattr(worker._spares, "take", none_left)
    assert worker._process is not None
    worker._process.process.kill()
    assert [waits.end()[0], behind.end()[0]] == ["lost", "lost"]
    with pytest.raises(DataflowError, match="no process can be started"):
        worker.start(Count(), Told())
    monkeypatch.undo()
    assert worker.result(Count()) == 1


def test_a_question_to_a_process_that_ends_is_answered_once(worker: Worker) -> None:
    with pytest.raises(DataflowError, match=r"the worker has ended \(signal SIGKILL\) and what it kept is lost"):
        worker.ask(Dies())
    assert worker.result(Count()) == 1


def test_a_question_to_a_process_that_ends_is_answered(worker: Worker) -> None:
    told = Begun(worker, Waits())
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
        Worker(spares).ask(Counted())


def test_work_is_stopped_where_nobody_is_left(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=loop.main, args=(there,), daemon=True)
    process.start()
    there.close()
    here.send(("do", 1, Stops(str(tmp_path / "made"))))
    assert [here.recv()[0] for _ in range(2)] == ["ready", "event"]
    here.close()
    process.join(PATIENCE)
    assert process.exitcode == 0
    assert (tmp_path / "made").read_text("utf-8") == "stopped"

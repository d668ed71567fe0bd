"""Threads: how many there are, work that is shared among them, and what becomes of its errors."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable

import numpy as np
import pytest

from dataflow.core import thread_pool
from dataflow.core.errors import DataflowError
from dataflow.core.thread_pool import (
    MAX_THREADS,
    SharedIterator,
    ThreadLimit,
    cores,
    default_threads,
    run_in_threads,
    thread_count,
    thread_limit,
)

# -- how many ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "count"), [(1, 1), (MAX_THREADS, 256), ("8", 8), (" 3 ", 3)])
def test_a_number_of_threads(value: object, count: int) -> None:
    assert thread_count(value, "threads") == count


@pytest.mark.parametrize("value", [0, -1, 257, True, 1.0, "1.5", "many", "", None, [1], 10**30])
def test_anything_else_is_refused_under_its_name(value: object) -> None:
    with pytest.raises(DataflowError) as refused:
        thread_count(value, "setting 'threads'")
    assert str(refused.value) == f"setting 'threads' must be a whole number from 1 to 256, got {value!r}"


def test_the_environment_comes_before_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATAFLOW_THREADS", raising=False)
    assert default_threads() == cores() >= 1
    monkeypatch.setenv("DATAFLOW_THREADS", "")
    assert default_threads() == cores()
    monkeypatch.setenv("DATAFLOW_THREADS", "3")
    assert default_threads() == thread_limit() == 3
    monkeypatch.setenv("DATAFLOW_THREADS", "0")
    with pytest.raises(DataflowError, match=r"^environment variable DATAFLOW_THREADS must be .* 256, got '0'$"):
        default_threads()


def test_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    assert cores.__wrapped__() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores.__wrapped__() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores.__wrapped__() == 1


def test_a_limit_holds_within_its_block_and_thread() -> None:
    seen = []
    with ThreadLimit(2):
        with ThreadLimit(5):
            assert thread_limit() == 5
        assert thread_limit() == 2
        other = threading.Thread(target=lambda: seen.append(thread_limit()))
        other.start()
        other.join()
        with pytest.raises(LookupError), ThreadLimit(7):
            raise LookupError
        assert thread_limit() == 2
    assert seen == [default_threads()] == [thread_limit()]


# -- shared work ------------------------------------------------------------------------------------------------------


def test_a_shared_iterator_gives_each_item_once() -> None:
    shared, taken = SharedIterator(range(10_000)), []
    run_in_threads(lambda: taken.extend(shared), 4)
    assert sorted(taken) == list(range(10_000))


def test_a_shared_iterator_that_is_stopped_has_no_more() -> None:
    shared = SharedIterator(range(3))
    assert next(shared) == 0
    shared.stop()
    assert list(shared) == []


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_as_many_threads_as_asked_for_work_at_the_same_time(threads: int) -> None:
    """They would never meet if there were fewer."""
    meeting, names = threading.Barrier(threads), set()

    def work() -> None:
        meeting.wait(30)
        names.add(threading.current_thread().name)
        meeting.wait(30)

    run_in_threads(work, threads)
    assert threading.current_thread().name in names


def test_helping_threads_start_no_others_and_have_a_fixed_numpy_state() -> None:
    meeting, seen = threading.Barrier(2), []

    def work() -> None:
        meeting.wait(30)
        seen.append((thread_limit(), np.geterr()["over"], threading.current_thread() is threading.main_thread()))

    with ThreadLimit(8), np.errstate(over="raise"):
        run_in_threads(work, 2)
        assert thread_limit() == 8
    assert sorted(seen) == [(1, "ignore", False), (1, "raise", True)]


def test_threads_are_used_again() -> None:
    meeting = threading.Barrier(3)
    run_in_threads(lambda: meeting.wait(30), 3)
    before = threading.active_count()
    for _ in range(20):
        run_in_threads(lambda: meeting.wait(30), 3)
    assert threading.active_count() == before


def test_work_that_is_done_does_not_wait_for_a_thread_that_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[thread_pool._Task] = []

    class Asleep:
        def submit(self, task: thread_pool._Task) -> None:
            started.append(task)

    monkeypatch.setattr(thread_pool, "_pool", Asleep)
    done = []
    run_in_threads(lambda: done.append(1), 3)
    assert done == [1] and len(started) == 2
    assert not any(task.begun.acquire(False) for task in started)  # withdrawn: no thread may still begin


def test_work_is_done_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(thread_pool, "Thread", Refused)
    pool = thread_pool._Pool()
    monkeypatch.setattr(thread_pool, "_pool", lambda: pool)
    shared, taken = SharedIterator(range(100)), []
    run_in_threads(lambda: taken.extend(shared), 4)
    assert taken == list(range(100))


# -- errors -----------------------------------------------------------------------------------------------------------


def test_work_that_fails_in_a_thread_fails() -> None:
    shared = SharedIterator(range(100))

    def work() -> None:
        for item in shared:
            if item == 50:
                shared.stop()
                raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_in_threads(work, 4)


def meet_and_fail(here: bool) -> Callable[[], None]:
    """Work that fails in this thread, or in the other one."""
    meeting, this = threading.Barrier(2), threading.current_thread()

    def work() -> None:
        meeting.wait(30)
        if (threading.current_thread() is this) is here:
            raise LookupError("here" if here else "there")

    return work


@pytest.mark.parametrize(("here", "told"), [(True, "here"), (False, "there")])
def test_an_error_of_any_thread_is_raised_when_all_are_done(here: bool, told: str) -> None:
    with pytest.raises(LookupError, match=told):
        run_in_threads(meet_and_fail(here), 2)
    taken = []
    run_in_threads(lambda: taken.append(1), 2)  # the threads go on
    assert taken


def test_a_thread_keeps_nothing_of_its_last_work_alive() -> None:
    class Held:
        pass

    held, meeting = Held(), threading.Barrier(2)
    gone = weakref.ref(held)

    def work(held: Held = held) -> None:
        meeting.wait(30)

    run_in_threads(work, 2)
    del held, work
    assert gone() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_process_has_threads_of_its_own() -> None:
    meeting = threading.Barrier(2)
    run_in_threads(lambda: meeting.wait(30), 2)  # threads that the child will not have
    child = os.fork()
    if not child:
        status = 1
        try:
            own = threading.Barrier(2)
            run_in_threads(lambda: own.wait(10), 2)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0

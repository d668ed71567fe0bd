"""Work done by several threads, the calling one among them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from threading import Lock, Thread, local
from typing import Any

from dataflow.core.errors import DataflowError


@cache
def cores() -> int:
    """The number of processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows and macOS
        return os.cpu_count() or 1


MOST = 256
VARIABLE = "DATAFLOW_THREADS"
PAYS = 1 << 21  # elements from which handing tiles to other threads takes less time than it saves


def count(value: Any, name: str) -> int:
    """A number of threads that was given under this name; DataflowError where it is none."""
    try:
        number = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else 0
    except ValueError:
        number = 0
    if not 1 <= number <= MOST:
        raise DataflowError(f"{name} must be a whole number from 1 to {MOST}, got {value!r}")
    return number


def usual() -> int:
    """How many threads work at a time where nobody says: DATAFLOW_THREADS, or one per core."""
    return count(os.environ.get(VARIABLE) or cores(), f"environment variable {VARIABLE}")


class _Here(local):
    allowed: int | None = None


_here = _Here()


class among:
    """A ``with`` block in which kernels that the calling thread runs may share their work among so many."""

    def __init__(self, threads: int):
        self.threads = threads

    def __enter__(self) -> None:
        self.before, _here.allowed = _here.allowed, self.threads

    def __exit__(self, *error: object) -> None:
        _here.allowed = self.before


def allowed() -> int:
    """Among how many threads a kernel may share its work: none but its own where these are `together` already."""
    return _here.allowed or usual()


class Shared:
    """An iterator from which several threads may take."""

    def __init__(self, items: Iterable[Any]):
        self.items, self.lock = iter(items), Lock()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        with self.lock:
            return next(self.items)

    def stop(self) -> None:
        """Let nobody take any more."""
        with self.lock:
            self.items = iter(())


def together(work: Callable[[], None], threads: int) -> None:
    """Call ``work`` in so many threads at once; when all are done, the first exception is raised."""
    others = [_Task(work) for _ in range(threads - 1)]
    for other in others:
        _crew().take(other)
    try:
        with among(1):
            work()
    finally:
        # what no thread had time for is not needed any more: the work is shared, and done
        waited = [other for other in others if not other.begun.acquire(False)]
        for other in waited:
            other.done.acquire()
    for other in waited:
        if other.error is not None:
            raise other.error


class _Task:
    """Work for one thread more; ``begun`` belongs to the thread that does it, or to the one that wants it no more."""

    __slots__ = ("begun", "done", "error", "work")

    def __init__(self, work: Callable[[], None]):
        self.work, self.begun, self.done = work, Lock(), Lock()
        self.error: BaseException | None = None
        self.done.acquire()


class _Crew:
    """Threads that sleep until there is a task."""

    def __init__(self) -> None:
        from _queue import SimpleQueue  # the module around it takes as long to import as this one

        self.tasks: Any = SimpleQueue()
        self.resting: list[None] = []  # one entry for each thread that nobody counts on

    def take(self, task: _Task) -> None:
        """Let a thread do this, a new one if all are busy; nobody does where there can be no more threads."""
        try:
            self.resting.pop()
        except IndexError:
            with suppress(RuntimeError):
                Thread(target=self._serve, name="dataflow", daemon=True).start()
        self.tasks.put(task)

    def _serve(self) -> None:
        # imported here, with NumPy, which commands that need no thread do without
        from dataflow.core.numpy_state import FixedNumpyState

        with among(1), FixedNumpyState():  # the latter as in a run
            while True:
                task = self.tasks.get()
                done = task.done if task.begun.acquire(False) else None
                if done is not None:
                    try:
                        task.work()
                    except BaseException as error:
                        task.error = error
                del task  # what it holds would live on until there is another
                self.resting.append(None)
                if done is not None:
                    done.release()


@cache
def _crew() -> _Crew:
    return _Crew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_crew.cache_clear)  # a child has none of its parent's threads

"""Work shared by several threads, the calling one among them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from threading import Lock, Thread, local
from typing import TYPE_CHECKING, Generic, TypeVar

from dataflow.core.cancellation import cancellable
from dataflow.core.errors import DataflowError

if TYPE_CHECKING:
    from _queue import SimpleQueue

T = TypeVar("T")
MAX_THREADS = 256
VARIABLE = "DATAFLOW_THREADS"


@cache
def cores() -> int:
    """The number of processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows and macOS
        return os.cpu_count() or 1


def thread_count(value: object, name: str) -> int:
    """A number of threads that was given under this name; DataflowError where it is none."""
    try:
        number = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else 0
    except ValueError:
        number = 0
    if not 1 <= number <= MAX_THREADS:
        raise DataflowError(f"{name} must be a whole number from 1 to {MAX_THREADS}, got {value!r}")
    return number


def default_threads() -> int:
    """The number of threads used unless a setting says otherwise: DATAFLOW_THREADS, or one per core."""
    return thread_count(os.environ.get(VARIABLE) or cores(), f"environment variable {VARIABLE}")


class _Here(local):
    limit: int | None = None


_here = _Here()


class ThreadLimit:
    """A ``with`` block in which kernels run by the calling thread use at most this many threads."""

    def __init__(self, threads: int):
        self.threads = threads

    def __enter__(self) -> None:
        self.before, _here.limit = _here.limit, self.threads

    def __exit__(self, *error: object) -> None:
        _here.limit = self.before


def thread_limit() -> int:
    """The number of threads that a kernel may use: 1 within `run_in_threads`, whose threads are busy already."""
    return _here.limit or default_threads()


class SharedIterator(Generic[T]):
    """An iterator that several threads may take from, until the work of the thread that makes it is cancelled."""

    def __init__(self, items: Iterable[T]):
        self.items, self.lock = cancellable(iter(items)), Lock()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self.lock:
            return next(self.items)

    def stop(self) -> None:
        """End the iteration for all threads."""
        with self.lock:
            self.items = iter(())


def run_in_threads(work: Callable[[], None], threads: int) -> None:
    """Call ``work`` in this many threads at once, this one among them; when all are done, raise the first exception."""
    others = [_Task(work) for _ in range(threads - 1)]
    for other in others:
        _pool().submit(other)
    try:
        with ThreadLimit(1):
            work()
    finally:
        # a task that no thread has begun is not needed any more: the work is shared, and done
        waited = [other for other in others if not other.begun.acquire(False)]
        for other in waited:
            other.done.acquire()
    for other in waited:
        if other.error is not None:
            raise other.error


class _Task:
    """Work for one more thread; whoever acquires ``begun`` first has it, to run it or to withdraw it."""

    __slots__ = ("begun", "done", "error", "work")

    def __init__(self, work: Callable[[], None]):
        self.work, self.begun, self.done = work, Lock(), Lock()
        self.error: BaseException | None = None
        self.done.acquire()


class _Pool:
    """Threads that sleep until there is a task."""

    def __init__(self) -> None:
        from _queue import SimpleQueue  # the module around it takes as long to import as this one

        self.tasks: SimpleQueue[_Task] = SimpleQueue()
        self.idle: list[None] = []  # an entry for each thread that waits for a task and that no task counts on yet

    def submit(self, task: _Task) -> None:
        """Let a thread run the task, a new one if all are busy; none does where no more threads can be started."""
        try:
            self.idle.pop()
        except IndexError:
            with suppress(RuntimeError):
                Thread(target=self._serve, name="dataflow", daemon=True).start()
        self.tasks.put(task)

    def _serve(self) -> None:
        from dataflow.core.numpy_state import FixedNumpyState  # imports NumPy, which some commands do without

        with ThreadLimit(1), FixedNumpyState():  # the latter as in a run
            while True:
                task = self.tasks.get()
                done = task.done if task.begun.acquire(False) else None
                if done is not None:
                    try:
                        task.work()
                    except BaseException as error:
                        task.error = error
                del task  # what it refers to would otherwise stay alive until the next one comes
                self.idle.append(None)
                if done is not None:
                    done.release()


@cache
def _pool() -> _Pool:
    return _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads

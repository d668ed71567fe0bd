"""Work done by several threads, the calling one among them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from threading import Lock, local
from typing import TYPE_CHECKING, Any

from dataflow.errors import DataflowError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


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
        number = int(value)
    except ValueError:
        number = 0
    if not 1 <= number <= MOST:
        raise DataflowError(f"{name} must be a whole number from 1 to {MOST}, got '{value}'")
    return number


def usual() -> int:
    """How many threads work at a time where nobody says: DATAFLOW_THREADS, or one per core."""
    return count(os.environ.get(VARIABLE) or cores(), f"environment variable {VARIABLE}")


class _Here(local):
    allowed: int | None = None


_here = _Here()


def allow(number: int | None) -> int | None:
    """Let kernels that the calling thread runs share their work among so many; gives what was allowed before."""
    before, _here.allowed = _here.allowed, number
    return before


def allowed() -> int:
    """Among how many threads a kernel may share its work; in none of `together` any more."""
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
    others = [_pool().submit(work) for _ in range(threads - 1)]
    before = allow(1)
    try:
        work()
    finally:
        allow(before)
        # those that no thread had time for are not needed any more: the work is shared, and done
        waited = [other for other in others if not other.cancel()]
        errors = [error for other in waited if (error := other.exception()) is not None]
    if errors:
        raise errors[0]


@cache
def _pool() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # takes a tenth of the time that a command starts in

    return ThreadPoolExecutor(MOST, "dataflow", allow, (1,))  # made as they are asked for


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads

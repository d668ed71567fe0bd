"""Work done by several threads, the calling one among them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

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
PAYS = 1 << 21  # elements from which handing tiles to other threads takes less time than it saves


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
    try:
        work()
    finally:
        # those that no thread had time for are not needed any more: the work is shared, and done
        waited = [other for other in others if not other.cancel()]
        errors = [error for other in waited if (error := other.exception()) is not None]
    if errors:
        raise errors[0]


@cache
def _pool() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # takes a tenth of the time that a command starts in

    return ThreadPoolExecutor(MOST, "dataflow")  # made as they are asked for


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads

"""One thread for BLAS and LAPACK, with which NumPy multiplies and factors matrices: more threads change the bits.

Some builds have one number of threads for the whole process, others one for each calling thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from ctypes import CDLL, PYFUNCTYPE, c_int
from itertools import product
from threading import Lock, local
from typing import Any, Protocol


class _Ours:
    holding = 0  # threads that want one thread of BLAS
    before = 1  # threads that BLAS had


class _Mine(local):
    holding = 0
    before = 1


class Library:
    """A BLAS whose number of threads can be read and set; ``own`` if each calling thread has a number of its own."""

    def __init__(self, get: Callable[[], int], set: Callable[[int], Any], own: bool = False):
        self.get, self.set, self.own = get, set, own
        self.state = _Mine() if own else _Ours()

    def limit(self) -> None:
        """One thread from here on; the number before is kept for `restore`."""
        threads = self.get()
        if threads != 1:
            self.state.before = threads
            self.set(1)

    def restore(self) -> None:
        """As many threads as before."""
        self.state.holding = 0
        if self.state.before != 1 and self.get() == 1:  # another number was set meanwhile, by the caller
            self.set(self.state.before)
        self.state.before = 1


class _Here(local):
    inside = 0


class OneThread:
    """A ``with`` block in which BLAS and LAPACK work in the thread that calls them, and in no other.

    May be nested, and entered by several threads at once. When all have left there are as many threads as before.
    """

    def __init__(self, find: Callable[[], Iterable[Library]]):
        self.find, self.here, self.lock = find, _Here(), Lock()
        self.libraries: tuple[Library, ...] = ()
        self.found = False

    def __enter__(self) -> None:
        here = self.here
        if here.inside:  # entered again by each product, however small, so this must be fast
            for library in self.libraries:
                if library.get() != 1:
                    library.limit()
        else:
            self._begin()
        here.inside += 1

    def __exit__(self, *error: object) -> None:
        here = self.here
        here.inside -= 1
        if not here.inside:
            self._end()

    def limit_worker(self) -> None:
        """The same limit in a worker thread of one that is inside; it is never lifted there."""
        for library in self.libraries:
            if library.own and library.get() != 1:
                library.set(1)

    def _begin(self) -> None:
        with self.lock:
            if not self.found:
                self.libraries, self.found = tuple(self.find()), True
            for library in self.libraries:
                library.limit()
                library.state.holding += 1

    def _end(self) -> None:
        with self.lock:
            for library in self.libraries:
                library.state.holding -= 1
                if not library.state.holding:
                    library.restore()

    def forked(self) -> None:
        """Forget other threads in a child process: it does not have them, so they will never leave."""
        self.lock = Lock()
        for library in self.libraries:
            if self.here.inside:
                library.state.holding = 1
            else:
                library.restore()


def _find() -> list[Library]:
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # imported late: most runs have no large product

    return [_library(each) for each in ThreadpoolController().lib_controllers if each.user_api == "blas"]


class _Controller(Protocol):
    """What threadpoolctl knows of a library."""

    internal_api: str
    dynlib: CDLL

    def get_num_threads(self) -> int: ...
    def set_num_threads(self, num_threads: int) -> None: ...


def _library(controller: _Controller) -> Library:
    layer = getattr(controller, "threading_layer", None)
    if controller.internal_api == "openblas" and layer != "openmp":
        # `controller.set_num_threads` silently does nothing where another thread came first
        for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):
            get, set = (f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set"))
            if hasattr(controller.dynlib, set):
                dynlib = controller.dynlib
                return Library(PYFUNCTYPE(c_int)((get, dynlib)), PYFUNCTYPE(None, c_int)((set, dynlib)))
    own = layer == "openmp" or controller.internal_api == "mkl"
    return Library(controller.get_num_threads, controller.set_num_threads, own)


one_thread = OneThread(_find)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=one_thread.forked)

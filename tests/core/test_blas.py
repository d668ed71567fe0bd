"""Libraries that multiply matrices are held to one thread while a block is inside, and get back what they had."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from dataflow.core import blas
from dataflow.core.blas import Library, OneThread


class Fake:
    """A library with a number of threads."""

    def __init__(self, threads: int = 4, own: bool = False):
        self.threads = threads
        self.library = Library(lambda: self.threads, self.set, own)

    def set(self, threads: int) -> None:
        self.threads = threads


def test_one_thread_inside_and_as_many_as_before_afterwards() -> None:
    fake = Fake(4)
    held = OneThread(lambda: [fake.library])
    with held:
        assert fake.threads == 1
        with held:
            assert fake.threads == 1
        assert fake.threads == 1
    assert fake.threads == 4


def test_a_number_that_is_set_meanwhile_holds_afterwards() -> None:
    fake = Fake(4)
    held = OneThread(lambda: [fake.library])
    with held:
        fake.set(3)
        with held:  # entered again, it is one once more
            assert fake.threads == 1
    assert fake.threads == 3


def test_one_thread_from_the_start_stays_one() -> None:
    fake = Fake(1)
    with OneThread(lambda: [fake.library]):
        assert fake.threads == 1
    assert fake.threads == 1


@pytest.mark.parametrize("own", [True, False])
def test_helping_threads_are_held_where_each_has_a_number_of_its_own(own: bool) -> None:
    fake = Fake(4, own)
    held = OneThread(lambda: [fake.library])
    with held:
        fake.set(4)  # what a thread that helps would see
        held.limit_worker()
        assert fake.threads == (1 if own else 4)


def test_a_child_process_has_none_of_the_threads_that_were_inside() -> None:
    fake = Fake(4)
    held = OneThread(lambda: [fake.library])
    held.__enter__()
    held.forked()
    assert fake.threads == 1
    held.__exit__()
    assert fake.threads == 4
    held.__enter__()
    held.here.inside = 0  # another thread was inside when the process was copied
    held.forked()
    assert fake.threads == 4


@pytest.mark.parametrize(
    "api, layer, own", [("mkl", "intel", True), ("openblas", "openmp", True), ("blis", "pthreads", False)]
)
def test_libraries_without_functions_of_openblas_are_set_by_their_controller(api: str, layer: str, own: bool) -> None:
    calls: list[int] = []
    controller = SimpleNamespace(
        internal_api=api, threading_layer=layer, get_num_threads=lambda: 2, set_num_threads=calls.append
    )
    library = blas._library(controller)
    library.set(1)
    assert (library.get(), calls, library.own) == (2, [1], own)


@pytest.mark.parametrize("own", [False, True])
def test_libraries_with_a_number_for_all_threads_or_one_for_each(own):
    shared, mine = SimpleNamespace(count=6), threading.local()

    def where():
        return shared if not own else mine

    def get():
        return getattr(where(), "count", 6)

    library = Library(get, lambda number: setattr(where(), "count", number), own)
    hold, inside, leave, seen = OneThread(lambda: [library]), threading.Event(), threading.Event(), []

    def other():
        with hold:
            seen.append(get())
            inside.set()
            leave.wait()
        seen.append(get())

    thread = threading.Thread(target=other)
    with hold:
        thread.start()
        inside.wait()
        assert get() == 1
    assert get() == (6 if own else 1)
    leave.set()
    thread.join()
    assert (seen, get()) == ([1, 6], 6)

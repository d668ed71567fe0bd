"""Work that is ended by a flag: only that of the thread that was given it, and of those that share its items."""

from __future__ import annotations

import threading

import pytest

from dataflow.core.cancellation import Cancelled, cancellable, cancelled_by, check
from dataflow.core.thread_pool import SharedIterator, run_in_threads


def set_flag():
    flag = threading.Event()
    flag.set()
    return flag


def test_items_come_until_the_flag_is_set():
    flag, seen = threading.Event(), []
    with cancelled_by(flag), pytest.raises(Cancelled):
        for item in cancellable(iter(range(5))):
            seen.append(item)
            if item == 2:
                flag.set()
    assert seen == [0, 1, 2]


def test_without_a_flag_the_items_are_taken_as_they_are():
    items = iter(range(3))
    assert cancellable(items) is items
    with cancelled_by(None):
        check()


def test_a_flag_holds_within_its_block_and_the_one_before_after_it():
    with cancelled_by(set_flag()):
        with cancelled_by(threading.Event()):
            check()
        with pytest.raises(Cancelled):
            check()
    check()


def test_other_threads_are_not_cancelled():
    ended = []
    with cancelled_by(set_flag()):
        other = threading.Thread(target=lambda: ended.append(check()))
        other.start()
        other.join()
    assert ended == [None]


def test_threads_that_share_items_end_together():
    flag, seen = threading.Event(), []
    with cancelled_by(flag):
        shared = SharedIterator(range(1000))

        def work():
            for item in shared:
                seen.append(item)
                if item == 10:
                    flag.set()

        with pytest.raises(Cancelled):
            run_in_threads(work, 3)
    assert len(seen) < 1000


def test_it_is_no_exception():
    assert not issubclass(Cancelled, Exception)

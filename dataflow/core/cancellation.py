"""Cancelling: whoever asked for work may end it from another thread, by a flag that long work looks at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Protocol, TypeVar

T = TypeVar("T")


class Cancelled(BaseException):
    """Work was ended by its flag. It is no `Exception`, so that no handler of errors takes it for one."""


class CancelFlag(Protocol):
    """Says whether work is to end; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether it is."""


class _Here(local):
    flag: CancelFlag | None = None


_here = _Here()


@contextmanager
def cancelled_by(flag: CancelFlag | None) -> Iterator[None]:
    """A ``with`` block in which work of the calling thread ends by Cancelled once the flag is set."""
    before, _here.flag = _here.flag, flag
    try:
        yield
    finally:
        _here.flag = before


def check() -> None:
    """Raise Cancelled if the work of the calling thread is to end."""
    if _here.flag is not None and _here.flag.is_set():
        raise Cancelled


def cancellable(items: Iterator[T]) -> Iterator[T]:
    """The items one by one, until the work is to end: then Cancelled comes, whichever thread asks for the next."""
    return items if _here.flag is None else _until(items, _here.flag)


def _until(items: Iterator[T], flag: CancelFlag) -> Iterator[T]:
    for item in items:
        if flag.is_set():
            raise Cancelled
        yield item

"""Ctrl+C on the command line: the first press ends the process or asks it to stop; a second one always ends it.

Python runs signal handlers between its own instructions, so a long kernel would delay them, and an exception could be
raised in the middle of an import. A thread of its own reacts to each press at once.
"""

from __future__ import annotations

import _thread
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

STOPPED = 130  # the exit code: 128 + the number of the signal
before_end: list[Callable[[], Any]] = []  # called before the process is ended
_asked: list[Callable[[], Any]] = []  # what the next press calls instead


def watch() -> None:
    """Let Ctrl+C end the process with status 130 from now on, unless the process was started to ignore it."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    if os.name != "posix":
        signal.signal(signal.SIGINT, _pressed)
        return
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, _heard)
    _thread.start_new_thread(_listen, (reads,))


def _heard(*_: object) -> None:
    """The handler that Python calls some time later; the thread has reacted already."""


def _listen(reads: int) -> None:
    while number := os.read(reads, 1):
        if number[0] == signal.SIGINT:
            _pressed()


def _pressed(*_: object) -> None:
    if _asked:
        _asked.pop()()
        return
    for call in before_end:
        call()
    cursor = b"\x1b[?25h" if os.isatty(2) else b""  # shows the cursor, which progress lines hide
    os.write(2, cursor + b"stopped\n")
    os._exit(STOPPED)


@contextmanager
def first(action: Callable[[], Any]) -> Iterator[None]:
    """A ``with`` block in which Ctrl+C calls the action; a second one ends the process."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # `watch` was not called: this is part of another program
        signal.signal(signal.SIGINT, lambda *args: _asked.pop()() if _asked else signal.default_int_handler(*args))
    _asked.append(action)
    try:
        yield
    finally:
        _asked.clear()
        signal.signal(signal.SIGINT, before)


@contextmanager
def raised() -> Iterator[None]:
    """A ``with`` block in which Ctrl+C raises KeyboardInterrupt, as usual; a second one ends the process."""
    with first(lambda: None):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield

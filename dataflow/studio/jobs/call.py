"""What work in the worker is given: a way to tell, what it is told meanwhile, and what is kept for the next."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dataflow.core.cancellation import Cancelled
from dataflow.core.dtypes import Array
from dataflow.studio.jobs.kept_values import Documents

Told = Mapping[str, object]  # an event, as plain data
GATHERED = 0.03  # seconds for which events are gathered


@dataclass
class Memory:
    """What a worker keeps from one work to the next."""

    documents: Documents = field(default_factory=Documents)
    rows: dict[str, dict[str, Array]] = field(default_factory=dict)  # the rows that were last read, by their digest
    slots: dict[str, object] = field(default_factory=dict)  # what kinds of work keep for themselves


class Work(Protocol):
    """What a worker is asked to do: it is sent there as it is, with all that it needs."""

    def work(self, call: Call, memory: Memory) -> object:
        """Do it; what it gives is the last thing that is told of it."""


class Question(Protocol):
    """What a worker is asked about what it keeps, also while it works."""

    def answer(self, memory: Memory) -> object:
        """The answer; DataflowError where there is none."""


class Call:
    """One piece of work as the one who does it sees it."""

    def __init__(self, tell: Callable[[Told], None]):
        self.tell = tell
        self.cancelled = threading.Event()
        self._words: deque[tuple[str, Told]] = deque()
        self._said = threading.Event()

    def say(self, word: str, what: Told) -> None:
        """Tell the one who works a word, from another thread; ``cancel`` ends it."""
        if word == "cancel":
            self.cancelled.set()
        self._words.append((word, what))
        self._said.set()

    @property
    def spoken(self) -> bool:
        """Whether something was said since the last time."""
        return bool(self._words)

    def words(self, wait: bool = False) -> list[tuple[str, Told]]:
        """What was said since the last time; with ``wait`` at least one word."""
        if wait:
            self._said.wait()
        self._said.clear()
        return [self._words.popleft() for _ in range(len(self._words))]

    def check(self) -> None:
        """Raise `Cancelled` where the work is to end."""
        if self.cancelled.is_set():
            raise Cancelled


class Gathered:
    """Parts of one event, told together: those within `GATHERED` seconds of the first."""

    def __init__(self, tell: Callable[[Told], None], kind: str, seconds: float = GATHERED):
        self._tell, self._kind, self._seconds = tell, kind, seconds
        self._parts: dict[str, dict[str, object]] = {}
        self._since = 0.0

    def add(self, part: str, name: str, what: object) -> None:
        """Something of a part of the event, such as the statistics of a port of its values."""
        now = time.monotonic()
        if not self._parts:
            self._since = now
        self._parts.setdefault(part, {})[name] = what
        if now - self._since >= self._seconds:
            self.flush()

    def flush(self) -> None:
        """Tell what there is."""
        if self._parts:
            self._tell({"event": self._kind, **self._parts})
            self._parts = {}

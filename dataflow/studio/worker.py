"""Workers of the studio: pieces of work, done one after the other in a process, cancelled softly, then with it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

from dataflow.core.errors import DataflowError
from dataflow.studio.jobs.call import Question, Told, Work
from dataflow.studio.process import Process, Spares

GRACE = 1.0  # seconds that cancelled work has to end by itself
BEGUN = 60.0  # seconds that a process may take to begin, on a machine that is busy
PATIENCE = 10.0  # seconds that a question may take after that
IDLE = 60.0  # seconds after which a process whose work is over is of no use any more


class Refused(DataflowError):
    """A worker refuses what it was asked to do; ``refusal`` says why, as the page is told."""

    def __init__(self, refusal: Told):
        self.refusal = refusal
        hint = refusal.get("hint")
        super().__init__(f"{refusal['message']}; {hint}" if hint else str(refusal["message"]))


class Follower(Protocol):
    """Who is told of a piece of work, in a thread of its own."""

    def told(self, event: Told) -> None:
        """Something that happened in it."""

    def ended(self, state: str, what: object) -> None:
        """``done`` with what it gave, ``refused`` with why, ``cancelled``, or ``lost`` with how its process ended."""


class _Answer:
    """Waits for what comes of a question, or of a short piece of work."""

    def __init__(self) -> None:
        self.come, self.state, self.what = threading.Event(), "", cast(object, None)

    def told(self, event: Told) -> None:
        """Nobody listens."""

    def ended(self, state: str, what: object) -> None:
        """Keep it for who waits."""
        self.state, self.what = state, what
        self.come.set()


@dataclass(frozen=True)
class _Sent:
    """What was sent to a process, and who is told of it."""

    what: str
    thing: object
    follower: Follower


class Worker:
    """Does pieces of work, one after the other, in a process that it takes from the spares and keeps for the next.

    Work that was cancelled and does not end within `GRACE` seconds is ended with its process, and what that kept is
    lost. A process that ends by itself, killed or by a fault of native code, ends its work as ``lost``.

    warned : is called with each warning of work.
    """

    def __init__(self, spares: Spares, warned: Callable[[str], object] = lambda message: None):
        self._spares, self._warned = spares, warned
        self._lock = threading.RLock()
        self._process: Process | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[int, _Sent] = {}  # what is being done, asked, or comes next

    def start(self, work: Work, follower: Follower) -> int:
        """Have a piece of work done, after what was begun before; its number."""
        return self._send("do", work, follower)

    def say(self, number: int, word: str, **what: object) -> None:
        """Tell the one who works a word; nothing where that work has ended."""
        with self._lock:
            if number in self._waiting and self._process is not None:
                self._process.send(word, number, what)

    def cancel(self, number: int) -> None:
        """Ask work to end, and end its process if it has not done so after `GRACE` seconds."""
        self.say(number, "cancel")
        timer = threading.Timer(GRACE, self._give_up, (number,))
        timer.daemon = True
        timer.start()

    def ask(self, question: Question, seconds: float = PATIENCE) -> object:
        """The answer to a question about what the process keeps, also while it works; `Refused` where it has none."""
        answer = _Answer()
        self._send("ask", question, answer)
        return self._come(answer, seconds)

    def result(self, work: Work, seconds: float = PATIENCE) -> object:
        """What a short piece of work gives; `Refused` where it is refused."""
        answer = _Answer()
        number = self.start(work, answer)
        try:
            return self._come(answer, seconds)
        finally:
            if not answer.come.is_set():
                self.cancel(number)

    def rest(self, seconds: float = 0.0) -> None:
        """End the process after a while, if nothing is being done then: what it keeps is not needed any more."""
        timer = threading.Timer(seconds, self._drop_idle)
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """End the process, whatever it does."""
        with self._lock:
            self._drop()
            left, self._waiting = self._waiting, {}
        for each in left.values():
            each.follower.ended("lost", "it was closed")

    def _send(self, what: str, thing: object, follower: Follower) -> int:
        with self._lock:
            number = next(self._numbers)
            process = self._started()
            self._waiting[number] = _Sent(what, thing, follower)
        process.send(what, number, thing)
        return number

    def _come(self, answer: _Answer, seconds: float) -> object:
        with self._lock:
            process = self._process
        if process is not None:
            process.ready.wait(BEGUN)
        if not answer.come.wait(seconds):
            raise DataflowError(f"the worker must answer within {seconds:g} seconds, got nothing; cancel what it does")
        if answer.state == "refused":
            raise Refused(cast(Told, answer.what))
        if answer.state != "done":
            raise DataflowError(f"the worker has ended ({answer.what}) and what it kept is lost; run again")
        return answer.what

    def _started(self) -> Process:
        while self._process is None:
            process = self._spares.take()
            if process.follow(self._heard, partial(self._lost, process)):
                self._process = process
        return self._process

    def _drop_idle(self) -> None:
        with self._lock:
            if not self._waiting:
                self._drop()

    def _drop(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None

    def _heard(self, what: str, number: int, thing: object) -> None:
        with self._lock:
            sent = self._waiting.get(number)  # none of what was given up
            if what not in ("event", "warning"):
                self._waiting.pop(number, None)
        if sent is None:
            return
        if what == "event":
            sent.follower.told(cast(Told, thing))
        elif what == "warning":
            if not isinstance(sent.follower, _Answer):  # of a question, which pages ask unbidden
                self._warned(str(thing))
        else:
            sent.follower.ended(what, thing)

    def _lost(self, process: Process, how: str) -> None:
        with self._lock:
            if self._process is not process:
                return
            self._process = None
            working = next((number for number, sent in self._waiting.items() if sent.what == "do"), None)
            ended = [self._waiting.pop(working)] if working is not None else []
            ended += self._go_on()
        for sent in ended:
            sent.follower.ended("lost", how)

    def _give_up(self, number: int) -> None:
        with self._lock:
            if number not in self._waiting:
                return
            sent = self._waiting.pop(number)
            self._drop()
            lost = self._go_on()
        sent.follower.ended("cancelled", None)
        for each in lost:
            each.follower.ended("lost", "it was cancelled")

    def _go_on(self) -> list[_Sent]:
        """Have another process do what waits: the spare, which takes over at once. What none can do, taken out."""
        asked = [number for number, sent in self._waiting.items() if sent.what == "ask"]  # what it kept is gone
        lost = [self._waiting.pop(number) for number in asked]
        if self._waiting:
            try:
                process = self._started()
            except DataflowError:  # where none is started any more
                return lost + [self._waiting.pop(number) for number in [*self._waiting]]
            for number, sent in self._waiting.items():
                process.send(sent.what, number, sent.thing)
        return lost

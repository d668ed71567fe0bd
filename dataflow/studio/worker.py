"""Processes that compute for the studio: started before they are needed, cancelled softly, then ended."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Protocol, cast

from dataflow.core.errors import DataflowError
from dataflow.studio.jobs import loop
from dataflow.studio.jobs.call import Question, Told, Work

GRACE = 1.0  # seconds that cancelled work has to end by itself
PATIENCE = 10.0  # seconds that a question may take
_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy the threads of the server and its locks


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


@dataclass
class _Answer:
    """A question that waits for its answer."""

    come: threading.Event = field(default_factory=threading.Event)
    state: str = ""
    what: object = None


class Process:
    """A process of a worker and the pipe to it."""

    def __init__(self) -> None:
        self.pipe, there = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=loop.main, args=(there,), daemon=True, name="dataflow studio worker")
        self.process.start()
        there.close()
        self.heard: Callable[[str, int, object], None] | None = None
        self.lost: Callable[[str], None] | None = None
        self.ready = threading.Event()
        self._sending = threading.Lock()
        threading.Thread(target=self._listen, args=(self.pipe,), daemon=True).start()

    def send(self, what: str, number: int, thing: object) -> None:
        """Send something; where the process has ended, that is told by ``lost``."""
        with self._sending, contextlib.suppress(OSError):
            self.pipe.send((what, number, thing))

    def end(self) -> None:
        """End it, whatever it does; nothing is heard of it any more."""
        self.heard = self.lost = None
        self.process.kill()

    def _listen(self, pipe: Connection) -> None:
        while True:
            try:
                what, number, thing = cast("tuple[str, int, object]", pipe.recv())
            except Exception:  # its end, in the middle of a message too
                break
            if what == "ready":
                self.ready.set()
            elif (heard := self.heard) is not None:
                heard(what, number, thing)
        self.process.join()
        self.ready.set()
        if (lost := self.lost) is not None:
            lost(_how(self.process.exitcode))
        pipe.close()


def _how(code: int | None) -> str:
    """How a process ended, for a message."""
    if code is not None and code < 0:
        import signal

        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


class Spares:
    """A process that is kept ready, so that nobody waits for one to start."""

    def __init__(self) -> None:
        self._lock, self._closed = threading.Lock(), False
        self._ready: Process | None = None

    def warm(self) -> None:
        """Start the next one, unless there is one."""
        with self._lock:
            if self._ready is None and not self._closed:
                self._ready = Process()

    def take(self) -> Process:
        """A process; another is started in its place."""
        with self._lock:
            if self._closed:
                raise DataflowError("the studio is closed; start it again")
            taken, self._ready = self._ready, None
            if taken is None or not taken.process.is_alive():
                taken = Process()
        threading.Thread(target=self.warm, daemon=True).start()
        return taken

    def close(self) -> None:
        """End the one that is ready; no other is started."""
        with self._lock:
            self._closed = True
            if self._ready is not None:
                self._ready.end()
            self._ready = None


class Worker:
    """Does one kind of work, a piece at a time, in a process that it takes from the spares and keeps for the next.

    Work that was cancelled and does not end within `GRACE` seconds is ended with its process, and what that kept is
    lost. A process that ends by itself, killed or by a fault of native code, ends its work as ``lost``.
    """

    def __init__(self, spares: Spares, what: str):
        self.what = what  # "run": for messages
        self._spares = spares
        self._lock = threading.RLock()
        self._process: Process | None = None
        self._numbers = itertools.count(1)
        self._running: tuple[int, Follower] | None = None
        self._answers: dict[int, _Answer] = {}

    @property
    def busy(self) -> bool:
        """Whether there is work that has not ended."""
        return self._running is not None

    def start(self, work: Work, follower: Follower) -> None:
        """Begin a piece of work; DataflowError where one is not done yet."""
        with self._lock:
            if self._running is not None:
                raise DataflowError(f"a {self.what} must end before the next one begins; cancel it, or wait")
            number = next(self._numbers)
            self._running = number, follower
            self._started().send("do", number, work)

    def say(self, word: str, **what: object) -> None:
        """Tell the work that is being done a word; DataflowError where there is none."""
        with self._lock:
            if self._running is None or self._process is None:
                raise DataflowError(f"there must be a {self.what} to {word}, got none")
            self._process.send(word, self._running[0], what)

    def cancel(self) -> None:
        """Ask the work to end, and end its process if it has not done so after `GRACE` seconds."""
        with self._lock:
            if self._running is None or self._process is None:
                return
            self._process.send("cancel", self._running[0], {})
            timer = threading.Timer(GRACE, self._give_up, (self._running[0],))
            timer.daemon = True
            timer.start()

    def ask(self, question: Question, seconds: float = PATIENCE) -> object:
        """The answer to a question about what the process keeps; `Refused` where it has none."""
        with self._lock:
            number, answer = next(self._numbers), _Answer()
            self._answers[number] = answer
            self._started().send("ask", number, question)
        came = answer.come.wait(seconds)
        with self._lock:
            self._answers.pop(number, None)
        if not came:
            raise DataflowError(f"the worker must answer within {seconds:g} seconds, got nothing; cancel what it does")
        if answer.state == "refused":
            raise Refused(cast(Told, answer.what))
        if answer.state == "lost":
            raise DataflowError(f"the worker has ended ({answer.what}) and what it kept is lost; run again")
        return answer.what

    def rest(self) -> None:
        """End the process where nothing is being done: what it keeps is not needed any more."""
        with self._lock:
            if self._running is None:
                self._drop()

    def close(self) -> None:
        """End the process, whatever it does."""
        with self._lock:
            self._running = None
            self._drop()

    def _started(self) -> Process:
        if self._process is None:
            self._process = process = self._spares.take()
            process.heard = self._heard
            process.lost = lambda how: self._lost(process, how)
            if not process.process.is_alive():  # it ended before it was followed
                self._process = process = Process()
                process.heard = self._heard
                process.lost = lambda how: self._lost(process, how)
        return self._process

    def _drop(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
        self._lose_answers("it was ended")

    def _lose_answers(self, how: str) -> None:
        for answer in self._answers.values():
            answer.state, answer.what = "lost", how
            answer.come.set()

    def _heard(self, what: str, number: int, thing: object) -> None:
        with self._lock:
            answer = self._answers.get(number)
            if answer is not None:
                answer.state, answer.what = what, thing
                answer.come.set()
                return
            if self._running is None or self._running[0] != number:
                return  # of work that was given up
            follower = self._running[1]
            if what != "event":
                self._running = None
        if what == "event":
            follower.told(cast(Told, thing))
        else:
            follower.ended(what, thing)

    def _lost(self, process: Process, how: str) -> None:
        with self._lock:
            if self._process is not process:
                return
            self._process = None
            running, self._running = self._running, None
            self._lose_answers(how)
        if running is not None:
            running[1].ended("lost", how)

    def _give_up(self, number: int) -> None:
        with self._lock:
            if self._running is None or self._running[0] != number:
                return
            follower, self._running = self._running[1], None
            self._drop()
            with contextlib.suppress(DataflowError):
                self._started()  # the spare takes over at once
        follower.ended("cancelled", None)

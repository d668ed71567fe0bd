"""The process of a worker: it does one piece of work after the other and answers questions meanwhile."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import NoReturn, TextIO, cast

from dataflow import interrupt
from dataflow.core.cancellation import Cancelled, cancelled_by
from dataflow.core.errors import DataflowError, on_page
from dataflow.core.registry import blocks
from dataflow.studio.jobs.call import Call, Memory, Question, Told, Work
from dataflow.studio.jobs.refusals import refusal

LAST = 2.0  # seconds that work may go on when nobody is left
Sent = tuple[str, int, object]  # what it is about, the number of the work or question, and the thing itself


class Loop:
    """Reads what is asked in a thread of its own, so that a long piece of work can be spoken to."""

    def __init__(self, pipe: Connection):
        self.pipe, self.memory = pipe, Memory()
        self._work: queue.SimpleQueue[tuple[int, Work]] = queue.SimpleQueue()
        self._calls: dict[int, Call] = {}
        self._sending = threading.Lock()

    def send(self, what: str, number: int, thing: object) -> None:
        """Send to the one who asks; where nobody is left `read` ends the process."""
        with self._sending, contextlib.suppress(OSError):
            self.pipe.send((what, number, thing))

    def read(self) -> None:
        """Take in what is asked; when the other end of the pipe is gone, this process ends soon."""
        while True:
            try:
                what, number, thing = cast(Sent, self.pipe.recv())
            except (EOFError, OSError):
                self._end()
            if what == "do":
                self._calls[number] = Call(self._teller(number))
                self._work.put((number, cast(Work, thing)))
            elif what == "ask":
                question = cast(Question, thing)
                self._told(number, lambda question=question: question.answer(self.memory))  # type: ignore[misc]
            elif call := self._calls.get(number):
                call.say(what, cast(Told, thing))

    def _end(self) -> NoReturn:
        """Stop what is done, which of a training leaves a checkpoint, and end without a file that is half written."""
        for call in [*self._calls.values()]:
            call.say("stop", {})
        end = time.monotonic() + LAST
        while self._calls and time.monotonic() < end:
            time.sleep(0.01)
        for each in [*interrupt.before_end]:
            each()
        os._exit(0)

    def work(self) -> None:
        """Do what is asked, for ever."""
        while True:
            number, work = self._work.get()
            call = self._calls[number]

            def do(work: Work = work, call: Call = call, number: int = number) -> object:
                call.check()
                # what is computed while planning or loading is ended too
                with self._warning(number), cancelled_by(call.cancelled):
                    return work.work(call, self.memory)

            self._told(number, do)
            del self._calls[number]

    @contextlib.contextmanager
    def _warning(self, number: int) -> Iterator[None]:
        """A ``with`` block whose warnings to users are sent; those to programmers go to the terminal."""
        with warnings.catch_warnings():
            usual = warnings.showwarning

            def show(
                message: Warning | str,
                category: type[Warning],
                filename: str,
                lineno: int,
                file: TextIO | None = None,
                line: str | None = None,
            ) -> None:
                if issubclass(category, UserWarning):
                    self.send("warning", number, str(message))
                else:
                    usual(message, category, filename, lineno, file, line)

            warnings.showwarning = show
            yield

    def _teller(self, number: int) -> Callable[[Told], None]:
        return lambda event: self.send("event", number, event)

    def _told(self, number: int, do: Callable[[], object]) -> None:
        """Do something, and send what came of it."""
        try:
            with on_page():
                found = do()
        except Cancelled:
            self.send("cancelled", number, None)
        except (DataflowError, MemoryError, OSError) as error:
            self.send("refused", number, refusal(error))
        except Exception as error:
            import traceback

            traceback.print_exc()  # a fault of the program: for who looks at the terminal
            self.send("refused", number, refusal(error))
        else:
            self.send("done", number, found)


def main(pipe: Connection) -> None:
    """Be a worker at this end of a pipe."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    import dataflow.engine.run
    import dataflow.graphfile.load
    import dataflow.training.data  # all that the first run needs  # noqa: F401

    with contextlib.suppress(DataflowError):  # of a plugin, which every piece of work is told
        blocks.load()
    loop = Loop(pipe)
    threading.Thread(target=loop.read, daemon=True).start()
    loop.send("ready", 0, None)
    loop.work()

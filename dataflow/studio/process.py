"""Processes that compute for the studio, each at the other end of a pipe, and one that is kept ready."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import queue
import signal
import threading
import traceback
from collections.abc import Callable
from typing import cast

from dataflow.core.errors import DataflowError, reason
from dataflow.studio.jobs import loop

_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy the threads of the server and its locks


class Process:
    """A process of a worker and the pipe to it; DataflowError where none can be started."""

    def __init__(self) -> None:
        self.pipe, there = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=loop.main, args=(there,), daemon=True, name="dataflow studio worker")
        try:
            self.process.start()
        except OSError as error:
            self.pipe.close()
            raise DataflowError(
                f"a process that computes must be started, got: {reason(error)}; close other programs, and try again"
            ) from None
        finally:
            there.close()
        self.ready = threading.Event()
        self._outgoing: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._following = threading.Lock()
        self._heard: Callable[[str, int, object], None] | None = None
        self._lost: Callable[[str], None] | None = None
        self._over = False
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()
        threading.Thread(target=self._listen, daemon=True).start()

    def follow(self, heard: Callable[[str, int, object], None], lost: Callable[[str], None]) -> bool:
        """Call functions with what is heard of it, and when it has ended; False where it has ended already."""
        with self._following:
            if self._over:
                return False
            self._heard, self._lost = heard, lost
            return True

    def send(self, what: str, number: int, thing: object) -> None:
        """Send something as it is now, without waiting: a process that is stopped may take nothing for long.

        Where the process has ended, that is told by ``lost``.
        """
        self._outgoing.put(pickle.dumps((what, number, thing)))

    def end(self) -> None:
        """End it, whatever it does; nothing is heard of it any more."""
        self._heard = self._lost = None
        self.process.kill()

    def _write(self) -> None:
        """Pass on what is sent, until there is nobody to take it or nothing more comes."""
        with contextlib.suppress(OSError):
            while message := self._outgoing.get():
                self.pipe.send_bytes(message)

    def _listen(self) -> None:
        while True:
            try:
                what, number, thing = cast("tuple[str, int, object]", self.pipe.recv())
            except Exception:  # its end, in the middle of a message too
                break
            if what == "ready":
                self.ready.set()
            elif (heard := self._heard) is not None:
                try:
                    heard(what, number, thing)
                except Exception:  # a fault of the program, for who looks at the terminal: what comes next is heard
                    traceback.print_exc()
        self.process.join()
        self.ready.set()
        with self._following:
            self._over = True
        if (lost := self._lost) is not None:
            lost(_how(self.process.exitcode))
        self._outgoing.put(b"")
        self._writer.join()
        self.pipe.close()


def _how(code: int | None) -> str:
    """How a process ended, for a message."""
    if code is not None and code < 0:
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
        self.warm_soon()
        return taken

    def warm_soon(self) -> None:
        """The same, in a thread of its own; where none can be started, whoever takes one is told."""
        threading.Thread(target=self._warm_if_possible, daemon=True).start()

    def _warm_if_possible(self) -> None:
        with contextlib.suppress(DataflowError):
            self.warm()

    def close(self) -> None:
        """End the one that is ready; no other is started."""
        with self._lock:
            self._closed = True
            if self._ready is not None:
                self._ready.end()
            self._ready = None

"""Work for a worker to try it with: that ends well, fails, never ends, or takes its process with it."""

from __future__ import annotations

import os
import signal
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

from dataflow.core.errors import GraphError, way_out
from dataflow.studio.jobs.call import Call, Memory


@dataclass(frozen=True)
class Count:
    """Counts what was done in this process, and tells it."""

    def work(self, call: Call, memory: Memory) -> object:
        count = memory.slots["count"] = 1 + int(str(memory.slots.get("count", 0)))
        call.tell({"event": "counted", "count": count})
        return count


@dataclass(frozen=True)
class Counted:
    """How much was counted."""

    def answer(self, memory: Memory) -> object:
        if "count" not in memory.slots:
            raise GraphError("nothing was counted; count something")
        return memory.slots["count"]


@dataclass(frozen=True)
class Warns:
    """Warns who looks at the page of something, and a programmer of something else."""

    def work(self, call: Call, memory: Memory) -> object:
        warnings.warn("it is not what it says", stacklevel=1)
        warnings.warn("it is old", DeprecationWarning, stacklevel=1)
        return None


@dataclass(frozen=True)
class Fails:
    """Raises an error: of a graph, or one that nobody expects."""

    expected: bool

    def work(self, call: Call, memory: Memory) -> object:
        if self.expected:
            raise GraphError(
                f"a value must be there, got nothing; {way_out('call it from Python', '--give one', 'give one')}"
            )
        return {}["nothing"]  # type: ignore[index]


@dataclass(frozen=True)
class Waits:
    """Waits to be spoken to: until it is cancelled, or for ever."""

    deaf: bool = False

    def work(self, call: Call, memory: Memory) -> object:
        call.tell({"event": "waiting"})
        while self.deaf:
            time.sleep(60)
        while True:
            for word, what in call.words(wait=True):
                call.tell({"event": word, **what})
            call.check()


@dataclass(frozen=True)
class Dies:
    """Ends its process, as work and as a question."""

    def answer(self, memory: Memory) -> object:
        return self.work(Call(lambda _: None), memory)

    def work(self, call: Call, memory: Memory) -> object:
        os.kill(os.getpid(), signal.SIGKILL)
        return None


@dataclass(frozen=True)
class Stops:
    """Waits for the word to stop, and writes a file then, as a training does."""

    path: str

    def work(self, call: Call, memory: Memory) -> object:
        call.tell({"event": "waiting"})
        while ("stop", {}) not in call.words(wait=True):
            pass
        call.tell({"event": "stopping"})  # to nobody
        Path(self.path).write_text("stopped", "utf-8")
        return None


@dataclass(frozen=True)
class Finds:
    """Tells as a job what it has found so far, then does what it is to do, or ends its process."""

    found: object
    then: Waits | None

    def work(self, call: Call, memory: Memory) -> object:
        call.tell({"event": "job", "done": 3, "total": 10, "message": "3 of 10 measurements", "result": self.found})
        return (self.then or Dies()).work(call, memory)

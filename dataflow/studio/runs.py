"""The run of a studio as its pages know it: what the worker tells of it, put together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from dataflow.studio.basis import Basis
from dataflow.studio.jobs.call import Told, Work
from dataflow.studio.worker import Worker

Plain = dict[str, object]
Publish = Callable[[Mapping[str, object]], None]
Placed = Callable[[Plain], Plain]


def lost(how: object) -> Plain:
    """The `Problem` of work whose process has ended by itself."""
    message = f"the worker that computed this has ended by itself ({how})"
    hint = "it may have run out of memory: take fewer rows, and begin again"
    return {"message": message, "hint": hint, "path": "", "line": 0, "column": 0, "node": "", "port": ""}


class Runs:
    """The latest run; one that begins ends the one before.

    place : completes the `Problem` of a run with where it is in the file.
    """

    def __init__(self, publish: Publish, worker: Worker):
        self._publish, self._worker = publish, worker
        self._lock = threading.RLock()
        self._run: Plain = _none(0)
        self._basis: Basis | None = None  # what it is of
        self._work = 0  # its number among the work of the worker

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._run["state"] == "running"

    def start(self, work: Callable[[int], Work], basis: Basis, place: Placed) -> int:
        """Begin a run of a document as it is, which is told its number; that number."""
        with self._lock:
            self.cancel()
            number = int(str(self._run["number"])) + 1
            self._work = self._worker.start(work(number), _Follower(self, number, place))
            self._run, self._basis = {**_none(number), "state": "running"}, basis
            self._publish(self.event())
            return number

    def cancel(self) -> None:
        """End the run, if it has not ended."""
        with self._lock:
            if self.running:
                self._worker.cancel(self._work)

    def forget(self) -> None:
        """There is no run: another document is open."""
        with self._lock:
            self.cancel()
            number = int(str(self._run["number"]))
            self._run, self._basis = _none(number if self._run["state"] == "none" else number + 1), None
            self._publish(self.event())

    def compare(self, now: Basis) -> None:
        """Tell which of its values are old, now that the document or the session may be another."""
        with self._lock:
            if self._basis is None:
                return
            current, old = self._basis.compared(now, "data")
            found = {"current": current, "old": old}
            if any(self._run[key] != value for key, value in found.items()):
                self._run |= found
                self._publish({"event": "aged", "number": self._run["number"], **found})

    def event(self) -> Plain:
        """The whole run, for a page that connects."""
        with self._lock:
            nodes, values = self._run["nodes"], self._run["values"]
            assert isinstance(nodes, dict)
            assert isinstance(values, dict)
            return {"event": "run", "run": {**self._run, "nodes": dict(nodes), "values": dict(values)}}

    def told(self, number: int, event: Told) -> None:
        """What the worker tells of a run."""
        with self._lock:
            if number != self._run["number"]:
                return
            if event["event"] == "began":
                self._run |= {key: event[key] for key in ("split", "rows", "outputs")}
                self._publish(self.event())
                return
            parts: Plain = {"nodes": {}, "values": {}}
            for part in parts:
                more, known = event.get(part, {}), self._run[part]
                assert isinstance(more, dict)
                assert isinstance(known, dict)
                known.update(more)
                parts[part] = more
            self._publish({"event": "ran", "number": number, **parts})

    def ended(self, number: int, state: str, problem: object, seconds: float) -> None:
        """How a run ended."""
        with self._lock:
            if number == self._run["number"]:
                self._run |= {"state": state, "problem": problem, "seconds": seconds}
                told = {key: self._run[key] for key in ("state", "problem", "seconds")}
                self._publish({"event": "ended", "number": number, **told})


class _Follower:
    """Follows one run."""

    def __init__(self, runs: Runs, number: int, place: Placed):
        self._runs, self._number, self._place = runs, number, place
        self._began = time.monotonic()

    def told(self, event: Told) -> None:
        """More of the run."""
        self._runs.told(self._number, event)

    def ended(self, state: str, what: object) -> None:
        """The run is over."""
        seconds, problem = time.monotonic() - self._began, None
        if state == "done":
            assert isinstance(what, dict)
            state, seconds = str(what["state"]), float(what["seconds"])
            problem = self._place(what["problem"]) if what["problem"] else None
        elif state == "lost":
            state, problem = "failed", lost(what)
        elif state == "refused":
            assert isinstance(what, dict)
            state, problem = "failed", self._place({**lost(""), "message": what["message"], "hint": what["hint"]})
        self._runs.ended(self._number, state, problem, seconds)


def _none(number: int) -> Plain:
    return {
        "state": "none",
        "number": number,
        "current": True,
        "old": [],
        "split": "",
        "rows": 0,
        "nodes": {},
        "values": {},
        "outputs": {},
        "problem": None,
        "seconds": 0.0,
    }

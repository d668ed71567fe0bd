"""The runs of a studio as its pages know them: what the worker tells of each, put together."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from dataflow.studio.basis import Basis
from dataflow.studio.jobs.call import Told, Work
from dataflow.studio.names import Rename, after, before
from dataflow.studio.worker import Worker

Plain = dict[str, object]
Publish = Callable[[Mapping[str, object]], None]
Placed = Callable[[Plain], Plain]


def lost(how: object) -> Plain:
    """The `Problem` of work whose process has ended by itself."""
    message = f"the worker that computed this has ended by itself ({how})"
    hint = "it may have run out of memory: take fewer rows, and begin again"
    return {"message": message, "hint": hint, "path": "", "line": 0, "column": 0, "node": "", "port": ""}


@dataclass
class _Latest:
    """The latest run of a document, under the names that its nodes have now.

    basis : what it is of. work : its number among the work of the worker.
    renames : of nodes of the document, since it was first run. begun : by number of a run how many there were by then.
    """

    run: Plain
    basis: Basis | None = None
    work: int = 0
    renames: list[Rename] = field(default_factory=list)
    begun: dict[int, int] = field(default_factory=dict)

    def since(self, number: int) -> list[Rename]:
        """The renames since a run began."""
        return self.renames[self.begun.get(number, 0) :]

    @property
    def number(self) -> int:
        """By which it is known."""
        return int(str(self.run["number"]))


class Runs:
    """The latest run of each document that was shown lately; one that begins ends the one before.

    publish : tells pages, which know of the run of the document that is shown.
    """

    def __init__(self, publish: Publish, worker: Worker):
        self._publish, self._worker = publish, worker
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._shown = ""  # the document
        self._documents: dict[str, _Latest] = {}  # by path

    @property
    def _latest(self) -> _Latest:
        return self._documents.setdefault(self._shown, _Latest(_none(0)))

    @property
    def running(self) -> bool:
        """Whether that of the document that is shown has not ended."""
        return self._latest.run["state"] == "running"

    def start(self, work: Callable[[int], Work], basis: Basis, place: Placed) -> int:
        """Begin a run of the document that is shown as it is, which is told its number; that number.

        place : completes its `Problem` with where it is in the file.
        """
        with self._lock:
            self.cancel()
            number, latest = next(self._numbers), self._latest
            latest.work = self._worker.start(work(number), _Follower(self, number, place))
            latest.run, latest.basis = {**_none(number), "state": "running"}, basis
            latest.begun[number] = len(latest.renames)
            self._publish(self.event())
            return number

    def cancel(self) -> None:
        """End the run, if it has not ended."""
        with self._lock:
            if self.running:
                self._worker.cancel(self._latest.work)

    def show(self, path: str) -> None:
        """Another document is shown: its latest run is told."""
        with self._lock:
            self.cancel()
            self._shown = path
            self._publish(self.event())

    def keep(self, paths: Collection[str]) -> None:
        """Forget the runs that have ended of documents whose values are no longer kept."""
        with self._lock:
            for path, latest in self._documents.items():
                if path not in paths and latest.run["state"] != "running":
                    latest.run, latest.basis = _none(0), None

    def compare(self, now: Basis) -> None:
        """Tell which of its values are old, now that the document or the session may be another."""
        with self._lock:
            latest = self._latest
            if latest.basis is None:
                return
            current, old = latest.basis.compared(now, "data")
            found = {"current": current, "old": old}
            if any(latest.run[key] != value for key, value in found.items()):
                latest.run |= found
                self._publish({"event": "aged", "number": latest.number, **found})

    def follow(self, path: str, renames: Sequence[Rename]) -> None:
        """Have the run of a document follow nodes of it to other names."""
        with self._lock:
            if (latest := self._documents.get(path)) is None:
                return
            latest.renames += renames
            if latest.basis is not None:
                latest.basis = latest.basis.renamed(renames)
                latest.run |= _under(latest.run, renames)
                if path == self._shown:
                    self._publish(self.event())

    def since(self, number: int = 0) -> list[Rename]:
        """The renames in the document that is shown since a run of it began, whose names the worker goes by; or all."""
        with self._lock:
            return self._latest.since(number)

    def then(self, port: str) -> str:
        """What the worker calls a port of the document that is shown."""
        with self._lock:
            return before(port, self._latest.since(self._latest.number))

    @property
    def run(self) -> Plain:
        """That of the document that is shown; a copy."""
        with self._lock:
            run = self._latest.run
            return run | {part: dict(_mapping(run[part])) for part in ("nodes", "values")}

    def event(self) -> Plain:
        """The whole run, for a page that connects."""
        return {"event": "run", "run": self.run}

    def told(self, number: int, event: Told) -> None:
        """What the worker tells of a run."""
        with self._lock:
            if (latest := self._of(number)) is None:
                return
            found = _under(event, latest.since(number))
            if event["event"] == "began":
                latest.run |= {key: found[key] for key in ("split", "rows", "outputs")}
                self._tell(latest, self.event)
                return
            parts = {part: _mapping(found.get(part, {})) for part in ("nodes", "values")}
            for part, more in parts.items():
                _mapping(latest.run[part]).update(more)
            self._tell(latest, lambda: {"event": "ran", "number": number, **parts})

    def ended(self, number: int, state: str, problem: Plain | None, seconds: float, place: Placed) -> None:
        """How a run ended."""
        with self._lock:
            if (latest := self._of(number)) is None:
                return
            if problem is not None:
                problem = place({**problem, "node": after(str(problem["node"]), latest.since(number))})
            told: Plain = {"state": state, "problem": problem, "seconds": seconds}
            latest.run |= told
            self._tell(latest, lambda: {"event": "ended", "number": number, **told})

    def _of(self, number: int) -> _Latest | None:
        return next((latest for latest in self._documents.values() if number == latest.number), None)

    def _tell(self, latest: _Latest, event: Callable[[], Plain]) -> None:
        if latest is self._latest:
            self._publish(event())


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
        seconds, problem = time.monotonic() - self._began, cast("Plain | None", None)
        if state == "done":
            found = cast(Plain, what)
            state, seconds = str(found["state"]), float(str(found["seconds"]))
            problem = cast("Plain | None", found["problem"])
            self._runs.keep(cast("list[str]", found["kept"]))
        elif state == "lost":
            state, problem = "failed", lost(what)
        elif state == "refused":
            found = cast(Plain, what)
            state, problem = "failed", {**lost(""), "message": found["message"], "hint": found["hint"]}
        self._runs.ended(self._number, state, problem, seconds, self._place)


def _mapping(part: object) -> Plain:
    return cast(Plain, part)


def _under(run: Mapping[str, object], renames: Sequence[Rename]) -> Plain:
    """A run, or what the worker tells of it, under the names that nodes have after renames."""
    found = dict(run)
    for part in ("nodes", "values"):
        if part in run:
            found[part] = {after(name, renames): what for name, what in _mapping(run[part]).items()}
    if "outputs" in run:
        found["outputs"] = {name: after(str(port), renames) for name, port in _mapping(run["outputs"]).items()}
    return found


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

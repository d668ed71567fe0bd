"""The training of a studio as its pages know it, with all of its curves."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.studio.basis import Basis
from dataflow.studio.jobs.call import Told
from dataflow.studio.jobs.stepping import Kept, Steps
from dataflow.studio.jobs.training import Train
from dataflow.studio.names import Rename, after, before
from dataflow.studio.runs import Placed, Plain, Publish, lost
from dataflow.studio.trends import Trends
from dataflow.studio.worker import IDLE, Refused, Worker
from dataflow.training.checkpoint import steps

T = TypeVar("T")
CHANGED = 30.0  # seconds in which a change must be made
STOPPED = 5.0  # seconds in which a training must stop when the studio ends


class Trainings:
    """The latest training, which goes on whatever document is open."""

    def __init__(self, publish: Publish, worker: Worker):
        self._publish, self._worker = publish, worker
        self._lock = threading.RLock()
        self._training, self.trends = _none(""), Trends()
        self._over = threading.Event()  # set while none goes on
        self._over.set()
        self._basis: Basis | None = None  # what it is of
        self._renames: list[Rename] = []  # of nodes of its document, since it began
        self._number = 0  # of the training; 0 where there was none
        self._work = 0  # its number among the work of the worker
        self._tickets = itertools.count(1)
        self._changes: dict[int, _Change] = {}
        self._steps_of = ""  # the file whose steps they are; "" of a training
        self._kept = Kept()  # where these ended

    @property
    def running(self) -> bool:
        """Whether it goes on, or pauses."""
        return self._training["state"] in ("running", "paused")

    def start(self, work: Train, folder: str, basis: Basis, place: Placed) -> None:
        """Begin a training of a document as it is, its checkpoints in ``folder``; refused where one has not ended."""
        with self._lock:
            self._check_free()
            if not (work.resume or work.restart) and steps(work.folder):
                raise DataflowError(
                    f"{folder}: has checkpoints of an earlier training; press Resume to go on from them, or Restart to "
                    "begin anew"
                )
            goes_on = work.resume and folder == self._training["folder"]
            self._begin(work, folder, "", basis, place, goes_on)

    def step(self, work: Steps, path: str, restart: bool, basis: Basis, place: Placed) -> None:
        """Do steps of a graph, from where the last ones of the same file ended; refused where others go on."""
        with self._lock:
            self._check_free()
            goes_on = path == self._steps_of and not restart
            kept = self._kept if goes_on else Kept()
            self._begin(replace(work, kept=kept), "", path, basis, place, goes_on)
            self._kept = kept

    def _begin(
        self, work: Train | Steps, folder: str, steps_of: str, basis: Basis, place: Placed, goes_on: bool
    ) -> None:
        """Have a training done; where that is refused, all is as it was."""
        self._work = self._worker.start(work, _Follower(self, self._number + 1, place))
        self._number += 1
        self._over.clear()
        self._steps_of = steps_of
        self._training, self._basis = {**_none(folder), "state": "running"}, self._as_compared(basis)
        self._training |= {"overrides": str(work.overrides), "path": basis.path}
        self._renames = []
        if not goes_on:
            self.trends = Trends()
        self._publish(self.event())

    def say(self, word: str) -> None:
        """Pause, resume or stop it; refused where there is none to."""
        with self._lock:
            self._check(word)
            self._worker.say(self._work, word)

    def cancel(self) -> None:
        """Stop it, and end its process where it does not: what came after its last checkpoint is lost then."""
        with self._lock:
            if self.running:
                self._worker.cancel(self._work)

    def close(self) -> None:
        """Stop it, and wait until its checkpoint is written."""
        with self._lock:
            self._worker.say(self._work, "stop")
        self._over.wait(STOPPED)

    def watch(self, ports: Sequence[str]) -> None:
        """Follow these ports from the next step on."""
        with self._lock:
            if self.running:
                self._worker.say(self._work, "watch", ports=[before(port, self._renames) for port in ports])

    def change(self, rate: float | None, params: Mapping[str, object]) -> None:
        """Change learning rate or parameters from the next step on; refused as the trainer does."""
        with self._lock:
            self._check("change")
            ticket, change = next(self._tickets), _Change()
            self._changes[ticket] = change
            self._worker.say(self._work, "change", rate=rate, params=dict(params), ticket=ticket)
        if not change.made.wait(CHANGED):
            raise DataflowError("the training is busy, with validation perhaps; the change is made after that")
        if change.refused is not None:
            raise Refused(change.refused)

    def compare(self, now: Basis) -> None:
        """Tell whether it is of the document and the session as they are now."""
        with self._lock:
            if self._basis is None:
                return
            current, _ = self._basis.compared(self._as_compared(now), "data", "train")
            if self._training["current"] != current:
                self._training |= {"current": current}
                self._tell({})

    def follow(self, path: str, renames: Sequence[Rename]) -> None:
        """Have it follow nodes of a document to other names: the curves of ports, and where steps ended."""
        with self._lock:
            if self._basis is None or self._basis.path != path:
                return
            self._basis = self._basis.renamed(renames)
            self._renames += renames
            self._kept = replace(self._kept, variables=_under(self._kept.variables, renames))
            self.trends = Trends(_of_ports(self.trends, renames))
            self._training |= {"values": _of_ports(cast(Plain, self._training["values"]), renames)}
            self._publish(self.event())

    def _as_compared(self, basis: Basis) -> Basis:
        return basis if self._steps_of else basis.of_training()

    def event(self) -> Plain:
        """The whole training, for a page that connects."""
        with self._lock:
            return {"event": "training", "training": {**self._training, "trends": self.trends.plain()}}

    def told(self, number: int, event: Told) -> None:
        """What the worker tells of a training."""
        with self._lock:
            if number != self._number:
                return
            if event["event"] == "changed":
                if (change := self._changes.pop(cast(int, event["ticket"]), None)) is not None:
                    change.end(cast("Told | None", event["refused"]))
                return
            values, steps, found = (
                _of_ports(cast(Plain, event[key]), self._renames) for key in ("values", "steps", "points")
            )
            self._training |= {**cast(Plain, event["training"]), "values": values}
            points = self.trends.extend(cast("Mapping[str, Array]", steps), cast("Mapping[str, Array]", found))
            self._tell(points)

    def ended(self, number: int, state: str, problem: object, kept: Kept | None = None) -> None:
        """How a training ended, and of steps where."""
        with self._lock:
            if number != self._number:
                return
            if kept is not None:
                self._kept = replace(kept, variables=_under(kept.variables, self._renames))
            self._training |= {"state": state, "problem": problem}
            self._over.set()
            self._tell({})
            changes, self._changes = self._changes, {}
        for change in changes.values():
            change.end({"message": "the training has ended", "hint": "", "problems": []})
        self._worker.rest(IDLE)

    def _tell(self, points: object) -> None:
        self._publish({"event": "trained", "training": dict(self._training), "points": points})

    def _check_free(self) -> None:
        if self.running:
            raise DataflowError("one training at a time: another one goes on; stop it first")

    def _check(self, word: str) -> None:
        if not self.running:
            raise DataflowError(f"there must be a training to {word}, got none; begin one")


class _Change:
    """A change that waits to be made."""

    def __init__(self) -> None:
        self.made = threading.Event()
        self.refused: Told | None = None

    def end(self, refused: Told | None) -> None:
        """It is made, or refused."""
        self.refused = refused
        self.made.set()


class _Follower:
    """Follows one training."""

    def __init__(self, trainings: Trainings, number: int, place: Placed):
        self._trainings, self._number, self._place = trainings, number, place

    def told(self, event: Told) -> None:
        """More of it."""
        self._trainings.told(self._number, event)

    def ended(self, state: str, what: object) -> None:
        """It is over."""
        problem, kept = cast("Plain | None", None), None
        if state == "done":
            found = cast(Plain, what)
            kept = cast("Kept | None", found.get("kept"))
            state = str(found["state"])
            problem = self._place(cast(Plain, found["problem"])) if found["problem"] else None
        elif state == "cancelled":
            state = "stopped"
        elif state == "lost":
            state, problem = "failed", lost(what)
        else:
            found = cast(Plain, what)
            state, problem = "failed", self._place({**lost(""), "message": found["message"], "hint": found["hint"]})
        self._trainings.ended(self._number, state, problem, kept)


def _under(named: Mapping[str, T], renames: Sequence[Rename]) -> dict[str, T]:
    """What has names of nodes under those that they have after renames."""
    return {after(name, renames): what for name, what in named.items()}


def _of_ports(curves: Mapping[str, T], renames: Sequence[Rename]) -> dict[str, T]:
    """The same of ports alone: metrics and outputs, without a dot, keep the names that the training gave them."""
    return {after(name, renames) if "." in name else name: what for name, what in curves.items()}


def _none(folder: str) -> Plain:
    return {
        "state": "none",
        "epoch": 0,
        "epochs": 0,
        "step": 0,
        "steps": 0,
        "rate": None,
        "metrics": {},
        "values": {},
        "problem": None,
        "seconds": 0.0,
        "folder": folder,
        "current": True,
        "overrides": "",
        "path": "",
    }

"""A training as it goes on: what each step gave, gathered; it can be paused, changed and stopped between steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.core.shapes import TensorType
from dataflow.engine.watching import watched_ports
from dataflow.graph.graph import Graph
from dataflow.graph.overrides import NO_OVERRIDES, Overrides
from dataflow.studio.jobs.call import Call, Memory, Told
from dataflow.studio.jobs.refusals import problem, refusal
from dataflow.studio.jobs.source import Source
from dataflow.studio.jobs.statistics import statistics
from dataflow.training import history
from dataflow.training.changes import Plain
from dataflow.training.epoch_report import Report
from dataflow.training.progress import Progress
from dataflow.training.recorder import usual_recorders
from dataflow.training.trainer import Trainer

TOLD = 0.1  # seconds from one event to the next
FEW = 8  # elements of a watched value that have a curve each; of more their mean has one


@dataclass(frozen=True)
class Train:
    """A training that is asked for; options are those of `dataflow train`."""

    source: Source
    folder: Path
    resume: bool = False
    restart: bool = False
    epochs: int | None = None
    watched: Sequence[str] = ()
    overrides: Overrides = NO_OVERRIDES

    def work(self, call: Call, memory: Memory) -> object:
        """Train; the events are `trained`. What is given is how it ended."""
        try:
            trainer = self._trainer()
            live = Live(trainer, call)
            live.watch(self.watched)
            live.tell_past(self.folder / history.NAME)
            for report in trainer.run(live.tick):
                live.close_epoch(report)
        except (DataflowError, MemoryError, OSError) as error:
            return {"state": "failed", "problem": problem(error)}
        return {"state": "stopped" if trainer.stopped else "done", "problem": None}

    def _trainer(self) -> Trainer:
        """The trainer as the command makes it: a parameter `training` is true in training alone."""
        measured = self.source.graph()
        graph = self.source.graph(training=True) if self.source.switched() else measured
        given = dict(self.source.params)
        return Trainer(
            graph,
            self.folder,
            self.resume,
            self.epochs,
            measured,
            restart=self.restart,
            params=given,
            recorders=usual_recorders(self.folder, given, self._command()),
            overrides=self.overrides,
        )

    def _command(self) -> list[str]:
        """The words of the command that trains so, as records keep it."""
        params = [word for name, value in self.source.params.items() for word in ("-p", f"{name}={value}")]
        options = [("--resume", self.resume), ("--restart", self.restart)]
        epochs = [] if self.epochs is None else ["--epochs", str(self.epochs)]
        return ["dataflow", "train", self.source.path, *params, *(name for name, given in options if given), *epochs]


class Stepped(Protocol):
    """Counts steps."""

    step: int


class Trained(Protocol):
    """What is looked at of a `Trainer`."""

    names: list[str]
    epochs: int
    batches: int
    stopped: bool

    @property
    def progress(self) -> Progress:
        """Where it stands."""

    @property
    def outputs(self) -> Mapping[str, Array]:
        """Of the last step."""

    @property
    def watched(self) -> Mapping[str, Array]:
        """The values of watched ports in the last step."""

    @property
    def state(self) -> Stepped:
        """With the number of steps that are done."""

    @property
    def step_graph(self) -> Graph:
        """The graph of a step."""

    @property
    def rate(self) -> float | None:
        """The learning rate."""

    def stop(self) -> None:
        """Stop after this step."""

    def watch(self, ports: Sequence[str] | None) -> None:
        """Watch these ports."""

    def change(self, rate: float | None = None, params: Mapping[str, Plain] | None = None) -> None:
        """Change what holds from the next step on."""


@dataclass
class _Curve:
    """Values of steps that are not told yet."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class Live:
    """Follows a training: gathers what steps give, and does what it is told meanwhile.

    now : the seconds of a clock.
    """

    def __init__(self, trainer: Trained, call: Call, now: Callable[[], float] = time.monotonic):
        self._trainer, self._call, self._now = trainer, call, now
        self._curves: dict[str, _Curve] = {}
        self._reported: Report | None = None
        self._best: Mapping[str, float] = {}
        self._began = self._told = now()
        self._waited = 0.0  # seconds in pauses

    def tick(self, trainer: object) -> None:
        """A step is done."""
        step = self._trainer.state.step
        for name in self._trainer.names:
            self._add(name, step, _mean(self._trainer.outputs[name]))
        if (rate := self._trainer.rate) is not None:
            self._add("rate", step, rate)
        for port, value in self._trainer.watched.items():
            if self._followed(port, value):
                for name, number in _elements(port, value):
                    self._add(name, step, number)
        if self._call.spoken:
            self._listen()
        if self._now() - self._told >= TOLD:
            self.tell("running")

    def close_epoch(self, report: Report) -> None:
        """An epoch is done."""
        self._reported = report
        if report.best:
            self._best = report.validate or report.train
        for name, value in report.validate.items():
            self._add(f"validation {name}", report.step, value)
        self.tell("running")

    def watch(self, ports: Sequence[str]) -> None:
        """Watch those of the ports that a step has."""
        graph, known = self._trainer.step_graph, list[str]()
        for port in ports:
            with suppress(DataflowError):
                known += watched_ports(graph, [port])
        self._trainer.watch(known)

    def tell_past(self, path: Path) -> None:
        """Tell of the epochs that a training goes on from."""
        with suppress(DataflowError, ValueError, KeyError):
            for row in history.rows(path) if self._trainer.state.step else ():
                step = int(row["step"])
                for column, text in row.items():
                    name = "rate" if column == "learning_rate" else column.replace("validation_", "validation ", 1)
                    if (
                        text
                        and step <= self._trainer.state.step
                        and column not in ("epoch", "step", "seconds", "changed")
                    ):
                        self._add(name, step, float(text))
        self.tell("running")

    def tell(self, state: str) -> None:
        """Tell where the training stands, and what was gathered."""
        trainer, now = self._trainer, self._now()
        self._told = now
        curves, self._curves = self._curves, {}
        values = {port: statistics(value, self._type(port).dtype) for port, value in trainer.watched.items()}
        for port, found in values.items():
            if (mean := found["mean"]) is not None and not self._followed(port, trainer.watched[port]):
                curves[port] = _Curve([trainer.state.step], [float(str(mean))])
        self._call.tell(
            {
                "event": "trained",
                "training": {
                    "state": state,
                    "epoch": min(trainer.progress.epoch + 1, trainer.epochs),
                    "epochs": trainer.epochs,
                    "step": trainer.state.step,
                    "steps": trainer.epochs * trainer.batches,
                    "rate": trainer.rate,
                    "metrics": self._metrics(),
                    "seconds": now - self._began - self._waited,
                },
                "steps": {name: np.array(curve.steps, np.int64) for name, curve in curves.items()},
                "points": {name: np.array(curve.values, np.float64) for name, curve in curves.items()},
                "values": values,
            }
        )

    def _metrics(self) -> dict[str, dict[str, float | None]]:
        progress, report = self._trainer.progress, self._reported
        means = progress.means() if progress.counted else report.train if report is not None else {}
        validated = report.validate if report is not None else {}
        return {
            name: {"train": means.get(name), "validation": validated.get(name), "best": self._best.get(name)}
            for name in self._trainer.names
        }

    def _type(self, port: str) -> TensorType:
        """The type of a port, or of an output of the graph, as the graph declares it."""
        graph = self._trainer.step_graph
        if port in graph.outputs:
            return graph.deref(graph.outputs[port]).type
        node, _, name = port.rpartition(".")
        return graph.nodes[node].types[name]

    def _followed(self, port: str, value: Array) -> bool:
        """Whether each element of a value has a curve; those of rows that come by chance have not."""
        return value.size <= FEW and self._type(port).known

    def _add(self, name: str, step: int, value: float) -> None:
        curve = self._curves.get(name)
        if curve is None:
            curve = self._curves[name] = _Curve()
        curve.steps.append(step)
        curve.values.append(value)

    def _listen(self) -> None:
        """Do what was said; in a pause wait for more."""
        paused = self._obeyed(False)
        if paused:
            self.tell("paused")
        began = self._now()
        while paused:
            paused = self._obeyed(True)
        self._waited += self._now() - began

    def _obeyed(self, paused: bool) -> bool:
        """Whether the training is in a pause after what was said."""
        for word, what in self._call.words(wait=paused):
            if word in ("stop", "cancel"):
                self._trainer.stop()
                paused = False
            elif word in ("pause", "resume"):
                paused = word == "pause"
            elif word == "watch":
                self.watch([str(port) for port in _list(what, "ports")])
            elif word == "change":
                self._change(what)
        return paused and not self._trainer.stopped

    def _change(self, what: Told) -> None:
        """Change rate or parameters, and tell whether that was possible."""
        rate, params = what.get("rate"), what.get("params")
        refused = None
        try:
            self._trainer.change(None if rate is None else float(str(rate)), cast("dict[str, Plain]", params) or None)
        except DataflowError as error:
            refused = refusal(error)
        self._call.tell({"event": "changed", "ticket": what["ticket"], "refused": refused})


def _mean(value: Array) -> float:
    return float(value) if value.ndim == 0 else float(np.mean(value, dtype=np.float64))


def _elements(name: str, value: Array) -> Iterator[tuple[str, float]]:
    """The curves of a value in a step: of a few elements one each, ``w[0, 2]``."""
    for place, element in np.ndenumerate(value):
        yield f"{name}{[*place]}" if place else name, float(element)


def _list(what: Told, name: str) -> Sequence[object]:
    found = what.get(name)
    return found if isinstance(found, list) else ()

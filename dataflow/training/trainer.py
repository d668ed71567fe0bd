"""Training: the steps of a `train` section over the data, with checkpoints from which it resumes bit for bit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError, listing, nearest
from dataflow.engine.plan import Plan
from dataflow.engine.state import State
from dataflow.graph.arguments import as_graph
from dataflow.graph.graph import Graph
from dataflow.graphfile.section_checks import check_sections
from dataflow.training import checkpoint
from dataflow.training.data import Split, split
from dataflow.training.data.row_order import shuffled
from dataflow.training.data.section import data_section
from dataflow.training.step_graph import expand
from dataflow.training.train_section import Train, train_section

EVALUATED = 512  # rows at a time in evaluation


@dataclass(frozen=True)
class Report:
    """An epoch: means over its rows by name; those of the validation split as ``validate``."""

    epoch: int
    step: int
    seconds: float
    train: dict[str, float]
    validate: dict[str, float] = field(default_factory=dict)


@dataclass
class _Progress:
    """The progress of training, apart from the variables: all of it is in the checkpoint."""

    epoch: int = 0  # the current one, from 0
    batch: int = 0  # the next one in it
    rows: int = 0  # seen in this epoch
    sums: dict[str, float] = field(default_factory=dict)  # of outputs times rows
    best: float | None = None
    waited: int = 0  # epochs since the best one
    done: bool = False


class Trainer:
    """Trains a graph as its `train` section says.

    Parameters
    ----------
    graph : with sections `train` and `data`.
    folder : where checkpoints go; None keeps none.
    resume : continue from the latest checkpoint in the folder, if there is one.
    epochs : how many times all rows are seen, in place of what the graph says.
    measured : the graph to validate, if it is another: without dropout, say, and with the same variables.

    Examples
    --------
    >>> trainer = Trainer(graph)                    # doctest: +SKIP
    >>> for report in trainer.run(): print(report)  # doctest: +SKIP
    """

    def __init__(
        self,
        graph: Graph,
        folder: Path | None = None,
        resume: bool = False,
        epochs: int | None = None,
        measured: Graph | None = None,
    ):
        graph = as_graph(graph, "flow.Trainer(graph)")
        check_sections(graph, files=True)
        self.settings = train_section(graph) or Train()
        self.graph, self.folder = measured or graph, folder
        self.names = metrics(graph)
        self.step_graph = expand(graph)
        if unknown := [n for n in self.names if n not in self.step_graph.outputs]:
            known = list(self.step_graph.outputs)
            hint = nearest(unknown[0], known) or f"it has {listing(known, 'and')}"
            raise GraphError(f"graph '{graph.name}': train: metric '{unknown[0]}' must be an output; {hint}")
        self.step_graph.outputs = {n: self.step_graph.outputs[n] for n in self.names}
        self.epochs = epochs or self.settings.epochs
        splits = data_section(graph)
        self.data = split(graph, "train" if "train" in splits else None) if splits else None
        self.validation = self._validation()
        if self.data is not None:
            _check_rows(self.data, "train with")
        if self.validation is not None:
            _check_rows(self.validation, "validate with")
        self.state, self.progress = State(self.step_graph, self.settings.seed), _Progress()
        if folder is not None and checkpoint.steps(folder):
            if not resume:
                raise GraphError(f"{folder}: has checkpoints of an earlier training; go on from them, or remove them")
            self.state, self.progress = checkpoint.latest(folder, self._resumed)
            checkpoint.tidy(folder)
        self.plan = Plan(self.step_graph, steps=True)
        self.stopped = False

    def _resumed(self, path: Path) -> tuple[State, _Progress]:
        state, notes = checkpoint.load(path, self.step_graph)
        if not _right(notes):
            raise DataflowError(f"{path}: is no whole checkpoint: where training stood is not said as training says it")
        return state, _Progress(**notes)

    def run(self, tick: Callable[[Trainer], Any] | None = None) -> Iterator[Report]:
        """Train; yield a report after each epoch. ``tick`` is called after each step."""
        if self.folder is not None:
            checkpoint.prepare(self.folder)
        while self.progress.epoch < self.epochs and not self.progress.done:
            began = time.monotonic()
            for _ in self._steps():
                if tick is not None:
                    tick(self)
                if self.stopped:
                    self.save()
                    return
            yield self._close_epoch(began)

    def stop(self) -> None:
        """Stop after the current step, with a checkpoint."""
        self.stopped = True

    @property
    def batches(self) -> int:
        """Steps in an epoch."""
        return -(-self.data.length // self.size) if self.data else self.settings.steps_per_epoch

    @property
    def size(self) -> int:
        """Rows in a batch."""
        return self.settings.batch_size or (self.data.length if self.data else 1)

    def _steps(self) -> Iterator[None]:
        """The remaining steps of the current epoch."""
        progress, every = self.progress, self.settings.checkpoint.every
        for feeds in self._feeds():
            outputs = self.plan.run(feeds, state=self.state)
            rows = len(next(iter(feeds.values()))) if feeds else 1
            for name in self.names:
                progress.sums[name] = progress.sums.get(name, 0.0) + _mean(self.graph, name, outputs[name]) * rows
            progress.rows += rows
            progress.batch += 1
            if every and self.state.step % every == 0 and progress.batch < self.batches:
                self.save()
            yield

    def _feeds(self) -> Iterator[dict[str, Array]]:
        """The remaining batches of the current epoch; empty ones for a graph without data."""
        if self.data is None:
            return ({} for _ in range(self.progress.batch, self.batches))
        order = shuffled(self.data.length, self.state.seed, self.progress.epoch)
        return self.data.batches(self.size, self.progress.batch, order)

    def _close_epoch(self, began: float) -> Report:
        progress = self.progress
        means = {name: total / progress.rows for name, total in progress.sums.items()}
        validated = {} if self.validation is None else self.evaluate(self.validation)
        report = Report(progress.epoch + 1, self.state.step, time.monotonic() - began, means, validated)
        best = self._judge(report)
        progress.epoch, progress.batch, progress.rows, progress.sums = progress.epoch + 1, 0, 0, {}
        self.save(best)
        return report

    def _judge(self, report: Report) -> bool:
        """Whether the epoch is the best so far; notes that training is done when patience has run out."""
        stopping = self.settings.early_stopping
        name = stopping.metric if stopping else self.settings.minimize or ""
        values = report.validate or report.train
        if name not in values:
            raise GraphError(f"train: early_stopping: no metric '{name}'; it has {listing(values, 'and')}")
        value, best = values[name], self.progress.best
        lowest = stopping is None or stopping.mode == "min"
        better = best is None or (value < best if lowest else value > best)
        self.progress.best = value if better else best
        self.progress.waited = 0 if better else self.progress.waited + 1
        self.progress.done = stopping is not None and self.progress.waited >= stopping.patience
        return better

    def _validation(self) -> Split | None:
        splits = data_section(self.graph)
        name = self.settings.validate or next((n for n in ("validate", "validation", "test") if n in splits), None)
        return None if name is None else split(self.graph, name)

    def evaluate(self, data: Split) -> dict[str, float]:
        """Means over a split of the minimized value and of the metrics, with the current variables."""
        kept = {n: self.state.variables[n] for n, node in self.graph.nodes.items() if node.block.stateful}
        return evaluate(self.graph, data, self.names, kept)

    def save(self, best: bool = False) -> None:
        """Write a checkpoint, and remove those that are too old.

        The best one is written first: if the process ends between the two, training resumes from the checkpoint before,
        repeats the epoch and writes the same. In the other order the best one would be lost.
        """
        if self.folder is None:
            return
        notes = asdict(self.progress)
        if best:
            checkpoint.save(self.folder / checkpoint.BEST, self.state, notes)
        checkpoint.save(self.folder / f"step-{self.state.step:09d}.npz", self.state, notes)
        for old in checkpoint.steps(self.folder)[self.settings.checkpoint.keep :]:
            old.unlink()


def _right(notes: Mapping[str, Any]) -> bool:
    """Whether the notes of a checkpoint are those of a training: all there, each of its kind."""
    kinds = {each.name: type(each.default) for each in fields(_Progress)} | {"sums": dict, "best": float}
    return (
        notes.keys() == kinds.keys()
        and all(type(notes[name]) is kind or (name == "best" and notes[name] is None) for name, kind in kinds.items())
        and all(notes[name] >= 0 for name, kind in kinds.items() if kind is int)
        and all(type(total) is float for total in notes["sums"].values())
        and (notes["rows"] > 0) == (notes["batch"] > 0)
    )


def _check_rows(data: Split, purpose: str) -> None:
    if not data.length:
        raise GraphError(f"{data.who}: must have rows to {purpose}, got none")


def metrics(graph: Graph) -> list[str]:
    """The minimized value and the metrics; of a graph that is not for training, all scalar outputs."""
    train = train_section(graph)
    if train is None:
        return [name for name, link in graph.outputs.items() if graph.deref(link).type.rank == 0]
    return list(dict.fromkeys([*([train.minimize] if train.minimize else []), *train.metrics]))


def evaluate(graph: Graph, data: Split, names: list[str], variables: Mapping[str, Array]) -> dict[str, float]:
    """Means of outputs over the rows of a split; GraphError where it has none."""
    _check_rows(data, "measure with")
    wanted = graph.copy()
    wanted.outputs = {n: graph.outputs[n] if n in graph.outputs else _link(graph, n) for n in names}
    plan, sums, seen = Plan(wanted), dict.fromkeys(names, 0.0), 0
    for feeds in data.batches(EVALUATED):
        rows = len(next(iter(feeds.values())))
        outputs = plan.run({**{n: v for n, v in variables.items() if n in wanted.nodes}, **feeds})
        for name in names:
            sums[name] += _mean(graph, name, outputs[name]) * rows
        seen += rows
    return {name: total / seen for name, total in sums.items()}


def _link(graph: Graph, wire: str) -> Any:
    found = graph.copy()
    found.output(wire, wire)
    return found.outputs[wire]


def _mean(graph: Graph, name: str, value: Array) -> float:
    if value.ndim > 1:
        raise GraphError(
            f"graph '{graph.name}': train: '{name}' must be a scalar, or a value per row, got {value.shape}"
        )
    return float(np.mean(value, dtype=np.float64))

"""Training: the steps of a `train` section over the data, with checkpoints from which it resumes bit for bit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, RunError, way_out
from dataflow.engine.plan import Plan
from dataflow.engine.stages import counted
from dataflow.engine.state import State
from dataflow.graph.arguments import as_graph
from dataflow.graph.graph import Graph
from dataflow.training import checkpoint
from dataflow.training.array_split import RowSplit
from dataflow.training.best import judge, mode_of
from dataflow.training.checkpoint_folder import CheckpointFolder
from dataflow.training.data import Split
from dataflow.training.data.row_order import Order, shuffled
from dataflow.training.evaluation import evaluate, means, metrics, not_finite
from dataflow.training.initial_values import initial_values
from dataflow.training.non_finite import Draft, origin, remedy
from dataflow.training.optimizer_nodes import RATE, constant_rate
from dataflow.training.progress import Progress
from dataflow.training.recorder import Recorder, recorded, usual_recorders
from dataflow.training.setup import Setup
from dataflow.training.step_graph import FINITE
from dataflow.training.trained_with import differences

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Report:
    """An epoch: means over its rows by name; those of the validation split as ``validate``.

    ``rate`` is the learning rate of its last step, ``skipped`` how many steps left the variables as they were, and
    ``best`` whether it is the best epoch so far.
    """

    epoch: int
    step: int
    seconds: float
    train: dict[str, float]
    validate: dict[str, float] = field(default_factory=dict)
    rate: float | None = None
    skipped: int = 0
    best: bool = False


class Trainer:
    """Trains a graph as its `train` section says.

    Parameters
    ----------
    graph : with sections `train` and `data`.
    folder : where checkpoints go; None keeps none.
    resume : continue from the latest checkpoint in the folder, if there is one.
    epochs : how many times all rows are seen, in place of what the graph says.
    measured : the graph to validate, if it is another: without dropout, say, and with the same variables.
    restart : remove the checkpoints of an earlier training when this one begins.
    data : arrays by split and input, or splits, in place of the `data` section.
    params : the parameters that the graph was loaded with, for checkpoints and records to note.
    values : values that variables start from, by name; the optimizer starts anew.
    partial : take the values that fit; ``left_out`` says what was not taken, and why.
    recorders : what follows the training; by default a record and a history in the folder.

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
        *,
        restart: bool = False,
        data: Mapping[str, Mapping[str, ArrayLike] | RowSplit] | None = None,
        params: Mapping[str, Any] | None = None,
        values: Mapping[str, ArrayLike] | None = None,
        partial: bool = False,
        recorders: Sequence[Recorder] | None = None,
    ):
        graph = as_graph(graph, "flow.Trainer(graph)")
        setup = Setup(graph, epochs, data)
        self.settings, self.step_graph, self.epochs = setup.train, setup.step_graph(0), setup.epochs
        self.data, self.validation, self.size, self.batches = setup.data, setup.validation, setup.size, setup.batches
        self.graph, self.folder = measured or graph, folder
        self.names = metrics(graph)
        self.notes = setup.notes(params or {})
        taken, self.left_out = ({}, []) if values is None else initial_values(graph, values, partial, resume)
        self.state, self.progress = State(self.step_graph, self.settings.seed, taken), Progress()
        self.recorders = usual_recorders(folder, params) if recorders is None else recorders
        self.changes: list[str] = []  # in what this training differs, harmlessly, from what the checkpoints are of
        keep = self.settings.checkpoint.keep
        self._files = None if folder is None else CheckpointFolder(folder, keep, resume, restart)
        if self._files is not None and self._files.resumed:
            self._resume(self._files)
        self.plan, self._setup, self._phase = Plan(self.step_graph, steps=True), setup, 0
        self.stopped = False
        self._constant_rate = None if self.settings.schedule else constant_rate(setup.optimizer)
        self._best: dict[str, Array] | None = None  # the variables of the best epoch, where no file keeps them

    def run(self, tick: Callable[[Trainer], Any] | None = None) -> Iterator[Report]:
        """Train; yield a report after each epoch. ``tick`` is called after each step.

        Raises RunError where a value is not finite and the section says to stop then; the last checkpoint stays.
        """
        alone = nullcontext() if self._files is None else self._files.entered(self._is_saved)
        with alone, recorded(self, self.recorders):
            while not self.nothing_left:
                began = time.monotonic()
                for _ in self._steps():
                    if tick is not None:
                        tick(self)
                    if self.stopped:
                        self.save()
                        return
                yield self._close_epoch(began)
            self._put_best_back()

    def stop(self) -> None:
        """Stop after the current step, with a checkpoint."""
        self.stopped = True

    @property
    def nothing_left(self) -> bool:
        """Whether all epochs are done, or those after which training ends early."""
        return self.progress.epoch >= self.epochs or self.progress.done

    @property
    def rate(self) -> float | None:
        """The learning rate of the last step; None where it is not known."""
        return self.progress.rate if self.settings.schedule else self._constant_rate

    @property
    def batch(self) -> int:
        """How many steps of the current epoch are done."""
        return -(-self.progress.rows // self.size)

    @property
    def ended(self) -> str:
        """Why training ended before its last epoch, and which epoch was the best; nothing where neither is known."""
        stopping, progress = self.settings.early_stopping, self.progress
        told = []
        if stopping is not None and progress.done:
            told.append(f"{stopping.metric} has not improved for " + counted(progress.waited, "epoch"))
        if progress.best is not None:
            told.append(f"best epoch {progress.best_epoch}: {self._judged()} {progress.best:.6g}")
        return "; ".join(told)

    # -- steps --------------------------------------------------------------------------------------------------

    def _steps(self) -> Iterator[None]:
        """The remaining steps of the current epoch."""
        progress, every = self.progress, self.settings.checkpoint.every
        self._enter(progress.epoch)
        for feeds in self._feeds():
            rows = len(next(iter(feeds.values()))) if feeds else 1
            self._step(feeds, rows)
            progress.rows += rows
            if every and self.state.step % every == 0 and self.batch < self.batches:
                self.save()
            yield

    def _enter(self, epoch: int) -> None:
        """Freeze what is frozen once so many epochs are done."""
        phase = max(begin for begin in self._setup.phases if begin <= epoch)
        if phase != self._phase:
            self._phase, self.step_graph = phase, self._setup.step_graph(phase)
            self.plan = Plan(self.step_graph, steps=True)

    def _step(self, feeds: dict[str, Array], rows: int) -> None:
        """Run a step and commit what it does to the variables, unless a value in it is not finite."""
        draft, on_nan = Draft(self.state), self.settings.on_nan
        outputs = self.plan.run(feeds, state=draft)
        found = means(self.step_graph, outputs, self.names)
        if RATE in outputs:
            self.progress.rate = float(outputs[RATE])
        wrong = not_finite(found) if on_nan != "continue" else []
        if not wrong and FINITE in outputs and not outputs[FINITE]:
            wrong = ["gradient"]
        if wrong and on_nan == "stop":
            raise self._not_finite(wrong, found, feeds)
        self.state.commit({} if wrong else draft.changed)
        if wrong:
            self.progress.skipped += 1
        else:
            self.progress.add(found, rows)

    def _feeds(self) -> Iterator[dict[str, Array]]:
        """The remaining batches of the current epoch; empty ones for a graph without data."""
        done, data = self.progress.rows, self.data
        if data is None:
            return ({} for _ in range(done, self.batches))
        order = shuffled(data.length, self.state.seed, self.progress.epoch)
        last = self.batches * self.size if self.settings.drop_remainder else data.length
        starts = range(done, last, self.size)
        return (data.rows(_part(data, order, start, min(start + self.size, last))) for start in starts)

    def _not_finite(self, wrong: list[str], found: Mapping[str, float], feeds: Mapping[str, Array]) -> RunError:
        """The error that says what is not finite, in which step, and where it comes from."""
        told = ", ".join(f"'{name}' {found[name]}" if name in found else "a gradient that is not" for name in wrong)
        where = (
            f"epoch {self.progress.epoch + 1}, step {self.state.step + 1} (batch {self.batch + 1} of {self.batches})"
        )
        first = origin(self.step_graph, feeds, self.state)
        return RunError(
            f"graph '{self.step_graph.name}': train: {where}: values must be finite, got {told}; first in {first}; "
            f"{remedy(feeds, isinstance(self.data, Split))}"
        )

    # -- epochs -------------------------------------------------------------------------------------------------

    def _close_epoch(self, began: float) -> Report:
        progress = self.progress
        if not progress.counted:
            raise RunError(f"graph '{self.graph.name}': train: epoch {progress.epoch + 1}: no step had finite values")
        validated = {} if self.validation is None else self._validated()
        self._check_variables()
        found = progress.means()
        value = (validated or found)[self._judged()]
        stopping = self.settings.early_stopping
        mode = mode_of(self.graph, self.settings, self._judged())
        best = judge(progress, value, mode, stopping.patience if stopping else None)
        report = Report(
            progress.epoch + 1, self.state.step, time.monotonic() - began, found, validated, self.rate,
            progress.skipped, best,
        )  # fmt: skip
        for recorder in self.recorders:
            recorder.epoch(report)
        progress.next_epoch()
        self.save(best)
        return report

    def _judged(self) -> str:
        """The name of the value by which epochs are compared."""
        stopping = self.settings.early_stopping
        return stopping.metric if stopping else self.settings.minimize or ""

    def _validated(self) -> dict[str, float]:
        assert self.validation is not None
        found = self.evaluate(self.validation)
        if self.settings.on_nan == "stop" and (wrong := not_finite(found)):
            told = ", ".join(f"'{name}' {found[name]}" for name in wrong)
            where = f"train: epoch {self.progress.epoch + 1}"
            raise RunError(f"graph '{self.graph.name}': {where}: values in validation must be finite, got {told}")
        return found

    def _check_variables(self) -> None:
        """Raise RunError where the last step made a variable infinite, before it gets into a checkpoint."""
        if self.settings.on_nan == "continue":
            return
        for name, value in self.state.variables.items():
            node = self.step_graph.nodes.get(f"train/{name}/apply")
            if node is not None and not np.isfinite(value).all():
                raise RunError(
                    f"graph '{self.graph.name}': train: epoch {self.progress.epoch + 1}, step {self.state.step}: "
                    f"variable '{name}' must be finite, got another value from {node.who}; give a lower learning rate"
                )

    def evaluate(self, data: RowSplit) -> dict[str, float]:
        """Means over a split of the minimized value and of the metrics, with the current variables."""
        kept = {n: self.state.variables[n] for n, node in self.graph.nodes.items() if node.block.stateful}
        return evaluate(self.graph, data, self.names, kept, "validate with")

    def _put_best_back(self) -> None:
        """Give the variables the values of the best epoch, where the section asks for it."""
        stopping = self.settings.early_stopping
        if stopping is None or not stopping.restore_best or self.progress.best is None:
            return
        if self._files is not None:
            self._best = self._files.best()
        if self._best is not None:
            self.state.variables.update(self._best)

    # -- checkpoints --------------------------------------------------------------------------------------------

    def _resume(self, files: CheckpointFolder) -> None:
        """Take state and progress from the latest checkpoint."""
        path, meta, variables, progress = files.latest()
        serious, self.changes = differences(meta["notes"].get("trained_with", {}), self.notes["trained_with"])
        if progress.counted and progress.sums.keys() != {*self.names}:
            serious.append("train: metrics: in the middle of an epoch they must be those before")
        if serious:
            told = "\n  ".join([f"{path}: was trained with something else:", *serious])
            raise GraphError(f"{told}; put that back, or train anew with {way_out('restart=True', '--restart')}")
        self.state = checkpoint.state_of(path, meta, variables, self.step_graph)
        self.progress = progress

    def _is_saved(self, step: int) -> bool:
        """Whether a checkpoint is written after this step, unless training is stopped."""
        every = self.settings.checkpoint.every
        return step <= self.epochs * self.batches and (step % self.batches == 0 or bool(every and step % every == 0))

    def save(self, best: bool = False) -> None:
        """Write a checkpoint; without a folder, keep the variables of the best epoch if they will be put back."""
        stopping = self.settings.early_stopping
        if self._files is not None:
            self._files.save(self.state, {"progress": asdict(self.progress), **self.notes}, best)
        elif best and stopping is not None and stopping.restore_best:
            self._best = dict(self.state.variables)


def _part(data: RowSplit, order: Order, start: int, stop: int) -> Array:
    """The numbers of the rows of a batch."""
    try:
        return order[start:stop]
    except MemoryError:
        raise GraphError(
            f"{data.who}: {stop - start:,} rows at a time take more memory than there is; give fewer by 'batch_size'"
        ) from None

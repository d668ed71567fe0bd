"""Training: the steps of a `train` section over the data, with checkpoints from which it resumes bit for bit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataflow.core.cancellation import CancelFlag
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, RunError, way_out
from dataflow.engine.plan import Plan
from dataflow.engine.state import State
from dataflow.engine.steps import counted
from dataflow.engine.watching import Watch, watched_ports
from dataflow.graph.arguments import as_graph
from dataflow.graph.graph import Graph
from dataflow.graph.overrides import NO_OVERRIDES, Overrides
from dataflow.training import checkpoint
from dataflow.training.array_split import RowSplit
from dataflow.training.batches import batches_of
from dataflow.training.best import judge, mode_of
from dataflow.training.changes import NOTED, Change, Plain, changes_of, in_all, with_params
from dataflow.training.checkpoint_folder import CheckpointFolder
from dataflow.training.data import Split
from dataflow.training.epoch_report import Report
from dataflow.training.evaluation import evaluate, means, metrics, not_finite
from dataflow.training.initial_values import initial_values
from dataflow.training.non_finite import Draft, check_variables, error_of_step
from dataflow.training.optimizer_nodes import RATE, constant_rate
from dataflow.training.progress import Progress
from dataflow.training.recorder import Recorder, recorded, usual_recorders
from dataflow.training.setup import Setup
from dataflow.training.step_graph import FINITE
from dataflow.training.trained_with import differences

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


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
    watch : ports of the graph of a step whose values ``watched`` has after each; see `dataflow.engine.plan.plan`.
    overrides : nodes of both graphs to bypass, freeze and force, which checkpoints, history and record note.

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
        watch: Watch = None,
        overrides: Overrides = NO_OVERRIDES,
    ):
        self._measured = measured or as_graph(graph, "flow.Trainer(graph)")
        setup = Setup(as_graph(graph, "flow.Trainer(graph)"), epochs, data, overrides)
        self.settings, self.step_graph, self.epochs = setup.train, setup.step_graph(0), setup.epochs
        self.data, self.validation, self.size, self.batches = setup.data, setup.validation, setup.size, setup.batches
        self.graph, self.overrides, self.folder = setup.overridden(self._measured), overrides, folder
        self.names = metrics(setup.graph)
        self.notes = setup.notes(params or {})
        taken, self.left_out = ({}, []) if values is None else initial_values(setup.graph, values, partial, resume)
        self.state, self.progress = State(self.step_graph, self.settings.seed, taken), Progress()
        self.recorders = usual_recorders(folder, params) if recorders is None else recorders
        self.changes: list[str] = []  # in what this training differs, harmlessly, from what the checkpoints are of
        keep = self.settings.checkpoint.keep
        self._files = None if folder is None else CheckpointFolder(folder, keep, resume, restart)
        self.changed: list[Change] = []  # between steps
        self._setup, self._as_written, self._phase = setup, setup, 0
        if self._files is not None and self._files.resumed:
            self._resume(self._files)
        self.outputs: dict[str, Array] = {}  # of the last step, by name
        self.watched: dict[str, Array] = {}  # of the last step, by port
        self.watch(watch)
        self.stopped = False
        self._cancel: CancelFlag | None = None
        self._best: dict[str, Array] | None = None  # the variables of the best epoch, where no file keeps them

    def run(
        self, tick: Callable[[Trainer], object] | None = None, cancel: CancelFlag | None = None
    ) -> Iterator[Report]:
        """Train; yield a report after each epoch.

        ``tick`` is called after each step, and may look at ``outputs`` and ``watched``, wait, `change` or `stop`. A
        flag ``cancel`` that is set ends the training in the middle of a step, which then has changed nothing: Cancelled
        is raised, and `run` goes on with that step when it is called again.

        Raises RunError where a value is not finite and the section says to stop then; the last checkpoint stays.
        """
        self._cancel = cancel
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

    def watch(self, ports: Watch) -> None:
        """Watch these ports of the graph of a step from the next step on, in place of those before.

        Raises UnknownNameError for a port that there is not.
        """
        watched_ports(self.step_graph, ports)
        self._watch = ports if ports is None or isinstance(ports, str) else list(ports)
        self._plan_anew()

    def change(self, rate: float | None = None, params: Mapping[str, Plain] | None = None) -> None:
        """From the next step on, train with another learning rate, or with other parameters of the graph's file.

        The rate holds in place of the schedule and of what the optimizer is given, but for variables that have one of
        their own. Parameters may change nodes, inputs of the optimizer and attrs of the schedule, but no variable, data
        or other setting. Checkpoints and the history note the change, and a training that is resumed goes on with it.

        Raises GraphError where it may not be changed so; then nothing is.
        """
        changes = [*self.changed, Change(self.state.step, rate, dict(params or {}))]
        self._change(changes)
        self._plan_anew()

    @property
    def nothing_left(self) -> bool:
        """Whether all epochs are done, or those after which training ends early."""
        return self.progress.epoch >= self.epochs or self.progress.done

    @property
    def rate(self) -> float | None:
        """The learning rate of the last step; None where it is not known."""
        if self._setup.rate is not None:
            return self._setup.rate
        return self.progress.rate if self.settings.schedule else constant_rate(self._setup.optimizer)

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
        left = batches_of(
            self.data, self.size, self.batches, progress.rows, self.state.seed, progress.epoch,
            self.settings.drop_remainder,
        )  # fmt: skip
        for feeds in left:
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
            self._plan_anew()

    def _plan_anew(self) -> None:
        """Plan the step; ports that are not in it any more, because what made them is frozen, are not watched."""
        watch = self._watch
        if isinstance(watch, list):
            watch = [port for port in watch if port.partition(".")[0] in self.step_graph.nodes]
        self.plan = Plan(self.step_graph, steps=True, watch=watch)

    def _change(self, changes: list[Change]) -> None:
        """Be a training that was changed so, or raise GraphError and stay as it is."""
        rate, params = in_all(changes)
        setup = self._as_written.changed(rate, params)
        step_graph = setup.step_graph(self._phase)
        kept = [name for name, node in step_graph.nodes.items() if node.block.stateful]
        if {*kept} != {*self.state.variables}:
            raise GraphError("a change must leave the variables of the optimizer as they are; train anew")
        self.graph = setup.overridden(with_params(self._measured, params) if params else self._measured)
        self._setup, self.step_graph, self.settings, self.changed = setup, step_graph, setup.train, changes

    def _step(self, feeds: dict[str, Array], rows: int) -> None:
        """Run a step and commit what it does to the variables, unless a value in it is not finite."""
        draft, on_nan, watched = Draft(self.state), self.settings.on_nan, dict[str, Array]()
        observe = watched.__setitem__ if self.plan.watched else None
        outputs = self.plan.run(feeds, state=draft, observe=observe, cancel=self._cancel)
        self.outputs, self.watched = outputs, watched
        found = means(self.step_graph, outputs, self.names)
        if RATE in outputs:
            self.progress.rate = float(outputs[RATE])
        wrong = not_finite(found) if on_nan != "continue" else []
        if not wrong and FINITE in outputs and not outputs[FINITE]:
            wrong = ["gradient"]
        if wrong and on_nan == "stop":
            done = f"batch {self.batch + 1} of {self.batches}"
            where = f"epoch {self.progress.epoch + 1}, step {self.state.step + 1} ({done})"
            raise error_of_step(self.step_graph, where, wrong, found, feeds, self.state, isinstance(self.data, Split))
        self.state.commit({} if wrong else draft.changed)
        if wrong:
            self.progress.skipped += 1
        else:
            self.progress.add(found, rows)

    # -- epochs -------------------------------------------------------------------------------------------------

    def _close_epoch(self, began: float) -> Report:
        progress = self.progress
        if not progress.counted:
            raise RunError(f"graph '{self.graph.name}': train: epoch {progress.epoch + 1}: no step had finite values")
        validated = {} if self.validation is None else self._validated()
        if self.settings.on_nan != "continue":
            check_variables(self.step_graph, self.state, f"epoch {progress.epoch + 1}, step {self.state.step}")
        found = progress.means()
        value = (validated or found)[self._judged()]
        stopping = self.settings.early_stopping
        mode = mode_of(self.graph, self.settings, self._judged())
        best = judge(progress, value, mode, stopping.patience if stopping else None)
        report = Report(
            progress.epoch + 1, self.state.step, time.monotonic() - began, found, validated, self.rate,
            progress.skipped, best, self._differing_in_epoch(),
        )  # fmt: skip
        for recorder in self.recorders:
            recorder.epoch(report)
        progress.next_epoch()
        self.save(best)
        return report

    def _differing_in_epoch(self) -> str:
        """What the epoch was done with that the file does not say."""
        first = self.state.step - self.batch  # the step that the epoch began after
        changed = (str(each) for each in self.changed if first <= each.step < self.state.step)
        return "; ".join(filter(None, (str(self.overrides), *changed)))

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

    def evaluate(self, data: RowSplit) -> dict[str, float]:
        """Means over a split of the minimized value and of the metrics, with the current variables."""
        kept = {n: self.state.variables[n] for n, node in self.graph.nodes.items() if node.block.stateful}
        return evaluate(self.graph, data, self.names, kept, "validate with", self._cancel)

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
            anew = way_out("restart=True", "--restart", "Restart")
            raise GraphError(f"{told}; put that back, or train anew with {anew}")
        self.state = checkpoint.state_of(path, meta, variables, self.step_graph)
        self.progress = progress
        if changed := changes_of(meta["notes"]):
            self._change(changed)
            self.changes += [f"what was changed in {each}" for each in changed]

    def _is_saved(self, step: int) -> bool:
        """Whether a checkpoint is written after this step, unless training is stopped."""
        every = self.settings.checkpoint.every
        return step <= self.epochs * self.batches and (step % self.batches == 0 or bool(every and step % every == 0))

    def save(self, best: bool = False) -> None:
        """Write a checkpoint; without a folder, keep the variables of the best epoch if they will be put back."""
        stopping = self.settings.early_stopping
        if self._files is not None:
            self._files.save(self.state, self._noted(), best)
        elif best and stopping is not None and stopping.restore_best:
            self._best = dict(self.state.variables)

    def _noted(self) -> dict[str, Any]:
        """What a checkpoint says beside the variables."""
        changed = {NOTED: [each.plain for each in self.changed]} if self.changed else {}
        return {"progress": asdict(self.progress), **changed, **self.notes}

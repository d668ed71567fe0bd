"""Steps of a graph that changes its variables by itself, followed as a training is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from dataflow.core.cancellation import CancelFlag
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError
from dataflow.engine.plan import Plan
from dataflow.engine.state import State
from dataflow.graph.overrides import NO_OVERRIDES, Overrides
from dataflow.studio.jobs.call import Call, Memory
from dataflow.studio.jobs.prepared import fed_or_forced
from dataflow.studio.jobs.refusals import problem
from dataflow.studio.jobs.source import Source, check_fed, rows_of
from dataflow.studio.jobs.training import Live
from dataflow.training.changes import Plain
from dataflow.training.progress import Progress


@dataclass(frozen=True)
class Kept:
    """Where steps ended: the values of variables and how many steps there were, from which more of them go on."""

    variables: Mapping[str, Array] = field(default_factory=dict)
    step: int = 0


@dataclass(frozen=True)
class Steps:
    """So many steps that are asked for, as `dataflow run --steps` does them; they go on from what is ``kept``."""

    source: Source
    count: int
    split: str = ""
    rows: int | None = None
    kept: Kept = Kept()
    watched: Sequence[str] = ()
    overrides: Overrides = NO_OVERRIDES

    def work(self, call: Call, memory: Memory) -> object:
        """Run the steps; the events are `trained`. What is given is how they ended, and the state to go on from."""
        stepper = None
        try:
            stepper = Stepper(self, memory)
            live = Live(stepper, call)
            live.watch(self.watched)
            while not stepper.stopped and stepper.state.step < stepper.batches:
                stepper.run(call.cancelled)
                live.tick(stepper)
            live.tell("running")
        except (DataflowError, MemoryError) as error:
            return {
                "state": "failed",
                "problem": problem(error),
                "kept": self.kept if stepper is None else stepper.kept,
            }
        return {"state": "stopped" if stepper.stopped else "done", "problem": None, "kept": stepper.kept}


class Stepper:
    """Runs a graph step by step with a state, as `Live` follows a trainer.

    Raises GraphError where the graph changes no variable, or what is kept does not fit its variables.
    """

    epochs = 1
    rate: float | None = None  # there is none that is known to be one; it is a parameter, or a number on a port

    def __init__(self, asked: Steps, memory: Memory):
        self._source, self._overrides = asked.source, asked.overrides
        self._memory, self._split, self._rows = memory, asked.split, asked.rows
        self._take(asked.source)
        self.state = State(self.step_graph, values=asked.kept.variables)
        self.state.step = asked.kept.step
        self.batches = asked.kept.step + asked.count  # steps that are done in the end
        self.progress, self.stopped = Progress(), False
        self.outputs: Mapping[str, Array] = {}
        self.watched: dict[str, Array] = {}
        self._ports: list[str] = []
        self._planned()

    @property
    def kept(self) -> Kept:
        """Where it stands."""
        return Kept(dict(self.state.variables), self.state.step)

    def run(self, cancel: CancelFlag | None = None) -> None:
        """Do a step."""
        found: dict[str, Array] = {}
        observe = found.__setitem__ if self._ports else None
        self.outputs = self._plan.run(self._feeds, state=self.state, observe=observe, cancel=cancel)
        self.watched = {name: value for name, value in self.outputs.items() if name not in self.names} | found
        last = {name: float(self.outputs[name]) for name in self.names}
        self.progress.sums, self.progress.counted = last, 1

    def stop(self) -> None:
        """Stop after this step."""
        self.stopped = True

    def watch(self, ports: Sequence[str] | None) -> None:
        """Watch these ports from the next step on."""
        self._ports = list(ports or ())
        self._planned()

    def change(self, rate: float | None = None, params: Mapping[str, Plain] | None = None) -> None:
        """Give parameters of the graph other values from the next step on."""
        if rate is not None:
            raise GraphError(
                f"graph '{self.step_graph.name}': without a train section no learning rate is known, got {rate:g}; "
                "change the parameter that it is"
            )
        source = Source(
            self._source.path, self._source.text, self._source.texts, {**self._source.params, **(params or {})}
        )
        self._take(source)
        self.state.variables = dict(State(self.step_graph, values=self.state.variables).variables)
        self._planned()

    def _take(self, source: Source) -> None:
        """Run the graph of a source, with its overrides, from the next step on; nothing is taken where that fails."""
        written = source.graph()
        rows = rows_of(written, self._split, self._rows, self._memory).feeds
        given, forced = fed_or_forced(written, self._overrides.forced, rows)
        graph = replace(self._overrides, forced=cast("Mapping[str, Array]", forced)).of(written)
        if not graph.updates:
            raise GraphError(
                f"graph '{graph.name}': must have nodes that change variables, such as AssignAdd or "
                "ApplyGradientDescent, to be run step by step, got none; run it once, or give it a train section"
            )
        feeds = {name: array for name, array in {**rows, **given}.items() if name in graph.nodes}
        check_fed(graph, feeds)
        self._source, self.step_graph, self._feeds = source, graph, feeds

    def _planned(self) -> None:
        graph = self.step_graph
        self.names = [name for name, link in graph.outputs.items() if graph.deref(link).type.shape == ()]
        self._plan = Plan(graph, steps=True, watch=self._ports or None)

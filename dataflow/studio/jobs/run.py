"""A run of the open graph: what happens to each node, what stands on each port, as it happens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.engine.fates import Event
from dataflow.engine.plan import Plan
from dataflow.engine.settings import Settings
from dataflow.engine.watching import port_name
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.studio.jobs.call import Call, Gathered, Memory
from dataflow.studio.jobs.quality import Reference, quantizers
from dataflow.studio.jobs.refusals import problem
from dataflow.studio.jobs.source import Source, check_fed, rows_of
from dataflow.studio.jobs.statistics import statistics

MAX_BYTES = 2 << 30  # that a run may hold beside its inputs


@dataclass(frozen=True)
class Run:
    """A run that is asked for.

    split : of the data section; "" for the first one. ``rows``: at most so many of it.
    to : only what this node needs is run; "" for all outputs.
    """

    source: Source
    split: str = ""
    rows: int | None = None
    to: str = ""
    max_bytes: int = MAX_BYTES

    def work(self, call: Call, memory: Memory) -> object:
        """Run; the events are `ran`, and at first `began`. What is given is how it ended."""
        began = time.perf_counter()
        try:
            graph = self.source.graph()
            name, feeds, rows = rows_of(graph, self.split, self.rows, memory)
            check_fed(graph, feeds)
            outputs = {each: port_name(link) for each, link in graph.outputs.items()}
            call.tell({"event": "began", "split": name, "rows": rows, "outputs": outputs})
            _Watched(graph, call, memory).run(feeds, self.max_bytes)
        except (DataflowError, MemoryError) as error:
            return {"state": "failed", "problem": problem(error), "seconds": time.perf_counter() - began}
        return {"state": "done", "problem": None, "seconds": time.perf_counter() - began}


@dataclass(frozen=True)
class PlanRun:
    """The question what a run would do."""

    run: Run

    def work(self, call: Call, memory: Memory) -> object:
        """What would become of each node, and why: a `NodeFate` by its name."""
        graph = self.run.source.graph()
        _, feeds, _ = rows_of(graph, self.run.split, self.run.rows, memory)
        check_fed(graph, feeds)
        shapes = {name: array.shape for name, array in feeds.items()}
        plan = Plan(runnable(graph), settings=Settings.of(max_bytes=self.run.max_bytes), watch="all")
        return {name: _told(event) for name, event in plan.fates(shapes).items()}


def _told(event: Event) -> dict[str, object]:
    """The `NodeFate` of an event."""
    seconds, estimated = event.seconds, event.estimated
    return {"fate": event.fate, "because": event.because, "seconds": seconds, "estimated": estimated}


def runnable(graph: Graph) -> Graph:
    """The graph, or one with outputs where it has none: what no other node reads."""
    if graph.outputs:
        return graph
    made = graph.copy()
    read = {source for node in graph.nodes.values() for source in node.sources}
    made.outputs = {node.name: node.first for node in graph.nodes.values() if node.types and node.name not in read}
    return made


@dataclass
class _Watched:
    """A run of which every port is told."""

    graph: Graph
    call: Call
    memory: Memory

    def run(self, feeds: Mapping[str, Array], max_bytes: int) -> None:
        told, values = Gathered(self.call.tell, "ran"), dict[str, Array]()
        rounded = {port_name(node.first): node for node in quantizers(self.graph)}
        types = {port_name(Link(n.name, p)): t for n in self.graph.nodes.values() for p, t in n.types.items()}

        def trace(event: Event) -> None:
            if event.node in self.graph.nodes:  # the parts of composites are not drawn
                told.add("nodes", event.node, _told(event))

        known: dict[str, dict[str, object]] = {}

        def observe(port: str, value: Array) -> None:
            values[port] = value
            found = statistics(value, types[port].dtype)
            if port in rounded:
                known[port] = found  # whose quality follows
            told.add("values", port, found)

        plan = Plan(runnable(self.graph), settings=Settings.of(max_bytes=max_bytes), watch="all")
        try:
            plan.run(feeds, trace, observe=observe, cancel=self.call.cancelled)
            reference = Reference.of(self.graph, feeds, max_bytes, self.call.cancelled)
            for port, found in known.items():
                if (quality := reference.quality(rounded[port], values)) is not None:
                    told.add("values", port, {**found, "quality": quality})
        finally:
            self.memory.shapes = {port: type_.shape for port, type_ in types.items()}
            self.memory.values = values
            told.flush()

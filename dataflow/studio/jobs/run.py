"""A run of the open graph: what happens to each node, what stands on each port, as it happens."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.engine.fates import Event
from dataflow.engine.kept import Kept
from dataflow.engine.watching import port_name
from dataflow.graph.node import Link
from dataflow.studio.jobs.call import Call, Gathered, Memory
from dataflow.studio.jobs.kept_values import Values
from dataflow.studio.jobs.prepared import Asked, Prepared
from dataflow.studio.jobs.quality import Reference, quantizers
from dataflow.studio.jobs.refusals import problem
from dataflow.studio.jobs.statistics import statistics

MAX_BYTES = 2 << 30  # that a run may hold beside its inputs


@dataclass(frozen=True)
class Run:
    """A run that is asked for.

    number : by which its values are known. again : whether what has not changed is run too.
    """

    asked: Asked
    number: int = 0
    again: bool = False
    max_bytes: int = MAX_BYTES

    def work(self, call: Call, memory: Memory) -> object:
        """Run; the events are `ran`, and at first `began`. What is given is how it ended, and whose values are kept."""
        began, wrong = time.perf_counter(), None
        known = memory.documents.of(self.asked.document)
        kept = memory.documents.let_go()
        try:
            prepared = self.asked.prepared(memory)
            if self.again:
                known.kept.pop("kept", None)
            outputs = {name: port_name(link) for name, link in prepared.whole.outputs.items()}
            known.values = {}  # what is asked about meanwhile is of this run, or not there yet
            call.tell({"event": "began", "split": prepared.split, "rows": prepared.rows, "outputs": outputs})
            known.label = f"run {self.number}"
            _Watched(prepared, call, known, self.max_bytes).run()
        except (DataflowError, MemoryError) as error:
            wrong = problem(error)
        state, seconds = "done" if wrong is None else "failed", time.perf_counter() - began
        return {"state": state, "problem": wrong, "seconds": seconds, "kept": kept}


@dataclass(frozen=True)
class PlanRun:
    """The question what a run would do."""

    run: Run

    def work(self, call: Call, memory: Memory) -> object:
        """What would become of each node, and why: a `NodeFate` by its name."""
        prepared = self.run.asked.prepared(memory)
        kept = kept_in(memory.documents.of(self.run.asked.document), self.run.max_bytes)
        found = kept.fates(prepared.graph, prepared.feeds, tokens=prepared.tokens, watch="all")
        return {name: _told(_left(prepared, found.get(name, Event(name, "unneeded")))) for name in prepared.whole.nodes}


def kept_in(known: Values, max_bytes: int, name: str = "kept") -> Kept:
    """What keeps the values of runs of a document in a worker."""
    kept = known.kept.get(name)
    if kept is None or kept.settings.max_bytes != max_bytes:
        known.kept[name] = kept = Kept(max_bytes=max_bytes)
    return kept


def _left(prepared: Prepared, event: Event) -> Event | tuple[str, str]:
    """An event, or the fate that the session decides."""
    return prepared.left.get(event.node, event)


def _told(event: Event | tuple[str, str]) -> dict[str, object]:
    """The `NodeFate` of an event."""
    if isinstance(event, tuple):
        return {"fate": event[0], "because": event[1], "seconds": None, "estimated": False}
    seconds, estimated = event.seconds, event.estimated
    return {"fate": event.fate, "because": event.because, "seconds": seconds, "estimated": estimated}


@dataclass
class _Watched:
    """A run of which every port is told."""

    prepared: Prepared
    call: Call
    known: Values
    max_bytes: int

    def run(self) -> None:
        prepared, kept = self.prepared, self.known
        graph, written = prepared.graph, prepared.whole.nodes
        told, values = Gathered(self.call.tell, "ran"), dict[str, Array]()
        types = {port_name(Link(node.name, port)): t for node in graph.nodes.values() for port, t in node.types.items()}
        rounded = {port_name(node.first): node for node in quantizers(graph)}
        made: dict[str, tuple[Array, dict[str, object]]] = {}
        kept.shapes = {shown: types[port].shape for port, shown in prepared.ports.items()}

        def trace(event: Event) -> None:
            if event.node in written:  # the parts of composites are not drawn
                told.add("nodes", event.node, _told(_left(prepared, event)))

        def observe(port: str, value: Array) -> None:
            values[port] = value
            if (shown := prepared.ports.get(port)) is None:
                return
            before = kept.statistics.get(shown)
            found = before[1] if before is not None and before[0] is value else statistics(value, types[port].dtype)
            made[shown] = value, found
            kept.values[shown] = value
            if port not in rounded:
                told.add("values", shown, found)

        try:
            for name in prepared.left:
                trace(Event(name, "unneeded"))
            kept_in(kept, self.max_bytes).run(
                graph, prepared.feeds, tokens=prepared.tokens, watch="all", observe=observe, trace=trace,
                cancel=self.call.cancelled,
            )  # fmt: skip
            for port, more in self._quality(values) if rounded else ():
                if (shown := prepared.ports.get(port)) is not None:
                    told.add("values", shown, {**made[shown][1], **more})
        finally:
            kept.statistics = made
            told.flush()

    def _quality(self, values: Mapping[str, Array]) -> Iterator[tuple[str, dict[str, object]]]:
        """What quantizers do to the values on their ports, and on those behind them."""
        kept = kept_in(self.known, self.max_bytes, "kept without quantizers")
        prepared = self.prepared
        reference = Reference.of(prepared.graph, prepared.feeds, prepared.tokens, kept, self.call.cancelled)
        for node in quantizers(prepared.graph):
            yield port_name(node.first), {"quality": reference.quality(node, values)}
        for port in reference.behind:
            if (sqnr := reference.sqnr(port, values[port])) is not None:
                yield port, {"sqnr": sqnr}

"""A run of the open graph: what happens to each node, what stands on each port, as it happens."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.engine.plan import Plan
from dataflow.engine.settings import Settings
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.studio.jobs.call import Call, Gathered, Memory
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


def port_name(link: Link) -> str:
    """The full name of a port, ``conv1/act.activations``."""
    return f"{link.node}.{link.port}"


@dataclass
class _Watched:
    """A run of which every port is told."""

    graph: Graph
    call: Call
    memory: Memory
    values: dict[str, Array] = field(default_factory=dict)

    def run(self, feeds: Mapping[str, Array], max_bytes: int) -> None:
        told = Gathered(self.call.tell, "ran")
        graph = self.graph.copy()
        links = {
            f"\0{port_name(link)}": link for link in (Link(n.name, p) for n in graph.nodes.values() for p in n.types)
        }
        graph.outputs = {**graph.outputs, **links}

        def trace(node: str, seconds: float, values: Sequence[Array]) -> None:
            self.call.check()
            told.add("nodes", node, {"fate": "run", "because": "", "seconds": seconds, "estimated": False})

        found = Plan(graph, settings=Settings.of(max_bytes=max_bytes)).run(feeds, trace)
        self.memory.values, self.memory.dtypes = self.values, {}
        for name, link in links.items():
            self.call.check()
            dtype = graph.nodes[link.node].types[link.port].dtype
            self.values[name[1:]], self.memory.dtypes[name[1:]] = found[name], dtype
            told.add("values", name[1:], statistics(found[name], dtype))
        told.flush()

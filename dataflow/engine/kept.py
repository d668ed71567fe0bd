"""Values kept from run to run: of a graph that was changed, only what the change reaches is run again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from dataflow.core.cancellation import CancelFlag
from dataflow.core.dtypes import Array
from dataflow.engine.fates import Event
from dataflow.engine.feeds import must_be_fed
from dataflow.engine.kept_value import KeptValue
from dataflow.engine.partial import Part
from dataflow.engine.plan import Plan
from dataflow.engine.settings import Settings
from dataflow.engine.watching import Hooks, Observe, Trace, Watch, port_name
from dataflow.graph.arguments import as_graph
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.graph.renaming import draws_by_name

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MOST_BYTES = 1 << 30


@dataclass
class _Todo:
    """What a run has to do.

    watched : ports to show. fed, kept : values that are known. run : those to be made. reasons : why, by node.
    """

    graph: Graph
    watched: Mapping[str, Link]
    fed: dict[str, KeptValue]
    kept: dict[str, KeptValue]
    run: dict[str, KeptValue]
    reasons: dict[str, str]

    def value(self, link: Link) -> Array:
        """The value on a wire that is known."""
        return (self.fed.get(link.node) or self.kept[link.node]).ports[link.port]

    def known_events(self) -> Iterator[Event]:
        """The events of nodes that do not run."""
        for name in self.graph.nodes:
            if name in self.fed:
                yield Event(name, "fed", "its value is given")
            elif name in self.kept:
                yield Event(name, "kept", "nothing that it depends on has changed")
            elif name not in self.run:
                yield Event(name, "unneeded", self.reasons.get(name, "no output needs it"))

    def retold(self, event: Event) -> Event | None:
        """An event of the part that runs as one of the graph; None where it is of what comes into the part."""
        if "." in event.node:
            return None
        if event.fate == "run":
            return replace(event, because=self.reasons.get(event.node, event.because))
        head, _, last = event.because.rpartition(" ")
        return replace(event, because=f"{head} {last.partition('.')[0]}")


class Kept:
    """Runs graphs, keeps the values of their nodes, and runs again only those of which something has changed.

    What a value is made from is compared: the block and its attrs, what stands on its ports, the values that it reads,
    and the seed where it draws random numbers. What may be another value each time is never kept. Results have the bits
    of `dataflow.run` without a state; variables that were trained are fed: ``kept.run(graph, {**state, "x": x})``.

    Parameters
    ----------
    threads, kernels, max_bytes : `dataflow.engine.settings.Settings`.
    most_bytes : of values that are kept between runs; beyond it those that were not needed for longest are let go.

    Examples
    --------
    >>> import dataflow as flow
    >>> def graph(factor):
    ...     graph = flow.Graph("line")
    ...     x = graph.input("x", "float32", ["N"])
    ...     exp = graph.add(flow.blocks["Exp"](), [x], name="exp")
    ...     graph.output("y", graph.add(flow.blocks["Multiply"](), [exp, factor], name="scaled"))
    ...     return graph
    >>> kept = flow.Kept()
    >>> kept.run(graph(2.0), {"x": [0.0]})
    {'y': array([2.], dtype=float32)}
    >>> for event in kept.fates(graph(3.0), {"x": [0.0]}).values():
    ...     print(event.node, event.fate, "because", event.because)
    x fed because its value is given
    exp kept because nothing that it depends on has changed
    scaled run because input y changed
    """

    def __init__(
        self,
        threads: int | None = None,
        kernels: str | None = None,
        max_bytes: int | None = None,
        most_bytes: int = MOST_BYTES,
    ):
        self.settings, self.most_bytes = Settings.of(threads, kernels, max_bytes=max_bytes), most_bytes
        self._kept: dict[str, KeptValue] = {}
        self._versions, self._runs = count(1), 0
        self._planned: tuple[Hashable, object, Plan] | None = None

    def run(
        self,
        graph: Graph,
        feeds: Mapping[str, ArrayLike] | None = None,
        /,
        *,
        tokens: Mapping[str, Hashable] | None = None,
        seed: int = 0,
        watch: Watch = None,
        observe: Observe | None = None,
        trace: Trace | None = None,
        cancel: CancelFlag | None = None,
    ) -> dict[str, Array]:
        """The outputs by name, read-only.

        Parameters
        ----------
        tokens : by input what tells its values from others, such as the names of a file and a split: where it is as
            before, the values are taken to be, and are not compared.
        seed : decides the random numbers.
        watch, observe, trace, cancel : as in `dataflow.plan` and `Plan.run`. Values that are kept are shown first, the
            arrays that were shown before. Their nodes have the fate ``kept``; those that run say what has changed.

        Raises
        ------
        GraphError, RunError, Cancelled
            As `Plan.run`; values that were made until then are kept.
        """
        todo = self._todo(graph, feeds, tokens, seed, watch)
        Hooks(observe, trace, cancel).check(graph, feeds, todo.watched)
        self._runs += 1
        self._kept |= todo.fed
        for value in (*todo.fed.values(), *todo.kept.values()):
            value.used = self._runs

        def made(port: str, array: Array) -> None:
            node, _, name = port.partition(".")
            value = todo.run[node]
            value.ports[name] = array
            if value.whole:
                self._kept[node] = value
            if observe is not None and port in todo.watched:
                observe(port, array)

        def tell(event: Event) -> None:
            if trace is not None and (retold := todo.retold(event)) is not None:
                trace(retold)

        if trace is not None:
            for event in todo.known_events():
                trace(event)
        if observe is not None:
            for port, link in todo.watched.items():
                if link.node not in todo.run:
                    observe(port, todo.value(link))
        if todo.run:
            part, plan = self._planned_part(todo)
            plan.run(part.feeds, observe=made, trace=None if trace is None else tell, seed=seed, cancel=cancel)
        done = {**todo.fed, **todo.kept, **todo.run}
        outputs = {name: done[link.node].ports[link.port] for name, link in graph.outputs.items()}
        self._let_go()
        return outputs

    def fates(
        self,
        graph: Graph,
        feeds: Mapping[str, ArrayLike] | None = None,
        /,
        *,
        tokens: Mapping[str, Hashable] | None = None,
        seed: int = 0,
        watch: Watch = None,
    ) -> dict[str, Event]:
        """What would become of each node in such a run, and why; nothing is run."""
        todo = self._todo(graph, feeds, tokens, seed, watch)
        found = {event.node: event for event in todo.known_events()}
        planned = self._planned_part(todo)[1].fates().values() if todo.run else ()
        found |= {event.node: event for event in map(todo.retold, planned) if event is not None}
        return {name: found[name] for name in graph.nodes}

    def value(self, port: str) -> Array | None:
        """The value of a port, ``node.port``, read-only, if it is kept."""
        node, _, name = port.partition(".")
        found = self._kept.get(node)
        return None if found is None else found.ports.get(name)

    @property
    def nbytes(self) -> int:
        """Bytes of the values that are kept."""
        return sum(value.nbytes for value in self._kept.values())

    def rename(self, name: Callable[[str], str]) -> None:
        """Keep values under the names that ``name`` gives for those of nodes, but for those that are drawn by name."""
        named = {each: name(each) for each in self._kept}
        self._kept = {
            named[each]: value.renamed(name)
            for each, value in self._kept.items()
            if named[each] == each or value.node is None or not draws_by_name(value.node)
        }
        self._planned = None

    def clear(self) -> None:
        """Let all values go."""
        self._kept.clear()
        self._planned = None

    def _todo(
        self,
        graph: Graph,
        feeds: Mapping[str, ArrayLike] | None,
        tokens: Mapping[str, Hashable] | None,
        seed: int,
        watch: Watch,
    ) -> _Todo:
        graph = as_graph(graph, "Kept.run(graph, ...)")
        plan = Plan(graph, settings=self.settings, watch=watch)
        arrays = plan.fed({} if feeds is None else feeds)
        watched = plan.watched_with(arrays)
        needed = graph.ancestors(link.node for link in (*graph.outputs.values(), *watched.values()))
        todo = _Todo(graph, watched, {}, {}, {}, {})
        for name, array in arrays.items():
            todo.fed[name] = self._fed(graph.nodes[name], array, (tokens or {}).get(name))
        versions = {name: value.version for name, value in todo.fed.items()}
        for node in graph.nodes.values():
            if node.name in todo.fed:
                continue
            unfed = next((source for source in node.sources if source not in versions), None)
            if unfed is not None or (node.block.feedable and must_be_fed(node)):
                todo.reasons[node.name] = todo.reasons.get(unfed or "", f"input '{node.name}' is not fed")
                continue
            sources = {source: versions[source] for source in node.sources}
            key = seed if node.block.takes_key else None
            old = self._kept.get(node.name)
            why = "it has not run yet" if old is None else old.differs(node, sources, key, todo.fed)
            if old is not None and not why:
                versions[node.name] = old.version
                if node.name in needed:
                    todo.kept[node.name] = old
                continue
            versions[node.name] = next(self._versions)
            if node.name in needed:
                todo.run[node.name] = KeptValue(versions[node.name], node, sources, key, used=self._runs + 1)
                todo.reasons[node.name] = why
        return todo

    def _fed(self, node: Node, array: Array, token: Hashable) -> KeptValue:
        """The value of a node that is fed: the one that is kept, if it is the same, else a copy."""
        (port, *_) = node.types
        old = self._kept.get(node.name)
        if old is not None and old.is_fed(port, array, token):
            return replace(old, key=token)
        copy = np.array(array)
        copy.flags.writeable = False
        return KeptValue(next(self._versions), None, key=token, ports={port: copy})

    def _planned_part(self, todo: _Todo) -> tuple[Part, Plan]:
        """The nodes to run as a graph, with its plan: that of the run before, if these are the same nodes."""
        part = Part(todo.graph, todo.run.keys(), todo.value)
        nodes = [value.node for value in todo.run.values()]
        key = tuple(map(id, nodes)), tuple((name, array.dtype, array.shape) for name, array in part.feeds.items())
        if self._planned is None or self._planned[0] != key:
            ports = [port_name(Link(name, port)) for name in todo.run for port in todo.graph.nodes[name].types]
            self._planned = key, nodes, Plan(part.graph, settings=self.settings, watch=ports)
        return part, self._planned[2]

    def _let_go(self) -> None:
        """Let values go until those that are left take no more bytes than they may."""
        held = self.nbytes
        for name, value in sorted(self._kept.items(), key=lambda item: (item[1].used, -item[1].nbytes)):
            if held <= self.most_bytes:
                return
            held -= value.nbytes
            del self._kept[name]

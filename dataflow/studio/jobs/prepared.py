"""What a run is of: the open graph as the session has it run, and the rows that feed it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np

from dataflow.core import conversion
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, instead
from dataflow.files import ArrayFile, Unreadable
from dataflow.graph.graph import Graph
from dataflow.graph.node import Node
from dataflow.graph.overrides import bypassed, forced, frozen, up_to
from dataflow.studio.jobs import made_up
from dataflow.studio.jobs.call import Call, Memory
from dataflow.studio.jobs.kept_values import Values
from dataflow.studio.jobs.source import Source, check_fed, rows_of, unfed
from dataflow.studio.names import Rename, before
from dataflow.training.trained_values import values_of


@dataclass(frozen=True)
class Held:
    """Where the value of a frozen node is: in a run, by its label, or in a file; ``key``: which array of the file.

    renames : of nodes since that run.
    """

    label: str
    path: str = ""
    key: str = ""
    renames: Sequence[Rename] = ()


@dataclass(frozen=True)
class Asked:
    """A graph and what the session says of its runs.

    split : of the data section; "" for the first one. ``rows``: at most so many of it.
    to : only what this node needs is run; "" for all outputs.
    trained : the folder of checkpoints from the best of which variables begin; None where they begin as written.
    document : by what its values are kept. renames : of its nodes.
    """

    source: Source
    split: str = ""
    rows: int | None = None
    to: str = ""
    bypassed: Sequence[str] = ()
    frozen: Mapping[str, Held] = field(default_factory=dict)
    forced: Mapping[str, object] = field(default_factory=dict)
    trained: Path | None = None
    document: str = ""
    renames: Sequence[Rename] = ()

    def prepared(self, memory: Memory) -> Prepared:
        """The graph that is run, and its rows; GraphError where something does not fit it."""
        memory.documents.of(self.document).follow(self.renames)
        whole = self.source.graph()
        name, rows, count, token = rows_of(whole, self.split, self.rows, memory)
        given, others = fed_or_forced(whole, self.forced, rows)
        graph = whole
        left: dict[str, tuple[str, str]] = {}  # what becomes of nodes that are not run as they are written, and why
        if not name:
            for each in unfed(whole, {**rows, **given}):
                given[each] = made_up.made_up(whole, each)
                left[each] = "fed", made_up.WHY
                count = made_up.ROWS
        if self.trained is not None:
            given |= self._variables(whole)
        if others:
            graph = forced(graph, cast("Mapping[str, Array]", others))
        for each in self.bypassed:
            graph = bypassed(graph, each)
            own = [node for node in whole.nodes if node == each or node.startswith(f"{each}/")]
            left |= dict.fromkeys(own, ("bypassed", "its readers get what stands on its first input"))
        values, because = self.frozen_values(graph, memory)
        if values:
            graph = frozen(graph, values)
            left |= because
        if self.to:
            (node, *_) = nodes_of(graph, self.to)
            graph = up_to(graph, node)
        why = f"'{self.to}' does not need it" if self.to else "only what is frozen needs it"
        gone = [each for each in whole.nodes if each not in graph.nodes and each not in left]
        left |= dict.fromkeys(gone, ("unneeded", why))
        feeds = {each: array for each, array in {**rows, **given}.items() if each in graph.nodes}
        check_fed(graph, feeds)
        tokens = {each: token for each in feeds if each in rows and each not in given}
        return Prepared(whole, graph, feeds, tokens, name, count, left, _ports(whole, graph, because))

    def _variables(self, graph: Graph) -> dict[str, Array]:
        """The values that training has left the variables."""
        assert self.trained is not None
        folder = str(self.trained) if self.trained.exists() else None
        return dict(values_of(graph, self.source.path, None, folder, "best")[0])

    def frozen_values(self, graph: Graph, memory: Memory) -> tuple[dict[str, Array], dict[str, tuple[str, str]]]:
        """The values of frozen nodes by port, and why these nodes do not run."""
        known = memory.documents.of(self.document)
        found: dict[str, Array] = {}
        because: dict[str, tuple[str, str]] = {}
        wanted: set[tuple[str, str]] = set()
        for name, held in self.frozen.items():
            for node in nodes_of(graph, name):
                because[node] = "frozen", f"its value is that of {held.label}"
                if held.path:
                    found[node] = _read(held, node)
                    continue
                key = before(node, held.renames), held.label
                wanted.add(key)
                if key not in known.frozen:
                    known.frozen[key] = _of_run(graph.nodes[node], *key, known)
                found |= {f"{node}.{port}": value for port, value in known.frozen[key].items()}
        for key in [key for key in known.frozen if key not in wanted]:
            del known.frozen[key]
        return found, because


def fed_or_forced(
    graph: Graph, forced: Mapping[str, object], rows: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, object]]:
    """Forced values of inputs that nothing else feeds, which are fed them, and those of other ports."""
    given: dict[str, Array] = {}
    others: dict[str, object] = {}
    for port, value in forced.items():
        ref = graph.ref(port)
        node = graph.nodes[ref.node]
        if node.name in graph.inputs and node.name not in rows:
            try:
                given[node.name] = conversion.array(value, ref.type.dtype)
            except conversion.ConversionError as error:
                raise GraphError(f"forcing of '{port}': the value {error}") from None
        else:
            others[port] = value
    return given, others


@dataclass(frozen=True)
class FrozenValues:
    """The question for the values of frozen nodes, which a worker keeps that has run them."""

    asked: Asked

    def work(self, call: Call, memory: Memory) -> object:
        """The values by port."""
        return self.asked.frozen_values(self.asked.source.graph(), memory)[0]


@dataclass(frozen=True)
class Prepared:
    """A graph ready to run.

    whole : as it is written. graph : as it is run.
    tokens : by input what tells its rows from others.
    left : by node of the whole graph its fate and the reason, where the session decides it.
    ports : of the graph that is run, by the port of the whole graph whose value they have.
    """

    whole: Graph
    graph: Graph
    feeds: Mapping[str, Array]
    tokens: Mapping[str, Hashable]
    split: str
    rows: int
    left: Mapping[str, tuple[str, str]]
    ports: Mapping[str, str]


def _ports(whole: Graph, graph: Graph, frozen_nodes: Collection[str]) -> dict[str, str]:
    """The ports of a graph that is run, each with the port of the whole graph whose value it has.

    A frozen node is a constant of its name, and for each of its other outputs one of the name ``node/port``.
    """
    found: dict[str, str] = {}
    for node in whole.nodes.values():
        for i, port in enumerate(node.types):
            name = f"{node.name}/{port}" if i and node.name in frozen_nodes else node.name
            if (made := graph.nodes.get(name)) is not None:
                own = made.first.port if node.name in frozen_nodes else port
                found[f"{name}.{own}"] = f"{node.name}.{port}"
    return found


def nodes_of(graph: Graph, name: str) -> list[str]:
    """The node of this name; of one whose block is a graph file those within it that others read, or the last one."""
    if name in graph.nodes:
        return [name]
    within = [each for each in graph.nodes if each.startswith(f"{name}/")]
    if not within:
        raise GraphError(f"no node '{name}'; {instead(name, [*graph.nodes])}")
    read = _read_from_outside(graph, within)
    return [each for each in within if each in read] or within[-1:]


def _read_from_outside(graph: Graph, within: Iterable[str]) -> set[str]:
    own = set(within)
    outside = {link.node for link in graph.outputs.values()}
    outside |= {source for node in graph.nodes.values() if node.name not in own for source in node.sources}
    return outside & own


def _of_run(node: Node, name: str, label: str, known: Values) -> dict[str, Array]:
    """The values of a node in a run that is remembered, in which it had this name, by port."""
    if label != known.label or not all(f"{name}.{port}" in known.values for port in node.types):
        raise GraphError(
            f"freezing of '{node.name}': the values of {label} are no longer kept; run, and freeze it again"
        )
    return {port: np.array(known.values[f"{name}.{port}"]) for port in node.types}


def _read(held: Held, node: str) -> Array:
    """The value of a node from a file."""
    try:
        with ArrayFile(held.path) as file:
            names = file.names
            key = held.key or (node if node in names or len(names) != 1 else names[0])
            if names and key not in names:
                raise GraphError(f"freezing of '{node}': {held.label} has no array '{key}'; {instead(key, names)}")
            return file.entry(key if names else None).read()
    except Unreadable as error:
        raise GraphError(f"freezing of '{node}': {held.label}: {error}") from None

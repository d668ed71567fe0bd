"""Watched ports: which wires of a graph they are, and the check of the functions that look on while it runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from dataflow.core.cancellation import CancelFlag
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, kind_of, way_out
from dataflow.engine.fates import Event
from dataflow.engine.feeds import check_ambiguity
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link

ALL = "all"
Watch = str | Iterable[str] | None  # "all", or ports by name
Observe = Callable[[str, Array], object]
Trace = Callable[[Event], object]


class HookError(Exception):
    """A function that looks on failed; the cause is what it raised."""


class Hooks(NamedTuple):
    """What looks on while a program runs, and may end it; see `dataflow.engine.plan.Plan.run`."""

    observe: Observe | None = None
    trace: Trace | None = None
    cancel: CancelFlag | None = None

    def check(self, graph: Graph, given: object, watched: Collection[str]) -> None:
        """Raise GraphError where one is not what it must be, or may be meant for an input of its name.

        ``given`` are the inputs in a dict, if they are.
        """
        apt = (callable(self.observe), callable(self.trace), hasattr(self.cancel, "is_set"))
        wrong = {name: hook for name, hook, fits in zip(self._fields, self, apt, strict=True) if not fits}
        check_ambiguity(graph, given, **wrong)
        for name, hook in wrong.items():
            wanted = "have a method is_set, as threading.Event has" if name == "cancel" else "be a function"
            if hook is not None:
                raise GraphError(f"option '{name}' must {wanted}, got {kind_of(hook)}")
        if self.observe is not None and not watched:
            ports = way_out("flow.plan(graph, watch=['NODE.PORT', ...]), or watch='all'", "name some")
            raise GraphError(f"option 'observe' must have watched ports to look at, got none; {ports}")


def is_all(watch: Watch) -> bool:
    """Whether every port is watched."""
    return isinstance(watch, str) and watch == ALL


def watched_ports(graph: Graph, watch: Watch) -> dict[str, Link]:
    """The watched wires of a graph by their port, ``node.port``, each once.

    ``watch`` is ``"all"``, or wires by name as `Graph.ref` takes them. Raises GraphError for what is none of these, and
    UnknownNameError for a port that there is not.
    """
    if watch is None:
        return {}
    if is_all(watch):
        links = [Link(node.name, port) for node in graph.nodes.values() for port in node.types]
        return {port_name(link): link for link in links}
    if isinstance(watch, str) or not isinstance(watch, Iterable):
        raise GraphError(
            f"option 'watch' must be a list of ports such as ['conv1.output'], or 'all', got {kind_of(watch)}"
        )
    found: dict[str, Link] = {}
    for name in watch:
        if not isinstance(name, str):
            raise GraphError(f"option 'watch' must be a list of names of ports, got {kind_of(name)} in it")
        ref = graph.ref(name)
        link = Link(ref.node, ref.port)
        found[port_name(link)] = link
    return found


def port_name(link: Link) -> str:
    """The full name of a port, ``conv1/act.activations``; names of nodes and outputs have no dot."""
    return f"{link.node}.{link.port}"


def within_reach(graph: Graph, watched: Mapping[str, Link], unfed: Iterable[str]) -> dict[str, Link]:
    """The watched wires that can be computed without these inputs."""
    out = graph.descendants(unfed)
    return {name: link for name, link in watched.items() if link.node not in out}

"""Watched ports: which wires of a graph they are, and the check of the functions that look on while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from dataflow.core.cancellation import CancelFlag
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, kind_of
from dataflow.engine.fates import Event
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

    def checked(self) -> Hooks:
        """These, all of which are what they must be; GraphError names the option that is not."""
        for name, hook in (("observe", self.observe), ("trace", self.trace)):
            if hook is not None and not callable(hook):
                raise GraphError(f"option '{name}' must be a function, got {kind_of(hook)}")
        if self.cancel is not None and not hasattr(self.cancel, "is_set"):
            raise GraphError(
                f"option 'cancel' must have a method is_set, as threading.Event has, got {kind_of(self.cancel)}"
            )
        return self

    @property
    def unlikely(self) -> dict[str, object]:
        """Those that are not what they must be: arrays, maybe, for inputs of these names."""
        apt = (callable(self.observe), callable(self.trace), hasattr(self.cancel, "is_set"))
        return {name: None if fits else hook for name, hook, fits in zip(self._fields, self, apt, strict=True)}


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

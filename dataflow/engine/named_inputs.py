"""What a caller gives by name: inputs in a dict or by keywords, which may be called as options are."""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import Any

from dataflow.core.errors import GraphError
from dataflow.graph.graph import Graph


def told_apart(graph: Graph, given: Any, **options: Any) -> None:
    """Refuse a keyword that may be an option or an input of the graph, unless inputs are given in a dict."""
    for name, value in options.items():
        if given is None and value is not None and name in graph.nodes and graph.nodes[name].block.feedable:
            raise GraphError(
                f"graph '{graph.name}': keyword '{name}' may be an option or the input of this name; give the inputs "
                f"in a dict, {{'{name}': ...}}, and options as keywords after it"
            )


def by_name(given: Any, named: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller gave in a dict and by keywords, each name once."""
    try:
        found = {} if given is None else dict(given)
    except (TypeError, ValueError):
        raise GraphError(f"inputs must be given by name in a dict, got a {type(given).__name__}") from None
    if unnamed := [name for name in found if not isinstance(name, str)]:
        raise GraphError(f"inputs must be given by name in a dict, got {unnamed[0]!r} for a name")
    if twice := found.keys() & named.keys():
        raise GraphError(f"input '{min(twice)}' must be given once, got it in the dict and as a keyword")
    return found | dict(named)


def sizes_of(name: str, shape: Any) -> tuple[int, ...]:
    """The shape that an input is to be planned for."""
    try:
        sizes = tuple(map(index, shape))
    except TypeError:
        sizes = (-1,)
    if sizes and min(sizes) < 0:
        raise GraphError(f"input '{name}' must have a known shape to plan for, got {shape!r}; give a list of sizes")
    return sizes

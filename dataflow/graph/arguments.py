"""What callers give where a graph is wanted: the graph, or an error that says how to get one."""

from __future__ import annotations

import os

from dataflow.core.errors import GraphError, kind_of
from dataflow.graph.graph import Graph


def as_graph(given: object, call: str) -> Graph:
    """The graph that a call such as ``flow.run(graph, ...)`` was given; GraphError where it is something else."""
    if isinstance(given, Graph):
        return given
    hint = "build one with flow.Graph, or load one with flow.load"
    if isinstance(given, str | os.PathLike):
        hint = f"load it first: flow.load({os.fspath(given)!r})"
    raise GraphError(f"{call}: the first argument must be a graph, got {kind_of(given)}; {hint}")


def as_path(given: object, call: str) -> str:
    """The path that a call was given; GraphError where it is something else."""
    if not isinstance(given, str | os.PathLike):
        raise GraphError(f"{call}: the path of a file must be given, got {kind_of(given)}; write '{_EXAMPLE}', say")
    path = os.fspath(given)
    if "\n" in path:
        raise GraphError(f"{call}: the path of a file must be given, got a text of several lines; save that to a file")
    return path


_EXAMPLE = "graph.yaml"

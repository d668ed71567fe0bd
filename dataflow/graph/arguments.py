"""What callers give where a graph or a block is wanted: the value itself, or an error that says how to get one."""

from __future__ import annotations

import os

from dataflow.core.attrs import show
from dataflow.core.block import Block
from dataflow.core.errors import GraphError
from dataflow.core.wire import Wire
from dataflow.graph.graph import Graph


def as_graph(given: object, who: str) -> Graph:
    """The graph that was given to the function ``who``; GraphError where it is something else."""
    if isinstance(given, Graph):
        return given
    hint = "build one with flow.Graph, or load one with flow.load"
    if isinstance(given, str | os.PathLike):
        hint = f"load it first: flow.load({os.fspath(given)!r})"
    raise GraphError(f"{who}: the first argument must be a graph, got {kind(given)}; {hint}")


def kind(given: object) -> str:
    """What was given, for a message: a text as it is, of all else the type."""
    if isinstance(given, str):
        return f"the text {show(given)}"
    if isinstance(given, type):
        return f"the class {given.__name__}"
    if isinstance(given, Wire):
        return f"the wire {given!r}"
    return "nothing" if given is None else f"a {type(given).__name__}"


def as_block(given: object, who: str) -> Block:
    """The block that was given; GraphError where it is a class or a name."""
    if isinstance(given, Block):
        return given
    hint = f"write {given.__name__}()" if isinstance(given, type) else "write flow.blocks.Relu(), say"
    raise GraphError(f"{who}: a block must be given, got {kind(given)}; {hint}")

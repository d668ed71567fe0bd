"""What the shell offers when Tab is pressed: names of blocks and examples, of what is in a graph, of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

import dataflow as flow

Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def blocks(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """Blocks and aliases that begin so, in upper or lower case."""
    return [name for name in flow.blocks.names() if name.lower().startswith(begun.lower())]


def examples(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """Graphs and layers that come with the package."""
    from dataflow.graphfile.shipped import names

    return _beginning((name.removesuffix(".yaml") for name in names()), begun)


def wires(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """Outputs and nodes of the graph on the line; after a comma those that may follow."""
    before, comma, last = begun.rpartition(",")
    graph = _graph(context)
    names = dict.fromkeys([*graph.outputs, *graph.nodes]) if graph is not None else {}
    return [before + comma + name for name in _beginning(names, last)]


def inputs(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """``x=`` for each input of the graph on the line."""
    graph = _graph(context)
    return _beginning([] if graph is None else [f"{name}=" for name in graph.inputs], begun)


def params(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """``name=`` for each parameter of the graph on the line."""
    from dataflow.graphfile.load import defaults

    path = _path(context)
    return _beginning([] if path is None else [f"{name}=" for name in defaults(path)], begun)


def splits(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """The splits of the graph's data."""
    graph = _graph(context)
    return _beginning([] if graph is None else graph.sections.get("data", {}), begun)


def _beginning(names: Iterable[str], begun: str) -> list[str]:
    return [name for name in names if name.startswith(begun)]


def _path(context: click.Context) -> str | None:
    """The first graph on the line, which click leaves among the other words where an option lacks its value yet."""
    found: object = context.params.get("path") or context.params.get("paths") or context.args
    if isinstance(found, tuple | list):
        found = found[0] if found else None
    return found if isinstance(found, str) else None


def _graph(context: click.Context) -> flow.Graph | None:
    """The graph on the line; nothing where it cannot be loaded, as nobody reads messages then."""
    path = _path(context)
    try:
        return None if path is None else flow.load(path)
    except flow.DataflowError:
        return None

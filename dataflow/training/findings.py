"""What the checks of a section say in the same way: of names that are not there."""

from __future__ import annotations

from collections.abc import Collection

from dataflow.core.errors import UnknownNameError, listing, nearest
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref
from dataflow.graphfile.sections import Path, Report


def known(graph: Graph, name: str) -> Ref | None:
    """The wire or output of a name, if the graph has one."""
    try:
        return graph.ref(name)
    except UnknownNameError:
        return None


def wire(graph: Graph, name: str, who: str, path: Path, report: Report) -> Ref | None:
    """The wire or output of a name; reported where the graph has none."""
    try:
        return graph.ref(name)
    except UnknownNameError as error:
        report(path, f"{who}: {error}")
        return None


def having(name: str, names: Collection[str]) -> str:
    """The hint after a name that is not there: the nearest one, or all that are."""
    return nearest(name, names) or (f"it has {listing(names, 'and')}" if names else "it has none")

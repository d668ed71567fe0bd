"""Running a graph: feeds in, outputs out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataflow.graph import Graph
from dataflow.plan import Plan


def run(graph: Graph, feeds: Mapping[str, Any] | None = None, /, **named: Any) -> dict[str, Any]:
    """The outputs of a graph, by name, for these inputs.

    Variables and inputs with a default may be fed too. The plan is kept with the graph, one per set of shapes.

    Raises
    ------
    GraphError
        When a feed is missing, unknown, or of another dtype or shape than declared.
    RunError
        When a kernel fails; the message names the node.
    """
    if "plan" not in graph.cache:
        graph.cache["plan"] = Plan(graph)
    planned: Plan = graph.cache["plan"]
    return planned.run(feeds, **named)

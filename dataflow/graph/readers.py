"""Who reads the wires of a graph."""

from __future__ import annotations

from dataflow.graph.graph import Graph
from dataflow.graph.node import Link


def readers(graph: Graph) -> dict[Link, list[str]]:
    """Who reads each wire: nodes by name, once for each port, and outputs as ``output y``."""
    found: dict[Link, list[str]] = {}
    for node in graph.nodes.values():
        for operand in node.operands():
            if isinstance(operand, Link):
                found.setdefault(operand, []).append(node.name)
    for name, link in graph.outputs.items():
        found.setdefault(link, []).append(f"output {name}")
    return found

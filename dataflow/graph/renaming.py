"""A graph whose nodes have other names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from dataflow.core.ports import Literal, map_port
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link


def renamed(graph: Graph, name: Callable[[str], str]) -> Graph:
    """A copy in which each node has the name that ``name`` gives for its own; sections stay as they are.

    >>> import dataflow as flow
    >>> graph = flow.Graph("line")
    >>> graph.output("y", 2.0 * graph.input("x", "float32", ["N"]))
    >>> list(renamed(graph, lambda name: name.upper()).nodes)
    ['X', 'MULTIPLY']
    """

    def moved(operand: object) -> Link | Literal:
        return Link(name(operand.node), operand.port) if isinstance(operand, Link) else cast(Literal, operand)

    result = graph.bare()
    for node in graph.nodes.values():
        inputs = {port: map_port(moved, operand) for port, operand in node.inputs.items()}
        result.insert(replace(node, name=name(node.name), inputs=inputs))
    result.outputs = {output: Link(name(link.node), link.port) for output, link in graph.outputs.items()}
    return result

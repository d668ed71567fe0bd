"""Graphs whose nodes have other names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from dataflow.core.composite import Composite
from dataflow.core.ports import Literal, map_port
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node


def renamed_graph(graph: Graph, name: Callable[[str], str]) -> Graph:
    """A copy in which each node has the name that ``name`` gives for its own; sections stay as they are.

    >>> import dataflow as flow
    >>> graph = flow.Graph("line")
    >>> graph.output("y", 2.0 * graph.input("x", "float32", ["N"]))
    >>> list(renamed_graph(graph, lambda name: name.upper()).nodes)
    ['X', 'MULTIPLY']
    """
    result = graph.bare()
    for node in graph.nodes.values():
        result.insert(renamed(node, name))
    result.outputs = {output: Link(name(link.node), link.port) for output, link in graph.outputs.items()}
    return result


def renamed(node: Node, name: Callable[[str], str]) -> Node:
    """A node of such a copy."""

    def moved(operand: object) -> Link | Literal:
        return Link(name(operand.node), operand.port) if isinstance(operand, Link) else cast(Literal, operand)

    inputs = {port: map_port(moved, operand) for port, operand in node.inputs.items()}
    return replace(node, name=name(node.name), inputs=inputs)


def draws_by_name(node: Node) -> bool:
    """Whether another name gives a node other random numbers."""
    block = node.block
    if block.stateful:
        return block.makes_value
    return block.takes_key or (isinstance(block, Composite) and not block.pure)

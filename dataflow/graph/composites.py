"""Composite blocks in graphs: their bodies written out as nodes, which are called ``<node>/<block>``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, cast

from dataflow.core.block import Block
from dataflow.core.composite import Composite
from dataflow.core.ports import Literal, flat, map_port
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput

Moved = dict[Link, Link]  # wires -> those that took their place


def write_out(graph: Graph, wanted: Callable[[Block], bool] = lambda block: True) -> tuple[Graph, Moved]:
    """The graph with the bodies of composites in their place, and what their outputs became.

    Those that are not ``wanted`` stay. A node of a body that is in the graph already, because the reverse pass wrote it
    there, is not written again.
    """
    result = graph.bare()
    writing = _Writing(graph, result, wanted)
    if not any(map(writing.is_wanted, graph.nodes.values())):
        return graph, {}
    for node in graph.nodes.values():
        writing.add(node)
    result.outputs = {name: writing.moved.get(link, link) for name, link in graph.outputs.items()}
    return result, writing.moved


class _Writing:
    def __init__(self, graph: Graph, result: Graph, wanted: Callable[[Block], bool]):
        self.result, self.wanted = result, wanted
        self.before, self.nodes = graph.nodes, result.nodes
        self.moved: Moved = {}
        self.gone: set[str] = set()  # composites in whose place their bodies are
        self.constants: dict[tuple[Literal, str], Block] = {}

    def is_wanted(self, node: Node) -> bool:
        return isinstance(node.block, Composite) and self.wanted(node.block)

    def add(self, node: Node) -> None:
        """Insert a node, or in its place those of its body."""
        if not self.gone.isdisjoint(node.sources):
            node = replace(node, inputs=self._relinked(node.inputs))
        if isinstance(node.block, Composite) and self.wanted(node.block):
            self._write_body(node, node.block)
            self.gone.add(node.name)
        elif node.name not in self.nodes:
            self.result.insert(node)

    def _write_body(self, outer: Node, block: Composite) -> None:
        types = self.result.operand_types(outer)
        body = block.traced(types)
        values: list[Any] = [*body.numbered.start]  # links and literals by place
        given = zip(flat(body.inputs), flat(outer.inputs.values()), flat(types), strict=True)
        for i, (wire, operand, type_) in enumerate(given):
            name = f"{outer.name}/{wire.port}"
            values[i] = operand if isinstance(operand, Link) else self._constant(name, operand, type_)
        for inner, reads, first in body.numbered.calls:
            signature = inner.block.signature
            inputs = {
                port: map_port(values.__getitem__, read) for port, read in zip(signature.inputs, reads, strict=True)
            }
            types_of = dict(zip(signature.outputs, inner.types, strict=True))
            node = self._named(Node(f"{outer.name}/{inner.name}", inner.block, inputs, types_of))
            self.add(node)
            links = [Link(node.name, port) for port in types_of]
            values[first : first + len(links)] = [self.moved.get(link, link) for link in links]
        for port, place in zip(block.signature.outputs, body.numbered.outputs, strict=True):
            self.moved[Link(outer.name, port)] = values[place]

    def _constant(self, name: str, literal: Literal, type_: TensorType) -> Link:
        """A Const node for a literal on a port of a composite; equal ones share a block."""
        block = self.constants.get((literal, type_.dtype))
        if block is None:
            block = self.constants[literal, type_.dtype] = blocks["Const"](value=type_.value, dtype=type_.dtype)
        (port,) = block.signature.outputs
        node = self._named(Node(name, block, {}, {port: type_}))
        self.add(node)
        return Link(node.name, port)

    def _named(self, node: Node) -> Node:
        """The node under a name that is free, or that this very node has already."""
        if self._may_have(node, node.name):
            return node
        names = (f"{node.name}_{i}" for i in count(1))
        return replace(node, name=next(name for name in names if self._may_have(node, name)))

    def _may_have(self, node: Node, name: str) -> bool:
        there = self.before.get(name) or self.nodes.get(name)
        return there is None or (there.block == node.block and self._relinked(there.inputs) == node.inputs)

    def _relinked(self, inputs: Mapping[str, NodeInput]) -> dict[str, NodeInput]:
        def moved(operand: object) -> Link | Literal:
            return self.moved.get(operand, operand) if isinstance(operand, Link) else cast(Literal, operand)

        return {port: map_port(moved, operand) for port, operand in inputs.items()}

"""Rebuilding: a graph written anew, node by node, while nodes are put on wires, replaced or left out.

>>> import dataflow as flow
>>> graph = flow.Graph("line")
>>> x = graph.input("x", "float32", ["N"])
>>> graph.output("y", flow.blocks["Relu"]()(x, name="positive"))
>>> new = Rebuild(graph)
>>> for node in graph.nodes.values():
...     if node.name == "positive":  # a node on the wire that it reads
...         new.copy(node, inputs={"features": new.add(flow.blocks["Square"](), [new.operand(node, "features")])})
...     else:
...         new.copy(node)
>>> list(new.finish().nodes)
['x', 'square', 'positive']
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dataflow.core.block import Block
from dataflow.core.ports import Literal
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, Ref


class Rebuild:
    """A copy of a graph in the making: nodes are taken in the order of the graph, each copied, replaced or dropped.

    Names, documentation, sections and outputs stay. Types are inferred anew where a node is changed or reads what was;
    GraphError names the node that they do not fit.
    """

    def __init__(self, graph: Graph):
        self.graph, self.result = graph, graph.bare()
        self._moved: dict[Link, Link] = {}
        self._changed: set[str] = set()
        self._dropped: set[str] = set()

    def ref(self, link: Link) -> Ref:
        """The wire of the copy that stands for a wire of the graph."""
        return self.result.deref(self._moved.get(link, link))

    def operand(self, node: Node, port: str) -> Any:
        """What stands on an input port of a node of the graph, as an operand in the copy; a tuple if variadic."""
        value = node.inputs[port]
        return tuple(map(self._operand, value)) if isinstance(value, tuple) else self._operand(value)

    def _operand(self, value: Link | Literal | None) -> Ref | Literal | None:
        return self.ref(value) if isinstance(value, Link) else value

    def add(
        self,
        block: Block,
        operands: Sequence[Any] = (),
        name: str | None = None,
        doc: str = "",
        range: Sequence[float] | None = None,
    ) -> Any:
        """Add a node that the graph does not have; its output as a wire, or a named tuple of wires.

        Operands are in port order; those left out at the end stay unwired.
        """
        rest = [None] * (len(block.signature.inputs) - len(operands))
        made = self.result.add(block, [*operands, *rest], name=name, doc=doc, range=range)
        refs = made if isinstance(made, tuple) else (made,) if made is not None else ()
        self._changed.update(ref.node for ref in refs)
        return made

    def copy(self, node: Node, block: Block | None = None, inputs: Mapping[str, Any] | None = None) -> None:
        """Copy a node, with another block or other operands on some of its ports."""
        reads_changed = not self._changed.isdisjoint(node.sources)
        if block is None and not inputs and not reads_changed and not self._reads_moved(node):
            self.result.insert(node)
            return
        block = block or node.block
        given = inputs or {}
        operands = [given[port] if port in given else self.operand(node, port) for port in block.signature.inputs]
        self.add(block, operands, node.name, node.doc, node.range)

    def _reads_moved(self, node: Node) -> bool:
        return any(operand in self._moved for operand in node.operands() if isinstance(operand, Link))

    def move(self, link: Link, to: Ref) -> None:
        """Let what read a wire of the graph read one of the copy, and an output that it was be that."""
        self._moved[link] = Link(to.node, to.port)

    def drop(self, node: Node) -> None:
        """Leave a node out; whoever reads it must have been given another wire by `move`, or be left out too."""
        self._dropped.add(node.name)

    def finish(self) -> Graph:
        """The new graph, without the nodes that only those left out have used."""
        result = self.result
        result.outputs = {name: self._moved.get(link, link) for name, link in self.graph.outputs.items()}
        used = {link.node for link in result.outputs.values()}
        unused = []
        candidates = self.graph.ancestors(self._dropped) - set(self.graph.inputs)
        for node in reversed([*result.nodes.values()]):
            if node.name in candidates and node.name not in used:
                unused.append(node.name)
            else:
                used.update(node.sources)
        result.drop(unused)
        return result

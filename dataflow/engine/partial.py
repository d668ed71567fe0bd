"""A part of a graph that runs by itself: what it reads of the rest comes in from outside."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import cast

from dataflow.core.dtypes import Array
from dataflow.core.ports import Literal, map_port
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.engine.watching import port_name
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node


@dataclass
class Part:
    """Some nodes of a graph, as a graph without outputs.

    The types of its nodes are inferred from the values that they read of others.

    Parameters
    ----------
    names : of the nodes.
    value : gives what they read of others.
    """

    whole: Graph
    names: Collection[str]
    value: Callable[[Link], Array]
    graph: Graph = field(init=False)
    feeds: dict[str, Array] = field(init=False, default_factory=dict)  # what comes in, by the ports that it is of

    def __post_init__(self) -> None:
        self.graph = self.whole.bare()
        for node in self.whole.nodes.values():
            if node.name in self.names:
                inputs = {port: map_port(self._moved, operand) for port, operand in node.inputs.items()}
                self.graph.insert(self.graph.retyped(replace(node, inputs=inputs)))

    def _moved(self, operand: object) -> Link | Literal:
        """An operand in the part: a wire from outside becomes one from an input, or a constant where that is known."""
        if not isinstance(operand, Link):
            return cast(Literal, operand)
        if operand.node in self.names:
            return operand
        name, type_ = port_name(operand), self.whole.nodes[operand.node].types[operand.port]
        array = self.value(operand)
        if type_.value is not None:
            block = blocks["Const"](value=type_.value, dtype=type_.dtype)
        else:
            block = blocks["Placeholder"](dtype=type_.dtype, shape=array.shape)
            self.feeds[name] = array
        (port,) = block.signature.outputs
        if name not in self.graph.nodes:
            made = TensorType(type_.dtype, array.shape, type_.value)
            self.graph.insert(Node(name, block, {}, {port: made}))
        return Link(name, port)

"""What a graph comes to when its blocks are called one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataflow import Graph
from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.core.ports import In, Literal
from dataflow.core.random import Key
from dataflow.graph.node import Link, Node

Feeds = Mapping[str, Array]


class Missing(Exception):
    """An operand has no value, because a node before failed."""


@dataclass
class Failure:
    """What a node said that failed."""

    who: str
    text: str
    crash: bool = False  # no error of the project's own

    def __str__(self) -> str:
        return self.who + self.text


Expected = tuple[dict[str, Array], dict[str, Failure]]  # outputs, and failures of nodes, by name


def node_by_node(graph: Graph, feeds: Feeds) -> Expected:
    """The outputs by name, and the failures of nodes by name; an output that needs one of these is missing."""
    wanted = graph.ancestors(link.node for link in graph.outputs.values())
    order = [node for node in graph.order() if node.name in wanted]
    kept = set(graph.outputs.values())
    left: dict[Link, int] = {}
    for node in order:
        for link in _links(node):
            left[link] = left.get(link, 0) + 1
    values: dict[Link, Array] = {}
    failures: dict[str, Failure] = {}
    results: Sequence[Array]
    for node in order:
        if node.name in feeds:
            results = (feeds[node.name],)
        else:
            try:
                results = _called(graph, node, values)
            except Missing:
                results = ()
            except DataflowError as error:
                failures[node.name] = Failure(node.who, str(error).removeprefix(type(node.block).__name__))
                results = ()
            except Exception as error:
                failures[node.name] = Failure(node.who, f": {type(error).__name__}: {error}", crash=True)
                results = ()
        for port, result in zip(node.types, results, strict=False):
            values[Link(node.name, port)] = result
        for link in _links(node):
            left[link] -= 1
            if not left[link] and link not in kept:
                values.pop(link, None)
    outputs = {name: values[link] for name, link in graph.outputs.items() if link in values}
    for name, link in graph.outputs.items():
        if link.node in feeds:
            outputs[name] = dtypes.native_order(feeds[link.node])
    return outputs, failures


def _called(graph: Graph, node: Node, values: Mapping[Link, Array]) -> Sequence[Any]:
    """The results of a node's block, called on arrays as a user calls it; a random one with the key of the run."""
    operands = []
    for port, value in zip(node.block.signature.inputs.values(), node.inputs.values(), strict=True):
        found = [_operand(graph, port, one, values) for one in (value if isinstance(value, tuple) else (value,))]
        operands.append(tuple(found) if isinstance(value, tuple) else found[0])
    if node.block.takes_key:
        bound = node.block.signature.bind(node.who, operands, {})
        types = node.block.operand_types(bound, TensorType.of)
        arrays = [tuple(t.value for t in ts) if isinstance(ts, tuple) else ts and ts.value for ts in types]
        return node.block.compute(arrays, node.block.infer(*types), key=Key(0, node.name, 0))
    made = node.block(*operands)
    return made if isinstance(made, tuple) else () if made is None else (made,)


def _operand(graph: Graph, port: In, value: Link | Literal | None, values: Mapping[Link, Array]) -> Any:
    if not isinstance(value, Link):
        return value
    if port.like and value not in values:  # only its type is looked at
        type_ = graph.nodes[value.node].types[value.port]
        return np.broadcast_to(np.zeros((), dtypes.storage(type_.dtype)), type_.sizes)
    if value not in values:
        raise Missing
    return values[value]


def _links(node: Node) -> list[Link]:
    return [
        link
        for value in node.inputs.values()
        for link in (value if isinstance(value, tuple) else (value,))
        if isinstance(link, Link)
    ]

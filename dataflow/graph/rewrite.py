"""Passes over a graph: each takes a graph and returns one that computes the same outputs.

`eliminate_dead_code` puts the nodes in the order that all later passes keep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.ports import Literal, map_port
from dataflow.core.run_errors import run_error
from dataflow.core.shapes import TensorType, element_count
from dataflow.core.thread_pool import ThreadLimit
from dataflow.graph.composites import write_out
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput

_FOLD_LIMIT = 1 << 18  # elements; larger constants are cheaper to make again than to keep


def eliminate_dead_code(graph: Graph, outputs: Iterable[str]) -> Graph:
    """Drop the nodes and outputs that none of the given outputs needs; one read for its shape alone is needed."""
    result = graph.bare()
    result.outputs = {name: graph.outputs[name] for name in outputs}
    keep = graph.ancestors(link.node for link in result.outputs.values())
    for node in graph.order():
        if node.name in keep:
            result.insert(node)
    return result


def expand_composites(graph: Graph) -> Graph:
    """Replace composite blocks by the nodes of their bodies, without those that only unused outputs need."""
    plain, _ = write_out(graph)
    return graph if plain is graph else eliminate_dead_code(plain, plain.outputs)


def infer_shapes(graph: Graph, types: Mapping[str, TensorType]) -> Graph:
    """Give the named feedable nodes these types, and infer again the types of all nodes after them."""
    result = graph.copy()
    changed: set[str] = set()
    for node in graph.nodes.values():
        if node.name in types:
            if any(types[node.name] != declared for declared in node.types.values()):
                changed.add(node.name)
                result.insert(replace(node, types=dict.fromkeys(node.types, types[node.name])))
        elif not changed.isdisjoint(node.sources):
            changed.add(node.name)
            result.insert(result.retyped(node))
    return result


def decompose(graph: Graph) -> Graph:
    """Replace each block that the planner runs better as another, or as two, by those; see `Block.decomposed`."""
    if all(type(node.block).decomposed is Block.decomposed for node in graph.nodes.values()):
        return graph
    result = graph.bare()
    result.outputs = dict(graph.outputs)
    for node in graph.nodes.values():
        own = type(node.block).decomposed is not Block.decomposed
        if made := node.block.decomposed(*result.operand_types(node)) if own else ():
            *firsts, last = made
            source, *others = node.inputs.values()
            for first in firsts:
                (taken,), (given,) = first.signature.inputs, first.signature.outputs
                name = f"{node.name}/{type(first).__name__.lower()}"
                while name in graph.nodes:
                    name += "_"
                result.insert(result.retyped(Node(name, first, {taken: source}, {given: TensorType("float32", None)})))
                source = Link(name, given)
            inputs = dict(zip(last.signature.inputs, (source, *others), strict=True))
            node = replace(node, block=last, inputs=inputs)
        result.insert(node)
    return result


def fold_constants(graph: Graph) -> Graph:
    """Compute every pure node whose inputs are constants, and write its values into its types."""
    result = graph.copy()
    for node in graph.nodes.values():
        wanted = list(node.types.values())
        if node.block.pure and _reads_known(result, node) and all(map(_may_fold, wanted)):
            try:
                with ThreadLimit(1):  # planning starts no threads
                    values = node.block.compute(_arrays(node, result.operand_types(node)), wanted)
            except Exception as error:
                raise run_error(node, error, wanted) from error
            folded = [TensorType(t.dtype, t.shape, v) for t, v in zip(wanted, values, strict=True)]
            result.insert(node.typed(folded))
    return result


def _may_fold(type_: TensorType) -> bool:
    count = element_count(type_.shape)
    return type_.value is None and count is not None and count <= _FOLD_LIMIT


def _reads_known(graph: Graph, node: Node) -> bool:
    """Whether the values on all wires to a node are known; of a ``like`` port, the shape."""
    for port, value in node.inputs.items():
        for link in value if isinstance(value, tuple) else (value,):
            if isinstance(link, Link):
                type_ = graph.nodes[link.node].types[link.port]
                if type_.value is None and not (node.block.signature.inputs[port].like and type_.known):
                    return False
    return True


def drop_unused_outputs(graph: Graph) -> Graph:
    """Replace blocks some of whose outputs nobody reads by narrower ones; see `Block.narrowed`."""
    if all(len(node.types) < 2 for node in graph.nodes.values()):
        return graph
    used: dict[str, set[str]] = {}
    links = [o for node in graph.nodes.values() for o in node.operands() if isinstance(o, Link)]
    for link in (*links, *graph.outputs.values()):
        used.setdefault(link.node, set()).add(link.port)
    result = graph.copy()
    for node in graph.nodes.values():
        if len(node.types) > 1 and (block := node.block.narrowed(used.get(node.name, set()))) is not node.block:
            types = {port: node.types[port] for port in block.signature.outputs}
            result.insert(replace(node, block=block, types=types))
    return result


def merge_common_subexpressions(graph: Graph) -> Graph:
    """Merge pure nodes that apply equal blocks to the same wires, and those that give an operand as it is."""
    return common_subexpressions(graph)[0]


def common_subexpressions(graph: Graph) -> tuple[Graph, dict[str, str]]:
    """The graph with equal pure nodes merged, and the node that each of those that are gone is the same as."""
    result = graph.copy()
    first: dict[Any, str] = {}
    moved: dict[Link, Link] = {}
    same: dict[str, str] = {}
    for node in graph.nodes.values():
        if not same.keys().isdisjoint(node.sources):
            node = replace(node, inputs={port: _relinked(value, moved) for port, value in node.inputs.items()})
            result.insert(node)
        if (given := _given_on(result, node)) is not None:
            moved |= {Link(node.name, port): given for port in node.types}
            same[node.name] = given.node
            continue
        twin = first.setdefault((node.block, *node.inputs.values()), node.name) if node.block.pure else node.name
        if twin != node.name:
            moved |= {Link(node.name, port): Link(twin, port) for port in node.types}
            same[node.name] = twin
    result.drop(same)
    result.outputs = {name: moved.get(link, link) for name, link in graph.outputs.items()}
    return result, same


def _given_on(graph: Graph, node: Node) -> Link | None:
    """The wire to a node whose value it gives as it is, by what is known of the others; see `Block.same_as`."""
    if type(node.block).same_as is Block.same_as:
        return None
    types = graph.operand_types(node)
    one_each = {name: t for name, t in zip(node.inputs, types, strict=True) if isinstance(t, TensorType)}
    port = node.block.same_as({name: t.value for name, t in one_each.items() if t.value is not None})
    link = None if port is None else node.inputs[port]
    if port is None or not isinstance(link, Link):
        return None
    (output,) = node.types.values()
    return link if output.known and one_each[port].shape == output.shape else None


def _arrays(node: Node, types: Sequence[Any]) -> list[Any]:
    """Arrays for the input ports of a node all of whose inputs are known."""
    arrays: list[Any] = []
    for port, type_ in zip(node.block.signature.inputs.values(), types, strict=True):
        group = type_ if isinstance(type_, tuple) else (type_,)
        values = [None if t is None else shape_only(t) if port.like and t.known else t.value for t in group]
        arrays.append(tuple(values) if isinstance(type_, tuple) else values[0])
    return arrays


def shape_only(type_: TensorType) -> np.ndarray[Any, Any]:
    """An array of this dtype and shape that takes no memory, for ports whose elements are never read."""
    return np.broadcast_to(np.zeros((), dtypes.storage(type_.dtype)), type_.shape)  # type: ignore[arg-type]


def _relinked(value: NodeInput, moved: Mapping[Link, Link]) -> NodeInput:
    """An operand, with links to merged nodes replaced by links to the nodes that are kept."""

    def now(one: object) -> Link | Literal:
        return moved.get(one, one) if isinstance(one, Link) else cast(Literal, one)

    return map_port(now, value)

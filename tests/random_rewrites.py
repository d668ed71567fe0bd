"""Random changes of a graph, each of which gives another graph, as passes make them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from dataflow.core.block import Block
from dataflow.core.errors import DataflowError
from dataflow.core.ports import Literal
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput
from dataflow.graphfile.section_checks import findings

Rewrite = Callable[[random.Random, Graph], Graph]


def rebuilt(graph: Graph, nodes: Iterable[Node], moved: Mapping[Link, Link] | None = None) -> Graph:
    """The graph with other nodes, and its outputs moved; types are inferred anew."""
    result, moved = graph.bare(), moved or {}
    for node in nodes:
        result.insert(result.retyped(node))
    result.outputs = {name: moved.get(link, link) for name, link in graph.outputs.items()}
    return result


def relinked(node: Node, moved: Mapping[Link, Link]) -> Node:
    """The node with wires moved."""

    def change(value: NodeInput) -> NodeInput:
        if isinstance(value, tuple):
            return tuple(moved.get(each, each) if isinstance(each, Link) else each for each in value)
        return moved.get(value, value) if isinstance(value, Link) else value

    return replace(node, inputs={port: change(value) for port, value in node.inputs.items()})


def _named(graph: Graph, rng: random.Random, stem: str) -> str:
    name = stem
    while name in graph.nodes:
        name = f"{stem}_{rng.randrange(100)}"
    return name


def insert_on_wire(rng: random.Random, graph: Graph) -> Graph:
    """A node between two others, below a comment."""
    wires = [(n, p) for n in graph.nodes.values() for p, v in n.inputs.items() if isinstance(v, Link)]
    readers = [(node, port) for node, port in wires if port not in node.block.assigns]
    reader, port = rng.choice(readers)
    link = reader.link(port)
    name = _named(graph, rng, rng.choice([f"{reader.name}_q", "between", f"{link.node}/q"]))
    made = [n for n in graph.nodes.values() if n.name == reader.name]
    identity = blocks["Identity"]()
    (taken,), (given,) = identity.signature.inputs, identity.signature.outputs
    added = Node(name, identity, {taken: link}, {given: graph.nodes[link.node].types[link.port]})
    moved = replace(made[0], inputs={**reader.inputs, port: Link(name, given)})
    nodes = [each for n in graph.nodes.values() for each in ((added, moved) if n.name == reader.name else (n,))]
    result = rebuilt(graph, nodes)
    if rng.random() < 0.7:
        result.layout = result.layout.commented([name], f"before {reader.name}")
    return result


def delete_and_reconnect(rng: random.Random, graph: Graph) -> Graph:
    """A node less; what read it reads what it read."""
    written = {
        link.node
        for node in graph.nodes.values()
        for p in node.block.assigns
        if isinstance(link := node.inputs[p], Link)
    }
    able = [n for n in graph.nodes.values() if len(n.types) == 1 and n.sources and n.name not in written]
    gone = rng.choice(able)
    source = rng.choice([v for v in gone.inputs.values() if isinstance(v, Link)])
    moved = {Link(gone.name, port): source for port in gone.types}
    nodes = [relinked(n, moved) for n in graph.nodes.values() if n.name != gone.name]
    return rebuilt(graph, nodes, moved)


def rename(rng: random.Random, graph: Graph) -> Graph:
    """Another name for a node or an input."""
    old = rng.choice([*graph.nodes])
    name = _named(graph, rng, rng.choice(["renamed", f"{old}_2", f"part/{old}"]))
    moved = {Link(old, port): Link(name, port) for port in graph.nodes[old].types}
    nodes = [relinked(n if n.name != old else replace(n, name=name), moved) for n in graph.nodes.values()]
    return rebuilt(graph, nodes, moved)


def change_attr(rng: random.Random, graph: Graph) -> Graph:
    """Another value for an attr: a number, a word, or an initial value."""
    able = [(n, a) for n in graph.nodes.values() for a in n.block.signature.attrs]
    node, name = rng.choice(able)
    return _with_block(graph, node, _changed(rng, node.block, name))


def change_number(rng: random.Random, graph: Graph) -> Graph:
    """Another literal on a port."""
    able = [(n, p) for n in graph.nodes.values() for p, v in n.inputs.items() if isinstance(v, Literal)]
    node, port = rng.choice(able)
    old = np.asarray(node.inputs[port].value)  # type: ignore[union-attr]
    literal = Literal(np.asarray(old + old.dtype.type(1)) if old.dtype.kind in "iuf" else old)
    nodes = [n if n is not node else replace(n, inputs={**n.inputs, port: literal}) for n in graph.nodes.values()]
    return rebuilt(graph, nodes)


def change_initial_values(rng: random.Random, graph: Graph) -> Graph:
    """Values for a variable in the place of those it was given or draws."""
    able = [n for n in graph.nodes.values() if n.block.stateful and len(n.types) == 1]
    node = rng.choice(able)
    type_ = next(iter(node.types.values()))
    shape = [size if isinstance(size, int) else 2 for size in type_.shape or ()]
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(type_.dtype)
    port = next(iter(node.block.signature.inputs))
    kept = {n: v for n, v in node.block.attrs().items() if n not in ("initializer", "shape", "dtype")}
    made = replace(node, block=type(node.block)(**kept), inputs={**node.inputs, port: Literal(values)})
    return rebuilt(graph, [n if n is not node else made for n in graph.nodes.values()])


def reorder(rng: random.Random, graph: Graph) -> Graph:
    """The same nodes in another order that wires allow."""
    return rebuilt(graph, graph.order())


def change_outputs(rng: random.Random, graph: Graph) -> Graph:
    """An output more, one less, or another wire for one."""
    result = graph.copy()
    wires = [Link(n.name, port) for n in graph.nodes.values() for port in n.types]
    if graph.outputs and rng.random() < 0.5:
        name = rng.choice([*graph.outputs])
        if rng.random() < 0.5:
            del result.outputs[name]
        else:
            result.outputs[name] = rng.choice(wires)
    else:
        result.outputs[f"out {rng.randrange(9)}"] = rng.choice(wires)
    return result


def change_text(rng: random.Random, graph: Graph) -> Graph:
    """Another name or text for the graph or a node."""
    result = graph.copy()
    what = rng.randrange(3)
    if what == 0:
        result.name = "other"
        return result
    if what == 1:
        result.doc = rng.choice(["", "What it does: this.", "two\nlines", "$5 # no comment"])
        return result
    node = rng.choice([*graph.nodes.values()])
    made = replace(node, doc=rng.choice(["", "a text", "it's: $x", "- one\n- two"]))
    return rebuilt(graph, [n if n is not node else made for n in graph.nodes.values()])


def change_type(rng: random.Random, graph: Graph) -> Graph:
    """Another block in the place of one, of the same ports."""
    elementwise = [blocks[name]() for name in ("Relu", "Relu6", "Abs", "Neg", "Tanh", "Identity")]
    able = [n for n in graph.nodes.values() if type(n.block).__name__ in [type(b).__name__ for b in elementwise]]
    node = rng.choice(able)
    block = rng.choice(elementwise)
    made = replace(
        node,
        block=block,
        inputs=dict(zip(block.signature.inputs, node.inputs.values(), strict=True)),
        types=dict(zip(block.signature.outputs, node.types.values(), strict=True)),
    )
    moved = dict(zip([Link(node.name, p) for p in node.types], [Link(node.name, p) for p in made.types], strict=True))
    nodes = [made if n is node else relinked(n, moved) for n in graph.nodes.values()]
    return rebuilt(graph, nodes, moved)


def _with_block(graph: Graph, node: Node, block: Block) -> Graph:
    return rebuilt(graph, [n if n is not node else replace(n, block=block) for n in graph.nodes.values()])


def _changed(rng: random.Random, block: Block, name: str) -> Block:
    old, attr = getattr(block, name), block.signature.attrs[name]
    if isinstance(old, np.ndarray):
        new: object = np.resize(old, rng.choice([(1,), (3,), (20,)])).copy()
    elif isinstance(old, bool):
        new = not old
    elif isinstance(old, int | float):
        new = old + rng.choice([1, -1, 2])
    elif isinstance(old, tuple):
        new = tuple(v + 1 if isinstance(v, int) else v for v in old)
    else:
        new = attr.default
    return type(block)(**{**block.attrs(), name: new})


REWRITES: tuple[Rewrite, ...] = (
    insert_on_wire,
    delete_and_reconnect,
    rename,
    change_attr,
    change_number,
    change_initial_values,
    reorder,
    change_outputs,
    change_text,
    change_type,
)


def rewritten(rng: random.Random, graph: Graph, count: int) -> Graph:
    """The graph after so many random changes; those that do not fit it are left out."""
    inputs = graph.inputs.keys()
    for _ in range(count):
        rewrite = rng.choice(REWRITES)
        try:
            graph = rewrite(rng, graph)
        except (DataflowError, IndexError, ValueError):
            continue
    if graph.inputs.keys() != inputs or any(findings(graph)):  # what a section names is gone
        graph = graph.copy()
        graph.sections = {}
    return graph

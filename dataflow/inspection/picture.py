"""Pictures: a graph or one block as SVG that can be read on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Mapping

from dataflow.core.block import Block
from dataflow.core.ports import In, Literal, Out
from dataflow.core.shapes import show
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.inspection.card import Card, Label, Mark, card, document, draw, family, marked, pill, wire
from dataflow.inspection.columns import Box, Edge
from dataflow.inspection.data import brief, category, cut, describe, dtype_text, places, split
from dataflow.inspection.layout import place


def svg(graph: Graph, marks: Mapping[str, Mark] | None = None) -> str:
    """A picture of a graph: a box per node, a wire per value, coloured by dtype.

    With ``marks`` boxes are coloured by them, and those without one are grey.
    """
    inputs, nodes = split(graph)
    cards = {n.name: pill(n.name, n.doc, right=[_typed(graph, Link(n.name, port)) for port in n.types]) for n in inputs}
    cards |= {n.name: _node_card(graph, n) for n in nodes}
    if marks is not None:
        for node in nodes:
            cards[node.name] = marked(_node_card(graph, node, plain=True), marks.get(node.name))
    ends = [pill(name, "", left=[_typed(graph, link)]) for name, link in graph.outputs.items()]
    rights = {Link(n.name, port): i for n in (*inputs, *nodes) for i, port in enumerate(n.types)}
    edges = [
        Edge(cards[operand.node], rights[operand], cards[node.name], i)
        for node in nodes
        for i, (_, operand) in enumerate(places(node))
        if isinstance(operand, Link)
    ]
    edges += [Edge(cards[k.node], rights[k], end, 0) for k, end in zip(graph.outputs.values(), ends, strict=True)]
    every = [*cards.values(), *ends]
    width, height, paths = place(every, edges)
    links: dict[tuple[Box, int], Link] = {(cards[link.node], i): link for link, i in rights.items()}
    wires = [_wire(path, graph, links[start]) for start, path in paths.items()]
    return document(width, height, "".join([*wires, *map(draw, every)]), graph.name, graph.doc)


def block_svg(block: Block) -> str:
    """A picture of a block: its ports with their dtypes, and the values of its attrs."""
    ports, data = block.signature, describe(block)
    types: dict[str, list[str]] = data["types"]
    lefts = [_port_label(port, types, port.name + " …" * port.many, port.optional) for port in ports.inputs.values()]
    rights = [_port_label(port, types, port.name) for port in ports.outputs.values()]
    notes = [Label(name, f"= {brief(getattr(block, name))}") for name in ports.attrs]
    notes += [Label(f"{n}:", cut(dtype_text(names), 44)) for n, names in types.items() if n not in ports.attrs]
    drawn = card(data["name"], data["category"], data["category"], data["summary"], lefts, rights, notes)
    return document(drawn.width, drawn.height, draw(drawn), data["name"], data["summary"])


def _port_label(port: In | Out, types: Mapping[str, list[str]], name: str, optional: bool = False) -> Label:
    shape = "" if port.shape is None else show(port.shape)
    return Label(name, f"{port.dtype}{shape}", family(types.get(port.dtype, [port.dtype])), optional)


def _node_card(graph: Graph, node: Node, plain: bool = False) -> Card:
    """The card of a node, ``plain`` without its attrs."""
    block = type(node.block)
    several = len(node.types) > 1
    return card(
        node.name,
        block.__name__,
        category(block),
        node.doc or describe(block)["summary"],
        [_operand(graph, label, operand) for label, operand in places(node)],
        [_typed(graph, Link(node.name, port), port * several) for port in node.types],
        [] if plain else [Label(name, f"= {brief(value)}") for name, value in node.block.attrs().items()],
    )


def _operand(graph: Graph, name: str, operand: Link | Literal | None) -> Label:
    if isinstance(operand, Link):
        return Label(name, "", family([graph.deref(operand).dtype]))
    return Label(name, f"= {brief(operand.value)}" if isinstance(operand, Literal) else "", "any", hollow=True)


def _typed(graph: Graph, link: Link, name: str = "") -> Label:
    type_ = graph.deref(link).type
    return Label(name, cut(str(type_), 40), family([type_.dtype]))


def _wire(path: str, graph: Graph, link: Link) -> str:
    ref = graph.deref(link)
    return wire(path, family([ref.dtype]), f"{ref.wire}: {ref.type}")

"""The outline of a graph that no file is open for: one made in Python, a reverse pass, a training step."""

from __future__ import annotations

from collections.abc import Iterator

from dataflow.core.attrs import plain
from dataflow.core.errors import DataflowError
from dataflow.core.ports import Literal
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.graphfile.emit import flow
from dataflow.graphfile.outline import Entry, Operand, Outline, Paragraph, Setting

_TITLES = {"grad": "Reverse pass", "train": "Training step"}  # of nodes by the first part of their names


def outline_of(graph: Graph) -> Outline:
    """The outline of a graph as it would be written: a paragraph per part of the graph."""
    inputs = {name: _input(node) for name, node in graph.of_block("Placeholder").items()}
    nodes = {node.name: _entry(graph, node) for node in graph.nodes.values() if node.name not in inputs}
    outputs = {
        name: Entry(name, operands=[_wire(graph, "value", link)], outputs={}) for name, link in graph.outputs.items()
    }
    parts: dict[str, list[str]] = {}
    for name in nodes:
        parts.setdefault(_TITLES.get(name.partition("/")[0], ""), []).append(name)
    return Outline(
        graph.name, graph.doc, inputs, nodes, outputs, [Paragraph(title, names) for title, names in parts.items()]
    )


def _input(node: Node) -> Entry:
    port, type_ = next(iter(node.types.items()))
    return Entry(node.name, str(type_), outputs={port: f"{node.name}.{port}"}, doc=node.doc)


def _entry(graph: Graph, node: Node) -> Entry:
    return Entry(
        node.name,
        type(node.block).__name__,
        operands=[*_operands(graph, node)],
        outputs={port: f"{node.name}.{port}" for port in node.types},
        settings=[Setting(name, _text(value)) for name, value in node.block.attrs().items()],
        doc=node.doc,
    )


def _operands(graph: Graph, node: Node) -> Iterator[Operand]:
    ports = node.block.signature.inputs
    for port, value in node.inputs.items():
        items = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for i, item in items:
            name = port if i is None else f"{port}[{i}]"
            if isinstance(item, Link):
                yield _wire(graph, name, item)
            else:
                text = _text(item.value) if isinstance(item, Literal) else ""
                yield Operand(name, text, optional=ports[port].optional)


def _wire(graph: Graph, port: str, link: Link) -> Operand:
    return Operand(port, graph.deref(link).wire, link.node, link.port, f"{link.node}.{link.port}")


def _text(value: object) -> str:
    """A value as a file has it; of a large array its type."""
    shape = getattr(value, "shape", ())
    if isinstance(shape, tuple) and len(shape) and getattr(value, "size", 0) > 64:
        return f"{getattr(value, 'dtype', 'array')}[{', '.join(map(str, shape))}]"
    try:
        return flow(plain(value))
    except DataflowError:
        return str(value)

"""The outline of a graph: of the file that it came from, with what was added to it, or without a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from dataflow.core.attrs import plain
from dataflow.core.errors import DataflowError
from dataflow.core.ports import Literal
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.graphfile.emit import flow
from dataflow.graphfile.load import read
from dataflow.graphfile.outline import Entry, Operand, Outline, Paragraph, Setting, outline

_PARTS = {"grad": "Reverse pass", "train": "Updates"}  # what nodes are for whose names begin so
_Ports = Mapping[str, tuple[str, str]]  # by port of the graph the node of the outline and its output


def outline_of(graph: Graph) -> Outline:
    """The outline of a graph: of its file, if the graph has all that is in it, followed by what was added.

    Of a graph that was made in Python or changed, its nodes one by one, in the paragraphs where the file has them.
    """
    file, whole = _of_file(graph)
    inner = set(file.nodes) | set(file.inputs) if whole else set()
    known = {name for name in graph.nodes if name in inner or (whole and _head(name, file) is not None)}
    base = file if whole else Outline()
    ports = {
        value: (e.name, port)
        for e in (*base.inputs.values(), *base.nodes.values())
        for port, value in e.outputs.items()
    }
    added = [node for node in graph.nodes.values() if node.name not in known]
    inputs = {n.name: _input(n) for n in added if type(n.block).__name__ == "Placeholder"}
    nodes = {n.name: _entry(graph, n, ports) for n in added if n.name not in inputs}
    outputs = {name: _output(graph, base, name, link, ports) for name, link in graph.outputs.items()}
    return Outline(
        graph.name,
        graph.doc,
        {**base.inputs, **inputs},
        {**base.nodes, **nodes},
        outputs,
        [*base.paragraphs, *_paragraphs(graph, nodes, file)],
    )


def _of_file(graph: Graph) -> tuple[Outline, bool]:
    """The outline of the file that a graph came from, and whether the graph has all of it unchanged."""
    source = graph.layout.source
    if source is None:
        return Outline(), False
    with suppress(DataflowError):
        context = read(source.real, source.params, texts=source.texts)
        if not context.problems():
            same = all(
                name in graph.nodes and graph.nodes[name].identity == node.identity
                for name, node in context.graph.nodes.items()
            )
            return outline(context), same
    return Outline(), False


def _head(name: str, file: Outline) -> str | None:
    """The node of a file that a node of the graph belongs to; None where it was added."""
    while name:
        if name in file.nodes:
            return name
        name = name.rpartition("/")[0]
    return None


def _paragraphs(graph: Graph, nodes: Mapping[str, Entry], file: Outline) -> list[Paragraph]:
    """Nodes under the comment that they are to have, by the paragraphs of their file, or by what they are for."""
    home = {name: (i, each.title) for i, each in enumerate(file.paragraphs) for name in each.nodes}
    parts: dict[tuple[int, str], list[str]] = {}
    for name in nodes:
        head = _head(name, file)
        place = home[head] if head is not None else (len(home), _PARTS.get(name.partition("/")[0], ""))
        comment = graph.layout.comments.get(name, "")
        parts.setdefault((len(home), comment) if comment and head is None else place, []).append(name)
    return [Paragraph(title, names) for (_, title), names in sorted(parts.items(), key=lambda part: part[0][0])]


def _output(graph: Graph, base: Outline, name: str, link: Link, ports: _Ports) -> Entry:
    """An output: as its file has it, if it is that one."""
    made = Entry(name, operands=[_wire(graph, "value", link, ports)])
    if name in base.outputs and base.outputs[name].operands[0].value_of == made.operands[0].value_of:
        return base.outputs[name]
    return made


def _input(node: Node) -> Entry:
    port, type_ = next(iter(node.types.items()))
    return Entry(node.name, str(type_), outputs={port: f"{node.name}.{port}"}, doc=node.doc)


def _entry(graph: Graph, node: Node, ports: _Ports) -> Entry:
    return Entry(
        node.name,
        type(node.block).__name__,
        operands=[*_operands(graph, node, ports)],
        outputs={port: f"{node.name}.{port}" for port in node.types},
        settings=[Setting(name, _text(value)) for name, value in node.block.attrs().items()],
        doc=node.doc,
    )


def _operands(graph: Graph, node: Node, ports: _Ports) -> Iterator[Operand]:
    known = node.block.signature.inputs
    for port, value in node.inputs.items():
        items = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for i, item in items:
            name = port if i is None else f"{port}[{i}]"
            if isinstance(item, Link):
                yield _wire(graph, name, item, ports)
            else:
                text = _text(item.value) if isinstance(item, Literal) else ""
                yield Operand(name, text, optional=known[port].optional)


def _wire(graph: Graph, port: str, link: Link, ports: _Ports) -> Operand:
    value = f"{link.node}.{link.port}"
    source, output = ports.get(value, (link.node, link.port))
    return Operand(port, graph.deref(link).wire, source, output, value)


def _text(value: object) -> str:
    """A value as a file has it; of a large array its type."""
    shape = getattr(value, "shape", ())
    if isinstance(shape, tuple) and len(shape) and getattr(value, "size", 0) > 64:
        return f"{getattr(value, 'dtype', 'array')}[{', '.join(map(str, shape))}]"
    try:
        return flow(plain(value))
    except DataflowError:
        return str(value)

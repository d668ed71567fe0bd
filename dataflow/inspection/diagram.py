"""A graph in the languages that other programs draw: Mermaid and DOT."""

from __future__ import annotations

from dataflow.core.errors import visible
from dataflow.core.ports import Literal
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.inspection.data import brief, places, split


def mermaid(graph: Graph) -> str:
    """A flowchart for Mermaid, as GitHub and many editors draw it from a ``mermaid`` code block."""
    inputs, nodes = split(graph)
    ids = _ids(graph)
    lines = ["flowchart LR"]
    lines += [f'  {ids[n.name]}(["{_mermaid(n.name)}"])' for n in inputs]
    for node in nodes:
        label = "<br/>".join(map(_mermaid, [node.name, type(node.block).__name__, *_settings(node)]))
        lines.append(f'  {ids[node.name]}["{label}"]')
    lines += [f'  out{i}(["{_mermaid(name)}"])' for i, name in enumerate(graph.outputs)]
    for node in nodes:
        for port, link in _links(node):
            label = _mermaid(f"{port}: {_type(graph, link)}")
            lines.append(f'  {ids[link.node]} -->|"{label}"| {ids[node.name]}')
    for i, link in enumerate(graph.outputs.values()):
        lines.append(f'  {ids[link.node]} -->|"{_mermaid(_type(graph, link))}"| out{i}')
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    """A digraph for Graphviz; input ports stand on the left of a node, outputs on the right."""
    inputs, nodes = split(graph)
    ids = _ids(graph)
    lines = [f'digraph "{_quoted(graph.name)}" {{', "  rankdir=LR;", '  node [shape=record, fontname="sans-serif"];']
    lines.append('  edge [fontname="sans-serif", fontsize=10];')
    lines += [f'  {ids[n.name]} [shape=box, style=rounded, label="{_quoted(n.name)}"];' for n in inputs]
    for node in nodes:
        middle = r"\n".join(map(_record, [node.name, type(node.block).__name__, *_settings(node)]))
        cells = [_ports("i", [port for port, _ in _links(node)]), middle, _ports("o", list(node.types))]
        lines.append(f'  {ids[node.name]} [label="{{{"|".join(c for c in cells if c)}}}"];')
    lines += [f'  out{i} [shape=box, style=rounded, label="{_quoted(name)}"];' for i, name in enumerate(graph.outputs)]
    starts = {
        Link(node.name, port): ids[node.name] + (f":o{i}" if node not in inputs else "")
        for node in (*inputs, *nodes)
        for i, port in enumerate(node.types)
    }
    for node in nodes:
        for i, (_, link) in enumerate(_links(node)):
            lines.append(f'  {starts[link]} -> {ids[node.name]}:i{i} [label="{_quoted(_type(graph, link))}"];')
    for i, link in enumerate(graph.outputs.values()):
        lines.append(f'  {starts[link]} -> out{i} [label="{_quoted(_type(graph, link))}"];')
    return "\n".join([*lines, "}"]) + "\n"


def _ids(graph: Graph) -> dict[str, str]:
    inputs, nodes = split(graph)
    return {node.name: f"n{i}" for i, node in enumerate([*inputs, *nodes])}


def _links(node: Node) -> list[tuple[str, Link]]:
    return [(label, operand) for label, operand in places(node) if isinstance(operand, Link)]


def _settings(node: Node) -> list[str]:
    """Literals on ports and attrs that are not the default, a line each."""
    literals = [f"{label} = {brief(v.value)}" for label, v in places(node) if isinstance(v, Literal)]
    return literals + [f"{name} = {brief(value)}" for name, value in node.block.attrs().items()]


def _type(graph: Graph, link: Link) -> str:
    return str(graph.deref(link).type)


def _ports(prefix: str, names: list[str]) -> str:
    return f"{{{'|'.join(f'<{prefix}{i}> {_record(name)}' for i, name in enumerate(names))}}}" if names else ""


def _mermaid(text: str) -> str:
    """Text between the quotes of a label: marks that Mermaid or HTML would read are written as entities."""
    return "".join(c if c.isalnum() or c in " _.,:=/-+…[]()?" else f"#{ord(c)};" for c in visible(text))


def _quoted(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _record(text: str) -> str:
    return "".join(f"\\{c}" if c in '\\{}|<>"' else c for c in visible(text).replace("\n", " "))

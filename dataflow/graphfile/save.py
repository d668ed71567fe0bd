"""Graph -> a graph file, with the arrays that are too large for it beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from dataflow.core.errors import GraphError
from dataflow.files.atomic import is_replaceable, write_text
from dataflow.graph.arguments import as_graph, as_path
from dataflow.graph.graph import Graph
from dataflow.graph.layout import Layout
from dataflow.graphfile import shipped
from dataflow.graphfile.emit import block, entry
from dataflow.graphfile.entries import Entries, is_input
from dataflow.graphfile.keeping.file import kept_text
from dataflow.graphfile.load import read
from dataflow.graphfile.placement import Placement

INLINE = 16  # elements that a file shows; larger arrays are saved beside it
SHOWN = 1000  # elements that are shown where a graph is printed
Writing = Callable[[Placement], str | None]


def save(graph: Graph, path: str | os.PathLike[str], *, inline: int = INLINE) -> None:
    """Write a graph file.

    Of a graph that came from a file all that has not changed since stays as it was written there: comments, params,
    order, layout, graphs used as blocks. What passes say of how their nodes are written, `Graph.layout`, is followed.

    Arrays that came from files are named, not copied; other ones of more than ``inline`` elements are saved beside it
    as ``<stem>.npz``, or ``<stem>-2.npz`` and so on where that is another file: no array file is ever overwritten.
    """
    graph, path = as_graph(graph, "flow.save(graph, path)"), as_path(path, "flow.save(graph, path)")
    shipped.refuse_writing(os.fspath(path))
    target = Path(os.path.realpath(path))
    for writing, sure in _writings(graph):
        placement = Placement(target, inline)
        text = writing(placement)
        if text is not None and (sure or _says(text, graph, placement)):
            break
    if placement.new and not is_replaceable(path):
        raise GraphError(
            f"{os.fspath(path)}: a graph with large arrays must be saved to a file, beside which they are put, "
            "got a device or pipe"
        )
    if placement.write():
        text = writing(placement)
    assert text is not None
    write_text(path, text)


def resolved_text(graph: Graph, path: str | os.PathLike[str]) -> str:
    """A graph as a file: parameters are set, sub-graphs written out, paths relative to the folder of ``path``."""
    return _plain_text(graph, False, Placement(Path(os.path.realpath(os.fspath(path))), SHOWN))


def _writings(graph: Graph) -> Iterator[tuple[Writing, bool]]:
    """The ways to write a graph, the one that keeps most of its file first; whether one needs no check."""
    if graph.layout.source is not None:
        yield partial(kept_text, graph, False), False
        yield partial(kept_text, graph, True), False
    if graph.layout.written or graph.layout.comments:
        yield partial(_plain_text, graph, True), False
    yield partial(_plain_text, graph, False), True


def _says(text: str, graph: Graph, placement: Placement) -> bool:
    """Whether a file with this text, beside the new arrays, would be read as the graph."""
    target = placement.target
    placement.arrays.supply(placement.folder / placement.file, placement.new)
    found = read(target, {}, texts={str(target): text}, arrays=placement.arrays)
    return not found.problems() and found.graph == graph


def _plain_text(graph: Graph, laid_out: bool, placement: Placement) -> str:
    return "\n".join(_lines(graph, laid_out, placement)) + "\n"


def _lines(graph: Graph, laid_out: bool, placement: Placement) -> Iterator[str]:
    entries, nodes = Entries(graph, placement.inline), list(graph.nodes.values())
    layout = graph.layout if laid_out else Layout()
    inputs = {n.name: entries.input(n) for n in nodes if is_input(n)}
    yield "dataflow: 1"
    yield from entry("name", graph.name)
    if graph.doc:
        yield from entry("doc", graph.doc)
    if params := {keys[1]: text for keys, text in layout.written.items() if keys[0] == "params"}:
        yield from ("", *block("params", params))
    if inputs:
        yield from ("", *block("inputs", inputs))
    if len(inputs) < len(nodes):
        yield from ("", "nodes:")
        above = ""
        for node in nodes:
            if node.name not in inputs:
                if (comment := layout.comments.get(node.name, "")) not in ("", above):
                    yield f"  # {comment}"
                above = comment
                written = layout.respelled(("nodes", node.name), entries.node(node))
                yield from block(node.name, placement.node(node.name, written), 2)
    if graph.outputs:
        yield from ("", *block("outputs", entries.outputs()))
    for name, section in entries.sections(placement.path).items():
        yield from ("", *block(name, layout.respelled((name,), section)))

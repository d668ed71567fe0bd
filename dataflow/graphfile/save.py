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
    draft = _chosen(graph, target, inline)
    if draft.placement.new and not is_replaceable(path):
        raise GraphError(
            f"{os.fspath(path)}: a graph with large arrays must be saved to a file, beside which they are put, "
            "got a device or pipe"
        )
    if draft.placement.write():
        draft.text = draft.writing(draft.placement)
    assert draft.text is not None
    write_text(path, draft.text)


def resolved_text(graph: Graph, path: str | os.PathLike[str]) -> str:
    """A graph as a file: parameters are set, sub-graphs written out, paths relative to the folder of ``path``."""
    return _plain_text(graph, Layout(), Placement(Path(os.path.realpath(os.fspath(path))), SHOWN))


class _Draft:
    """A graph as a file that is not written yet; no text where this way of writing cannot say the graph."""

    def __init__(self, graph: Graph, writing: Writing, target: Path, inline: int):
        self.graph, self.writing, self.placement = graph, writing, Placement(target, inline)
        self.text = writing(self.placement)

    def wrong(self) -> set[str]:
        """The nodes that would not be read as they are from such a file beside its new arrays; all if more is wrong."""
        every, placement = {*self.graph.nodes, ""}, self.placement
        if self.text is None:
            return every
        arrays = placement.arrays.with_file(placement.folder / placement.file, placement.new)
        found = read(placement.target, {}, texts={str(placement.target): self.text}, arrays=arrays)
        if found.problems() or found.graph.nodes.keys() != self.graph.nodes.keys():
            return every
        pairs = [(node, found.graph.nodes[name]) for name, node in self.graph.nodes.items()]
        wrong = {was.name for was, now in pairs if was.identity != now.identity}
        return wrong if wrong or found.graph == self.graph else every


def _chosen(graph: Graph, target: Path, inline: int) -> _Draft:
    """Of the ways to write a graph that come to it the one that keeps most of its file."""
    apart: set[str] = set()  # nodes that graphs used as blocks do not make any more
    while graph.layout.source is not None:
        draft = _Draft(graph, partial(kept_text, graph, frozenset(apart)), target, inline)
        wrong = draft.wrong()
        if not wrong:
            return draft
        if wrong <= apart:
            break
        apart |= wrong
    if graph.layout.written or graph.layout.comments:
        draft = _Draft(graph, partial(_plain_text, graph, graph.layout), target, inline)
        if not draft.wrong():
            return draft
    return _Draft(graph, partial(_plain_text, graph, Layout()), target, inline)


def _plain_text(graph: Graph, layout: Layout, placement: Placement) -> str:
    return "\n".join(_lines(graph, layout, placement)) + "\n"


def _lines(graph: Graph, layout: Layout, placement: Placement) -> Iterator[str]:
    entries, nodes = Entries(graph, placement.inline), list(graph.nodes.values())
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

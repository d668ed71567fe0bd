"""Nodes of a file as text of their own, with their comments, to be pasted elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dataflow.core.errors import cropped, instead
from dataflow.graphfile.editing.changes import Refusal, Tree
from dataflow.graphfile.editing.lines import Lines
from dataflow.graphfile.editing.mentions import section
from dataflow.graphfile.emit import entry
from dataflow.graphfile.spans import Entry, Span


def copied(text: str, root: Span, tree: Tree, names: Iterable[str]) -> list[list[str]]:
    """The lines of nodes, in the order of the file, without indent; a blank line before one begins its paragraph.

    Comments right above a node and on its lines come with it. What an anchor shares is written out. Raises Refusal
    where there is no node of a name.
    """
    known = section(tree, "nodes")
    wanted = set(names)
    for name in wanted - known.keys():
        raise Refusal(("nodes",), f"no node '{cropped(name)}'", instead(name, known))
    owner = root.find("nodes")
    lines = Lines(text)
    found = []
    for name in (name for name in known if name in wanted):
        own = owner.value.find(name) if owner is not None else None
        found.append(_written(lines, own) if own is not None and _stands_alone(own) else entry(name, known[name]))
    return found


def _stands_alone(own: Entry) -> bool:
    """Whether the text of a node says the same elsewhere: it has lines of its own, and shares nothing."""
    spans = own.value.all()
    return not own.owner.flow and not own.asked and not any(s.anchor or s.kind == "alias" for s in spans)


def _written(lines: Lines, own: Entry) -> list[str]:
    text, column = lines.text, lines.column(own.start)
    start = lines.start(own.start)
    blank = False
    while start > 0:
        above = lines.start(start - 1)
        line = text[above : lines.end(above)]
        blank = not line.strip()
        if not line.lstrip().startswith("#") or lines.indent(above) != column:
            break
        start = above
    shown = text[start : lines.below(own)].replace("\r\n", "\n").split("\n")
    return [""] * blank + [line[column:] if not line[:column].strip() else line.lstrip() for line in shown]


def joined(parts: Sequence[Sequence[str]]) -> str:
    """The text of copied nodes."""
    return "\n".join(line for part in parts for line in part).strip("\n") + "\n"

"""How a graph file spells its values, and the comments under which its nodes stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from dataflow.graphfile.emit import flow
from dataflow.graphfile.spans import Span, Step, spans
from dataflow.graphfile.tree import Document, Place, Value


class Spelling:
    """The texts of the values in a file."""

    def __init__(self, document: Document):
        self.document = document

    @cached_property
    def _root(self) -> Span:
        return spans(self.document.text)

    def text(self, path: Sequence[Step], value: Value) -> str:
        """A value in one line: as written at this path if that is one line, else as it would be written."""
        span: Span | None = self._root
        for step in path:
            span = None if span is None else _found(span, step)
        span = span if span is None or span.target is None else span.target
        if span is not None:
            text = self.document.text[span.inner : span.end]
            if "\n" not in text and "\r" not in text:
                return text
        return flow(value.plain())


def _found(span: Span, step: Step) -> Span | None:
    """The value under a key or at a place, through aliases and merge keys."""
    if span.target is not None:
        return _found(span.target, step)
    entry = span.find(step)
    if entry is not None:
        return entry.value
    for each in span.entries:
        if each.merges:
            merged = each.value.entries if each.value.kind == "list" else [each]
            for part in merged:
                if (found := _found(part.value, step)) is not None:
                    return found
    return None


_WRITTEN_OUT = ", written out"


def written_out(use: str, block: str) -> str:
    """The heading of the nodes of a graph file that a node used as its block."""
    return f"{use}: {block}{_WRITTEN_OUT}"


def is_of_one_use(title: str) -> bool:
    """Whether a heading is that of nodes written out, and of no others."""
    return title.endswith(_WRITTEN_OUT)


def headings(lines: Sequence[str], places: Mapping[str, Place]) -> Iterator[tuple[str, list[str], int]]:
    """The paragraphs of a section: title, names and line of each.

    A paragraph begins at a comment that stands on lines of its own at the column of the names, behind a blank line or
    first in the section; and at a name behind a blank line. The lines of a comment are joined, a full stop is left out.
    """
    title, names, start = "", list[str](), 0
    for name, (line, column) in places.items():
        comment, first, apart = _above(lines, line, column)
        if names and (comment or apart):
            yield title, names, start
            title, names = "", []
        if not names:
            title, start = comment, first
        names.append(name)
    if names:
        yield title, names, start


def _above(lines: Sequence[str], line: int, column: int) -> tuple[str, int, bool]:
    """The comment above a name, if it is a heading; the line where that begins; and whether a blank line is above."""
    margin = " " * (column - 1)
    at, found = line - 1, list[str]()  # `at` counts from 0: the line above it is at - 1
    while at > 0 and lines[at - 1].startswith(f"{margin}#"):
        at -= 1
        found.insert(0, lines[at][column:].strip())
    blank = at > 0 and not lines[at - 1].strip()
    opens = at > 0 and lines[at - 1].rstrip().endswith(":") and not lines[at - 1].startswith(margin or " ")
    title = " ".join(part for part in found if part).removesuffix(".") if blank or opens else ""
    return title, at + 1, blank

"""The comments on lines above entries: put there with what is added, made headings, taken away with what goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from dataflow.graph.layout import Keys
from dataflow.graphfile.editing.changes import Path
from dataflow.graphfile.editing.lines import Lines
from dataflow.graphfile.editing.replacements import Replacement, replaced
from dataflow.graphfile.spans import Entry, Span, lookup, spans


def commented(text: str, comments: Mapping[Keys, Iterable[str]]) -> str:
    """The text with comments above entries that it has; in braces there is no place for them."""
    lines, root, made = Lines(text), spans(text), list[Replacement]()
    for keys, comment in comments.items():
        if (entry := _on_its_line(lines, root, keys)) is not None:
            at, margin = lines.start(entry.start), " " * lines.column(entry.start)
            made.append(Replacement(at, at, "".join(f"{margin}# {line}{lines.eol}" for line in comment)))
    return replaced(text, made)


def apart(text: str, paths: Iterable[Path]) -> str:
    """The text with a blank line above entries and their comments, so that these are headings."""
    lines, root, made = Lines(text), spans(text), list[Replacement]()
    for path in paths:
        entry = _on_its_line(lines, root, path)
        if entry is None or entry is entry.owner.entries[0]:
            continue
        top = lines.top(entry)
        if not lines.blank(top - 1):
            made.append(Replacement(top, top, lines.eol))
    return replaced(text, made)


def without_comments_of(text: str, going: Sequence[Path]) -> str:
    """The text without the comments that belong to entries which go.

    A comment right on top of an entry is its own. One behind a blank line, or at the top, is the heading of all up to
    the next blank line or comment, and goes if these do.
    """
    lines, root, made = Lines(text), spans(text), list[Replacement]()
    gone = set(going)
    for path in going:
        entry = _on_its_line(lines, root, path)
        if entry is None:
            continue
        start = lines.start(entry.start)
        top = lines.top(entry)
        heads = top == start or entry is entry.owner.entries[0] or lines.blank(top - 1)
        if top == start or (heads and not all((*path[:-1], each.key) in gone for each in _paragraph(lines, entry))):
            continue
        blank = heads and top > 0 and lines.blank(top - 1)
        made.append(Replacement(lines.start(top - 1) if blank else top, start, ""))
    return replaced(text, made)


def _paragraph(lines: Lines, entry: Entry) -> list[Entry]:
    """An entry and those that follow it without a blank line or a comment between them."""
    following = entry.owner.entries[entry.owner.entries.index(entry) :]
    found = [entry]
    for one, other in pairwise(following):
        if lines.start(other.start) != lines.after(lines.below(one)):
            break
        found.append(other)
    return found


def _on_its_line(lines: Lines, root: Span, path: Path) -> Entry | None:
    """The entry at a path that begins a line of its own outside of braces; None where there is no such."""
    span = lookup(root, path)
    entry = None if span is None else span.entry
    return entry if entry is not None and not entry.owner.flow and lines.first(entry.start) else None

"""Where each value of a graph file begins and ends in its text: what edits of the text go by.

Made in one pass over the parser's events, only for text that `parse.parse` has accepted. Offsets count characters of
the text without a byte order mark, which `parse` has taken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import yaml

from dataflow.graphfile.parse import LOADER

Kind = Literal["scalar", "alias", "mapping", "list"]
Step = str | int  # a key of a mapping, or a place in a list
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+[ \t]*")
_COMMENT = re.compile(r"(?:(?<=\s)|^)#[^\r\n]*")


@dataclass(slots=True, eq=False)
class Span:
    """A value in a text, ``[start:end]`` with its anchor; of mappings and lists without braces up to the last value.

    The text of block scalars ends without the blank lines behind it, unless these belong to the value.
    """

    start: int
    end: int
    kind: Kind
    inner: int = 0  # where it begins after its anchor
    style: str = ""  # of a scalar: a quote, | or >, nothing of plain text
    flow: bool = False  # a mapping or list in braces or brackets
    anchor: str = ""
    entries: list[Entry] = field(default_factory=list)  # of a mapping or list, as written: with << among the keys
    target: Span | None = None  # of an alias
    users: list[Span] = field(default_factory=list)  # aliases of the anchor
    entry: Entry | None = None  # whose value it is; of the root None
    by_key: dict[str, Entry] | None = None  # the entries of a mapping, once one was asked for

    def find(self, step: Step) -> Entry | None:
        """The entry that is written under a key or at a place in a list; None where there is none."""
        if self.kind == "list":
            return self.entries[step] if isinstance(step, int) and -1 < step < len(self.entries) else None
        if self.by_key is None:
            self.by_key = {each.key: each for each in reversed(self.entries) if not each.merges}
        return self.by_key.get(step) if isinstance(step, str) else None

    def all(self) -> Iterator[Span]:
        """The value itself and all values in it."""
        waiting = [self]
        while waiting:
            span = waiting.pop()
            yield span
            waiting += [entry.value for entry in reversed(span.entries)]

    @property
    def outer(self) -> Iterator[Span]:
        """The mappings and lists that it lies in, from the innermost outwards."""
        entry = self.entry
        while entry is not None:
            yield entry.owner
            entry = entry.owner.entry


@dataclass(slots=True, eq=False)
class Entry:
    """A key with its value, or an item of a list; it begins at the key, or at the ``?`` or the dash before it."""

    owner: Span
    start: int
    value: Span
    key: str = ""
    key_start: int = 0  # of the key as written, with its anchor
    key_end: int = 0
    merges: bool = False  # the key is <<
    asked: bool = False  # written ``? key``

    @property
    def end(self) -> int:
        """Where its value ends; of an entry without a value, where its key does."""
        return max(self.value.end, self.key_end)


@lru_cache(4)
def spans(text: str) -> Span:
    """The spans of a text that `parse` has accepted; of the root, which holds all others. They are not to be changed.

    Those of the texts that were asked about last are kept: an edit and the picture after it ask about the same.
    """
    return _Reader(text).root


def lookup(root: Span, path: Sequence[Step]) -> Span | None:
    """The value that is written at a path, without following aliases and merge keys; None where none is."""
    span = root
    for step in path:
        entry = span.find(step)
        if entry is None:
            return None
        span = entry.value
    return span


def without_comments(text: str) -> str:
    """A text between two values with its comments blanked out."""
    return _COMMENT.sub(lambda found: " " * len(found[0]), text)


class _Reader:
    """Reads the events of a text."""

    def __init__(self, text: str):
        self.text = text
        self.at = 0  # the end of what was read last
        self.open: list[Span] = []
        self.key: Entry | None = None  # waits for its value
        self.anchors: dict[str, Span] = {}
        self.root = Span(0, 0, "scalar")
        for event in iter(LOADER(text).get_event, None):
            self.event(event, event.start_mark.index, event.end_mark.index)

    def event(self, event: yaml.Event, start: int, end: int) -> None:
        if isinstance(event, yaml.CollectionEndEvent):
            span = self.open.pop()
            span.end = end if span.flow and end > start else self.at
            self.at = span.end
        elif isinstance(event, yaml.ScalarEvent):
            if self.open and self.open[-1].kind == "mapping" and self.key is None:
                self.begin_key(event, start, end)
                return
            style = event.style or ""
            if style in ("|", ">"):
                end = self.trimmed(start, end)
            self.add(Span(start, end, "scalar", style=style), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            target = self.anchors[event.anchor or ""]
            span = Span(start, end, "alias", target=target)
            target.users.append(span)
            self.add(span)
        elif isinstance(event, yaml.CollectionStartEvent):
            kind: Kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "list"
            span = Span(start, end, kind, flow=bool(event.flow_style))
            self.add(span, event.anchor)
            if not span.flow:
                self.at = span.inner
            self.open.append(span)

    def trimmed(self, start: int, end: int) -> int:
        """The end of a block scalar without the blank lines behind it; what is kept keeps all but its last break."""
        header = self.text[start:end].partition("\n")[0].partition("#")[0]
        if "+" not in header:
            return start + len(self.text[start:end].rstrip(" \t\r\n"))
        return start + len(self.text[start:end].removesuffix("\n").removesuffix("\r"))

    def begin_key(self, event: yaml.ScalarEvent, start: int, end: int) -> None:
        owner = self.open[-1]
        asked = without_comments(self.text[self.at : start]).find("?") if start > self.at else -1
        first = self.at + asked if asked >= 0 else start
        merges = event.value == "<<" and event.implicit[0]
        self.key = Entry(owner, first, self.root, event.value, start, end, merges, asked >= 0)
        owner.entries.append(self.key)
        self.at = end

    def add(self, span: Span, anchor: str | None = None) -> None:
        span.inner = span.start
        if anchor is not None:
            span.anchor = anchor
            self.anchors[anchor] = span
            found = _ANCHOR.match(self.text, span.start)
            span.inner = found.end() if found else span.start
        if not self.open:
            self.root = span
        elif self.key is not None:
            self.key.value, span.entry, self.key = span, self.key, None
        else:
            owner = self.open[-1]
            dash = -1 if owner.flow else without_comments(self.text[self.at : span.start + 1]).find("-")
            span.entry = Entry(owner, self.at + dash if dash >= 0 else span.start, span)
            owner.entries.append(span.entry)
        self.at = max(self.at, span.end)

"""The source of a graph file: nodes with their text as written, and the comments around them.

Made from the parser's events and the text between them; only for text that `parse.parse` has accepted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from dataflow.graphfile.parse import LOADER


@dataclass(eq=False)
class Node:
    """A scalar, an alias, a mapping or a list."""

    text: str = ""  # all of a scalar; of a mapping or list its anchor and tag
    literal: bool = False  # a scalar whose lines keep their indents
    items: list[Item] | None = None  # of a mapping or list
    keyed: bool = False  # a mapping
    flow: bool = False  # in braces or brackets
    rows: bool = False  # a list of lists or mappings that stood on several lines
    row: int = 0  # where it begins
    column: int = 0  # of the first key
    end: list[str] = field(default_factory=list)  # comments after the last item

    @property
    def noted(self) -> bool:
        """Whether there are comments within."""
        return bool(self.end) or any(i.notes or any(i.lead) for i in self.items or ())

    def line(self) -> str | None:
        """The node in one line; None if it has comments, spans several lines or is a matrix."""
        if self.items is None:
            return None if "\n" in self.text else self.text
        if not self.flow or self.rows or self.noted:
            return None
        lines = [item.value.line() for item in self.items]
        if None in lines:
            return None
        parts = [f"{i.key}: {line}" if self.keyed else str(line) for i, line in zip(self.items, lines, strict=True)]
        opening, closing = "{}" if self.keyed else "[]"
        return (f"{self.text} " if self.text else "") + opening + ", ".join(parts) + closing


@dataclass(eq=False)
class Item:
    """An entry of a mapping or list."""

    key: str = ""
    lead: list[str] = field(default_factory=list)  # comments on lines before it; "" is a blank line
    notes: list[str] = field(default_factory=list)  # comments on its own line
    value: Node = field(default_factory=Node)


class Source:
    """Reads a text. ``root`` has its nodes, ``comments`` all its comments."""

    def __init__(self, text: str):
        self.comments: list[str] = []
        self.root = Item()
        self._text, self._at = text, 0  # up to where it has been read
        self._open: list[Item] = []  # whose mappings and lists are not complete yet
        self._keyed: Item | None = None  # has its key and waits for the value
        self._last = self.root  # the item to which a comment on the same line belongs
        self._waiting: list[tuple[int, str]] = []  # comments on lines of their own with their columns
        for event in yaml.parse(text, Loader=LOADER):
            self._event(event)
        self.root.value.end += self._taken()

    def _event(self, event: Any) -> None:
        start, end = event.start_mark, event.end_mark
        self._gap(self._text[self._at : start.index])
        self._at = end.index
        text, kind = self._text[start.index : end.index], type(event)
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            properties = " ".join(word for word in text.split() if word[0] in "&!")
            node = Node(properties, items=[], flow=event.flow_style, row=start.line, column=start.column)
            node.keyed = kind is yaml.MappingStartEvent
            self._open.append(self._place(node))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._end(end.line)
        elif kind is yaml.ScalarEvent and self._wants_key():
            self._key(text, start.column)
        elif kind is yaml.ScalarEvent or kind is yaml.AliasEvent:
            if getattr(event, "style", None) in ("|", ">"):
                literal = self._literal(text)
                self._place(Node(literal, literal=True))
                if text.endswith("\n\n") and not literal.endswith("\n"):  # else they are part of the text
                    self._blank()
            else:
                self._place(Node(text))

    def _gap(self, gap: str) -> None:
        """Takes the comments and blank lines between two events."""
        fresh = self._at == 0 or self._text[self._at - 1] == "\n"
        *lines, last = gap.split("\n")
        for i, line in enumerate([*lines, last]):
            column = line.find("#")
            if column >= 0:
                self.comments.append(line[column:].rstrip())
                if i or fresh:
                    self._waiting.append((column, self.comments[-1]))
                else:
                    self._last.notes.append(self.comments[-1])
            elif (i or fresh) and i < len(lines) and not line.strip():
                self._blank()

    def _literal(self, text: str) -> str:
        """A literal without the indent of its lines."""
        header, *lines = text.split("\n")
        given = re.search("[1-9]", header.partition("#")[0])
        if given:
            depth = int(given[0]) + max(self._column(), 0)
            header = header[: given.start()] + "2" + header[given.end() :]
        else:
            depth = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        text = "\n".join([header, *(line[depth:] for line in lines)])
        return text.removesuffix("\n") if "+" in header.partition("#")[0] else text.rstrip("\n ")

    def _column(self) -> int:
        """Where the keys or dashes of the innermost mapping or list without brackets stand."""
        return next((i.value.column for i in reversed(self._open) if not i.value.flow), -1)

    def _blank(self) -> None:
        if not self._waiting or self._waiting[-1][1]:
            self._waiting.append((-1, ""))

    def _taken(self) -> list[str]:
        comments = [comment for _, comment in self._waiting]
        self._waiting.clear()
        return comments

    def _wants_key(self) -> bool:
        return bool(self._open) and self._open[-1].value.keyed and self._keyed is None

    def _key(self, text: str, column: int) -> None:
        mapping = self._open[-1].value
        assert mapping.items is not None
        if not mapping.items:
            mapping.column = column
        self._keyed = self._last = Item(text, self._taken())
        mapping.items.append(self._keyed)

    def _place(self, node: Node) -> Item:
        """Make a node the value of its item: the one whose key was read, the next one of a list, or the root."""
        item = self._keyed
        if item is None:
            item = Item(lead=self._taken()) if self._open else self.root
            if self._open:
                items = self._open[-1].value.items
                assert items is not None
                items.append(item)
        elif node.items is None or node.flow:
            item.lead += self._taken()
        item.value, self._keyed, self._last = node, None, item
        return item

    def _end(self, line: int) -> None:
        """Closes the innermost mapping or list, which ends on this line."""
        item = self._last = self._open.pop()
        node = item.value
        if node.flow:
            node.end = [comment for comment in self._taken() if comment]
            nested = any(i.value.items is not None for i in node.items or ())
            node.rows = nested and not node.keyed and line > node.row
            return
        outer = self._column()
        inside = 0
        for i, (column, comment) in enumerate(self._waiting, 1):
            if comment and column <= outer:
                break
            if comment:
                inside = i
        node.end = [comment for _, comment in self._waiting[:inside]]
        del self._waiting[:inside]

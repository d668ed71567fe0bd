"""Where in a graph file a cursor stands, also in text that is being typed and is no YAML yet.

Lines are read by their indents and brackets alone, up to the cursor; quotes and comments are passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dataflow.graphfile.editing.changes import Path

_WORD = re.compile(r"[^\s,\[\]{}\"'#]*\Z")
_KEY = re.compile(r"""(?:"([^"]*)"|'([^']*)'|([^\s#,\[\]{}"'&*!|>%@`][^#\[\]{},]*?))\s*:(?=\s|\Z)""")
_DASH = re.compile(r"-(?=\s|\Z)[ ]*")


@dataclass
class _Frame:
    """A mapping or list that is open: the column of its keys or dashes, or -1 in brackets; the key or item it is at."""

    column: int
    keyed: bool
    key: str | None = None
    item: int = 0
    indent: int = 0  # of brackets: that of the line on which they begin

    @property
    def step(self) -> str | int | None:
        return self.key if self.keyed else self.item


@dataclass(frozen=True)
class Cursor:
    """The mapping or list that a cursor is in or the value it is at, and the word that has been typed.

    ``typing_key``: the word is to be a key of the mapping at ``path``; else it is the value there.
    """

    path: Path
    typing_key: bool
    word: str
    start: int  # where the word begins
    quote: str = ""  # the mark that was opened before the word
    comment: bool = False  # it is in a comment, or in text of several lines
    closing: str = ""  # what closes the quote and the brackets that are open


@dataclass
class _Scan:
    frames: list[_Frame] = field(default_factory=list)
    literal: int = -1  # lines further in than this belong to text of several lines
    quote: str = ""
    comment: bool = False

    @property
    def in_brackets(self) -> bool:
        return bool(self.frames) and self.frames[-1].column < 0

    @property
    def wants_key(self) -> bool:
        return self.in_brackets and self.frames[-1].keyed and self.frames[-1].key is None

    def line(self, text: str, last: bool = False) -> None:
        """Read a line, or the beginning of the last one."""
        self.comment = False
        stripped = text.lstrip(" ")
        column = len(text) - len(stripped)
        if self.literal >= 0:
            if (not stripped and not last) or column > self.literal:
                self.comment = True
                return
            self.literal = -1
        if self.in_brackets and self.left_open(stripped, column):
            self.frames = [frame for frame in self.frames if frame.column >= 0]
            self.quote = ""
        if self.in_brackets or self.quote:
            self.inside(text, column)
            return
        if stripped.startswith("#"):
            self.comment = True
            return
        at = column
        while found := _DASH.match(text, at):
            self.open_at(at, keyed=False)
            at = found.end()
        if key := _KEY.match(text, at):
            self.open_at(at, keyed=True)
            self.frames[-1].key = next(part for part in key.groups() if part is not None)
            at = key.end()
            value = text[at:].strip()
            if value[:1] in ("|", ">"):
                self.literal = self.frames[-1].column
                return
        self.inside(text, column, at)

    def left_open(self, stripped: str, column: int) -> bool:
        """Whether brackets were never closed: a line begins with a key as far out as the one whose value they are."""
        own = [frame for frame in self.frames if frame.column >= 0]
        return bool(own) and column <= own[-1].column and _KEY.match(stripped) is not None

    def open_at(self, column: int, keyed: bool) -> None:
        """A key or dash in a column: of a mapping or list that is open, or of a new one in the one before."""
        while self.frames and self.frames[-1].column > column:
            self.frames.pop()
        top = self.frames[-1] if self.frames else None
        if top is not None and top.column == column and top.keyed == keyed:
            top.item += not keyed
            return
        if top is not None and top.column == column and not top.keyed:
            self.frames.pop()
        self.frames.append(_Frame(column, keyed))

    def close(self, keyed: bool) -> None:
        """The end of the innermost brackets of a kind; those within that were left open end too."""
        while self.in_brackets and any(frame.column < 0 and frame.keyed == keyed for frame in self.frames):
            if self.frames.pop().keyed == keyed:
                return

    def inside(self, text: str, indent: int, at: int = 0) -> None:
        """Read a value: its brackets, quotes and commas."""
        while at < len(text):
            char = text[at]
            if self.quote:
                if char == "\\" and self.quote == '"':
                    at += 1
                elif char == self.quote:
                    self.quote = ""
            elif char in "\"'" and (not at or text[at - 1] in " ,[{:"):
                key = _KEY.match(text, at) if self.in_brackets and self.frames[-1].keyed else None
                if key:
                    self.frames[-1].key, at = key[1] or key[2] or "", key.end()
                    continue
                self.quote = char
            elif char == "#" and (not at or text[at - 1] in " \t"):
                self.comment = True
                return
            elif char in "{[":
                self.frames.append(_Frame(-1, char == "{", indent=indent))
            elif char in "}]":
                self.close(keyed=char == "}")
            elif char == "," and self.in_brackets:
                self.frames[-1].key = None
                self.frames[-1].item += 1
            elif char not in " \t" and self.wants_key and (key := _KEY.match(text, at)):
                self.frames[-1].key, at = key[3] or "", key.end()
                continue
            at += 1


def cursor(text: str, offset: int) -> Cursor:
    """What stands at an offset of a text."""
    head = text[: max(0, min(offset, len(text)))]
    found = _WORD.search(head)
    start = found.start() if found else len(head)
    *lines, last = re.split("\r\n|\r|\n", head[:start])
    scan = _Scan()
    for line in lines:
        scan.line(line)
    scan.line(last, last=True)
    word, quote = head[start:], scan.quote
    if scan.comment:
        return Cursor((), False, word, start, comment=True)
    frames, typing_key = scan.frames, False
    if scan.in_brackets:
        typing_key = scan.wants_key
        frames = frames[:-1] if typing_key else frames
    elif last.strip(" ") in ("", quote):  # nothing but the word stands on the line
        column = len(last) - len(last.lstrip(" "))
        typing_key = all(frame.keyed for frame in frames if frame.column == column)
        frames = [frame for frame in frames if frame.column < column]
    path = tuple(step for frame in frames if (step := frame.step) is not None)
    brackets = ["}" if frame.keyed else "]" for frame in reversed(scan.frames) if frame.column < 0]
    return Cursor(path, typing_key, word, start, quote, closing=quote + "".join(brackets))

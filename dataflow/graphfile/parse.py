"""Text -> a tree in which every value knows its line and column.

Built from the parser's events rather than its objects: one pass, no recursion, and every limit is checked before
anything is expanded.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

from dataflow.core.errors import cropped
from dataflow.graphfile.scalars import scalar
from dataflow.graphfile.tree import BREAK, MAX_DEPTH, START, TOO_DEEP, Document, Place, Stop, Value

MAX_VALUES = 1_000_000  # and keys in a file: more would take too long to read
MAX_EXPANDED = 200_000  # values that aliases and merge keys may add
_COUNTED = (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)
_MARK = "\ufeff"
_NO_KEYS: dict[str, Place] = {}
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")


def parse(text: str, path: str) -> Document:
    """The tree of a text; what is wrong with it is in ``problems``."""
    document = Document(path, text.removeprefix(_MARK), mark=text[: text.startswith(_MARK)])
    try:
        if found := _FORBIDDEN.search(document.text):
            lines = BREAK.split(document.text[: found.start()])
            place = len(lines), len(lines[-1]) + 1
            raise document.fail(place, f"control characters are not allowed, got {found[0]!a}")
        _Tree(document).build()
    except Stop:
        pass
    except yaml.MarkedYAMLError as error:
        document.report(*(_depth(document.text, error) or _syntax(document, error)))
    except yaml.YAMLError as error:
        document.report(START, f"not YAML: {error}")
    return document


_WAYS_OUT = {  # of what the parser says of common slips
    "mapping values are not allowed": "write a space behind each colon, keys beside each other in one column, and text "
    "with a colon in quotes",
    "did not find expected ',' or": "close what is open, with a comma between items",
    "could not find expected ':'": "write a colon and a space behind the key",
    "did not find expected key": "write keys beside each other in one column",
    "cannot start any token": "write the text in quotes",
}


def _depth(text: str, error: yaml.MarkedYAMLError) -> tuple[Place, str] | None:
    """What is nested too deep before the place of an error: the parser reads ahead, and may have limits of its own."""
    depth = 0
    with suppress(yaml.YAMLError):
        for event in iter(LOADER(text[: error.problem_mark.index] if error.problem_mark else text).get_event, None):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                return (event.start_mark.line + 1, event.start_mark.column + 1), TOO_DEEP
    return None


_BARE = re.compile(r"\$\{[^}]*\}")
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _syntax(document: Document, error: yaml.MarkedYAMLError) -> tuple[Place, str]:
    mark, context = error.problem_mark, error.context_mark
    line = document.lines[mark.line] if mark is not None and mark.line < len(document.lines) else ""
    if mark is not None and line[: mark.column + 1].endswith("\t"):
        return (mark.line + 1, mark.column + 1), "a tab must not indent a line, got one; write spaces"
    if mark is not None and "flow" in str(error.context) and (bare := _BARE.search(_QUOTED.sub(_blank, line))):
        shown = cropped(bare[0])
        return (
            mark.line + 1,
            bare.start() + 1,
        ), f'not YAML: {shown} in {{ }} or [ ] must be in quotes; write "{shown}"'
    text = f"not YAML: {error.problem or error.context}"
    way = next((way for said, way in _WAYS_OUT.items() if said in text), "")
    if mark is not None and context is not None and mark.line >= len(document.text.splitlines()):
        mark = context  # what was left open is not found at the end of the file
        text += f" {error.context} that begins here" if error.context else ""
    return ((mark.line + 1, mark.column + 1) if mark else START), f"{text}; {way}" if way else text


@dataclass(slots=True, eq=False)
class _Open:
    """A list or mapping whose end has not been seen."""

    value: Value
    anchor: str | None
    wants_key: bool
    key: str = ""  # of a mapping, the one whose value comes next
    key_place: Place = START
    merging: bool = False
    merged: list[Value] = field(default_factory=list)
    size: int = 1
    height: int = 1  # of the tree that it is the root of, with what aliases repeat in it


class _Tree:
    def __init__(self, document: Document):
        self.document = document
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Value, int, int]] = {}  # with size and height
        self.expanded, self.left = 0, MAX_VALUES
        self.scalars: dict[str, Any] = {}  # what plain texts mean: each is kept once, however often it is written

    def build(self) -> None:
        place = START
        for event in iter(LOADER(self.document.text).get_event, None):
            kind, mark = type(event), event.start_mark
            line, column = mark.line + 1, mark.column + 1
            # what stands on a line shares its number, and a mapping its place with its first key
            if place[0] != line:
                place = line, column
            elif place[1] != column:
                place = place[0], column
            if kind in _COUNTED:
                self.left -= 1
                if self.left < 0:
                    text = f"a file may hold {MAX_VALUES:,} values and keys, got more"
                    raise self.document.fail(place, text, "keep arrays in .npz files and parts of a graph in their own")
            if kind is yaml.ScalarEvent:
                self.scalar(event, place)
            elif kind is yaml.MappingStartEvent:
                self.begin(event, Value({}, place, {}))
            elif kind is yaml.SequenceStartEvent:
                self.begin(event, Value([], place))
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.end()
            elif kind is yaml.AliasEvent:
                self.alias(event.anchor, place)
            elif kind is yaml.DocumentStartEvent and self.document.root is not None:
                raise self.document.fail(place, "a file holds one graph, got a second document")
        self.document.size = MAX_VALUES - self.left
        if self.document.root is None or self.document.root.data is None:
            self.document.root = None
            raise self.document.fail(START, "a graph file begins with 'dataflow: 1', got an empty file")

    def scalar(self, event: yaml.ScalarEvent, place: Place) -> None:
        if event.tag is not None:
            self.refuse_tag(event.tag, place)
        text, plain = event.value, event.implicit[0]
        data = self.meant(text, place) if plain else text
        if self.open and self.open[-1].wants_key:
            self.key(data if isinstance(data, str) else text, data, plain, place)
        else:
            self.add(Value(data, place, _NO_KEYS), event.anchor, 1, 0)

    def meant(self, text: str, place: Place) -> Any:
        """What a plain text means."""
        if text not in self.scalars:
            try:
                self.scalars[text] = scalar(text)
            except ValueError as error:
                if not self.ignored:
                    self.document.report(place, str(error))
                return 0
        return self.scalars[text]

    def key(self, text: str, data: object, plain: bool, place: Place) -> None:
        frame = self.open[-1]
        frame.key, frame.key_place, frame.wants_key = text, place, False
        frame.merging = plain and text == "<<"
        if not isinstance(data, str) and not self.ignored:
            hint = "write it in quotes" if text else ""
            self.document.report(place, f"keys must be text, got {cropped(text) or 'nothing'}", hint)
        if frame.merging:
            if frame.merged:
                self.document.report(place, "key '<<' must be written once, got it twice", "write a list: <<: [*a, *b]")
        elif text in frame.value.keys:
            first = frame.value.keys[text][0]
            self.document.report(
                place, f"key '{cropped(text)}' must be written once, got it again", f"first on line {first}"
            )

    def begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, value: Value) -> None:
        if event.tag is not None:
            self.refuse_tag(event.tag, value.place)
        if self.open and self.open[-1].wants_key:
            raise self.document.fail(value.place, f"keys must be text, got {value.kind}")
        self.nest(1, value.place)
        self.open.append(_Open(value, event.anchor, wants_key=isinstance(value.data, dict)))

    def end(self) -> None:
        frame = self.open.pop()
        value = frame.value
        for source in frame.merged:
            for key, item in source.data.items():
                if key not in value.data:
                    value.data[key], value.keys[key] = item, source.keys[key]
        self.add(value, frame.anchor, frame.size, frame.height)

    def add(self, value: Value, anchor: str | None, size: int, height: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = value, size, height
        if not self.open:
            self.document.root = value
            return
        frame = self.open[-1]
        frame.size += size
        if height:
            frame.height = max(frame.height, height + (not frame.merging))
        data = frame.value.data
        if isinstance(data, list):
            data.append(value)
            return
        frame.wants_key = True
        if frame.merging:
            self.merge(frame, value)
        elif frame.key not in data:
            data[frame.key] = value
            frame.value.keys[frame.key] = frame.key_place

    def merge(self, frame: _Open, value: Value) -> None:
        sources = value.data if isinstance(value.data, list) else [value]
        for source in sources:
            if not isinstance(source.data, dict):
                raise self.document.fail(value.place, f"'<<' takes mappings, got {source.kind}")
            self.expand(len(source.data), frame.key_place)
            frame.merged.append(source)

    def alias(self, name: str, place: Place) -> None:
        if self.open and self.open[-1].wants_key:
            raise self.document.fail(place, f"keys must be text, got the alias *{name}")
        if any(o.anchor == name for o in self.open):
            raise self.document.fail(place, f"alias *{name} stands inside the value it repeats")
        if name not in self.anchors:
            raise self.document.fail(place, f"no anchor &{name} before alias *{name}")
        value, size, height = self.anchors[name]
        self.expand(size, place)
        self.nest(height, place)
        self.add(value, None, size, height)

    def expand(self, size: int, place: Place) -> None:
        self.expanded += size
        if self.expanded > MAX_EXPANDED:
            raise self.document.fail(place, f"aliases and merge keys may repeat {MAX_EXPANDED:,} values, got more")

    def nest(self, height: int, place: Place) -> None:
        if len(self.open) + height > MAX_DEPTH:
            raise self.document.fail(place, TOO_DEEP)

    def refuse_tag(self, tag: str, place: Place) -> None:
        if not self.ignored:
            tag = tag.replace("tag:yaml.org,2002:", "!!")
            self.document.report(place, f"tags are not allowed, got {cropped(tag)}", "write the plain value")

    @property
    def ignored(self) -> bool:
        """Within an ``x-`` section, which may hold anything."""
        return bool(self.open) and self.open[0].key.startswith("x-")

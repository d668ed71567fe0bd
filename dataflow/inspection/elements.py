"""What a scene is made of, in pixels: the picture of a graph as data, which pages and SVG files draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Chip:
    """A short text on a port, in place of a wire: where its value comes from, or the value.

    kind : ``wire``, ``variable``, ``constant``, ``literal``, ``param``, or ``asked`` for a value that is to be written.
    """

    text: str
    kind: str


@dataclass(slots=True, kw_only=True)
class Port:
    """A port: its dot is at (x, y) in the card, its texts stand in the line at ``row``."""

    name: str
    family: str
    value_of: str = ""
    x: float = 0.0
    y: float = 0.0
    row: float = 0.0


@dataclass(slots=True, kw_only=True)
class LeftPort(Port):
    """An input port, and what the file has on it."""

    wire: str = ""
    chip: Chip | None = None
    optional: bool = False


@dataclass(slots=True, kw_only=True)
class RightPort(Port):
    """An output port, with how many readers no wire leads to."""

    type: str = ""
    tags: int = 0


@dataclass(slots=True)
class Attr:
    """An attr that is written."""

    name: str
    text: str
    param: bool


@dataclass(slots=True, eq=False)
class Card:
    """A node, a graph used as one, an input or an output.

    kind : ``node``, ``graph``, ``input`` or ``output``; ``block`` of one that stands by itself, in no graph.
    """

    id: str
    kind: str
    name: str
    frame: str = ""
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    block: str = ""
    hue: int = 0
    doc: str = ""
    line: int = 0
    gradient: bool = False
    lefts: list[LeftPort] = field(default_factory=list)
    rights: list[RightPort] = field(default_factory=list)
    attrs: list[Attr] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)
    wrong: bool = False


@dataclass(slots=True)
class Frame:
    """Cards that stand together under a title."""

    id: str
    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Wire:
    """A line from a right port to a left port; ``path`` is the data of an SVG path."""

    id: str
    source: tuple[str, str]
    target: tuple[str, str]
    family: str
    gradient: bool
    path: str


@dataclass(slots=True)
class Scene:
    """The picture of a graph."""

    width: float
    height: float
    frames: Sequence[Frame]
    cards: Sequence[Card]
    wires: Sequence[Wire]

    @property
    def types(self) -> dict[str, str]:
        """The types that are known, by card and output: ``conv1.output``."""
        ports = ((card, port) for card in self.cards for port in card.rights)
        return {f"{card.id}.{port.name}": port.type for card, port in ports if port.type}

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}


def _plain(value: object) -> object:
    """Elements as dicts; `dataclasses.asdict` copies every leaf, which takes ten times as long."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    names: Iterable[str] = value.__dataclass_fields__  # type: ignore[attr-defined]
    return {name: _plain(getattr(value, name)) for name in names}

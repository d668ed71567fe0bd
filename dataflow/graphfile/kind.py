"""What a kind of value in a section must tell, and where a value stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dataflow.core.errors import cropped
from dataflow.graphfile.schema_parts import Schema
from dataflow.graphfile.tree import Place, Value

if TYPE_CHECKING:
    from dataflow.graphfile.nodes import GraphBuilder


@dataclass(frozen=True)
class Spot:
    """Where a value stands in a file: the key above it, and how messages name it."""

    builder: GraphBuilder
    who: str  # such as data 'train'
    place: Place  # of the key
    owner: str = ""  # how messages name the mapping that the key is in
    top: bool = False  # the section itself, whose name messages quote

    @property
    def name(self) -> str:
        """How messages name the value."""
        return f"'{self.who}'" if self.top else self.who

    def inner(self, key: str, place: Place, noun: str = "") -> Spot:
        """The spot of a key of the mapping that stands here; ``noun``, such as input, says what the key names."""
        outer = f"{self.owner}: {noun}" if noun else self.who if self.top else f"{self.who}:"
        return Spot(self.builder, f"{outer} '{cropped(key)}'", place, self.name)

    def refuse(self, value: Value, wanted: str, hint: str = "") -> None:
        """Report that a value must be another."""
        self.report(value.place, f"{self.name} must {wanted}, got {value.kind}", hint)

    def report(self, place: Place, message: str, hint: str = "") -> None:
        """Note a problem."""
        self.builder.document.report(place, message, hint)


@dataclass(frozen=True)
class Mention:
    """Where plain data names something of the graph: a value, or the last of the keys that lead to it."""

    path: tuple[str | int, ...]
    what: (
        str  # wire, result (an output or a wire), output, input, node, or pattern, of nodes, in which * is any letters
    )
    is_key: bool = False

    def below(self, *steps: str | int) -> Mention:
        """The same from further out."""
        return Mention((*steps, *self.path), self.what, self.is_key)


class Kind(Protocol):
    """What may stand under a key, or be a whole section."""

    def parse(self, value: object) -> Any:
        """What plain data says; ValueError with ``must be ..., got ...``, or with what is wrong with a key in it."""

    def read(self, spot: Spot, value: Value) -> Any:
        """The value of a file as plain data, its paths made real; what is wrong with it is reported."""

    def with_paths(self, value: object, change: Callable[[str], str]) -> Any:
        """The plain data with the paths of files in it changed."""

    def mentions(self, value: object) -> Iterator[Mention]:
        """Where the plain data names what is in the graph; what is renamed there is renamed here."""

    def schema(self) -> Schema:
        """The JSON Schema of the value."""

"""Kinds of values that hold values of another kind: mappings of names to them, and lists of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dataflow.core.attrs import show
from dataflow.core.errors import cropped
from dataflow.graphfile.kind import Kind, Mention, Spot
from dataflow.graphfile.schema_parts import Schema
from dataflow.graphfile.tree import BROKEN, Value


class MapOf:
    """A mapping of names to values of one kind.

    ``noun`` says in messages what the names are names of, ``what`` what of the graph they name, if they do.
    """

    def __init__(self, of: Kind, doc: str = "", wanted: str = "be a mapping", noun: str = "", what: str = ""):
        self.of, self.doc, self.wanted, self.noun, self.what = of, doc, wanted, noun, what

    def parse(self, value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError(f"must {self.wanted}, got {show(value)}")
        return {name: within(name, self.of, item, self.noun) for name, item in value.items()}

    def read(self, spot: Spot, value: Value) -> Any:
        if not isinstance(value.data, dict):
            spot.refuse(value, self.wanted)
            return {}
        return {
            name: self.of.read(spot.inner(name, value.keys[name], self.noun), item)
            for name, item in value.data.items()
            if item.data is not BROKEN
        }

    def with_paths(self, value: object, change: Callable[[str], str]) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {name: self.of.with_paths(item, change) for name, item in value.items()}

    def mentions(self, value: object) -> Iterator[Mention]:
        for name, item in value.items() if isinstance(value, Mapping) else ():
            yield from (each.below(name) for each in self.of.mentions(item))
            if self.what:
                yield Mention((name,), self.what, is_key=True)

    def schema(self) -> Schema:
        return {"description": self.doc, "type": "object", "additionalProperties": self.of.schema()}


class ListOf:
    """A list of values of one kind; messages count them from 1."""

    def __init__(self, of: Kind, wanted: str = "be a list"):
        self.of, self.wanted = of, wanted

    def parse(self, value: object) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ValueError(f"must {self.wanted}, got {show(value)}")
        return tuple(within(str(i), self.of, item) for i, item in enumerate(value, 1))

    def read(self, spot: Spot, value: Value) -> Any:
        if not isinstance(value.data, list):
            spot.refuse(value, self.wanted)
            return []
        return [
            self.of.read(spot.inner(str(i), item.place), item)
            for i, item in enumerate(value.data, 1)
            if item.data is not BROKEN
        ]

    def with_paths(self, value: object, change: Callable[[str], str]) -> Any:
        if isinstance(value, str) or not isinstance(value, Sequence):
            return value
        return [self.of.with_paths(item, change) for item in value]

    def mentions(self, value: object) -> Iterator[Mention]:
        for i, item in enumerate(value if isinstance(value, list) else ()):
            yield from (each.below(i) for each in self.of.mentions(item))

    def schema(self) -> Schema:
        return {"type": "array", "items": self.of.schema()}


class MapOfInputs(MapOf):
    """A mapping of inputs of the graph to values of one kind."""

    def __init__(self, of: Kind):
        super().__init__(of, noun="input", what="input")

    def read(self, spot: Spot, value: Value) -> Any:
        inputs = spot.builder.definition.inputs.data
        for name in value.data if isinstance(value.data, dict) else ():
            if name not in inputs:
                hint = spot.builder.document.hints.nearest(name, inputs)
                spot.report(value.keys[name], f"{spot.owner}: no graph input named '{cropped(name)}'", hint)
        return super().read(spot, value)


def within(name: str, kind: Kind, value: object, noun: str = "") -> Any:
    """What a kind makes of the value under a name; ValueError that tells the name."""
    try:
        return kind.parse(value)
    except ValueError as error:
        text = str(error)
        if isinstance(kind, MapOf) and kind.noun and text.startswith(kind.noun):  # which says more than the name
            raise
        who = f"{noun} '{name}'".lstrip()
        raise ValueError(f"{who} {text}" if of_whole(text) else f"{who}: {text}") from None


def of_whole(text: str) -> bool:
    """Whether a message of `Kind.parse` is about the value itself, not about a key in it."""
    return text.startswith(("must ", "has "))

"""The kinds of values that a key of a section may have: numbers and text, names of wires, files, lists of names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from dataflow.core.attrs import Attr, show
from dataflow.core.conversion import number_meant
from dataflow.core.errors import cropped
from dataflow.files import ResolvedPath
from dataflow.graphfile.kind import Mention, Spot
from dataflow.graphfile.schema_parts import Schema, of_attr, ref
from dataflow.graphfile.tree import Value


class Leaf(ABC):
    """A kind of value that has no declared keys; ``wanted`` says in messages what it must be."""

    wanted: str

    @abstractmethod
    def accept(self, value: object) -> Any:
        """What the value means; TypeError or ValueError where it is not of this kind."""

    def parse(self, value: object) -> Any:
        try:
            return self.accept(value)
        except (TypeError, ValueError) as error:
            hint = self.instead(value)
            raise ValueError(
                f"must {self.expected(error)}, got {show(value)}" + (f"; {hint}" if hint else "")
            ) from None

    def read(self, spot: Spot, value: Value) -> Any:
        plain = value.plain()
        try:
            if plain is None:
                raise TypeError
            self.accept(plain)
        except (TypeError, ValueError) as error:
            _, did, name = str(error).rpartition("did you mean ")
            spot.refuse(value, self.expected(error), did + name if did else self.instead(plain))
        return plain

    def expected(self, error: Exception) -> str:
        """What a value that gave this error must be."""
        return self.wanted

    def instead(self, value: object) -> str:
        """What to write in place of a value that is not of this kind, where that is clear."""
        return ""

    def with_paths(self, value: object, change: Callable[[str], str]) -> Any:
        return value

    def mentions(self, value: object) -> Iterator[Mention]:
        return iter(())

    @abstractmethod
    def schema(self) -> Schema:
        """The JSON Schema of the value."""


class Scalar(Leaf):
    """A number, text, truth value or dtype, within the limits of an attr; ``wanted`` may say more than its kind."""

    def __init__(self, attr: Attr, wanted: str = ""):
        lowest = "" if wanted or attr.ge is None else f" from {attr.ge}"
        highest = "" if wanted or attr.le is None else f" to {attr.le}" if lowest else f" up to {attr.le}"
        self.attr, self.wanted = attr, f"be {wanted or attr.wanted}{lowest}{highest}"
        self.limits = f"be {attr.limits()}" if wanted and attr.limits() else ""  # told apart from what is wanted

    def accept(self, value: object) -> Any:
        found = self.attr.parse(value)
        return value if self.attr.kind == "float" else found  # a large whole number stays what it is

    def expected(self, error: Exception) -> str:
        return self.limits if self.limits and str(error).startswith(f"must {self.limits},") else self.wanted

    def instead(self, value: object) -> str:
        return self.attr.instead(value)

    def schema(self) -> Schema:
        return of_attr(self.attr)


class Positive(Leaf):
    """A number above 0."""

    wanted = "be a number above 0"

    def accept(self, value: object) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating) or not value > 0:
            raise ValueError
        return value

    def instead(self, value: object) -> str:
        return number_meant(value)

    def schema(self) -> Schema:
        return {"type": "number", "exclusiveMinimum": 0}


class NameOf(Leaf):
    """Text that names something of the graph, as a `Mention` says."""

    def __init__(self, what: str, wanted: str = "be text"):
        self.what, self.wanted = what, wanted

    def accept(self, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError
        return value

    def mentions(self, value: object) -> Iterator[Mention]:
        yield Mention((), self.what)

    def schema(self) -> Schema:
        return {"type": "string"}


class NameIn(Leaf):
    """Text that names something that is stored or declared outside of the graph: an array, or a split."""

    def __init__(self, of: str, wanted: str):
        self.of, self.wanted = of, wanted

    def accept(self, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError
        return value

    def schema(self) -> Schema:
        return {"type": "string", "format": self.of}


class ListOfNames(Leaf):
    """A list of text; ``what`` says what of the graph it names, if it does."""

    wanted = "be a list of names"

    def __init__(self, what: str = ""):
        self.what = what

    def mentions(self, value: object) -> Iterator[Mention]:
        for i in range(len(value) if self.what and isinstance(value, list) else 0):
            yield Mention((i,), self.what)

    def accept(self, value: object) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(v, str) for v in value):
            raise TypeError
        return tuple(value)

    def instead(self, value: object) -> str:
        return f"write [{value}]" if isinstance(value, str) else ""

    def schema(self) -> Schema:
        return {"type": "array", "items": {"type": "string"}}


class Patterns(Leaf):
    """A name of variables in which * stands for any letters, or a list of such names."""

    wanted = "be a name in which * may stand for any letters, or a list of them"

    def accept(self, value: object) -> tuple[str, ...]:
        patterns = (value,) if isinstance(value, str) else value
        if not isinstance(patterns, Sequence) or not patterns or not all(isinstance(p, str) for p in patterns):
            raise TypeError
        return tuple(patterns)

    def mentions(self, value: object) -> Iterator[Mention]:
        if isinstance(value, list):
            yield from (Mention((i,), "pattern") for i in range(len(value)))
        else:
            yield Mention((), "pattern")

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


class NameOfWire(Leaf):
    """The name of a node, an input or an output of the graph."""

    wanted = "be the name of an output or wire"

    def accept(self, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError
        return value

    def read(self, spot: Spot, value: Value) -> Any:
        name = super().read(spot, value)
        known = {*spot.builder.wires, *spot.builder.definition.outputs.data}
        if isinstance(name, str) and name not in known and name.partition(".")[0] not in known:
            hint = spot.builder.document.hints.nearest(name, known)
            spot.report(value.place, f"{spot.name}: no node, input or output named '{cropped(name)}'", hint)
        return name

    def mentions(self, value: object) -> Iterator[Mention]:
        yield Mention((), "result")

    def schema(self) -> Schema:
        return ref("wire")


class PathOfFile(Leaf):
    """A data file, relative to the graph file or of the package; where it may lie: `data_file`."""

    wanted = "be text"

    def accept(self, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError
        return value

    def read(self, spot: Spot, value: Value) -> Any:
        path = super().read(spot, value)
        if not isinstance(path, str):
            return None
        try:
            return ResolvedPath(spot.builder.file.data(path, spot.builder.context.given))
        except ValueError as error:
            spot.report(value.place, f"{spot.owner}: {error}")
            return None

    def with_paths(self, value: object, change: Callable[[str], str]) -> Any:
        return change(str(value))

    def schema(self) -> Schema:
        return {"type": "string", "format": "file"}


class AnyMapping(Leaf):
    """A mapping of names to anything; ``what`` says what of the graph the texts in it name, if they do."""

    wanted = "be a mapping"

    def __init__(self, what: str = ""):
        self.what = what

    def mentions(self, value: object) -> Iterator[Mention]:
        for name, item in value.items() if self.what and isinstance(value, Mapping) else ():
            if isinstance(item, str):
                yield Mention((name,), self.what)

    def accept(self, value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise TypeError
        return dict(value)

    def schema(self) -> Schema:
        return {"type": "object"}


# annotations of keys
NamePatterns = Annotated[tuple[str, ...], Patterns()]
Names = Annotated[tuple[str, ...], ListOfNames()]
OutputNames = Annotated[tuple[str, ...], ListOfNames("output")]
VariableNames = Annotated[tuple[str, ...], ListOfNames("node")]
WireName = Annotated[str, NameOfWire()]
FilePath = Annotated[str, PathOfFile()]
PositiveNumber = Annotated[float, Positive()]
Entries = Annotated[dict[str, Any], AnyMapping()]
Operands = Annotated[dict[str, Any], AnyMapping("wire")]

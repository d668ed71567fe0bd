"""A mapping with declared keys: a section of a graph file, or a mapping in one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, UnionType
from typing import Annotated, Any, ClassVar, Self, Union, dataclass_transform, get_args, get_origin, get_type_hints

from dataflow.core.attrs import Attr, attr, show
from dataflow.core.errors import GraphError, nearest
from dataflow.graph.graph import Graph
from dataflow.graphfile import sections
from dataflow.graphfile.collection_kinds import ListOf, MapOf, of_whole, within
from dataflow.graphfile.graph_file import known_keys
from dataflow.graphfile.kind import Kind, Mention, Spot
from dataflow.graphfile.schema_parts import Schema, default, or_param, record, told
from dataflow.graphfile.tree import BROKEN, Value
from dataflow.graphfile.value_kinds import Leaf, Scalar


@dataclass(frozen=True)
class Key:
    """A key of a record: what may stand there, and its text and default."""

    kind: Kind
    attr: Attr

    def schema(self) -> Schema:
        """The JSON Schema of the value, with the text and default of the key."""
        value, doc = self.kind.schema(), self.attr.doc
        if isinstance(self.kind, Leaf):
            value = or_param(value, doc)
        else:
            value = told(value, doc) if "$ref" in value else {**value, "description": doc}
        return value if self.attr.required or self.attr.default is None else {**value, **default(self.attr.default)}


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attr,))
class Record:
    """What a mapping of a file says, key by key; keys that are left out have their defaults.

    A subclass writes its keys as a block writes its attrs: ``epochs: int = attr("...", default=1, ge=1)``. The
    annotation is a kind of attr (int, float, bool, str, Dtype), a record, or a type with a `Kind` beside it, such as
    those in `value_kinds` and `collection_kinds`. ``Annotated[str, "the name of an array"]`` says in messages what the
    text is.

    >>> class Observer(Record):
    ...     percentile: float = attr("part of the values that is kept", default=1.0, ge=0.0, le=1.0)
    >>> Observer().percentile, Observer(percentile=0.5).percentile
    (1.0, 0.5)
    """

    keys: ClassVar[Mapping[str, Key]] = MappingProxyType({})
    wanted: ClassVar[str] = "be a mapping"
    short: ClassVar[str] = ""  # the key that a text in place of the mapping is the value of
    either: ClassVar[Sequence[tuple[str, str]]] = ()  # keys of which one alone may be given
    as_one: ClassVar[bool] = False  # True: what is wrong with a key is reported of the mapping, by what is wanted

    def __init_subclass__(cls) -> None:
        declared = {name: value for name, value in vars(cls).items() if isinstance(value, Attr)}
        cls.keys = {**cls.keys, **{name: _key(cls, name, value) for name, value in declared.items()}}

    def __init__(self, /, **values: Any):
        """The record with these values as plain data; ValueError that names the key where one is wrong."""
        for name in values:
            if name not in self.keys:
                hint = nearest(name, self.keys) or f"it has {', '.join(self.keys)}"
                raise ValueError(f"has no key '{name}'; {hint}")
        for name, key in self.keys.items():
            value = values.get(name)
            if value is None and key.attr.required:
                raise ValueError(f"'{name}' must be given, got nothing")
            if value is None:
                value = key.attr.default
            self.__dict__[name] = None if value is None else within(name, key.kind, value)
        for one, other in self.either:
            if None not in (values.get(one), values.get(other)):
                raise ValueError(f"'{one}' and '{other}': must be given one of them, got both")
        self.check()

    def check(self) -> None:
        """Raise ValueError where keys do not go together."""

    def given(self) -> dict[str, Any]:
        """The plain data of the keys that do not have their defaults."""
        found = {name: (getattr(self, name), key.attr.default) for name, key in self.keys.items()}
        return {name: _plain(value) for name, (value, default) in found.items() if value != default}

    @classmethod
    def check_file(cls, spot: Spot, value: Value) -> None:
        """Report where keys of a file do not go together."""

    @classmethod
    def parse(cls, value: object) -> Self:
        """The record that plain data, or a record itself, says."""
        if isinstance(value, cls):
            return value
        if isinstance(value, str) and cls.short:
            value = {cls.short: value}
        refused = ValueError(f"must {cls.wanted}, got {show(value)}")
        if not isinstance(value, Mapping):
            raise refused
        try:
            return cls(**{str(name): item for name, item in value.items()})
        except ValueError:
            if cls.as_one:
                raise refused from None
            raise

    @classmethod
    def read(cls, spot: Spot, value: Value) -> Any:
        """The plain data of a file, its paths made real; what is wrong with it is reported."""
        if isinstance(value.data, str) and cls.short:
            return cls.keys[cls.short].kind.read(spot, value)
        if not isinstance(value.data, dict):
            spot.refuse(value, cls.wanted)
            return {}
        if cls.as_one:
            return cls._read_as_one(spot, value)
        known_keys(spot.builder.document, value, cls.keys, spot.name)
        plain: dict[str, Any] = {}
        for name, given in value.data.items():
            if name in cls.keys and given.data is not BROKEN:
                plain[name] = cls.keys[name].kind.read(spot.inner(name, value.keys[name]), given)
        for name, key in cls.keys.items():
            if key.attr.required and name not in value.data:
                spot.report(spot.place, f"{spot.name}: '{name}' must be given, got nothing")
        cls.check_file(spot, value)
        return plain

    @classmethod
    def _read_as_one(cls, spot: Spot, value: Value) -> Any:
        plain = value.plain()
        if not any(item.data is BROKEN for item in value.data.values()):
            try:
                if None in plain.values():
                    raise ValueError
                cls.parse(plain)
            except ValueError:
                spot.refuse(value, cls.wanted)
        return plain

    @classmethod
    def with_paths(cls, value: object, change: Callable[[str], str]) -> Any:
        """The plain data with the paths of files in it changed."""
        if not isinstance(value, Mapping):
            return value
        kinds = {name: key.kind for name, key in cls.keys.items()}
        return {name: kinds[name].with_paths(v, change) if name in kinds else v for name, v in value.items()}

    @classmethod
    def mentions(cls, value: object) -> Iterator[Mention]:
        """Where the plain data names what is in the graph."""
        if isinstance(value, str) and cls.short:
            yield from cls.keys[cls.short].kind.mentions(value)
        for name, item in value.items() if isinstance(value, Mapping) else ():
            if name in cls.keys:
                yield from (each.below(name) for each in cls.keys[name].kind.mentions(item))

    @classmethod
    def schema(cls) -> Schema:
        """The JSON Schema of the mapping."""
        doc = (cls.__doc__ or "").strip().partition("\n")[0]
        made = record({name: key.schema() for name, key in cls.keys.items()}, doc)
        if required := [name for name, key in cls.keys.items() if key.attr.required]:
            made["required"] = required
        if cls.either:
            made["not"] = {"anyOf": [{"required": [*pair]} for pair in cls.either]}
        return {"anyOf": [cls.keys[cls.short].kind.schema(), made]} if cls.short else made


def _plain(value: object) -> Any:
    if isinstance(value, Record):
        return value.given()
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _key(owner: type[Record], name: str, declared: Attr) -> Key:
    """The kind of a key by its annotation, without ``| None``."""
    text = inspect.get_annotations(owner)[name]
    if text.partition(" ")[0] == "Dtype":  # an alias of str
        return Key(Scalar(declared.named(name, "Dtype")), declared)
    hint = get_type_hints(owner, include_extras=True)[name]
    if get_origin(hint) in (Union, UnionType):
        hint = next(option for option in get_args(hint) if option is not type(None))
    declared.name = name
    if isinstance(hint, type) and issubclass(hint, Record):
        return Key(hint, declared)
    if get_origin(hint) is dict:
        return Key(MapOf(get_args(hint)[1]), declared)
    if get_origin(hint) is list:
        return Key(ListOf(get_args(hint)[0]), declared)
    said = ""
    if get_origin(hint) is Annotated:
        hint, said = get_args(hint)
        if not isinstance(said, str):
            return Key(said, declared)
    return Key(Scalar(declared.named(name, hint.__name__), said), declared)


def section_of(graph: Graph, name: str) -> Any:
    """A section of a graph, with defaults where it says nothing; None where the graph has no such section.

    Raises GraphError where it is not as declared, as it may be in a graph that was not read from a file.
    """
    if graph.sections.get(name) is None:
        return None
    try:
        return parsed(graph, name)
    except ValueError as error:
        raise GraphError(f"graph '{graph.name}': {error}") from None


def parsed(graph: Graph, name: str) -> Any:
    """A section that a graph has; ValueError that names it where it is not as declared."""
    try:
        return sections.declaration(name).parse(graph.sections[name])
    except ValueError as error:
        who = f"'{name}'" if of_whole(str(error)) else name
        raise ValueError(f"{who} {error}") from None

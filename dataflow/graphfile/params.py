"""Parameters: what a file declares, what the caller gives, and putting the values where ``$name`` stands.

``$name`` or ``${name}`` as a whole value keeps the type of the parameter; within longer text only ``${name}`` is
replaced, by its text. ``${env:NAME,default}`` is the environment's: as a whole value it is read as YAML would read it.
``$$`` is a dollar sign.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.attrs import Attr, attr, show
from dataflow.core.conversion import number_meant
from dataflow.core.errors import conceal, cropped, listing
from dataflow.core.registry import blocks
from dataflow.graphfile.scalars import scalar
from dataflow.graphfile.tree import BROKEN, MAX_DEPTH, TOO_DEEP, Document, Origin, Place, Value

MAX_REPEATED = 1_000_000  # values and characters that parameters may add in one load

TYPES = {
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "dtype": "Dtype",
    "ints": "Ints",
    "shape": "Shape",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WHOLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\}|\{env:([^}]*)\})")
PART = re.compile(r"\$\$|\$\{([^}]*)(\}?)")
_ENV = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:,(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter as its file declares it."""

    name: str
    place: Place
    default: Any  # BROKEN where there is none
    required: bool
    attr: Attr | None  # its declared type
    like: Any = None  # without a declared type, values must be of the kind of this one
    origin: Origin | None = None  # of the default, if not the place
    doc: str = ""

    def default_origin(self, document: Document) -> Origin:
        """Where the default comes from."""
        at = f"{document.origin(self.place).text}, default of {self.name}"
        if self.origin is None:
            return Origin(at, (self.name,))
        return Origin(f"{at}: {self.origin.text}", (self.name, *self.origin.names))

    def parse(self, value: object) -> Any:
        """The value in plain form; ValueError that says what was expected and what came."""
        value = _plain(value)
        if self.attr is not None:
            parsed = self.attr.parse(value)
            return list(parsed) if isinstance(parsed, tuple) else parsed
        for kinds, wanted in _KINDS:
            if isinstance(self.like, kinds):
                if not isinstance(value, kinds) or isinstance(self.like, bool) != isinstance(value, bool):
                    hint = number_meant(value) if wanted == "a number" else ""
                    told = f"must be {wanted} like its default {show(self.like)}, got {show(value)}"
                    raise ValueError(told + (f"; {hint}" if hint else ""))
                return float(value) if isinstance(self.like, float) else value
        return value


_KINDS: tuple[tuple[Any, str], ...] = ((bool, "true or false"), (int | float, "a number"), (str, "text"))


def declare(document: Document, section: Value) -> dict[str, Param]:
    """The parameters of a ``params`` section; its problems go to the document."""
    params = {}
    for name, value in section.data.items():
        place = section.keys[name]
        if not _NAME.fullmatch(name):
            document.report(
                place, f"param '{cropped(name)}': names must be letters, digits and _, starting with a letter"
            )
            continue
        params[name] = replace(_param(document, name, place, value), doc=_doc(value))
    return params


def _doc(value: Value) -> str:
    doc = value.data.get("doc") if isinstance(value.data, dict) else None
    return doc.data if doc is not None and isinstance(doc.data, str) else ""


def _param(document: Document, name: str, place: Place, value: Value) -> Param:
    if not isinstance(value.data, dict):
        default = Substitution(document, {}, origins={}).resolve(value, f"param '{name}'")
        plain = BROKEN if default.data is BROKEN else default.plain()
        return Param(name, place, plain, False, None, plain, default.origin)
    entries = value.data
    for key in entries:
        if key not in ("type", "default", "doc"):
            hint = document.hints.nearest(key, ("type", "default", "doc"))
            document.report(value.keys[key], f"param '{name}': no key '{cropped(key)}'", hint)
    if "doc" in entries and not isinstance(entries["doc"].data, str):
        document.report(entries["doc"].place, f"param '{name}': 'doc' must be text, got {entries['doc'].kind}")
    kind = entries["type"].data if "type" in entries else None
    if "type" in entries and kind not in (*TYPES,):
        hint = document.hints.nearest(kind, TYPES) if isinstance(kind, str) else ""
        document.report(
            entries["type"].place, f"param '{name}': 'type' must be {listing(TYPES)}, got {entries['type'].kind}", hint
        )
        return Param(name, place, BROKEN, False, None)
    if "default" not in entries:
        declared = None if kind is None else attr("").named(name, TYPES[kind])
        return Param(name, place, BROKEN, True, declared)
    at = entries["default"]
    found = Substitution(document, {}, origins={}).resolve(at, f"param '{name}'")
    if found.data is BROKEN:
        return Param(name, place, BROKEN, False, None)
    default = found.plain()
    if kind is None:
        return Param(name, place, default, False, None, default, found.origin)
    try:
        declared = attr("", default=default).named(name, TYPES[kind])
    except ValueError as error:
        document.report(at.place, f"param '{name}': default {error}")
        return Param(name, place, BROKEN, False, None)
    default = declared.default
    plain = list(default) if isinstance(default, tuple) else default
    return Param(name, place, plain, False, declared, None, found.origin)


def alone(value: Value | None) -> str:
    """The parameter that is the whole of a value that is not resolved yet, or nothing."""
    whole = WHOLE.fullmatch(value.data) if value is not None and isinstance(value.data, str) else None
    return (whole[1] or whole[2] or "") if whole else ""


def _plain(value: object) -> Any:
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim):
        return value.item()
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if not isinstance(value, bool | int | float | str | np.ndarray | None):
        raise ValueError(f"must be a number, text, a list or an array, got {show(value)}")
    return value


@dataclass(slots=True)
class ExpansionBudget:
    """What parameters may still add: sub-graphs that hand on `[$p, $p]` double it each time."""

    left: int = MAX_REPEATED

    def take(self, size: int) -> None:
        """Note that this many values were added; ValueError where there are too many by now."""
        self.left -= size
        if self.left < 0:
            raise ValueError(f"parameters may repeat {MAX_REPEATED:,} values, got more")


class Substitution:
    """Puts the values of parameters where their names stand; problems go to ``document``, once each.

    Where the ``origins`` of the parameters are given, values that are put in keep theirs.
    """

    def __init__(
        self,
        document: Document,
        values: Mapping[str, Any],
        budget: ExpansionBudget | None = None,
        origins: Mapping[str, Origin] | None = None,
    ):
        self.document, self.values, self.origins = document, values, origins
        self.budget = budget or ExpansionBudget()
        self.idle = not document.has_dollars

    def resolve(self, value: Value, who: str) -> Value:
        """The value with every ``$`` form replaced, BROKEN where one of them has no value."""
        if self.idle:
            return value
        data = value.data
        if isinstance(data, str):
            if "$" not in data:
                return value
            origin = None if self.origins is None else self._origin(data, value.place, self.origins)
            whole = WHOLE.fullmatch(data)
            param = (whole[1] or whole[2] or "") if whole else ""
            return Value(self.text(data, value.place, who), value.place, origin=origin, param=param)
        if isinstance(data, list):
            items = [self.resolve(item, who) for item in data]
            broken = any(item.data is BROKEN for item in items)
            return Value(BROKEN if broken else items, value.place)
        if isinstance(data, dict):
            entries = {key: self.resolve(item, who) for key, item in data.items()}
            return Value(entries, value.place, value.keys)
        return value

    def text(self, text: str, place: Place, who: str) -> Any:
        """A text with its parameters filled in; of a parameter alone its value, whatever that is."""
        if self.budget.left < 0:
            return BROKEN  # as was reported where it ran out
        if whole := WHOLE.fullmatch(text):
            name = whole[1] or whole[2]
            found = self.value(name, place, who) if name else self.environment(whole[3], place, who)
            try:
                if name:
                    return self.wrapped(found, place)
                return found if found is BROKEN else scalar(found)
            except ValueError as error:
                return self.document.report(place, f"{who}: {text}: {error}")
        parts: list[str] = []
        end = 0
        for part in PART.finditer(text):
            found = "$" if part[0] == "$$" else self.part(part[1], part[2], place, who)
            if found is BROKEN:
                return BROKEN
            try:
                self.budget.take(len(found))
            except ValueError as error:
                return self.document.report(place, f"{who}: {error}")
            parts += text[end : part.start()], found
            end = part.end()
        return "".join(parts) + text[end:]

    def _origin(self, text: str, place: Place, known: Mapping[str, Origin]) -> Origin:
        """Where what stands for a text comes from; of a parameter alone, where that does."""
        if whole := WHOLE.fullmatch(text):
            name = whole[1] or whole[2]
            found = known.get(name) if name else _of_environment(whole[3])
            return found or self.document.origin(place)
        inner = [part[1] for part in PART.finditer(text) if part[0] != "$$"]
        parts = [_of_environment(each[4:]) if each.startswith("env:") else known.get(each) for each in inner]
        found_parts = [part for part in parts if part is not None]
        at = self.document.origin(place).text
        told = " and ".join(dict.fromkeys(part.text for part in found_parts))
        return Origin(f"{at} with {told}" if told else at, tuple(name for part in found_parts for name in part.names))

    def part(self, inner: str, closed: str, place: Place, who: str) -> Any:
        """What stands for ``${...}`` within a text."""
        if closed and inner.startswith("env:"):
            return self.environment(inner[4:], place, who)
        if not closed or not _NAME.fullmatch(inner):
            got = cropped("${" + inner + closed)
            return self.document.report(
                place,
                f"{who}: must be ${{param}} or ${{env:NAME,default}}, got {got}; write $$ for a dollar sign",
            )
        value = self.value(inner, place, who)
        if value is BROKEN or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return repr(value)
        return self.document.report(
            place, f"{who}: ${{{inner}}} within text must be text or a number, got {show(value)}"
        )

    def value(self, name: str, place: Place, who: str) -> Any:
        """The value of a parameter; one that is not there is reported."""
        if name in self.values:
            return self.values[name]
        hint = self.document.hints.nearest(name, self.values) or "write $$ for a dollar sign"
        return self.document.report(place, f"{who}: no param '{cropped(name)}'", hint)

    def environment(self, text: str, place: Place, who: str) -> Any:
        """The value of ``${env:NAME,default}``."""
        found = _ENV.fullmatch(text)
        if found is None:
            return self.document.report(
                place, f"{who}: the form is ${{env:NAME,default}}, got ${{env:{cropped(text)}}}"
            )
        value = os.environ.get(found[1], found[2])
        if found[1] in os.environ:
            _conceal(os.environ[found[1]], f"${{env:{found[1]}}}")
        if value is None:
            return self.document.report(
                place, f"{who}: the environment has no {found[1]}; set it or write ${{env:{found[1]},default}}"
            )
        return value

    def wrapped(self, value: object, place: Place, depth: int = 0) -> Any:
        """A plain value as the tree has it; ValueError where there is too much of it."""
        if not isinstance(value, list):
            return value
        if depth == MAX_DEPTH:
            raise ValueError(TOO_DEEP)
        self.budget.take(len(value))
        return [Value(self.wrapped(v, place, depth + 1), place) for v in value]


def _of_environment(text: str) -> Origin | None:
    """Where the value of ``${env:NAME,default}`` comes from."""
    if (found := _ENV.fullmatch(text)) is None:
        return None
    return Origin(
        f"environment {found[1]}" if found[1] in os.environ else f"default of ${{env:{found[1]}}}", (found[1],)
    )


def _conceal(value: str, written: str) -> None:
    """Keeps a value of the environment out of messages, in each form in which they might have it."""
    forms = {value, repr(value)[1:-1], ascii(value)[1:-1]}
    with contextlib.suppress(ValueError):
        if isinstance(read := scalar(value), str):
            forms.update(re.split(r"[.,\s\[\]]+", value))  # a wire with its port, a dtype with its dims
        else:
            forms.add(repr(read))
    for form in forms:
        if form and dtypes.canonical(form) is None and form not in blocks:  # the words of messages are no secrets
            conceal(form, written)

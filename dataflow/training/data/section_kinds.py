"""The kinds of values that keys of a `data` section may have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dataflow.graphfile.schema_parts import Schema
from dataflow.graphfile.value_kinds import Leaf

FILL = ("error", "mean", "median", "most_frequent")


def _number(value: object) -> bool:
    return isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 1023
    )


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and _number(value) and math.isfinite(value)


def is_list(value: object) -> bool:
    """Whether a value is a list."""
    return isinstance(value, Sequence) and not isinstance(value, str)


class Rows(Leaf):
    """A range of rows."""

    wanted = "be the first row and the one after the last, such as [0, 100]"

    def accept(self, value: object) -> tuple[int, int]:
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
            raise TypeError
        if not all(isinstance(row, int) and not isinstance(row, bool) and row >= 0 for row in value):
            raise TypeError
        if value[0] > value[1]:
            raise ValueError
        return value[0], value[1]

    def schema(self) -> Schema:
        return {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}


class Part(Leaf):
    """A part of the rows, from a fraction to a fraction."""

    wanted = "be two numbers from 0 to 1, such as [0, 0.8], the first below the second"

    def accept(self, value: object) -> tuple[float, float]:
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
            raise TypeError
        if not all(map(_number, value)) or not 0 <= value[0] < value[1] <= 1:
            raise ValueError
        return value[0], value[1]

    def schema(self) -> Schema:
        return {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "minItems": 2, "maxItems": 2}


class Choice(Leaf):
    """Columns of a table: all of them, names and patterns, or all but some."""

    wanted = "be all, a list of names and patterns such as pixel*, or {except: [names]}"

    def accept(self, value: object) -> Any:
        names = value.get("except") if isinstance(value, Mapping) and len(value) == 1 else value
        if isinstance(names, str):
            names = [names]
        if not isinstance(names, Sequence) or not names or not all(isinstance(name, str) for name in names):
            raise TypeError
        return value

    def schema(self) -> Schema:
        name: Schema = {"type": "string", "format": "column"}
        names: Schema = {"anyOf": [{"const": "all"}, name, {"type": "array", "items": name, "minItems": 1}]}
        excepted = {"type": "object", "properties": {"except": names}, "required": ["except"]}
        return {"anyOf": [names, {**excepted, "additionalProperties": False}]}


class PerColumn(Leaf):
    """A number, or a number for each column."""

    wanted = "be a number, or a list with a number for each column"

    def accept(self, value: object) -> Any:
        if not _finite(value) and not (isinstance(value, Sequence) and value and all(map(_finite, value))):
            raise TypeError
        return value

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}, "minItems": 1}]}


class Fill(Leaf):
    """What takes the place of missing values."""

    wanted = f"be {', '.join(FILL)}, a value, or a list with one of these for each column"

    def accept(self, value: object) -> Any:
        each = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        if not each or not all(_number(one) or isinstance(one, str) for one in each):
            raise TypeError
        return value

    def schema(self) -> Schema:
        one: Schema = {"anyOf": [{"type": "number"}, {"type": "string"}]}
        return {"anyOf": [*one["anyOf"], {"type": "array", "items": one, "minItems": 1}]}


class Labels(Leaf):
    """The values that there are, in the order of their numbers."""

    wanted = "be fit, or a list of different values, in the order of their numbers"

    def accept(self, value: object) -> Any:
        if value == "fit":
            return value
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise TypeError
        if not all(isinstance(one, str | int) for one in value) or len({str(one) for one in value}) < len(value):
            raise ValueError
        return value

    def schema(self) -> Schema:
        values: Schema = {"type": ["string", "integer", "boolean"]}
        return {"anyOf": [{"const": "fit"}, {"type": "array", "items": values, "minItems": 1, "uniqueItems": True}]}


class LabelsPerColumn(Labels):
    """The values that there are: the same for all columns, or by column."""

    wanted = "be fit, a list of different values, or a mapping of columns to such lists"

    def accept(self, value: object) -> Any:
        if not isinstance(value, Mapping):
            return super().accept(value)
        if not value:
            raise ValueError
        return {str(name): super(LabelsPerColumn, self).accept(labels) for name, labels in value.items()}

    def schema(self) -> Schema:
        one = super().schema()
        return {"anyOf": [*one["anyOf"], {"type": "object", "additionalProperties": one, "minProperties": 1}]}


class Weights(Leaf):
    """A weight for each class, or that they follow from how often each comes."""

    wanted = "be balanced, or a list of numbers from 0, one for each class"

    def accept(self, value: object) -> Any:
        if value == "balanced":
            return value
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise TypeError
        if not all(_number(one) and 0 <= one < math.inf for one in value):
            raise ValueError
        return value

    def schema(self) -> Schema:
        numbers: Schema = {"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 1}
        return {"anyOf": [{"const": "balanced"}, numbers]}


class OneHot(Leaf):
    """A number of classes, or true where it follows from the classes or categories."""

    wanted = "be a whole number from 1, or true beside classes or categories"

    def accept(self, value: object) -> Any:
        if value is True or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
            return value
        raise TypeError

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "integer", "minimum": 1}, {"const": True}]}

"""Pieces of a JSON Schema, draft 7."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dataflow.core.attrs import Attr, plain
from dataflow.core.registry import blocks

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """What the schema defines under a name."""
    return {"$ref": f"#/definitions/{name}"}


def told(value: Schema, doc: str) -> Schema:
    """A value with a description."""
    return {"description": doc, "allOf": [value]}  # beside a bare $ref, draft 7 ignores all else


def or_param(value: Schema, doc: str) -> Schema:
    """A value, or a parameter in its place."""
    return {"description": doc, "anyOf": [value, ref("param")]}


def record(properties: Schema, doc: str) -> Schema:
    """A mapping that has these keys and no others."""
    return {"description": doc, "type": "object", "properties": properties, "additionalProperties": False}


def default(value: object) -> Schema:
    """What is added to a value that has a default; infinities and NaN are left out, as JSON has none."""
    endless = isinstance(value, float) and not math.isfinite(value)
    return {} if endless else {"default": plain(value)}


def block_names(names: Sequence[str]) -> Schema:
    """The names of blocks, each with what it does."""
    told = [(blocks[name].__doc__ or "").strip().partition("\n")[0].replace("``", "") for name in names]
    return {"enum": [*names], "enumDescriptions": told}


def of_attr(attr: Attr) -> Schema:
    """The values of an attr."""
    limits = {key: limit for key, limit in (("minimum", attr.ge), ("maximum", attr.le)) if limit is not None}
    whole = {"type": "integer", **limits}
    values: dict[str, Schema] = {
        "int": whole,
        "float": {"type": "number", **limits},
        "bool": {"type": "boolean"},
        "str": {"enum": list(attr.choices)} if attr.choices else {"type": "string"},
        "Dtype": {"enum": list(attr.choices)} if attr.choices else ref("dtype"),
        "Ints": {"anyOf": [{"type": "array", "items": {"anyOf": [whole, ref("param")]}}, whole]},
        "Shape": ref("shape"),
        "Tensor": {"anyOf": [ref("literal"), ref("stored")]},
    }
    return values[attr.kind]

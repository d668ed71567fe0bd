"""A JSON Schema of the graph file, made from the registry, so that editors complete and check as one types.

A schema sees one value at a time: that a wire exists and that types fit is for `dataflow check` to say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dataflow.core import dtypes
from dataflow.core.attrs import Attr, plain
from dataflow.core.block import Block
from dataflow.core.ports import In
from dataflow.core.registry import blocks

Schema = dict[str, Any]

_WORD = "[A-Za-z_][A-Za-z0-9_]*"
_NAME = f"{_WORD}(/{_WORD})*"
_PARAM_TYPES = ("int", "float", "bool", "str", "dtype", "ints", "shape")


def schema() -> Schema:
    """The draft-07 schema of a graph file, for the blocks that are installed now."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "dataflow graph",
        "description": "Typed blocks wired into a graph.",
        "type": "object",
        "required": ["dataflow"],
        "properties": _sections(),
        "patternProperties": {"^x-": {"description": "Ignored; a place for YAML anchors."}},
        "additionalProperties": False,
        "definitions": {**_values(), "node": _node(), "optimizer": _optimizer()},
    }


def _sections() -> Schema:
    return {
        "dataflow": {"description": "The version of the format; the first key of the file.", "const": 1},
        "name": {"description": "A name for the graph; by default that of the file.", "type": "string"},
        "doc": {"description": "What the graph does.", "type": "string"},
        "params": _map(
            "Values that a caller may set: name -> default, or {type, default, doc}.", _ref("declared"), _WORD
        ),
        "inputs": _map("What is fed at each run: name -> type, such as float32[N, 64].", _ref("input"), _NAME),
        "nodes": _map("Blocks, each under the name by which its output is wired.", _ref("node"), _NAME),
        "outputs": _map("What a run returns: name -> wire.", _ref("wire"), ".+"),
        "data": _map("Where inputs come from: split -> file and arrays in it.", _ref("split"), ".+"),
        "train": _train(),
    }


def _train() -> Schema:
    names = {"type": "array", "items": {"type": "string"}}
    count = {"type": "integer", "minimum": 1}
    limit = {"type": "number", "exclusiveMinimum": 0}
    clip = {k: _or_param(limit, "") for k in ("value", "norm", "global_norm")}
    stopping = {
        "metric": {"type": "string"},
        "patience": _or_param(count, "Epochs without a better one."),
        "mode": {"enum": ["min", "max"]},
    }
    properties = {
        "minimize": _told(_ref("wire"), "The wire to make small."),
        "optimizer": _ref("optimizer"),
        "schedule": _told(_ref("optimizer"), "A block that gives the learning rate by the number of the step."),
        "clip": _record(clip, "How large gradients may be."),
        "variables": _or_param(names, "Which variables change; by default all trainable ones."),
        "epochs": _or_param(count, "How often all data is seen."),
        "batch_size": _or_param(count, "Rows in a step."),
        "steps_per_epoch": _or_param(count, "Steps in an epoch of a graph without data."),
        "seed": _or_param({"type": "integer", "minimum": 0}, "Where random numbers start."),
        "metrics": _or_param(names, "Outputs to report."),
        "validate": _or_param({"type": "string"}, "The split that is measured after each epoch."),
        "early_stopping": _record(stopping, "When to end before the last epoch."),
        "checkpoint": _record({"keep": count, "every": count}, "How many are kept, and after how many steps each."),
    }
    return _record(properties, "How the graph is trained.") | {"type": ["object", "null"]}


def _record(properties: Schema, doc: str) -> Schema:
    return {"description": doc, "type": "object", "properties": properties, "additionalProperties": False}


def _values() -> Schema:
    """What may stand in the places of a file, by name."""
    number = {"type": ["number", "boolean"]}
    dims: Schema = {"type": ["integer", "string", "null"], "minimum": -1}
    spelled = {"type": "string", "pattern": r"^(DT_[A-Z0-9]+|half|float|double|int)$"}
    return {
        "param": {"type": "string", "pattern": rf"^\${_WORD}$|\$\{{[^}}]+\}}"},
        "wire": {
            "type": "string",
            "anyOf": [{"pattern": rf"^{_NAME}(\.{_WORD})?$"}, _ref("param")],
            "description": "node, or node.port where it is not the node's first output.",
        },
        "literal": {"anyOf": [number, {"type": "array", "items": {"anyOf": [_ref("literal"), _ref("param")]}}]},
        "stored": {
            "description": "An array in a .npy or .npz file.",
            "type": "object",
            "required": ["path"],
            "properties": {"path": {"type": "string"}, "array": {"type": "string"}},
            "additionalProperties": False,
        },
        "single": {"anyOf": [_ref("literal"), _ref("wire"), _ref("stored")]},
        "many": {"anyOf": [{"type": "array", "items": _ref("single"), "minItems": 1}, _ref("param")]},
        "dtype": {"anyOf": [{"enum": list(dtypes.every)}, spelled]},
        "shape": {"anyOf": [{"type": "array", "items": dims}, dims]},
        "input": {
            "anyOf": [
                {"type": "string", "description": "float32[N, 64]"},
                {
                    "type": "object",
                    "required": ["dtype"],
                    "properties": {
                        "dtype": _or_param(_ref("dtype"), "Element type."),
                        "shape": _told(_ref("shape"), "Sizes and names of dims; left out, any shape may come."),
                        "doc": {"type": "string"},
                    },
                    "additionalProperties": False,
                },
            ]
        },
        "declared": {
            "anyOf": [
                {"type": ["number", "boolean", "string", "array", "null"]},
                {
                    "type": "object",
                    "properties": {"type": {"enum": list(_PARAM_TYPES)}, "default": {}, "doc": {"type": "string"}},
                    "additionalProperties": False,
                },
            ]
        },
        "split": {
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "path": {"description": "A .npz, .npy, .csv or IDX file, relative to this one.", "type": "string"},
                "rows": _or_param(
                    {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2},
                    "The first row and the one after the last; by default all.",
                ),
                "inputs": {
                    "description": "Graph input -> array in the file.",
                    "type": "object",
                    "additionalProperties": {"anyOf": [{"type": "string"}, _column()]},
                },
            },
            "additionalProperties": False,
        },
    }


def _column() -> Schema:
    properties = {
        "path": {"description": "The file, where it is not that of the split.", "type": "string"},
        "array": {"description": "The array of a .npz file, or columns of a .csv one.", "type": "string"},
        "dtype": _or_param(_ref("dtype"), "What the values are converted to."),
        "scale": _or_param({"type": "number"}, "What they are multiplied by."),
        "offset": _or_param({"type": "number"}, "What is added then."),
        "one_hot": _or_param({"type": "integer", "minimum": 1}, "The number of classes."),
    }
    return _record(properties, "An array, and what is done to it.")


# -- nodes ------------------------------------------------------------------------------------------------------


def _node() -> Schema:
    return {
        "type": "object",
        "required": ["block"],
        "properties": {
            "block": {
                "description": "A block, or ./file.yaml: another graph used as one.",
                "anyOf": [_block_names(), {"type": "string", "pattern": r"^(\.\.?/|/).+|^\$"}],
            },
            "inputs": {"description": "Port -> wire, number or list.", "type": ["object", "null"]},
            "attrs": {"description": "Attr -> value.", "type": ["object", "null"]},
            "doc": {"type": "string"},
        },
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"required": ["block"], "properties": {"block": {"enum": [name, *block.aliases]}}},
                "then": _of_block(block),
            }
            for name, block in blocks.items()
        ],
    }


def _optimizer() -> Schema:
    return {
        "description": "The block that updates each variable, and what stands on its other inputs.",
        "type": "object",
        "required": ["block"],
        "properties": {"block": _block_names(), "inputs": {"type": "object"}, "attrs": {"type": "object"}},
        "additionalProperties": False,
    }


def _block_names() -> Schema:
    names = blocks.names()
    return {"enum": names, "enumDescriptions": [_summary(blocks[name]) for name in names]}


def _summary(block: type[Block]) -> str:
    return (block.__doc__ or "").strip().partition("\n")[0].replace("``", "")


def _of_block(block: type[Block]) -> Schema:
    """What stands in a node of this block."""
    ports, attrs = block.signature.inputs, block.signature.attrs
    wanted = [name for name, port in ports.items() if not port.optional]
    given = [name for name, attr in attrs.items() if attr.required]
    return {
        "required": [section for section, names in (("inputs", wanted), ("attrs", given)) if names],
        "properties": {
            "inputs": _members({name: _port(block, port) for name, port in ports.items()}, wanted),
            "attrs": _members({name: _attr(attr) for name, attr in attrs.items()}, given),
        },
    }


def _members(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    members = {"properties": properties, "additionalProperties": False}
    return {"type": "object", "required": required, **members} if required else members


def _port(block: type[Block], port: In) -> Schema:
    accepted = port.dtype if port.dtype in dtypes.every else getattr(block, port.dtype)
    names = accepted if isinstance(accepted, tuple) else dtypes.every if isinstance(accepted, Attr) else (accepted,)
    told = "any dtype" if set(names) == set(dtypes.every) else ", ".join(names)
    return _told(_ref("many" if port.many else "single"), f"{port.doc} ({told})")


def _attr(attr: Attr) -> Schema:
    limits = {key: limit for key, limit in (("minimum", attr.ge), ("maximum", attr.le)) if limit is not None}
    whole = {"type": "integer", **limits}
    values: dict[str, Schema] = {
        "int": whole,
        "float": {"type": "number", **limits},
        "bool": {"type": "boolean"},
        "str": {"enum": list(attr.choices)} if attr.choices else {"type": "string"},
        "Dtype": {"enum": list(attr.choices)} if attr.choices else _ref("dtype"),
        "Ints": {"anyOf": [{"type": "array", "items": {"anyOf": [whole, _ref("param")]}}, whole]},
        "Shape": _ref("shape"),
        "Tensor": {"anyOf": [_ref("literal"), _ref("stored")]},
    }
    made = _or_param(values[attr.kind], attr.doc)
    if attr.nullable:
        made["anyOf"].append({"type": "null"})
    endless = isinstance(attr.default, float) and not math.isfinite(attr.default)  # JSON has no such number
    return made if attr.required or endless else {**made, "default": plain(attr.default)}


# -- pieces -----------------------------------------------------------------------------------------------------


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _told(value: Schema, doc: str) -> Schema:
    return {"description": doc, "allOf": [value]}  # beside a bare $ref, draft 7 ignores all else


def _or_param(value: Schema, doc: str) -> Schema:
    return {"description": doc, "anyOf": [value, _ref("param")]}


def _map(doc: str, values: Schema, names: str) -> Schema:
    return {
        "description": doc,
        "type": ["object", "null"],
        "patternProperties": {f"^{names}$": values},
        "additionalProperties": False,
    }

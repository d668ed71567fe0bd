"""A JSON Schema of the graph file, made from the registry, so that editors complete and check while one types.

A schema sees one value at a time: that a wire exists and that types fit is for `dataflow check` to say.
"""

from __future__ import annotations

from collections.abc import Mapping

from dataflow.core import dtypes
from dataflow.core.attrs import Attr
from dataflow.core.block import Block
from dataflow.core.ports import In
from dataflow.core.registry import blocks
from dataflow.graphfile import sections
from dataflow.graphfile.schema_parts import Schema, block_names, default, of_attr, or_param, ref, told

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
        "definitions": {
            **_values(),
            "node": _node(),
            "block_name": block_names(blocks.names()),
            "block_use": _block_use(),
        },
    }


def _sections() -> Schema:
    return {
        "dataflow": {"description": "The version of the format; the first key of the file.", "const": 1},
        "name": {"description": "A name for the graph; by default that of the file.", "type": "string"},
        "doc": {"description": "What the graph does.", "type": "string"},
        "params": _map(
            "Values that a caller may set: name -> default, or {type, default, doc}.", ref("declared"), _WORD
        ),
        "inputs": _map("What is fed at each run: name -> type, such as float32[N, 64].", ref("input"), _NAME),
        "nodes": _map("Blocks, each under the name by which its output is wired.", ref("node"), _NAME),
        "outputs": _map("What a run returns: name -> wire.", ref("wire"), ".+"),
        **{name: {**sections.declaration(name).schema(), "type": ["object", "null"]} for name in sections.names()},
    }


def _values() -> Schema:
    """What may stand in the places of a file, by name."""
    number = {"type": ["number", "boolean"]}
    dims: Schema = {"type": ["integer", "string", "null"], "minimum": -1}
    spelled = {"type": "string", "pattern": r"^(DT_[A-Z0-9]+|half|float|double|int)$"}
    return {
        "param": {"type": "string", "pattern": rf"^\${_WORD}$|\$\{{[^}}]+\}}"},
        "wire": {
            "type": "string",
            "anyOf": [{"pattern": rf"^{_NAME}(\.{_WORD})?$"}, ref("param")],
            "description": "node, or node.port where it is not the node's first output.",
        },
        "literal": {"anyOf": [number, {"type": "array", "items": {"anyOf": [ref("literal"), ref("param")]}}]},
        "stored": {
            "description": "An array in a .npy or .npz file.",
            "type": "object",
            "required": ["path"],
            "properties": {
                "path": {"type": "string", "format": "file"},
                "array": {"type": "string", "format": "array"},
            },
            "additionalProperties": False,
        },
        "single": {"anyOf": [ref("literal"), ref("wire"), ref("stored")]},
        "many": {"anyOf": [{"type": "array", "items": ref("single"), "minItems": 1}, ref("param")]},
        "dtype": {"anyOf": [{"enum": list(dtypes.every)}, spelled]},
        "shape": {"anyOf": [{"type": "array", "items": dims}, dims]},
        "input": {
            "anyOf": [
                {"type": "string", "description": "float32[N, 64]"},
                {
                    "type": "object",
                    "required": ["dtype"],
                    "properties": {
                        "dtype": or_param(ref("dtype"), "Element type."),
                        "shape": told(ref("shape"), "Sizes and names of dims; left out, any shape may come."),
                        "range": ref("range"),
                        "doc": {"type": "string"},
                    },
                    "additionalProperties": False,
                },
            ]
        },
        "range": or_param(
            {"type": "array", "items": {"anyOf": [{"type": "number"}, ref("param")]}, "minItems": 2, "maxItems": 2},
            "Between which two numbers all elements lie, [low, high]: a promise, which no run checks.",
        ),
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
    }


# -- nodes ------------------------------------------------------------------------------------------------------


def _node() -> Schema:
    return {
        "type": "object",
        "required": ["block"],
        "properties": {
            "block": {
                "description": "A block, or a graph used as one: ./file.yaml, or dataflow:file.yaml of the package.",
                "anyOf": [ref("block_name"), {"type": "string", "pattern": r"^(\.\.?/|/|dataflow:).+|^\$"}],
            },
            "inputs": {
                "description": "Port -> wire, number or list; or a list in the order of the ports.",
                "type": ["object", "array", "null"],
            },
            "attrs": {"description": "Attr -> value.", "type": ["object", "null"]},
            "range": ref("range"),
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


def _block_use() -> Schema:
    return {
        "description": "A block that a section names, and what stands on its inputs.",
        "type": "object",
        "required": ["block"],
        "properties": {"block": ref("block_name"), "inputs": {"type": "object"}, "attrs": {"type": "object"}},
        "additionalProperties": False,
    }


def _of_block(block: type[Block]) -> Schema:
    """What stands in a node of this block."""
    ports, attrs = block.signature.inputs, block.signature.attrs
    wanted = [name for name, port in ports.items() if not port.optional]
    given = [name for name, attr in attrs.items() if attr.required]
    return {
        "required": [section for section, names in (("inputs", wanted), ("attrs", given)) if names],
        "properties": {
            "inputs": _inputs(block, wanted),
            "attrs": _members({name: _attr(attr) for name, attr in attrs.items()}, given),
        },
    }


def _inputs(block: type[Block], wanted: list[str]) -> Schema:
    """What stands on the ports, under their names or in their order."""
    ports = {name: _port(block, port) for name, port in block.signature.inputs.items()}
    listed = {"type": "array", "items": list(ports.values()), "minItems": len(wanted), "maxItems": len(ports)}
    return {"anyOf": [_members(ports, wanted), listed]} if ports else _members(ports, wanted)


def _members(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    members = {"properties": properties, "additionalProperties": False}
    return {"type": "object", "required": required, **members} if required else members


def _port(block: type[Block], port: In) -> Schema:
    accepted = port.dtype if port.dtype in dtypes.every else getattr(block, port.dtype)
    names = accepted if isinstance(accepted, tuple) else dtypes.every if isinstance(accepted, Attr) else (accepted,)
    listed = "any dtype" if set(names) == set(dtypes.every) else ", ".join(names)
    return told(ref("many" if port.many else "single"), f"{port.doc} ({listed})")


def _attr(attr: Attr) -> Schema:
    made = or_param(of_attr(attr), attr.doc)
    if attr.nullable:
        made["anyOf"].append({"type": "null"})
    return made if attr.required else {**made, **default(attr.default)}


def _map(doc: str, values: Schema, names: str) -> Schema:
    return {
        "description": doc,
        "type": ["object", "null"],
        "patternProperties": {f"^{names}$": values},
        "additionalProperties": False,
    }

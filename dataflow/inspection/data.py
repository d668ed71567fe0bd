"""A block or a graph as plain data: dicts, lists, text and numbers, ready for JSON."""

from __future__ import annotations

import inspect
import math
import re
import sys
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from dataflow.core import composite, dtypes, kinds
from dataflow.core.attrs import Attr, StoredArray, plain
from dataflow.core.block import MISSING_GRADIENT, Block
from dataflow.core.errors import GraphError, kind_of
from dataflow.core.ports import In, Literal, Out
from dataflow.core.registry import blocks
from dataflow.core.roles import Setting, Slot
from dataflow.core.shapes import TensorType, show
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput
from dataflow.graphfile.emit import flow

Described = dict[str, Any]
_KINDS = kinds.__name__, composite.__name__  # modules of base classes
_LISTED = 64  # elements; a larger array is given by its type alone


def describe(x: Block | type[Block] | str | Graph) -> Described:
    """A block (class, instance or name) or a graph as plain data.

    Of a block: name, aliases, words to find it by, category, kind, parts of its docstring, ports, attrs, type
    variables, and whether gradients pass it (``yes``, ``none flows``, ``missing``). Of a graph: name, doc, inputs,
    nodes in running order with what stands on their ports, and outputs.

    >>> describe("Add")["formula"]
    'x + y'
    """
    return graph_data(x) if isinstance(x, Graph) else block_data(block_class(x))


def block_class(x: Block | type[Block] | str) -> type[Block]:
    """The class of a block given by name, class or instance."""
    if isinstance(x, str):
        return blocks[x]
    found: object = x if isinstance(x, type) else type(x)
    if not isinstance(found, type) or not issubclass(found, Block):
        raise GraphError(f"describe: must be given a block, its name or a graph, got {kind_of(x)}")
    return found


def category(block: type[Block]) -> str:
    """The folder of the block's module; of a module that is in no package, its name."""
    package = getattr(sys.modules.get(block.__module__), "__package__", None)
    return str(package or block.__module__).rpartition(".")[2]


def hue(category: str) -> int:
    """The hue of what is of a category, in degrees, wherever it is drawn."""
    return zlib.adler32(category.encode()) * 54 % 360  # the factor keeps the library's larger groups apart


# -- blocks -----------------------------------------------------------------------------------------------------


def block_data(block: type[Block]) -> Described:
    """A block class as plain data; see `describe`."""
    signature = block.signature
    named = [p.dtype for p in signature.inputs.values()] + [p.dtype for p in signature.outputs.values()]
    variables = dict.fromkeys(name for name in named if name not in dtypes.every)
    return {
        "name": block.__name__,
        "aliases": list(block.aliases),
        "found_by": list(vars(block).get("found_by", ())),
        "category": category(block),
        "kind": next((c.__name__ for c in block.__mro__ if c.__module__ in _KINDS), "Block"),
        **parts(block.__doc__ or ""),
        "inputs": [
            {
                **_port(block, p),
                "static": p.static,
                "like": p.like,
                "optional": p.optional,
                "many": p.many,
                "default": p.role.default if isinstance(p.role, Setting) else None,
                "initial": p.role.initial if isinstance(p.role, Slot) else None,
            }
            for p in signature.inputs.values()
        ],
        "attrs": [attr_data(a) for a in signature.attrs.values()],
        "outputs": [
            {**_port(block, p), "folded": None if p.reduce is None else p.reduce.__name__}
            for p in signature.outputs.values()
        ],
        "types": {name: _accepted(block, name) for name in variables},
        "gradient": _gradient(block.grad),
        "better": block.better,
    }


def parts(docstring: str) -> dict[str, str]:
    """Summary, formula, details, example and source of a block's docstring; missing parts are empty.

    The formula is the longest text in double backticks in the summary.
    """
    paragraphs = [p for p in re.split(r"\n\s*\n", inspect.cleandoc(docstring)) if p.strip()]
    summary = " ".join(paragraphs[0].split()) if paragraphs else ""
    rest = paragraphs[1:]
    examples = [p for p in rest if p.startswith(">>>")]
    sources = [p for p in rest if p.startswith("Source:")]
    return {
        "summary": summary,
        "formula": max(re.findall(r"``(.+?)``", summary), key=len, default=""),
        "details": "\n\n".join(p for p in rest if p not in examples and p not in sources),
        "example": "\n\n".join(examples),
        "source": " ".join(sources[0].split()).removeprefix("Source:").strip().removesuffix(".") if sources else "",
    }


def _port(block: type[Block], port: In | Out) -> Described:
    return {
        "name": port.name,
        "type": port.dtype,
        "dtypes": _accepted(block, port.dtype),
        "shape": None if port.shape is None else list(port.shape),
        "doc": port.doc,
    }


def _accepted(block: type[Block], dtype: str) -> list[str]:
    """The dtypes behind a dtype, a type variable, or a dtype attr."""
    if dtype in dtypes.every:
        return [dtype]
    accepted = getattr(block, dtype)
    if isinstance(accepted, Attr):
        return list(accepted.choices or dtypes.every)
    return [accepted] if isinstance(accepted, str) else list(accepted)


def attr_data(attr: Attr) -> Described:
    """An attr as plain data."""
    return {
        "name": attr.name,
        "type": attr.kind,
        "required": attr.required,
        "default": None if attr.required else jsonable(attr.default),
        "nullable": attr.nullable,
        "min": attr.ge,
        "max": attr.le,
        "limits": attr.limits(),
        "choices": list(attr.choices),
        "doc": attr.doc,
    }


def _gradient(rule: object) -> str:
    if rule is None:
        return "none flows"
    return "missing" if rule is MISSING_GRADIENT or isinstance(rule, In | Out) else "yes"  # a port may be called grad


# -- graphs -----------------------------------------------------------------------------------------------------


def graph_data(graph: Graph) -> Described:
    """A graph as plain data; see `describe`."""
    inputs, nodes = split(graph)
    return {
        "name": graph.name,
        "doc": graph.doc,
        "inputs": [{"name": n.name, **_type(next(iter(n.types.values()))), **_range(n), "doc": n.doc} for n in inputs],
        "nodes": [_node(graph, node) for node in nodes],
        "outputs": {name: graph.deref(link).wire for name, link in graph.outputs.items()},
    }


def split(graph: Graph) -> tuple[list[Node], list[Node]]:
    """The nodes that must be fed (the file's `inputs:`, in the order added) and the others, in running order."""
    inputs = list(graph.of_block("Placeholder").values())
    return inputs, [node for node in graph.order() if type(node.block).__name__ != "Placeholder"]


def places(node: Node) -> list[tuple[str, Link | Literal | None]]:
    """The operands of a node with their labels: ``port``, or ``port[i]`` for the items of a variadic one."""
    found: list[tuple[str, Link | Literal | None]] = []
    for port, value in node.inputs.items():
        if isinstance(value, tuple):
            found += [(f"{port}[{i}]", v) for i, v in enumerate(value)]
        else:
            found.append((port, value))
    return found


def _node(graph: Graph, node: Node) -> Described:
    return {
        "name": node.name,
        "block": type(node.block).__name__,
        "category": category(type(node.block)),
        "attrs": {name: jsonable(value) for name, value in node.block.attrs().items()},
        "inputs": {port: _operand(graph, value) for port, value in node.inputs.items()},
        "outputs": [{"name": port, **_type(type_)} for port, type_ in node.types.items()],
        **_range(node),
        "doc": node.doc,
    }


def _range(node: Node) -> Described:
    return {} if node.range is None else {"range": list(node.range)}


def _operand(graph: Graph, value: NodeInput) -> Any:
    """``{"wire": name}``, ``{"value": number or list}``, a list of these, or None for a port left open."""
    if isinstance(value, tuple):
        return [_operand(graph, v) for v in value]
    if isinstance(value, Link):
        return {"wire": graph.deref(value).wire}
    return {"value": jsonable(value.value)} if isinstance(value, Literal) else None


def _type(type_: TensorType) -> Described:
    return {"dtype": type_.dtype, "shape": None if type_.shape is None else list(type_.shape)}


# -- values -----------------------------------------------------------------------------------------------------


def jsonable(value: object) -> Any:
    """An attr or literal for JSON: infinities and NaN as text, a long array as its type or its place in a file."""
    if isinstance(value, StoredArray) and value.origin is not None:
        return dict(zip(("path", "array"), value.origin, strict=True))
    if isinstance(value, np.ndarray) and value.size > _LISTED:
        return {"dtype": dtypes.name_of(value.dtype), "shape": list(value.shape)}
    return _finite(_numbers(value))


def brief(value: object, limit: int = 24) -> str:
    """An attr or literal in one short piece of text, written as a graph file writes it."""
    data = jsonable(value)
    if isinstance(data, Mapping):
        return str(data["array"]) if "array" in data else f"{data['dtype']}{show(tuple(data['shape']))}"
    return cut(flow(_numbers(value)), limit)


def _numbers(value: object) -> Any:
    """Plain numbers, text and lists; complex numbers as text."""
    value = plain(value)
    if isinstance(value, list):
        return [_numbers(v) for v in value]
    return str(value) if isinstance(value, complex) else value


def _finite(value: object) -> Any:
    if isinstance(value, list):
        return [_finite(v) for v in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def cut(text: str, limit: int) -> str:
    """The text, or its beginning and ``…`` where it is longer."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


_SETS = {  # of `dtypes`, the largest first -> what they are called
    "every": "any", "with_zero": "any but float8_e8m0fnu", "number": "number", "real": "real", "floating": "floating",
    "integer": "integer", "signed": "signed", "unsigned": "unsigned", "complexes": "complex", "quantized": "quantized",
    "narrow_integers": "integer of 2 or 4 bits", "narrow_floats": "floating of 4 to 8 bits",
}  # fmt: skip


def dtype_text(names: Iterable[str]) -> str:
    """Dtypes in few words: sets by their name (``real``), the rest one by one."""
    rest = list(dict.fromkeys(names))
    words = []
    for name, word in _SETS.items():
        members = getattr(dtypes, name)
        if set(members) <= set(rest):
            words.append(word)
            rest = [name for name in rest if name not in members]
    return ", ".join(words + rest)

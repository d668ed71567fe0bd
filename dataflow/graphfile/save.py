"""Graph -> YAML text, and the file of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dataflow.core.attrs import plain
from dataflow.core.block import Block
from dataflow.core.errors import BlockError, GraphError
from dataflow.core.ports import Literal
from dataflow.files.atomic import regular, write_text
from dataflow.graph.graph import Graph
from dataflow.graph.node import Node
from dataflow.graphfile.array_store import Store
from dataflow.graphfile.emit import block, entry, escaped

MAX_INLINE = 1000  # elements that a file shows; larger arrays are saved beside it
_SECTIONS = ("data", "train")


def save(graph: Graph, path: str | os.PathLike[str]) -> None:
    """Write a graph file.

    Arrays that came from files are named, not copied; other large ones are saved beside it as ``<stem>.npz``, or
    ``<stem>-2.npz`` and so on where that is another file: no array file is ever overwritten.
    """
    target = Path(os.path.realpath(path))
    store = Store(target.parent, target.stem)
    lines = list(_lines(graph, store))
    if store.new and not regular(path):
        raise GraphError(
            f"{os.fspath(path)}: a graph with large arrays must be saved to a file, beside which they are put, "
            "got a device or pipe"
        )
    if store.write():
        lines = list(_lines(graph, store))
    write_text(path, "\n".join(lines) + "\n")


def resolved_text(graph: Graph, path: str | os.PathLike[str]) -> str:
    """What `save` writes into a file: parameters are set, sub-graphs written out, paths relative to the file."""
    target = Path(os.path.realpath(os.fspath(path)))
    return "\n".join(_lines(graph, Store(target.parent, target.stem))) + "\n"


def _lines(graph: Graph, store: Store) -> Iterator[str]:
    nodes = list(graph.nodes.values())
    inputs = {n.name: _declared(n) for n in nodes if _is_input(n)}
    yield "dataflow: 1"
    yield from entry("name", graph.name)
    if graph.doc:
        yield from entry("doc", graph.doc)
    if inputs:
        yield from ("", *block("inputs", inputs))
    if len(inputs) < len(nodes):
        yield from ("", "nodes:")
        for node in nodes:
            if node.name not in inputs:
                yield from block(node.name, _written(graph, node, store), 2)
    if graph.outputs:
        yield from ("", *block("outputs", {name: graph.deref(link).wire for name, link in graph.outputs.items()}))
    if unknown := [key for key in graph.sections if key not in _SECTIONS]:
        raise GraphError(f"graph '{graph.name}': sections must be data and train, got '{unknown[0]}'")
    for key in _SECTIONS:
        if key in graph.sections:
            section = store.relative(graph.sections[key]) if key == "data" else graph.sections[key]
            yield from ("", *block(key, escaped(section)))


def _is_input(node: Node) -> bool:
    return type(node.block).__name__ == "Placeholder"


def _declared(node: Node) -> dict[str, Any]:
    attrs: dict[str, Any] = escaped(node.block.attrs())
    return attrs | ({"doc": node.doc} if node.doc else {})


def _written(graph: Graph, node: Node, store: Store) -> dict[str, Any]:
    """A node as the file has it; empty parts are left out."""
    parts = {
        "block": type(node.block).__name__,
        "inputs": {port: store.placed(f"{node.name}.{port}", v) for port, v in _inputs(graph, node).items()},
        "attrs": {name: store.placed(f"{node.name}.{name}", v) for name, v in _attrs(node.block).items()},
        "doc": node.doc,
    }
    return {key: value for key, value in parts.items() if value}


def _inputs(graph: Graph, node: Node) -> dict[str, Any]:
    """Wires as text; numbers as such where they are read back as what they are, else as arrays."""
    if not any(isinstance(operand, Literal) for operand in node.operands()):
        return {p: _each(v, lambda link: graph.deref(link).wire) for p, v in node.inputs.items() if v is not None}
    listed = {port: _each(value, _numbers) for port, value in node.inputs.items()}
    try:
        types: list[Any] = node.block.operand_types([*listed.values()], lambda link: graph.deref(link).type)
    except BlockError:
        types, listed = [None] * len(listed), dict(node.inputs)

    def shown(literal: Any, numbers: Any, type_: Any) -> Any:
        if not isinstance(literal, Literal):
            return graph.deref(literal).wire
        same = numbers is not literal and type_ is not None and Literal(type_.value) == literal
        return numbers.value if same else literal.value

    result: dict[str, Any] = {}
    for (port, kept), numbers, type_ in zip(node.inputs.items(), listed.values(), types, strict=True):
        if isinstance(kept, tuple):
            result[port] = [shown(*each) for each in zip(kept, numbers, type_ or kept, strict=True)]
        elif kept is not None:
            result[port] = shown(kept, numbers, type_)
    return result


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(change(v) for v in value)
    return None if value is None else change(value)


def _numbers(operand: Any) -> Any:
    """A literal as a file has it: plain numbers instead of an array, if they are few."""
    listed = _listed(operand.value) if isinstance(operand, Literal) else None
    return operand if listed is None else Literal(listed)


def _attrs(of: Block) -> dict[str, Any]:
    """The attrs that a file needs to make the block again; what only an array file can hold stays an array."""
    kind, attrs = type(of), of.attrs()
    arrays = {name: array for name, array in attrs.items() if isinstance(array, np.ndarray)}
    shown = {name: listed for name, array in arrays.items() if (listed := _listed(array)) is not None}
    derived = [n for n, a in kind.signature.attrs.items() if a.kind == "Dtype" and a.default is None and n in attrs]
    for trial in (attrs | shown, attrs) if shown else (attrs,):
        without = {name: value for name, value in trial.items() if name not in derived}
        for each in (without, trial) if derived else (trial,):
            if each is attrs or _makes(kind, each, of):
                return {n: v if isinstance(v, np.ndarray) else escaped(v) for n, v in each.items()}
    return attrs


def _makes(kind: type[Block], attrs: dict[str, Any], wanted: Block) -> bool:
    try:
        return kind(**attrs) == wanted
    except ValueError:
        return False


def _listed(array: np.ndarray[Any, Any]) -> Any:
    """A small array as numbers, each with as few digits as tell it from its neighbours; None where it is not small."""
    return None if array.size > MAX_INLINE or array.dtype.kind == "c" else plain(array)

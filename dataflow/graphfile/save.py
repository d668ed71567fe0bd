"""Graph -> a graph file, with the arrays that are too large for it beside it."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from dataflow.core.attrs import plain
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError, GraphError, listing
from dataflow.core.ports import Literal
from dataflow.core.shapes import TensorType
from dataflow.files.atomic import is_replaceable, move_into_place, put_arrays, temporary, write_errors, write_text
from dataflow.graph.arguments import as_graph, as_path
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput
from dataflow.graphfile import sections, shipped
from dataflow.graphfile.arrays import Arrays, origin
from dataflow.graphfile.emit import block, entry, escaped
from dataflow.graphfile.paths import project_of

Operand = Link | Literal
T = TypeVar("T")
MAX_INLINE = 1000  # elements that a file shows; larger arrays are saved beside it


def save(graph: Graph, path: str | os.PathLike[str]) -> None:
    """Write a graph file.

    Arrays that came from files are named, not copied; other large ones are saved beside it as ``<stem>.npz``, or
    ``<stem>-2.npz`` and so on where that is another file: no array file is ever overwritten.
    """
    graph, path = as_graph(graph, "flow.save(graph, path)"), as_path(path, "flow.save(graph, path)")
    shipped.refuse_writing(os.fspath(path))
    target = Path(os.path.realpath(path))
    placement = Placement(target.parent, target.stem)
    lines = list(_lines(graph, placement))
    if placement.new and not is_replaceable(path):
        raise GraphError(
            f"{os.fspath(path)}: a graph with large arrays must be saved to a file, beside which they are put, "
            "got a device or pipe"
        )
    if placement.write():
        lines = list(_lines(graph, placement))
    write_text(path, "\n".join(lines) + "\n")


def resolved_text(graph: Graph, path: str | os.PathLike[str]) -> str:
    """What `save` writes into a file: parameters are set, sub-graphs written out, paths relative to the file."""
    target = Path(os.path.realpath(os.fspath(path)))
    return "\n".join(_lines(graph, Placement(target.parent, target.stem))) + "\n"


def _lines(graph: Graph, placement: Placement) -> Iterator[str]:
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
                yield from block(node.name, _written(graph, node, placement), 2)
    if graph.outputs:
        yield from ("", *block("outputs", {name: graph.deref(link).wire for name, link in graph.outputs.items()}))
    yield from _sections(graph, placement)


def _sections(graph: Graph, placement: Placement) -> Iterator[str]:
    known = sections.names()
    if unknown := [name for name in graph.sections if name not in known]:
        raise GraphError(f"graph '{graph.name}': sections must be {listing(known, 'and')}, got '{unknown[0]}'")
    for name in known:
        if name in graph.sections:
            placed = sections.declaration(name).with_paths(graph.sections[name], partial(placement.path, name))
            yield from ("", *block(name, escaped(placed)))


def _is_input(node: Node) -> bool:
    return type(node.block).__name__ == "Placeholder"


def _declared(node: Node) -> dict[str, Any]:
    attrs: dict[str, Any] = escaped(node.block.attrs())
    return attrs | _range(node) | ({"doc": node.doc} if node.doc else {})


def _range(node: Node) -> dict[str, Any]:
    return {} if node.range is None else {"range": list(node.range)}


def _written(graph: Graph, node: Node, placement: Placement) -> dict[str, Any]:
    """A node as the file has it; empty parts are left out."""
    parts = {
        "block": type(node.block).__name__,
        "inputs": {port: placement.placed(f"{node.name}.{port}", v) for port, v in _inputs(graph, node).items()},
        "attrs": {name: placement.placed(f"{node.name}.{name}", v) for name, v in _attrs(node.block).items()},
        **_range(node),
        "doc": node.doc,
    }
    return {key: value for key, value in parts.items() if value}


def _inputs(graph: Graph, node: Node) -> dict[str, Any]:
    """Wires as text; literals as numbers if these are read back as the same values, otherwise as arrays."""
    if not any(isinstance(operand, Literal) for operand in node.operands()):
        return {p: _each(v, partial(_wire, graph)) for p, v in node.inputs.items() if v is not None}
    listed: dict[str, Any] = {port: _each(value, _numbers) for port, value in node.inputs.items()}
    try:
        types: list[Any] = node.block.operand_types([*listed.values()], lambda link: graph.deref(link).type)
    except BlockError:
        types, listed = [None] * len(listed), dict(node.inputs)

    def shown(operand: Operand, numbers: Operand, type_: TensorType | None) -> Any:
        if not isinstance(operand, Literal) or not isinstance(numbers, Literal):
            return _wire(graph, operand)
        same = numbers is not operand and type_ is not None and Literal(type_.value) == operand
        return numbers.value if same else operand.value

    result: dict[str, Any] = {}
    for (port, kept), numbers, type_ in zip(node.inputs.items(), listed.values(), types, strict=True):
        if isinstance(kept, tuple):
            result[port] = [shown(*each) for each in zip(kept, numbers, type_ or kept, strict=True)]
        elif kept is not None:
            result[port] = shown(kept, numbers, type_)
    return result


def _wire(graph: Graph, operand: Operand) -> str:
    return graph.deref(cast(Link, operand)).wire


def _each(value: NodeInput, change: Callable[[Operand], T]) -> T | tuple[T, ...] | None:
    if isinstance(value, tuple):
        return tuple(change(v) for v in value)
    return None if value is None else change(value)


def _numbers(operand: Operand) -> Operand:
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


def _listed(array: Array) -> Any:
    """A small array as numbers, each with as few digits as identify it; None where it is not small."""
    return None if array.size > MAX_INLINE or array.dtype.kind == "c" else plain(array)


# -- arrays beside the file ----------------------------------------------------------------------------------------


class Placement:
    """The arrays of a graph that is being written into a folder."""

    def __init__(self, folder: Path, stem: str):
        self.folder, self.stem = folder, stem
        self.file = f"{stem}.npz"
        self.new: dict[str, Array] = {}
        self._project = project_of(folder)
        self._arrays = Arrays()

    def placed(self, name: str, value: object) -> Any:
        """The value with a mapping such as ``{path: weights.npz, array: w}`` in place of each array."""
        if isinstance(value, list):
            return [self.placed(f"{name}.{i}", v) for i, v in enumerate(value)] if _has_array(value) else value
        if not isinstance(value, np.ndarray):
            return value
        if found := self._origin(value):
            return escaped(found)
        self.new[name] = value
        return escaped({"path": self.file, "array": name})

    def _origin(self, array: Array) -> dict[str, str] | None:
        """Where the array came from, if it may be named from here and still has the same values."""
        if (found := origin(array)) is None:
            return None
        path, name = Path(found[0]), found[1]
        if (place := self._named(path)) is None:
            return None
        try:
            stored = self._arrays.read(path, name or None)
        except ValueError:
            return None
        if stored.dtype != array.dtype or stored.shape != array.shape or stored.tobytes() != array.tobytes():
            return None
        return {"path": place} | ({"array": name} if name else {})

    def path(self, section: str, path: str) -> str:
        """A file that a section names, as the graph file must write it; GraphError where it may not name it."""
        if (place := self._named(Path(path))) is None:
            raise GraphError(
                f"{section}: files must lie inside the project of the graph file, {self._project}, got {path}; "
                f"save the graph there, or drop graph.sections['{section}']"
            )
        return place

    def _named(self, path: Path) -> str | None:
        """How the graph file names another, if it may."""
        if place := shipped.reference(path):
            return place
        return Path(os.path.relpath(path, self.folder)).as_posix() if path.is_relative_to(self._project) else None

    def write(self) -> bool:
        """Save the new arrays; whether that took another file than `placed` has named so far."""
        if not self.new:
            return False
        said = self.file
        with write_errors(self.folder / said), temporary(self.folder / said) as (file, made):
            put_arrays(file, self.new)
            file.flush()
            number = 1
            while (target := self.folder / self.file).exists() and not filecmp.cmp(made, target, shallow=False):
                number += 1
                self.file = f"{self.stem}-{number}.npz"
            if not target.exists():
                move_into_place(file, made, target)
        return self.file != said


def _has_array(values: list[Any]) -> bool:
    return any(isinstance(v, np.ndarray) for v in values)

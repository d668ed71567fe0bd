"""What a graph file has in the place of each part of a graph: plain values, in which arrays are still arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

import numpy as np

from dataflow.core.attrs import plain
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError, GraphError, listing
from dataflow.core.ports import Literal
from dataflow.core.shapes import TensorType
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput
from dataflow.graphfile import sections
from dataflow.graphfile.emit import escaped

Operand = Link | Literal
T = TypeVar("T")


def is_input(node: Node) -> bool:
    """Whether a file has the node among its inputs."""
    return type(node.block).__name__ == "Placeholder"


def declared(node: Node) -> dict[str, Any]:
    """What a file says of a node that is neither its block nor its wires: its range and its text."""
    return ({} if node.range is None else {"range": list(node.range)}) | ({"doc": node.doc} if node.doc else {})


class Entries:
    """The entries of a graph file that says what a graph is.

    Arrays of up to ``inline`` elements are shown as numbers; ``wire`` is how the file names a wire.
    """

    def __init__(self, graph: Graph, inline: int, wire: Callable[[Link], str] | None = None):
        self.graph, self.inline = graph, inline
        self.wire = wire or (lambda link: graph.deref(link).wire)

    def input(self, node: Node) -> dict[str, Any]:
        """A graph input."""
        attrs: dict[str, Any] = escaped(node.block.attrs())
        return attrs | declared(node)

    def node(self, node: Node) -> dict[str, Any]:
        """A node; empty parts are left out."""
        parts = {
            "block": type(node.block).__name__,
            "inputs": self.inputs(node),
            "attrs": self.attrs(node.block),
            **declared(node),
        }
        return {key: value for key, value in parts.items() if value}

    def outputs(self) -> dict[str, str]:
        """The outputs of the graph."""
        return {name: self.wire(link) for name, link in self.graph.outputs.items()}

    def sections(self, path: Callable[[str, str], str]) -> dict[str, Any]:
        """The registered sections; ``path`` says how one of them, by its name, names a file."""
        known, given = sections.names(), self.graph.sections
        if unknown := [name for name in given if name not in known]:
            wanted = listing(known, "and")
            raise GraphError(f"graph '{self.graph.name}': sections must be {wanted}, got '{unknown[0]}'")
        placed = {n: sections.declaration(n).with_paths(given[n], partial(path, n)) for n in known if n in given}
        return {name: escaped(section) for name, section in placed.items()}

    def inputs(self, node: Node) -> dict[str, Any]:
        """Wires as text; literals as numbers if these are read back as the same values, otherwise as arrays."""
        if not any(isinstance(operand, Literal) for operand in node.operands()):
            return {p: self._wires(v) for p, v in node.inputs.items() if v is not None}
        listed: dict[str, Any] = {port: _each(value, self._numbers) for port, value in node.inputs.items()}
        try:
            types: list[Any] = node.block.operand_types([*listed.values()], lambda link: self.graph.deref(link).type)
        except BlockError:
            types, listed = [None] * len(listed), dict(node.inputs)

        def shown(operand: Operand, numbers: Operand, type_: TensorType | None) -> Any:
            if not isinstance(operand, Literal) or not isinstance(numbers, Literal):
                return self._wire(operand)
            same = numbers is not operand and type_ is not None and Literal(type_.value) == operand
            return numbers.value if same else operand.value

        result: dict[str, Any] = {}
        for (port, kept), numbers, type_ in zip(node.inputs.items(), listed.values(), types, strict=True):
            if isinstance(kept, tuple):
                result[port] = [shown(*each) for each in zip(kept, numbers, type_ or kept, strict=True)]
            elif kept is not None:
                result[port] = shown(kept, numbers, type_)
        return result

    def _wires(self, value: NodeInput) -> Any:
        return [self._wire(each) for each in value] if isinstance(value, tuple) else self._wire(cast(Link, value))

    def _wire(self, operand: Operand) -> str:
        return self.wire(cast(Link, operand))

    def _numbers(self, operand: Operand) -> Operand:
        """A literal as a file has it: plain numbers instead of an array, if they are few."""
        listed = self._listed(operand.value) if isinstance(operand, Literal) else None
        return operand if listed is None else Literal(listed)

    def attrs(self, of: Block) -> dict[str, Any]:
        """The attrs that a file needs to make the block again; what only an array file can hold stays an array."""
        kind, attrs = type(of), of.attrs()
        arrays = {name: array for name, array in attrs.items() if isinstance(array, np.ndarray)}
        shown = {name: listed for name, array in arrays.items() if (listed := self._listed(array)) is not None}
        derived = [n for n, a in kind.signature.attrs.items() if a.kind == "Dtype" and a.default is None and n in attrs]
        for trial in (attrs | shown, attrs) if shown else (attrs,):
            without = {name: value for name, value in trial.items() if name not in derived}
            for each in (without, trial) if derived else (trial,):
                if each is attrs or _makes(kind, each, of):
                    return {n: v if isinstance(v, np.ndarray) else escaped(v) for n, v in each.items()}
        return attrs

    def _listed(self, array: Array) -> Any:
        """A small array as numbers, each with as few digits as identify it; None where it is not small."""
        return None if array.size > self.inline or array.dtype.kind == "c" else plain(array)


def _makes(kind: type[Block], attrs: dict[str, Any], wanted: Block) -> bool:
    try:
        return kind(**attrs) == wanted
    except ValueError:
        return False


def _each(value: NodeInput, change: Callable[[Operand], T]) -> T | tuple[T, ...] | None:
    if isinstance(value, tuple):
        return tuple(change(v) for v in value)
    return None if value is None else change(value)

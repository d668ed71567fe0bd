"""Bodies of composite blocks: the blocks that were called on wires, recorded in an order in which they can run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple, cast

import numpy as np

from dataflow.core import conversion, dtypes, evaluator, typing_rules
from dataflow.core.block import Block
from dataflow.core.dtypes import Array, DType
from dataflow.core.errors import BlockError
from dataflow.core.numpy_state import FixedNumpyState
from dataflow.core.ports import Literal, flat, map_port
from dataflow.core.random import Key
from dataflow.core.shapes import TensorType, element_count
from dataflow.core.typing_rules import OperandType
from dataflow.core.wire import Wire

Arrays = Array | tuple[Array, ...] | None  # on a port


@dataclass(frozen=True, eq=False, slots=True)
class BodyWire(Wire):
    """A value in a body: an output of one of its nodes; where ``node`` is empty, an input of the composite."""

    graph: Body = field(repr=False)
    node: str
    port: str  # of a variadic input with the number of the value, values_0
    own_type: TensorType = field(repr=False)

    @property
    def type(self) -> TensorType:
        """Dtype and shape of the value, and the value itself where the body decides it."""
        return self.own_type


_Given = BodyWire | Literal | Array
Operand = BodyWire | Literal | tuple[BodyWire | Literal, ...] | None


@dataclass(frozen=True, slots=True)
class BodyNode:
    """A block in a body, the operand on each input port, the type of each output."""

    name: str
    block: Block
    operands: tuple[Operand, ...]
    types: tuple[TensorType, ...]


class Body:
    """Nodes by name, in the order in which they were added; blocks that are called on its wires add themselves.

    inputs : what the body is called with: for each port a wire, a tuple of wires if variadic, None if left unwired.
    outputs : the wires that it gives.
    """

    def __init__(self, inputs: Mapping[str, OperandType]):
        self.nodes: dict[str, BodyNode] = {}
        self.inputs = [self._input(port, type_) for port, type_ in inputs.items()]
        self.outputs: list[BodyWire] = []

    def _input(self, port: str, type_: OperandType) -> BodyWire | tuple[BodyWire, ...] | None:
        if isinstance(type_, tuple):
            return tuple(BodyWire(self, "", f"{port}_{i}", each) for i, each in enumerate(type_))
        return None if type_ is None else BodyWire(self, "", port, type_)

    def add(self, block: Block, operands: Sequence[Any] = (), name: str | None = None) -> Any:
        """Append a node; a wire for its output, or a named tuple of wires for several."""
        types = block.operand_types(operands, self._type_of)
        outputs = typing_rules.with_known_values(block, types, block.output_types(types))
        name = self._free(name or block.node_name)
        self.nodes[name] = BodyNode(name, block, tuple(map(_operand, operands, types)), tuple(outputs))
        ports = zip(block.signature.outputs, outputs, strict=True)
        return block.pack([BodyWire(self, name, port, type_) for port, type_ in ports])

    def _type_of(self, operand: BodyWire | Array) -> TensorType:
        if not isinstance(operand, Wire):
            return TensorType.of(operand)
        if operand.graph is not self:
            raise BlockError(f"wires must be its inputs or made of them, got {operand!r} from elsewhere")
        return operand.type

    def _free(self, stem: str) -> str:
        name, count = stem, 0
        while name in self.nodes:
            count += 1
            name = f"{stem}_{count}"
        return name

    def finish(self, outputs: Sequence[BodyWire]) -> None:
        """End with these outputs; nodes that none of them needs are dropped."""
        self.outputs = list(outputs)
        needed = {wire.node for wire in outputs}
        for node in reversed(self.nodes.values()):
            if node.name in needed:
                needed |= {o.node for o in flat(node.operands) if isinstance(o, BodyWire)}
        self.nodes = {name: node for name, node in self.nodes.items() if name in needed}

    def run(self, arrays: Sequence[Arrays], key: Key) -> list[Array]:
        """The outputs for inputs in port order, block by block; ``key`` is that of the composite.

        Blocks are evaluated as by themselves, so that sums of large arrays add in the order that a plan adds in.
        """
        given, engine = flat(arrays), evaluator.current()
        values = [*given, *self._literals]
        small = self._most <= engine.WHOLE
        with FixedNumpyState():
            for (node, reads, first), ufunc in zip(self.numbered.calls, self._ufuncs, strict=True):
                args = [values[read] if type(read) is int else map_port(values.__getitem__, read) for read in reads]
                if small and ufunc is not None:
                    values[first] = np.asarray(ufunc[0](*args), ufunc[1])
                    continue
                drawn = {"key": Key(key.seed, f"{key.node}/{node.name}", key.step)} if node.block.takes_key else {}
                compute = node.block.computed if small else partial(engine.compute, node.block)
                values[first : first + len(node.types)] = compute(args, node.types, **drawn)
        return [values[place] for place in self.numbered.outputs]

    @cached_property
    def _most(self) -> float:
        """The elements of the largest value; infinity where a size is not known."""
        types = [wire.type for wire in flat(self.inputs)] + [t for node in self.nodes.values() for t in node.types]
        counts = [element_count(type_.shape) for type_ in types]
        return max((math.inf if count is None else count for count in counts), default=0)

    @cached_property
    def numbered(self) -> Numbered:
        """The values of the body by place: those of the inputs first."""
        places = {("", wire.port): i for i, wire in enumerate(flat(self.inputs))}
        start: list[Literal | None] = [None] * len(places)

        def place(operand: object) -> int:
            if isinstance(operand, BodyWire):
                return places[operand.node, operand.port]
            start.append(cast(Literal, operand))
            return len(start) - 1

        calls = []
        for node in self.nodes.values():
            reads = [map_port(place, operand) for operand in node.operands]
            calls.append((node, reads, len(start)))
            places |= {(node.name, port): len(start) + i for i, port in enumerate(node.block.signature.outputs)}
            start += [None] * len(node.types)
        return Numbered(start, calls, [places[wire.node, wire.port] for wire in self.outputs])

    @cached_property
    def _literals(self) -> list[Array | None]:
        """The arrays of literals by place, behind the inputs."""
        start = self.numbered.start[len(flat(self.inputs)) :]
        return [None if literal is None else literal.value for literal in start]

    @cached_property
    def _ufuncs(self) -> list[tuple[np.ufunc, DType] | None]:
        """For each node the ufunc that is its kernel, if it is one, and the dtype of the output."""
        found: list[tuple[np.ufunc, DType] | None] = []
        for node in self.nodes.values():
            dtype = dtypes.storage(node.types[0].dtype)
            kernel = node.block.kernel_for(dtype)
            found.append((kernel, dtype) if isinstance(kernel, np.ufunc) else None)
        return found


class Numbered(NamedTuple):
    """The values of a body by place.

    start : the literals that are there already; None for other values.
    calls : each node with the places of its operands, and the place of its first output.
    outputs : the places of the outputs.
    """

    start: list[Literal | None]
    calls: list[tuple[BodyNode, list[int | tuple[int, ...] | None], int]]
    outputs: list[int]


def _operand(given: _Given | tuple[_Given, ...] | None, type_: OperandType) -> Operand:
    """An operand as a node keeps it: a number or array as a literal of the dtype that it has there."""
    kept = [
        one if isinstance(one, BodyWire) else Literal(conversion.frozen(own.value))
        for one, own in zip(flat([given]), flat([type_]), strict=True)
    ]
    return tuple(kept) if isinstance(given, tuple) else kept[0] if kept else None

"""Bodies of composite blocks: the blocks that were called on wires, recorded in an order in which they can run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple, cast

from dataflow.core import conversion, evaluator, typing_rules
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
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
        values = [*given, *self._numbered.start[len(given) :]]
        small = self._most <= engine.WHOLE
        with FixedNumpyState():
            for node, reads, first in self._numbered.calls:
                drawn = {"key": Key(key.seed, f"{key.node}/{node.name}", key.step)} if node.block.takes_key else {}
                args = [values[read] if type(read) is int else map_port(values.__getitem__, read) for read in reads]
                compute = node.block.computed if small else partial(engine.compute, node.block)
                values[first : first + len(node.types)] = compute(args, node.types, **drawn)
        return [values[place] for place in self._numbered.outputs]

    @cached_property
    def _most(self) -> float:
        """The elements of the largest value; infinity where a size is not known."""
        types = [wire.type for wire in flat(self.inputs)] + [t for node in self.nodes.values() for t in node.types]
        counts = [element_count(type_.shape) for type_ in types]
        return max((math.inf if count is None else count for count in counts), default=0)

    @cached_property
    def _numbered(self) -> _Numbered:
        """The values of a run by place: those of the inputs first."""
        start: list[Any] = [None for _ in flat(self.inputs)]
        places = {("", wire.port): i for i, wire in enumerate(flat(self.inputs))}

        def place(operand: object) -> int:
            if isinstance(operand, BodyWire):
                return places[operand.node, operand.port]
            start.append(cast(Literal, operand).value)
            return len(start) - 1

        calls = []
        for node in self.nodes.values():
            reads = [map_port(place, operand) for operand in node.operands]
            calls.append((node, reads, len(start)))
            places |= {(node.name, port): len(start) + i for i, port in enumerate(node.block.signature.outputs)}
            start += [None] * len(node.types)
        return _Numbered(start, calls, [places[wire.node, wire.port] for wire in self.outputs])


class _Numbered(NamedTuple):
    """What a run of a body needs of it.

    start : the values by place, of which literals are there already.
    calls : each node with the places of its operands, and the place of its first output.
    outputs : the places of the outputs.
    """

    start: list[Any]
    calls: list[tuple[BodyNode, list[int | tuple[int, ...] | None], int]]
    outputs: list[int]


def _operand(given: _Given | tuple[_Given, ...] | None, type_: OperandType) -> Operand:
    """An operand as a node keeps it: a number or array as a literal of the dtype that it has there."""
    kept = [
        one if isinstance(one, BodyWire) else Literal(conversion.frozen(own.value))
        for one, own in zip(flat([given]), flat([type_]), strict=True)
    ]
    return tuple(kept) if isinstance(given, tuple) else kept[0] if kept else None

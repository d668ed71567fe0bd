"""Bodies of composite blocks: the blocks that were called on wires, recorded in an order in which they can run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from dataflow.core import conversion, evaluator, typing_rules
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError
from dataflow.core.ports import Literal, flat, map_port
from dataflow.core.random import Key
from dataflow.core.shapes import TensorType
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
        values: dict[tuple[str, str], Any] = {}
        for wires, given in zip(self.inputs, arrays, strict=True):
            values |= {("", wire.port): array for wire, array in zip(flat([wires]), flat([given]), strict=True)}

        def value(operand: object) -> Any:
            return values[operand.node, operand.port] if isinstance(operand, BodyWire) else cast(Literal, operand).value

        for node in self.nodes.values():
            drawn = {"key": Key(key.seed, f"{key.node}/{node.name}", key.step)} if node.block.takes_key else {}
            arrays_of = [map_port(value, o) for o in node.operands]
            made = evaluator.current().compute(node.block, arrays_of, node.types, **drawn)
            values |= {(node.name, port): array for port, array in zip(node.block.signature.outputs, made, strict=True)}
        return [value(wire) for wire in self.outputs]


def _operand(given: _Given | tuple[_Given, ...] | None, type_: OperandType) -> Operand:
    """An operand as a node keeps it: a number or array as a literal of the dtype that it has there."""
    kept = [
        one if isinstance(one, BodyWire) else Literal(conversion.frozen(own.value))
        for one, own in zip(flat([given]), flat([type_]), strict=True)
    ]
    return tuple(kept) if isinstance(given, tuple) else kept[0] if kept else None

"""Which steps are bound when an execution is made, and for which types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dataflow.core.dtypes import Array
from dataflow.core.ports import flat, map_port
from dataflow.core.shapes import TensorType
from dataflow.core.typing_rules import OperandType
from dataflow.engine.slots import Read
from dataflow.engine.steps import Step


def operand_types(
    reads: Sequence[Read], types: Sequence[TensorType], constants: Mapping[int, Array]
) -> list[OperandType]:
    """The types of what is read, with the values that are known."""

    def of(slot: int) -> TensorType:
        return TensorType(types[slot].dtype, types[slot].shape, constants.get(slot))

    return [map_port(of, read) for read in reads]


def bound_types(step: Step, types: Sequence[TensorType], constants: Mapping[int, Array]) -> list[OperandType] | None:
    """The types that the kernel of a step is bound for; None where it has none to bind, or they are not all known."""
    if step.block.bind is None or not all(types[slot].known for slot in (*flat(step.reads), *step.writes)):
        return None
    ports = zip(step.block.signature.inputs.values(), step.reads, strict=True)
    if not all(slot in constants for port, read in ports if port.static for slot in flat([read])):
        return None
    return operand_types(step.reads, types, constants)

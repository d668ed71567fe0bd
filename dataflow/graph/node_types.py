"""The types of a node's operands and outputs, checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dataflow.core import typing_rules
from dataflow.core.block import Block
from dataflow.core.errors import BlockError, GraphError
from dataflow.core.shapes import TensorType
from dataflow.core.typing_rules import OperandType

_MOST = 4096  # that are remembered
_remembered: dict[tuple[object, ...], list[TensorType]] = {}  # types of outputs, by what decides them


def node_types(
    who: str, block: Block, operands: Sequence[Any], type_of: Callable[[Any], TensorType]
) -> tuple[list[OperandType], list[TensorType]]:
    """The types of operands and outputs in port order; GraphError that names the node where one does not fit."""
    try:
        types = block.operand_types(operands, type_of)
        return types, typing_rules.with_known_values(block, types, _output_types(block, types))
    except BlockError as error:
        raise GraphError(who + str(error).removeprefix(type(block).__name__)) from error


def _output_types(block: Block, types: Sequence[OperandType]) -> list[TensorType]:
    """The types of outputs, worked out once for equal blocks and types: graphs are much the same all over."""
    key = _key(block, types)
    if key is None:
        return block.output_types(types)
    found = _remembered.get(key)
    if found is None:
        found = block.output_types(types)
        if len(_remembered) >= _MOST:
            _remembered.clear()
        _remembered[key] = found
    return found


def _key(block: Block, types: Sequence[OperandType]) -> tuple[object, ...] | None:
    """What decides the types of outputs; None where values do, or where comparing blocks takes long."""
    if block.signature.holds_arrays:
        return None
    key: list[object] = [block]
    for port, given in zip(block.signature.inputs.values(), types, strict=True):
        if isinstance(given, tuple):
            key.append(len(given))
        for type_ in given if isinstance(given, tuple) else (given,):
            if type_ is None:
                key.append(None)
            elif port.static and type_.value is not None:
                return None
            else:
                key += type_.dtype, type_.shape
    return tuple(key)

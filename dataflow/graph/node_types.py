"""The types of a node's operands and outputs, checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dataflow.core import typing_rules
from dataflow.core.block import Block
from dataflow.core.errors import BlockError, GraphError
from dataflow.core.shapes import TensorType
from dataflow.core.typing_rules import OperandType


def node_types(
    who: str, block: Block, operands: Sequence[Any], type_of: Callable[[Any], TensorType]
) -> tuple[list[OperandType], list[TensorType]]:
    """The types of operands and outputs in port order; GraphError that names the node where one does not fit."""
    try:
        types = block.operand_types(operands, type_of)
        return types, typing_rules.with_known_values(block, types, block.output_types(types))
    except BlockError as error:
        raise GraphError(who + str(error).removeprefix(type(block).__name__)) from error

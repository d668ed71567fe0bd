"""The types of a node's operands and outputs, with the values of small whole-number outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dataflow.core.block import Block
from dataflow.core.errors import BlockError, GraphError
from dataflow.core.ports import flat
from dataflow.core.shapes import TensorType, element_count
from dataflow.core.typing_rules import OperandType

_FOLD_LIMIT = 4096  # elements; larger whole-number constants are left to the run


def node_types(
    who: str, block: Block, operands: Sequence[Any], type_of: Callable[[Any], TensorType]
) -> tuple[list[OperandType], list[TensorType]]:
    """The types of operands and outputs in port order; GraphError that names the node where one does not fit."""
    try:
        types = block.operand_types(operands, type_of)
        return types, _folded(block, types, block.output_types(types))
    except BlockError as error:
        raise GraphError(who + str(error).removeprefix(type(block).__name__)) from error


def _folded(block: Block, types: Sequence[OperandType], outputs: list[TensorType]) -> list[TensorType]:
    """Output types with their values, if these are few whole numbers that follow from known inputs.

    Shapes and axes are made of them, so later nodes can be checked against them.
    """
    if not block.pure or any(t.dtype not in ("int32", "int64") for t in outputs):
        return outputs
    known = flat(types)
    if not known or any(t.value is None for t in known):
        return outputs
    if any((element_count(t.shape) or _FOLD_LIMIT + 1) > _FOLD_LIMIT for t in (*known, *outputs)):
        return outputs
    arrays = [tuple(t.value for t in ts) if isinstance(ts, tuple) else ts and ts.value for ts in types]
    values = block.compute(arrays, outputs)
    return [TensorType(t.dtype, t.shape, np.asarray(v)) for t, v in zip(outputs, values, strict=True)]

"""What a block remembers of its calls on arrays: the types of the outputs, by what decides them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core import conversion
from dataflow.core.shapes import TensorType

if TYPE_CHECKING:
    from dataflow.core.block import Block

_MOST = 64
_NONE: dict[object, Any] = {}


def call_key(block: Block, args: Sequence[Any]) -> tuple[object, ...] | None:
    """What decides the types of the outputs: dtypes, shapes and static values; None where one is to be converted."""
    given = conversion.types_of_operands(args)
    if given is None or not block.signature.static:
        return given
    static = [args[i] for i in block.signature.static if i < len(args) and args[i] is not None]
    return (*given, *[a.tobytes() for a in static]) if all(isinstance(a, np.ndarray) for a in static) else None


def known_call(block: Block, key: object, args: Sequence[Any]) -> tuple[list[TensorType], list[Any]] | None:
    """The types of the outputs, and the arrays on all ports, of a call like one before; None where there was none."""
    known = block.__dict__.get("_calls", _NONE).get(key)
    if known is None:
        return None
    outputs, numbers = known
    arrays = [*args, *[None] * (len(block.signature.inputs) - len(args))]  # ports that are left open
    for i, dtype in numbers:
        arrays[i] = np.asarray(arrays[i], dtype)
    return outputs, arrays


def remember_call(
    block: Block, key: object, args: Sequence[Any], arrays: Sequence[Any], outputs: list[TensorType]
) -> None:
    """Keep the types of the outputs of a call, and the dtypes of the arrays that its numbers became."""
    numbers = [(i, arrays[i].dtype) for i, arg in enumerate(args) if not isinstance(arg, np.ndarray | None)]
    if all(dtype in conversion.HOLDS_SMALL for _, dtype in numbers):
        calls = block.__dict__.setdefault("_calls", {})
        if len(calls) >= _MOST:
            calls.clear()
        calls[key] = outputs, numbers

"""Shapes that an input gives as a vector of sizes."""

from __future__ import annotations

from dataflow.core.block import Block, Shape, TensorType
from dataflow.core.dtypes import Array

INDEX = ("int32", "int64")


def sizes(block: Block, port: str, given: TensorType) -> Shape:
    """The shape that a static port holds; unknown dims where it is computed later, None if its length is unknown."""
    if given.value is None:
        return None if given.shape is None or not isinstance(given.shape[0], int) else (None,) * given.shape[0]
    numbers = tuple(map(int, given.value))
    if any(n < 0 for n in numbers):
        raise block.error(f"input '{port}' must be sizes of at least 0, got {list(numbers)}")
    return numbers


def shape_of_value(block: Block, port: str, value: Array) -> tuple[int, ...]:
    """The shape that a port holds, checked in the kernel too: it may be known only at run time."""
    if value.ndim != 1:
        raise block.error(f"input '{port}' must be a list of sizes, got rank {value.ndim}")
    sizes(block, port, TensorType.of(value))
    return tuple(map(int, value))

"""What blocks that draw random numbers have in common: their seeds and the shape that they are given."""

from __future__ import annotations

from typing import Any

from blocks.array_ops.shape_ops import sizes
from dataflow.core.block import Block, TensorType, attr

SEED = "makes other numbers for the same run, node and step"
SHAPE = "shape of the output"


class Seeded(Block, abstract=True):
    """What blocks that draw have in common: seeds beside that of the run, and another value in each step."""

    seed: int = attr(SEED, default=0)
    seed2: int = attr("makes other numbers, beside `seed`", default=0)
    pure = False


def size_of(block: Block, port: str, value: Any) -> tuple[int, ...]:
    """The shape that a port holds, checked in the kernel too: it may be known only at run time."""
    if value.ndim != 1:
        raise block.error(f"input '{port}' must be a list of sizes, got rank {value.ndim}")
    return tuple(sizes(block, port, TensorType.of(value)))

"""Ranges that tests make, and what blocks say of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core.block import Block
from dataflow.core.bounding import bounded
from dataflow.core.dtypes import Array
from dataflow.core.ports import map_port
from dataflow.core.quantized import Grid
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape


def ranged(low: Any, high: Any, shape: Shape, dtype: Any = np.float32) -> Range:
    """A range for values of this shape; ends that are numbers hold for all of it."""
    rank = len(shape or ())

    def end(of: Any) -> Array:
        array = np.asarray(of, dtype)
        return array if array.ndim else array.reshape([1] * rank)

    return Range(end(low), end(high), shape)


def known(value: Any, dtype: Any = np.float32) -> Range:
    """The range of a value."""
    return Range.of(np.asarray(value, dtype))


def codes(low: int, high: int, shape: Shape, scale: float = 1.0, bits: int = 8) -> Range:
    """Values on a grid from 0 on, between two of its codes."""
    grid = Grid(np.array(scale), np.array(0), 0, 2**bits - 1)
    return ranged(low * scale, high * scale, shape).on(grid)


def outputs(block: Block, *ranges: Any) -> list[Range]:
    """The ranges of a block's outputs."""
    types = [map_port(Range.type_of, given) for given in ranges]
    return bounded(block, ranges, block.output_types(types))


def output(block: Block, *ranges: Any) -> Range:
    """The range of a block's first output."""
    return outputs(block, *ranges)[0]


def ends(range: Range) -> tuple[list[Any], list[Any]]:
    """The ends as lists."""
    low: Array = range.low
    high: Array = range.high
    return low.reshape(-1).tolist(), high.reshape(-1).tolist()

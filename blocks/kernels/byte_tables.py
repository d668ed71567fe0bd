"""Functions of numbers of 8 or 16 bits: computed once for each of those there are, and looked up."""

from __future__ import annotations

import numpy as np

from blocks.kernels.chunked import in_parts, part_bytes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array, DType

PART = 1 << 15  # elements to look up at a time: their indices stay in the cache


def every_number(dtype: DType) -> Array:
    """The numbers of a dtype of 8 or 16 bits, in the order of their bits."""
    return np.arange(1 << 8 * dtype.itemsize, dtype=f"u{dtype.itemsize}").view(dtype)


def look_up(table: Array, x: Array, out: Array) -> Array:
    """What the table has for each number of an array that broadcasts to the shape of ``out``."""

    def step(x: Array, out: Array) -> None:
        np.copyto(out, table.take(x.view(f"u{x.itemsize}"), mode="wrap"))

    return in_parts(step, out, x, size=PART)


def look_up_bytes(table_itemsize: int, *types: TensorType) -> int:
    """The memory that `look_up` works in: an index and an entry for each element of a part."""
    return part_bytes(8 + table_itemsize, *types, size=PART)

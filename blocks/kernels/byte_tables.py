"""Functions of 8-bit numbers: computed once for each of the 256 there are, and looked up."""

from __future__ import annotations

import numpy as np

from blocks.kernels.chunked import in_parts, part_bytes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array, DType


def every_number(dtype: DType) -> Array:
    """The numbers of an 8-bit dtype, in the order of their bits: 0 to 127, then the others."""
    return np.arange(256, dtype=np.uint8).view(dtype)


def look_up(table: Array, x: Array, out: Array) -> Array:
    """What the table has for each number of an 8-bit array that broadcasts to the shape of ``out``."""

    def step(x: Array, out: Array) -> None:
        np.copyto(out, table.take(x.view(np.uint8), mode="clip"))

    return in_parts(step, out, x)


def look_up_bytes(table_itemsize: int, *types: TensorType) -> int:
    """The memory that `look_up` works in: an index and an entry for each element of a part."""
    return part_bytes(8 + table_itemsize, *types)

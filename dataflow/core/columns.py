"""Sums in columns: the order in which many values are added, whether NumPy or a compiled loop adds them.

Of the values of a tile, the one at place ``i`` is added to column ``i % width``; then the columns of each channel are
added, then the tiles in their order. So a loop may add a whole row of columns at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core.dtypes import Array, DType

COLUMNS = 1024  # of a sum, about


def column_count(size: int, unit: int) -> int:
    """The columns for ``size`` values: about `COLUMNS`, whole units, and no more than there are values."""
    return max(unit, min(size, COLUMNS) // unit * unit)


def sum_columns(values: Array, width: int, dtype: DType | type[np.generic]) -> Array:
    """Flat values as rows of ``width`` columns, each column added up in a dtype."""
    if values.size == width:
        return values.astype(dtype)
    whole = values.size - values.size % width
    columns: Array = np.add.reduce(values[:whole].reshape(-1, width), axis=0, dtype=dtype)
    if whole < values.size:
        columns[: values.size - whole] += values[whole:]
    return columns


def fold_columns(columns: Array, channels: int = 1, inner: int = 1) -> Any:
    """The columns of each channel added up: ``[..., width]`` to ``[..., channels]``, or to ``[...]`` for one channel.

    A unit, of which the width is a multiple, has ``inner`` neighbouring elements of each channel. The sums are never
    -0.0.
    """
    dtype = columns.dtype
    if channels == 1:
        return np.add.reduce(columns, axis=-1, dtype=dtype) + dtype.type(0)
    apart = columns.reshape(*columns.shape[:-1], -1, channels, inner)
    return np.add.reduce(apart, axis=(-3, -1), dtype=dtype) + dtype.type(0)

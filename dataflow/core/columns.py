"""Folds in columns: the order in which many values are added or multiplied, by NumPy or by a compiled loop.

Of the values of a tile, the one at place ``i`` is added to column ``i % width``; then the columns of each channel are
added, then the tiles in their order. So a loop may add a whole row of columns at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core.dtypes import Array, DType

COLUMNS = 1024  # of a fold, about


def column_count(size: int, unit: int) -> int:
    """The columns for ``size`` values: about `COLUMNS`, whole units, and no more than there are values."""
    return max(unit, min(size, COLUMNS) // unit * unit)


def make_columns(values: Array, width: int, dtype: DType | type[np.generic], ufunc: np.ufunc = np.add) -> Array:
    """Flat values as rows of ``width`` columns, each column added up, or multiplied, in a dtype."""
    if values.size == width:
        return values.astype(dtype)
    whole = values.size - values.size % width
    columns: Array = ufunc.reduce(values[:whole].reshape(-1, width), axis=0, dtype=dtype)
    if whole < values.size:
        rest = columns[: values.size - whole]
        ufunc(rest, values[whole:], rest)
    return columns


def fold_columns(columns: Array, channels: int = 1, inner: int = 1, ufunc: np.ufunc = np.add) -> Any:
    """The columns of each channel folded: ``[..., width]`` to ``[..., channels]``, or to ``[...]`` for one channel.

    A unit, of which the width is a multiple, has ``inner`` neighbouring elements of each channel. The sums are never
    -0.0.
    """
    if channels == 1:
        return ufunc.reduce(columns, -1, columns.dtype, initial=ufunc.identity)
    rows = columns.reshape(*columns.shape[:-1], -1, channels, inner)
    return ufunc.reduce(rows, (-3, -1), columns.dtype, initial=ufunc.identity)

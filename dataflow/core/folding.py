"""Folds of arrays over axes by a ufunc, in an order that is the same whether an array is folded whole or by tiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from dataflow.core.columns import COLUMNS, column_count, fold_columns, make_columns
from dataflow.core.dtypes import Array, DType
from dataflow.core.folding_loops import bind_columns, bind_loop

_BESIDE = 64  # products that are made beside each other where many short rows are multiplied
_LAST = (np.multiply, np.logical_or, np.logical_and)  # that `bind_fold_last` has a way of its own for
Fold = Callable[[Array], Any]


def leading(shape: Sequence[int], axes: Sequence[int]) -> int | None:
    """The elements of a row, ``[rows, width]``, if the folded axes all come before the others; otherwise None."""
    folded = [axis for axis in axes if shape[axis] != 1]
    others = [axis for axis in range(len(shape)) if axis not in axes and shape[axis] != 1]
    if not folded or 0 in shape or (others and max(folded) > min(others)):
        return None
    return prod(shape[axis] for axis in others)


def bind_fold(
    ufunc: np.ufunc,
    shape: tuple[int, ...],
    axes: Sequence[int],
    dtype: DType,
    keep_dims: bool = False,
    empty: float | None = None,
    compiled: DType | None = None,
) -> Fold:
    """What folds contiguous arrays of this shape over axes in a dtype.

    empty : what the fold of no elements gives, if it is not the identity of the ufunc.
    compiled : the dtype of the arrays, where the fold may be a compiled loop.
    """
    axes = tuple(axes)
    left = [1 if i in axes else d for i, d in enumerate(shape) if keep_dims or i not in axes]
    kept, width = shape[: len(shape) - len(axes)], leading(shape, axes)
    form: tuple[int, ...]
    if width is None and compiled is not None and (loop := bind_loop(ufunc, shape, axes, compiled, dtype, 2 * _BESIDE)):
        return lambda x: loop(x).reshape(left)
    if len(axes) == len(shape) and 0 not in shape:
        form = prod(shape), 1
        fold = bind_fold_rows(ufunc, form, dtype, compiled)
    elif width is not None:
        form = prod(shape) // width, width
        fold = bind_fold_rows(ufunc, form, dtype, compiled)
    elif sorted(axes) == list(range(len(kept), len(shape))) and 0 not in shape and ufunc in _LAST:
        form = *kept, prod(shape[len(kept) :])
        fold = bind_fold_last(ufunc, form, dtype)
    else:
        more: dict[str, Any] = {} if empty is None or 0 not in shape else {"initial": empty}
        # without `out`: NumPy would round there after every chunk of its buffer
        return lambda x: ufunc.reduce(x, axes, dtype, keepdims=keep_dims, **more)
    if left:
        return lambda x: fold(x.reshape(form)).reshape(left)
    return lambda x: fold(x.reshape(form))


def bind_fold_last(ufunc: np.ufunc, shape: tuple[int, ...], dtype: DType) -> Fold:
    """What folds the elements of arrays of this shape along the last axis in a dtype.

    A product waits for the one before; so of many elements every 64th are multiplied first, and then these. Truth
    values are looked at by words.
    """
    *outer, size = shape
    if dtype == np.bool_ and (word := next((np.dtype(f"u{n}") for n in (8, 4, 2) if size % n == 0), None)):
        true = np.ones(word.itemsize, np.bool_).view(word)
        if ufunc is np.logical_or:
            return lambda x: np.bitwise_or.reduce(x.astype(np.bool_, copy=False).view(word), -1) != 0
        return lambda x: np.bitwise_and.reduce(x.astype(np.bool_, copy=False).view(word), -1) == true
    width = _BESIDE
    if ufunc is not np.multiply or size < 2 * width:
        return lambda x: ufunc.reduce(x, -1, dtype)
    whole = size - size % width

    def fold(x: Array) -> Any:
        columns = ufunc.reduce(x[..., :whole].reshape(*outer, whole // width, width), -2, dtype)
        total = ufunc.reduce(columns, -1, dtype)
        return ufunc(total, ufunc.reduce(x[..., whole:], -1, dtype)) if whole < size else total

    return fold


def bind_fold_rows(ufunc: np.ufunc, shape: tuple[int, int], dtype: DType, compiled: DType | None = None) -> Fold:
    """What folds rows, ``[rows, width]``, of this shape in a dtype; short rows are joined to longer ones first."""
    count, width = shape
    if ufunc in (np.add, np.multiply):
        return _bind_columns(ufunc, count, width, dtype, compiled)
    if width == 1:
        return lambda rows: ufunc.reduce(rows.reshape(-1), 0, dtype)
    repeat = min(count, COLUMNS // width)
    if repeat < 2:
        return lambda rows: ufunc.reduce(rows, 0, dtype)
    whole = count - count % repeat

    def joined(rows: Array) -> Any:
        columns = ufunc.reduce(rows[:whole].reshape(-1, repeat * width), 0, dtype)
        total = ufunc.reduce(columns.reshape(repeat, width), 0, dtype)
        return ufunc(total, ufunc.reduce(rows[whole:], 0, dtype)) if whole < count else total

    return joined


def _bind_columns(ufunc: np.ufunc, count: int, width: int, dtype: DType, compiled: DType | None) -> Fold:
    """What adds up or multiplies rows, in columns."""
    size, columns = count * width, column_count(count * width, width)
    if compiled is not None and columns < size and (fold := bind_columns(size, columns, compiled, ufunc)) is not None:
        return lambda rows: fold_columns(fold(rows), width, 1, ufunc)
    if columns < size:
        return lambda rows: fold_columns(make_columns(rows.reshape(-1), columns, dtype, ufunc), width, 1, ufunc)
    form = (size,) if width == 1 else (count, width)
    return lambda rows: ufunc.reduce(rows.reshape(form), 0, dtype, initial=ufunc.identity)  # sums are never -0.0


def fold_rows(ufunc: np.ufunc, rows: Array, dtype: DType) -> Any:
    """Rows, ``[rows, width]`` or ``[rows]``, folded in a dtype."""
    return bind_fold_rows(ufunc, (len(rows), rows.shape[1] if rows.ndim == 2 else 1), dtype)(rows)

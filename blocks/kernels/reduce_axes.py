"""Reductions over axes, in the order in which the parts of large arrays are reduced."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import fold_last, fold_rows, leading


def reduce_axes(ufunc: np.ufunc, input: Array, axes: Sequence[int], dtype: DType, keep_dims: bool = False) -> Array:
    """``input`` reduced over axes in a dtype; over leading axes, in the order in which large arrays are."""
    if len(axes) == input.ndim and input.flags.c_contiguous:
        total = fold_last(ufunc, input.reshape(-1), dtype)
        return total.reshape([1] * input.ndim) if keep_dims else total
    width = leading(input.shape, axes)
    if width is None and ufunc is np.multiply and input.flags.c_contiguous and _are_last(input.ndim, axes):
        kept, folded = input.shape[: input.ndim - len(axes)], input.shape[input.ndim - len(axes) :]
        total = fold_last(ufunc, input.reshape(*kept, prod(folded)), dtype)
        return total.reshape(*kept, *[1] * len(axes)) if keep_dims else total
    if width is None:
        # without `out`: NumPy would round there after every chunk of its buffer
        return ufunc.reduce(input, tuple(axes), dtype, keepdims=keep_dims)
    left = [1 if i in axes else d for i, d in enumerate(input.shape) if keep_dims or i not in axes]
    return np.reshape(fold_rows(ufunc, input.reshape(-1, width), dtype), left)


def _are_last(rank: int, axes: Sequence[int]) -> bool:
    """Whether these are the last axes."""
    return sorted(axes) == list(range(rank - len(axes), rank))

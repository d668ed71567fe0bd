"""Convolution of each channel for itself, over any number of spatial dims: one element of the window after another.

Arrays are [batch, ...spatial, channels], filters [...kernel, channels, outputs of a channel]. Every channel is repeated
for its outputs, so that products are of whole rows. The 16-bit floats are multiplied and added in float32 and rounded
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from blocks.nn_ops.columns import fitting, positions, product_dtype
from blocks.nn_ops.sliding import finished
from blocks.nn_ops.windows import Span, padded, slabs, taps, unpadded


def convolve(x: Any, filter: Any, over: Sequence[Span], out: Any = None) -> Any:
    """The products of each window of a channel with the filters of that channel, [batch, ...positions, outputs]."""
    dtype, each = product_dtype(x.dtype), filter.shape[-1]
    y = fitting(out, (len(x), *positions(over), x.shape[-1] * each), dtype)
    weights = _rows(filter, over, dtype)
    for images in slabs(len(y), _bytes(y)):
        there, seen = y[images], list(taps(_repeated(padded(x[images], over), each, dtype), over))
        for rows in slabs(there.shape[1], _bytes(there.swapaxes(0, 1))):
            part, product = there[:, rows], np.empty(there[:, rows].shape, dtype)
            for i, (index, tap) in enumerate(seen):
                np.multiply(tap[:, rows], weights[index], product if i else part)
                if i:
                    part += product
    return finished(y, x.dtype, out)


def by_input(shape: tuple[int, ...], filter: Any, dy: Any, over: Sequence[Span], out: Any = None) -> Any:
    """The gradient of `convolve` by its ``x``, which has this shape."""
    dtype, (channels, each) = product_dtype(filter.dtype), filter.shape[-2:]
    x = fitting(out, shape, dtype)
    weights = _rows(filter, over, dtype)
    for images in slabs(len(x), _bytes(dy)):
        there = dy[images]
        grown = np.zeros((len(there), *(s.reach for s in over), channels * each), dtype)
        shares = list(taps(grown, over))
        for rows in slabs(there.shape[1], _bytes(there.swapaxes(0, 1))):
            part = there[:, rows].astype(dtype, copy=False)
            product = np.empty(part.shape, dtype)
            for index, share in shares:
                share[:, rows] += np.multiply(part, weights[index], product)
        if each != 1:
            grown = grown.reshape(*grown.shape[:-1], channels, each) @ np.ones(each, dtype)
        unpadded(grown, over, x[images])
    return finished(x, filter.dtype, out)


def by_filter(x: Any, shape: tuple[int, ...], dy: Any, over: Sequence[Span], out: Any = None) -> Any:
    """The gradient of `convolve` by its filter, which has this shape."""
    dtype, (channels, each) = product_dtype(x.dtype), shape[-2:]
    sums = np.zeros((*shape[:-2], channels * each), dtype)
    for images in slabs(len(x), _bytes(dy)):
        there, seen = dy[images], list(taps(_repeated(padded(x[images], over), each, dtype), over))
        for rows in slabs(there.shape[1], _bytes(there.swapaxes(0, 1))):
            part = there[:, rows].astype(dtype, copy=False)
            product = np.empty(part.shape, dtype)
            for index, tap in seen:
                total = np.multiply(tap[:, rows], part, product)
                while total.ndim > 1:  # a dim at a time: long rows to add, and short sums to round
                    total = np.add.reduce(total, 0)
                sums[index] += total
    return finished(sums.reshape(shape), x.dtype, out)


def _rows(filter: Any, over: Sequence[Span], dtype: Any) -> Any:
    """The weights of each element of the window, repeated along the last spatial dim: NumPy then takes whole rows."""
    weights = filter.astype(dtype, copy=False).reshape(*filter.shape[:-2], 1, -1)
    return np.repeat(weights, positions(over)[-1], -2)


def _repeated(x: Any, each: int, dtype: Any) -> Any:
    x = x.astype(dtype, copy=False)
    return x if each == 1 else np.repeat(x, each, -1)


def _bytes(rows: Any) -> int:
    """Of one row, in the dtype to compute in."""
    return prod(map(int, rows.shape[1:])) * int(product_dtype(rows.dtype).itemsize)

"""Integers as hard as they come, and their exact products, slowly."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from blocks.kernels.integer_way import limits
from blocks.kernels.windows import Span


def extremes(dtype: str, *shape: int, seed: int = 0) -> Any:
    """Values of all sizes, a third of them the lowest or the highest that there is."""
    low, high = limits(np.dtype(dtype))
    random = np.random.default_rng([seed, *shape])
    made = random.integers(low, high, shape, dtype=dtype, endpoint=True)
    return np.where(random.random(shape) < 0.3, np.array([low, high][random.integers(2)], dtype), made)


def wrapped(values: Any, dtype: Any) -> Any:
    """Python's integers as NumPy's, modulo what these hold."""
    dtype = np.dtype(dtype)
    return (values % (1 << 8 * dtype.itemsize)).astype(f"u{dtype.itemsize}").view(dtype)


def matrix_product(left: Any, right: Any, dtype: Any) -> Any:
    """The product by Python's integers, wrapped around."""
    shape = (*np.broadcast_shapes(left.shape[:-2], right.shape[:-2]), left.shape[-2], right.shape[-1])
    return wrapped(np.asarray(left.astype(object) @ right.astype(object), object), dtype).reshape(shape)


def convolution(x: Any, filter: Any, over: tuple[Span, ...], groups: int = 1) -> Any:
    """The convolution modulo 2^64, element of the window by element; depthwise where there are no groups."""
    pads = [(s.before, max(s.reach - s.before - s.known[0], 0)) for s in over]
    padded = np.pad(x.astype(np.int64), [(0, 0), *pads, (0, 0)])
    kernel, (depth, outputs) = filter.shape[:-2], filter.shape[-2:]
    made: Any = 0
    for index in product(*map(range, kernel)):
        along = [
            slice(i * s.dilation, i * s.dilation + (s.known[2] - 1) * s.stride + 1, s.stride)
            for i, s in zip(index, over, strict=True)
        ]
        tap, weights = padded[(slice(None), *along)], filter[index].astype(np.int64)
        if groups:
            split = tap.reshape(*tap.shape[:-1], groups, depth), weights.reshape(depth, groups, outputs // groups)
            made = made + np.einsum("...gd,dgo->...go", *split).reshape(*tap.shape[:-1], outputs)
        else:
            made = made + (tap[..., None] * weights).reshape(*tap.shape[:-1], depth * outputs)
    return made

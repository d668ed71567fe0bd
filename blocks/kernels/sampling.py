"""Random numbers drawn by a key, for random blocks and for the initializers of variables."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.random import CHUNK, Key


def uniform(key: Key, shape: tuple[int, ...], *seeds: int, dtype: str = "float64") -> Array:
    """Numbers from [0, 1), drawn in float32 for the 16-bit types and rounded down, so that none of them gets to 1."""
    compute: Any = dtypes.compute(dtypes.storage(dtype))
    values = key.draw(shape, lambda generator, n: generator.random(n, compute), *seeds)
    if dtype in ("float16", "bfloat16"):
        # bits that do not fit are cleared: each value x then comes as often as numbers from x to the next
        bits = values.view(np.uint32)
        bits &= np.uint32(0xFFFFE000 if dtype == "float16" else 0xFFFF0000)
    return values.astype(dtypes.storage(dtype), copy=False)


def normal(key: Key, shape: tuple[int, ...], *seeds: int, dtype: str = "float64") -> Array:
    """Numbers of a standard normal distribution."""
    compute: Any = dtypes.compute(dtypes.storage(dtype))
    values = key.draw(shape, lambda generator, n: generator.standard_normal(n, compute), *seeds)
    return values.astype(dtypes.storage(dtype), copy=False)


def truncated_normal(key: Key, shape: tuple[int, ...], *seeds: int, dtype: str = "float64") -> Array:
    """Numbers of a standard normal distribution, drawn again where they are above 2 or below -2."""
    compute: Any = dtypes.compute(dtypes.storage(dtype))

    def sample(generator: np.random.Generator, n: int) -> Array:
        values: Array = generator.standard_normal(n, compute)
        far = np.flatnonzero(np.abs(values) > 2)
        while far.size:
            values[far] = generator.standard_normal(far.size, compute)
            far = far[np.abs(values[far]) > 2]
        return values

    return key.draw(shape, sample, *seeds).astype(dtypes.storage(dtype), copy=False)


def drawn_bytes(count: int, itemsize: int, drawn: int, more: int = 0) -> int:
    """What it takes to draw ``count`` numbers of an item size in one of ``drawn`` bytes, with ``more`` in a chunk."""
    chunk = min(count, CHUNK) * (drawn + more)
    return chunk if drawn <= itemsize else count * drawn + max(0, chunk - count * itemsize)  # the chunk goes before


def draw_each(
    key: Key, shape: tuple[int, ...], sample: Callable[[np.random.Generator, Array], Array], *seeds: int
) -> Array:
    """A float64 array whose elements have a distribution each; ``sample`` gets a generator and flat positions."""
    size, values = prod(shape), np.empty(shape)
    row = values.reshape(-1)
    for chunk, start in enumerate(range(0, size, CHUNK)):
        stop = min(start + CHUNK, size)
        row[start:stop] = sample(key.generator(*seeds, chunk=chunk), np.arange(start, stop))
    return values

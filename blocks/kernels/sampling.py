"""Random numbers drawn by a key, for random blocks and for the initializers of variables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.random import CHUNK, Key


def uniform(key: Key, shape: tuple[int, ...], *seeds: int, dtype: str = "float64", out: Array | None = None) -> Array:
    """Numbers from [0, 1), drawn in float32 for the 16-bit types and rounded down, so that none of them gets to 1."""
    kept = {"float16": 0xFFFFE000, "bfloat16": 0xFFFF0000}.get(dtype)

    def sample(generator: np.random.Generator, part: Array) -> None:
        generator.random(out=part, dtype=part.dtype)
        if kept is not None:
            # bits that do not fit are cleared: each value x then comes as often as numbers from x to the next
            bits = part.view(np.uint32)
            np.bitwise_and(bits, np.uint32(kept), bits)

    return _drawn(key, shape, sample, seeds, dtype, out)


def normal(key: Key, shape: tuple[int, ...], *seeds: int, dtype: str = "float64", out: Array | None = None) -> Array:
    """Numbers of a standard normal distribution."""

    def sample(generator: np.random.Generator, part: Array) -> None:
        generator.standard_normal(out=part, dtype=part.dtype)

    return _drawn(key, shape, sample, seeds, dtype, out)


def truncated_normal(
    key: Key, shape: tuple[int, ...], *seeds: int, dtype: str = "float64", out: Array | None = None
) -> Array:
    """Numbers of a standard normal distribution, drawn again where they are above 2 or below -2."""

    def sample(generator: np.random.Generator, part: Array) -> None:
        generator.standard_normal(out=part, dtype=part.dtype)
        far = np.flatnonzero(np.abs(part) > 2)
        while far.size:
            part[far] = generator.standard_normal(far.size, part.dtype)
            far = far[np.abs(part[far]) > 2]

    return _drawn(key, shape, sample, seeds, dtype, out)


def _drawn(
    key: Key,
    shape: tuple[int, ...],
    sample: Callable[[np.random.Generator, Array], object],
    seeds: tuple[int, ...],
    dtype: str,
    out: Array | None,
) -> Array:
    """Numbers drawn in the dtype to compute in, and rounded to the one that is wanted."""
    stored = dtypes.storage(dtype)
    exact, out = dtypes.compute(stored), np.empty(shape, stored) if out is None else out
    if exact == stored:
        return key.fill(out, sample, *seeds)
    buffer = np.empty(min(out.size, CHUNK), exact)

    def narrowed(generator: np.random.Generator, part: Array) -> None:
        sample(generator, buffer[: part.size])
        part[...] = buffer[: part.size]

    return key.fill(out, narrowed, *seeds)


def draw_each(key: Key, out: Array, sample: Callable[[np.random.Generator, Array], Array], *seeds: int) -> Array:
    """The array filled with numbers that have a distribution each; ``sample`` gets a generator and flat positions."""
    row = out.reshape(-1)
    for chunk, start in enumerate(range(0, out.size, CHUNK)):
        stop = min(start + CHUNK, out.size)
        row[start:stop] = sample(key.generator(*seeds, chunk=chunk), np.arange(start, stop))
    return out

"""Arrays to feed: values of every dtype, special ones among them, and the ways in which they may lie in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array

SPECIAL = (0.0, -0.0, np.inf, -np.inf, 1e-45, -1e-45, 1e-40, 3e38, -3e38, 0.5, -0.5, 1.5, 2.5, -2.5, 1.0, -1.0)


def values(random: np.random.Generator, dtype: str, shape: Sequence[int]) -> Array:
    """Values that most blocks take: numbers around zero, in every third array with special ones among them."""
    size = int(np.prod(shape))
    storage = dtypes.storage(dtype)
    if dtype == "bool":
        return np.asarray(random.random(shape) < 0.5)
    if storage.kind in "iu":
        low, high = (0, 9) if storage.kind == "u" else (-9, 9)
        return np.asarray(random.integers(low, high, shape), storage)
    if storage.kind == "c":
        real, imaginary = (random.standard_normal(shape) for _ in range(2))
        return np.asarray(real + 1j * imaginary, storage)
    made = (random.standard_normal(size, np.float32) * np.float32(random.choice([0.5, 1, 3]))).astype(storage)
    if random.random() < 0.3:
        special = [*SPECIAL, *([np.nan] if random.random() < 0.3 else [])]
        with np.errstate(all="ignore"):
            places = random.integers(0, max(size, 1), min(size, 1 + size // 20))
            made[places] = random.choice(special, len(places)).astype(storage)
    return made.reshape(shape)


def laid_out(random: np.random.Generator, array: Array) -> Array:
    """The same values in other memory: strides of any kind, byte order, alignment, read-only."""
    return LAYOUTS[random.integers(0, len(LAYOUTS))](random, array)


def _transposed(random: np.random.Generator, array: Array) -> Array:
    order = random.permutation(array.ndim)
    return array.transpose(order).copy().transpose(np.argsort(order))


def _backwards(random: np.random.Generator, array: Array) -> Array:
    chosen = tuple(slice(None, None, random.choice([-1, 1])) for _ in range(array.ndim))
    return array[chosen].copy()[chosen] if array.ndim else array


def _every_second(random: np.random.Generator, array: Array) -> Array:
    if not array.ndim:
        return array
    axis = int(random.integers(0, array.ndim))
    return np.repeat(array, 2, axis)[(slice(None),) * axis + (slice(None, None, 2),)]


def _swapped(random: np.random.Generator, array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder()) if array.dtype.kind in "iufc" else array


def _unaligned(random: np.random.Generator, array: Array) -> Array:
    memory = np.empty(array.nbytes + 1, np.uint8)
    there = memory[1:].view(array.dtype).reshape(array.shape)
    there[...] = array
    return there


def _locked(random: np.random.Generator, array: Array) -> Array:
    locked = array.copy()
    locked.flags.writeable = False
    return locked


LAYOUTS = (_transposed, _backwards, _every_second, _swapped, _unaligned, _locked, lambda random, array: array)

"""Copies of arrays in the order of their elements, as fast where axes were turned whose sizes are powers of two.

The elements of a row then lie a multiple of a page apart, so that all of them fall on the same few lines of the cache:
each line would be fetched again for each of its elements. A few columns at a time fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core.dtypes import Array

FEW = 1 << 14  # elements up to which NumPy's copy is as fast
# bytes of which the distance between neighbours in a row is a multiple, and how many columns then fit
CONFLICTS = ((4096, 16), (1024, 32))


def contiguous(given: Array | tuple[Array, ...] | None) -> Any:
    """An array, or each of several, in rows without gaps; copied where it is not."""
    if isinstance(given, tuple):
        return tuple(map(contiguous, given))
    return given if given is None or given.flags.c_contiguous else copied(given)


def copied(array: Array) -> Array:
    """A copy in the order of its elements."""
    columns = _columns(array)
    if columns is None:
        return np.array(array, order="C")
    made = np.empty(array.shape, array.dtype)
    for column in range(0, array.shape[-1], columns):
        made[..., column : column + columns] = array[..., column : column + columns]
    return made


def _columns(array: Array) -> int | None:
    """How many columns to copy at a time; None for all."""
    if array.ndim < 2 or array.size <= FEW or not array.strides[-1]:
        return None
    fits = (count for step, count in CONFLICTS if array.strides[-1] % step == 0)
    return next(fits, None)

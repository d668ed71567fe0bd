"""Sums of the gradients of values outside of their ranges: of all, or of the few that are found by a sparse search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dataflow.core.dtypes import Array

FEW = 32  # a search pays where at most one group of eight in this many elements has a value outside
_ALL_TRUE = np.uint64(0x0101010101010101)  # eight flags


class Part(NamedTuple):
    """A part of a span and the ends of its values' ranges, spread to broadcast with rows of them.

    ``empty`` is true where the range is and all gradients pass, None where that is nowhere.
    """

    place: slice
    shape: tuple[int, ...]
    low: Array
    high: Array
    empty: Array | None


class Channels(NamedTuple):
    """The channels of a span, each with ``inner`` elements beside each other: their ranges, and the columns of sums."""

    channels: int
    inner: int
    low: Array
    high: Array
    width: int

    def ends(self, indices: Array) -> tuple[Array, Array]:
        """The ends of the range at each index."""
        if self.low.ndim == 0:
            return self.low, self.high
        own = indices // self.inner % self.channels
        return self.low[own], self.high[own]


def masked_gradients(compare: np.ufunc, g: Array, x: Array, parts: Sequence[Part], flags: Array, out: Array) -> Array:
    """Write the gradients, and zeros where ``compare(value, end)`` is false; overwrites ``flags``.

    compare : ``np.less``, which asks for values below their range, or ``np.greater``.
    """
    for part in parts:
        end = part.low if compare is np.less else part.high
        compare(x[part.place].reshape(part.shape), end, out=flags[part.place].reshape(part.shape))
    return masked(g, flags, out, out)


def masked(g: Array, flags: Array, factors: Array, out: Array) -> Array:
    """Write gradients times flags, which become ``factors`` first: NumPy takes longer where it converts in between."""
    np.copyto(factors, flags)
    return np.multiply(g, factors, out)


def sum_sparse(g: Array, x: Array, channels: Channels, indices: Array) -> Array:
    """Columns of the gradients at these indices of a span, of values below and above, ``[2, width]``."""
    (low, high), column = channels.ends(indices), indices % channels.width
    return np.array([np.bincount(column, g * outside, channels.width) for outside in (x < low, x > high)])


def sparse_indices(flags: Array) -> Array | None:
    """Where flags are false, if they are at few places; None otherwise. Eight flags are compared at a time."""
    whole = flags.size - flags.size % 8
    mixed = np.not_equal(flags[:whole].view(np.uint64), _ALL_TRUE)
    if np.count_nonzero(mixed) * FEW > flags.size:
        return None
    groups = mixed.nonzero()[0]
    found = np.logical_not(flags[:whole].reshape(-1, 8).take(groups, axis=0)).reshape(-1).nonzero()[0]
    indices: Array = groups.take(found >> 3) * 8 + (found & 7)
    if whole < flags.size:
        indices = np.concatenate([indices, whole + np.logical_not(flags[whole:]).nonzero()[0]])
    return indices

"""Values outside of their ranges: where they are, and the sums of their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

FEW = 32  # one eight with values outside of the range in so many values, or fewer: they are picked out
_ALL = np.uint64(0x0101010101010101)  # eight flags that are true


class Part(NamedTuple):
    """A part of a span and the ends of its values' ranges, laid out to broadcast with rows of them.

    ``blank`` is true where all gradients pass as they are, None where that is nowhere.
    """

    place: slice
    shape: tuple[int, ...]
    low: Any
    high: Any
    blank: Any


class Channels(NamedTuple):
    """The channels of a span: so many, with so many neighbours each, the ends of their ranges, and columns for sums."""

    count: int
    neighbours: int
    low: Any
    high: Any
    width: int

    def ends(self, places: Any) -> tuple[Any, Any]:
        """The ends of the range at each place."""
        if self.count == 1:
            return self.low, self.high
        own = places // self.neighbours % self.count
        return self.low[own], self.high[own]


def beyond(compare: Any, g: Any, x: Any, parts: Sequence[Part], flags: Any, out: Any) -> Any:
    """The gradients times whether their value lies beyond the end."""
    for part in parts:
        end = part.low if compare is np.less else part.high
        compare(x[part.place].reshape(part.shape), end, out=flags[part.place].reshape(part.shape))
    return np.multiply(g, flags, out=out)


def columns_of(values: Any, width: int) -> Any:
    """The values in so many columns, each added up in float64."""
    if values.size == width:
        return values.astype(np.float64)
    whole = values.size - values.size % width
    columns = np.add.reduce(values[:whole].reshape(-1, width), axis=0, dtype=np.float64)
    columns[: values.size - whole] += values[whole:]
    return columns


def picked(g: Any, x: Any, channels: Channels, places: Any) -> Any:
    """Columns of the gradients at these places of a span."""
    (low, high), column = channels.ends(places), places % channels.width
    return np.array([np.bincount(column, g * lies, channels.width) for lies in (x < low, x > high)])


def places_of(flags: Any) -> Any:
    """Where flags are false, if that is at few places; None otherwise. They are searched by eights."""
    whole = flags.size - flags.size % 8
    mixed = np.not_equal(flags[:whole].view(np.uint64), _ALL)
    if np.count_nonzero(mixed) * FEW > flags.size:
        return None
    eights = mixed.nonzero()[0]
    found = np.logical_not(flags[:whole].reshape(-1, 8).take(eights, axis=0)).reshape(-1).nonzero()[0]
    places = eights.take(found >> 3) * 8 + (found & 7)
    if whole < flags.size:
        places = np.concatenate([places, whole + np.logical_not(flags[whole:]).nonzero()[0]])
    return places

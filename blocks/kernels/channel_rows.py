"""How channels lie along flat values."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

ROW = 8192  # elements over which the numbers of a few channels are repeated, so that loops along them are long
COLUMNS = 1024  # about so many, a whole number of periods of channels


class Layout(NamedTuple):
    """How flat values are seen so that each stands opposite the numbers of its channel.

    As rows that hold all channels ``repeat`` times, or (``repeat`` = 0) with an axis of channels and one of neighbours.
    """

    channels: int
    neighbours: int
    repeat: int

    @property
    def shape(self) -> tuple[int, ...]:
        if self.repeat:
            return (-1, self.channels * self.neighbours * self.repeat)
        return (-1, self.channels, self.neighbours)

    def spread(self, numbers: Any) -> Any:
        """An array with an element per channel, laid out to broadcast with values of this layout."""
        return np.tile(np.repeat(numbers, self.neighbours), self.repeat) if self.repeat else numbers[:, None]


def layouts(shape: tuple[int, ...], axis: int) -> list[tuple[slice, Layout]]:
    """The parts into which values of this shape, made flat, are cut, and the layout of each."""
    channels = shape[axis]
    neighbours = int(np.prod(shape[axis % len(shape) + 1 :], dtype=np.int64))
    period, size = channels * neighbours, int(np.prod(shape, dtype=np.int64))
    if size == 0:
        return []
    if neighbours >= 64 and period > ROW:
        return [(slice(size), Layout(channels, neighbours, 0))]
    repeat = max(1, min(ROW, size) // period)
    whole = size - size % (period * repeat)
    parts = [(slice(whole), Layout(channels, neighbours, repeat))]
    if whole < size:  # what is left over is one row, shorter than the others
        parts.append((slice(whole, size), Layout(channels, neighbours, (size - whole) // period)))
    return parts


def width_of(size: int, period: int) -> int:
    """About as many elements as there are columns: whole periods of channels, in so many elements."""
    return max(period, min(size, COLUMNS) // period * period)

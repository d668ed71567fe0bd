"""Flat values reshaped to rows that broadcast with the numbers of their channels."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np

from dataflow.core.dtypes import Array

ROW = 8192  # elements over which the numbers of a few channels are repeated, so that loops along them are long


class Layout(NamedTuple):
    """How flat values are reshaped so that the numbers of their channels broadcast with them.

    As rows that hold all channels ``repeat`` times, or (``repeat`` = 0) as ``[rows, channels, inner]``. ``inner`` is
    the number of elements beside each other that belong to one channel.
    """

    channels: int
    inner: int
    repeat: int

    @property
    def shape(self) -> tuple[int, ...]:
        if self.repeat:
            return (-1, self.channels * self.inner * self.repeat)
        return (-1, self.channels, self.inner)

    def spread(self, numbers: Array) -> Array:
        """An array with an element per channel, repeated so that it broadcasts with values of this layout."""
        return np.tile(np.repeat(numbers, self.inner), self.repeat) if self.repeat else numbers[:, None]


def layouts(shape: tuple[int, ...], axis: int) -> list[tuple[slice, Layout]]:
    """The parts into which values of this shape, made flat, are cut, and the layout of each."""
    channels = shape[axis]
    inner = prod(shape[axis % len(shape) + 1 :])
    period, size = channels * inner, prod(shape)
    if size == 0:
        return []
    if inner >= 64 and period > ROW:
        return [(slice(size), Layout(channels, inner, 0))]
    repeat = max(1, min(ROW, size) // period)
    whole = size - size % (period * repeat)
    parts = [(slice(whole), Layout(channels, inner, repeat))]
    if whole < size:  # what is left over is one row, shorter than the others
        parts.append((slice(whole, size), Layout(channels, inner, (size - whole) // period)))
    return parts

"""Arithmetic with a number per channel over a batch, some elements at a time."""

from __future__ import annotations

from math import gcd, prod
from typing import NamedTuple

import numpy as np

from blocks.kernels.chunked import TILE
from dataflow.core.columns import COLUMNS
from dataflow.core.dtypes import Array

_WIDTH = 512  # elements of a row from which on longer ones are not faster


class Part(NamedTuple):
    """Neighbouring elements of a flat batch as a matrix, ``[rows, columns]``."""

    place: slice
    shape: tuple[int, int]
    numbers: slice  # those of `ChannelMatrix.tile` that belong to its rows or columns
    sums: slice  # those to which they are added

    def of(self, flat: Array) -> Array:
        """The elements of this part."""
        return flat[self.place].reshape(self.shape)

    def buffer(self, memory: Array) -> Array:
        """Memory for as many elements."""
        return memory[: prod(self.shape)].reshape(self.shape)


class ChannelMatrix:
    """A batch in rows: one per example and channel where channels come first, else of ``width`` elements.

    The latter are of several pixels where these have few channels, which is faster, and the last one may be shorter.
    Where channels come first the sums are those of rows. Else an element of a tile is added to the column that it
    stands in, and then the columns of a channel, tile by tile.
    """

    def __init__(self, shape: tuple[int, ...], channels_first: bool, most: int = COLUMNS):
        self.channels_first, size = channels_first, prod(shape)
        self.channels = shape[1] if channels_first else shape[-1]
        self.parts: list[Part] = []
        if channels_first:
            rows, self.width = shape[0] * self.channels, prod(shape[2:])
            self.number_count = self.sum_count = rows
            down, across = max(1, TILE // max(1, self.width)), min(self.width, TILE)
            for row in range(0, rows if size else 0, down):
                some = slice(row, min(row + down, rows))
                for column in range(0, self.width, across):
                    made = some.stop - row, min(across, self.width - column)
                    self._add_part(row * self.width + column, made, some, some)
            self.tile_size = down * across
            return
        self.number_count = self.width = row_width(size, self.channels, most)
        self.tile_size = max(1, TILE // max(1, self.width)) * self.width
        self.sum_count = -(-size // max(1, self.tile_size)) * self.width
        for tile, start in enumerate(range(0, size, max(1, self.tile_size))):
            count, rest = divmod(min(self.tile_size, size - start), self.width)
            for first, down, across in ((start, count, self.width), (start + count * self.width, 1, rest)):
                if down * across:
                    sums = slice(tile * self.width, tile * self.width + across)
                    self._add_part(first, (down, across), slice(0, across), sums)

    def _add_part(self, start: int, shape: tuple[int, int], numbers: slice, sums: slice) -> None:
        self.parts.append(Part(slice(start, start + prod(shape)), shape, numbers, sums))

    def tile(self, per_channel: Array, numbers: Array) -> Array:
        """One number per channel, repeated for rows or columns in ``numbers``, so that it broadcasts with parts."""
        numbers.reshape(len(numbers) // max(1, self.channels), self.channels)[...] = per_channel
        return numbers.reshape(-1, 1) if self.channels_first else numbers

    def add(self, sums: Array, values: Array, part: Part) -> None:
        """Add the values of a part to the sums per row or column."""
        sums[part.sums] += np.add.reduce(values, 1 if self.channels_first else 0)

    def per_channel(self, sums: Array) -> Array:
        """Such sums added up to one per channel."""
        total: Array = np.add.reduce(sums.reshape(len(sums) // max(1, self.channels), self.channels), 0)
        return total


def row_width(size: int, channels: int, most: int) -> int:
    """Elements of a row of whole pixels, at most so many if one pixel has not more; if it can be, all rows are full."""
    pixels, beside = size // max(1, channels), max(1, most // max(1, channels))
    if pixels <= beside:
        return size
    even = (count for count in range(beside, beside // 2, -1) if pixels % count == 0)
    return channels * next(even, beside)


def joined_rows(pixels: int, channels: int) -> int:
    """How many pixels lie in a row where all rows are full and no longer than pays."""
    return gcd(pixels, 1 << max(0, (_WIDTH // max(1, channels)).bit_length() - 1)) if pixels else 1

"""Arithmetic with a number per channel over a batch, some elements at a time."""

from __future__ import annotations

from functools import lru_cache
from math import gcd, prod

import numpy as np

from blocks.kernels.chunked import TILE
from dataflow.core.blas import one_thread
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec

_WIDTH = 512  # elements of a row from which on longer ones are not faster

Part = tuple[slice, slice]


class ChannelMatrix:
    """A batch as a matrix: ``[examples * channels, positions]`` where channels come first, else ``[rows, channels]``.

    In the latter several rows lie side by side where they are short, which NumPy is faster with.
    """

    def __init__(self, shape: tuple[int, ...], channels_first: bool):
        self.channels_first = channels_first
        self.channels = shape[1] if channels_first else shape[-1]
        if channels_first:
            self.shape = shape[0] * self.channels, prod(shape[2:])
        else:
            count = prod(shape[:-1])
            beside = gcd(count, 1 << max(0, (_WIDTH // max(1, self.channels)).bit_length() - 1)) if count else 1
            self.shape = count // beside, self.channels * beside
        rows, columns = self.shape
        down, across = min(rows, max(1, TILE // max(1, columns))), min(columns, TILE)
        self.step = down, across
        # what to work on at once: few enough elements to stay in the cache
        self.parts = [
            (slice(row, min(row + down, rows)), slice(column, min(column + across, columns)))
            for row in range(0, rows, max(1, down))
            for column in range(0, columns, max(1, across))
        ]

    def scratch_arrays(self, *dtypes: DType) -> list[ArraySpec]:
        """Memory of the size of a part for each of the dtypes."""
        return [((prod(self.step),), dtype) for dtype in dtypes]

    @staticmethod
    def buffer(memory: Array, part: Part) -> Array:
        """Such memory in the shape of a part."""
        shape = part[0].stop - part[0].start, part[1].stop - part[1].start
        return memory[: prod(shape)].reshape(shape)

    def tile(self, per_channel: Array) -> Array:
        """One number per channel, repeated so that it broadcasts with the matrix."""
        beside = self.shape[0 if self.channels_first else 1] // max(1, self.channels)
        numbers = np.empty((beside, self.channels), per_channel.dtype)
        numbers[...] = per_channel
        return numbers.reshape(-1, 1) if self.channels_first else numbers.reshape(-1)

    def of(self, tiled: Array, part: Part) -> Array:
        """The numbers of `tile` for a part."""
        return tiled[part[0]] if self.channels_first else tiled[part[1]]

    def zeros(self) -> Array:
        """Sums in float64 to `add` to."""
        return np.zeros(self.shape[0 if self.channels_first else 1], np.float64)

    def add(self, sums: Array, values: Array, part: Part) -> None:
        """Add the values of a part to sums per row or column of the matrix."""
        if self.channels_first:
            sums[part[0]] += np.add.reduce(values, 1)
        else:
            with one_thread:
                sums[part[1]] += np.ones(len(values)) @ values  # BLAS is faster than NumPy with columns

    def per_channel(self, sums: Array) -> Array:
        """Such sums added up to one per channel."""
        total: Array = np.add.reduce(sums.reshape(-1, self.channels), 0)
        return total


as_matrix = lru_cache(maxsize=256)(ChannelMatrix)

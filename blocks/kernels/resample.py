"""How pixels are gathered and given back: some rows at a time, so that what is made on the way stays in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from blocks.kernels.chunked import TILE
from blocks.kernels.matrix_product import matmul
from dataflow.core.scratch import ArraySpec

# index and weight of a pixel, each for every pixel of the result along a dim; indices rise along it and from tap to tap
Taps = list[tuple[Any, Any]]


class Part(NamedTuple):
    """Which images are worked on at once, which rows of the result, and of which lines of the images these are made."""

    images: slice
    rows: slice
    lines: slice


class Parts:
    """The parts of images of one shape that becomes another, whose rows are made by these taps."""

    def __init__(self, shape: Any, made: Any, down: Taps):
        (self.batch, self.size, self.width, self.channels), self.height = shape, made[1]
        self.line, self.down = made[2] * self.channels, down
        tallest = max(self.size, self.height)
        # whole images if one or more fit, otherwise rows of one
        self.many = min(self.batch, max(1, 2 * TILE // (self.line * tallest)))
        self.rows = min(self.height, max(1, 2 * TILE * self.height // (self.line * tallest)))

    def __iter__(self) -> Iterator[Part]:
        for image in range(0, self.batch, self.many):
            for row in range(0, self.height, self.rows):
                rows = slice(row, min(row + self.rows, self.height))
                yield Part(slice(image, min(image + self.many, self.batch)), rows, self.lines(rows))

    def lines(self, rows: slice) -> slice:
        """The lines of the images that these rows are made of."""
        if self.rows == self.height:
            return slice(0, self.size)
        return slice(int(self.down[0][0][rows.start]), int(self.down[-1][0][rows.stop - 1]) + 1)

    def taps_bytes(self) -> int:
        """What the taps take: an index and a weight each, for each channel of a column."""
        return len(self.down) * int(self.height + self.line) * (8 + 4)

    def scratch_arrays(self, dtype: Any, given: Any, mixing: bool) -> list[ArraySpec]:
        """Memory for the lines of a part at their new width, to mix them in if asked, and to copy another dtype to."""
        rows = [slice(row, min(row + self.rows, self.height)) for row in range(0, self.height, self.rows)]
        lines = self.many * max(part.stop - part.start for part in map(self.lines, rows))
        mixed = max(lines, self.many * self.rows) * mixing
        copied = lines * (given != dtype)
        return [((n,), dtype) for n in (lines * self.line, mixed * self.line, copied * self.width * self.channels)]


def columns(taps: Taps, channels: int, itemsize: int) -> Taps:
    """Taps along the columns with a weight per element; NumPy takes pixels of odd sizes faster by their elements."""
    nbytes = channels * itemsize
    whole = nbytes in (1, 2, 4, 8, 16, 32) or nbytes > 48
    if channels == 1:
        return taps
    place = np.arange(channels)
    return [(i if whole else (i[:, None] * channels + place).ravel(), np.repeat(w, channels)) for i, w in taps]


def gather(source: Any, index: Any, target: Any) -> Any:
    """What lies at the indices along the second dim, written to memory of that size."""
    shape = (len(source), len(index), *source.shape[2:])
    source.take(index, 1, target.reshape(shape), "clip")  # other modes make a copy on the way
    return target


class Band(NamedTuple):
    """Some pixels of an image, the resized pixels that they got into, and how much of each: [pixel, resized pixel]."""

    pixels: slice
    resized: slice
    weights: Any

    def by_element(self, channels: int) -> Band:
        """The same with the channels of a pixel for pixels of their own."""
        pixels, resized = (slice(part.start * channels, part.stop * channels) for part in self[:2])
        return Band(pixels, resized, np.kron(self.weights, np.eye(channels, dtype=self.weights.dtype)))


def bands(taps: Taps, size: int, step: int, dtype: Any) -> list[Band]:
    """The weights of taps of an image of this size, for so many pixels at a time; all others are 0."""
    made = []
    for start in range(0, size, step):
        stop = min(start + step, size)
        places = [np.searchsorted(index, (start, stop)).tolist() for index, _ in taps]
        touched = [place for place in places if place[0] < place[1]] or [(0, 0)]
        low, high = min(first for first, _ in touched), max(last for _, last in touched)
        weights = np.zeros((stop - start, high - low), dtype)
        for (index, weight), (first, last) in zip(taps, places, strict=True):
            weights[index[first:last] - start, np.arange(first - low, last - low)] += weight[first:last]
        made.append(Band(slice(start, stop), slice(low, high), weights))
    return made


def give_back(resized: Any, to: list[Band], images: Any, start: int = 0) -> None:
    """What resized pixels along the second dim give to those of the images, which begin with that at ``start``."""
    for pixels, seen, weights in to:
        matmul(weights, resized[:, seen], images[:, pixels.start - start : pixels.stop - start])

"""Pixels of resized images from weighted pixels, and back: some rows at a time, so that these stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from blocks.kernels.chunked import TILE
from blocks.kernels.matrix_product import matmul
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec

# index and weight of a pixel, each for every pixel of the result along a dim; indices rise along it and from tap to tap
Taps = list[tuple[Array, Array]]


class Part(NamedTuple):
    """Some images, some rows of the result, and the lines of the images that these rows are made of."""

    images: slice
    rows: slice
    lines: slice


class Parts:
    """The parts of images of a shape that are resized to another, with these taps along the rows."""

    def __init__(self, shape: tuple[int, ...], resized: tuple[int, ...], down: Taps):
        (self.batch, self.size, self.width, self.channels), self.height = shape, resized[1]
        self.line, self.down = resized[2] * self.channels, down
        tallest = max(self.size, self.height)
        # whole images if one or more fit, otherwise rows of one
        self.images = min(self.batch, max(1, 2 * TILE // (self.line * tallest)))
        self.rows = min(self.height, max(1, 2 * TILE * self.height // (self.line * tallest)))

    def __iter__(self) -> Iterator[Part]:
        for image in range(0, self.batch, self.images):
            for row in range(0, self.height, self.rows):
                rows = slice(row, min(row + self.rows, self.height))
                yield Part(slice(image, min(image + self.images, self.batch)), rows, self.lines(rows))

    def lines(self, rows: slice) -> slice:
        """The lines of the images that these rows are made of."""
        if self.rows == self.height:
            return slice(0, self.size)
        return slice(int(self.down[0][0][rows.start]), int(self.down[-1][0][rows.stop - 1]) + 1)

    def taps_bytes(self) -> int:
        """What the taps take: an index and a weight each, for each channel of a column."""
        return len(self.down) * int(self.height + self.line) * (8 + 4)

    def scratch_arrays(self, dtype: DType, storage: DType, interpolates: bool) -> list[ArraySpec]:
        """Memory for the lines of a part at their new width, to interpolate in, and for copies of another dtype."""
        rows = [slice(row, min(row + self.rows, self.height)) for row in range(0, self.height, self.rows)]
        lines = self.images * max(part.stop - part.start for part in map(self.lines, rows))
        interpolated = max(lines, self.images * self.rows) * interpolates
        copied = lines * (storage != dtype)
        sizes = (lines * self.line, interpolated * self.line, copied * self.width * self.channels)
        return [((size,), dtype) for size in sizes]


def columns(taps: Taps, channels: int, itemsize: int) -> Taps:
    """Taps along the columns with a weight per element; NumPy takes pixels of odd sizes faster by their elements."""
    nbytes = channels * itemsize
    whole = nbytes in (1, 2, 4, 8, 16, 32) or nbytes > 48
    if channels == 1:
        return taps
    place = np.arange(channels)
    return [(i if whole else (i[:, None] * channels + place).ravel(), np.repeat(w, channels)) for i, w in taps]


def gather(source: Array, index: Array, target: Array) -> Array:
    """The elements at the indices along the second dim, written to memory of that size."""
    shape = (len(source), len(index), *source.shape[2:])
    source.take(index, 1, target.reshape(shape), "clip")  # other modes make a copy on the way
    return target


class WeightBand(NamedTuple):
    """Some pixels of an image, the resized pixels made of them, and the weights: [pixel, resized pixel]."""

    pixels: slice
    resized: slice
    weights: Array

    def by_element(self, channels: int) -> WeightBand:
        """The same with the channels of a pixel as pixels of their own."""
        pixels, resized = (slice(part.start * channels, part.stop * channels) for part in self[:2])
        return WeightBand(pixels, resized, np.kron(self.weights, np.eye(channels, dtype=self.weights.dtype)))


def weight_bands(taps: Taps, size: int, step: int, dtype: DType) -> list[WeightBand]:
    """The weights of taps of an image of this size, for ``step`` pixels at a time; all others are 0."""
    bands = []
    for start in range(0, size, step):
        stop = min(start + step, size)
        places = [np.searchsorted(index, (start, stop)).tolist() for index, _ in taps]
        touched = [place for place in places if place[0] < place[1]] or [(0, 0)]
        low, high = min(first for first, _ in touched), max(last for _, last in touched)
        weights = np.zeros((stop - start, high - low), dtype)
        for (index, weight), (first, last) in zip(taps, places, strict=True):
            weights[index[first:last] - start, np.arange(first - low, last - low)] += weight[first:last]
        bands.append(WeightBand(slice(start, stop), slice(low, high), weights))
    return bands


def weighted_sums(resized: Array, bands: list[WeightBand], images: Array, start: int = 0) -> None:
    """For each pixel along the second dim of ``images``, from ``start`` on, the weighted sum of the resized pixels."""
    for pixels, others, weights in bands:
        matmul(weights, resized[:, others], images[:, pixels.start - start : pixels.stop - start])

"""Windows over images and volumes as rows of matrices (im2col), some at a time, so that they stay in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from blocks.kernels.chunked import cut
from blocks.kernels.matrix_product import LEAST, MANY
from blocks.kernels.windows import Span, has_padding, inside, patches, reached, slab_rows, touched
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec
from dataflow.core.workspace import Workspace

SHORT = 16  # elements that lie together in a window, below which rows are slow to copy
COPY = 24  # multiplications that take as long as to copy an element
LARGE = 8 * LEAST  # work of images for a thread: below it threads wait for the interpreter, and share products instead

Bound = Callable[[Array, Array, Array], None]  # two inputs, and where the result goes


class Geometry(NamedTuple):
    """What a convolution is of: the shapes of images, channels last, and filter, the windows, and the dtype.

    channels_last : whether images and results are laid out so, and not only seen so.
    """

    shape: tuple[int, ...]
    filter: tuple[int, ...]
    over: tuple[Span, ...]
    dtype: DType
    channels_last: bool


Tile = tuple[slice, list[slice]]  # some images, and for these the rows of positions to work on at once


class Columns:
    """How the windows of one tile after another are laid out as a matrix for each group with a row per window.

    Where only a few elements of a window lie together the matrix is stored by columns, each of them one run.
    ``channels_last`` says that the output has its channels last, so that products may be written to it directly.
    ``dtype`` is that of the matrices, where values are not computed with in the dtype in which all blocks do.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        filter: tuple[int, ...],
        over: tuple[Span, ...],
        storage: DType,
        channels_last: bool,
        dtype: DType | None = None,
    ):
        images, self.channels, self.depth, self.outputs = shape[0], shape[-1], filter[-2], filter[-1]
        self.over, self.storage, self.channels_last = over, storage, channels_last
        self.groups = groups = (
            self.channels // self.depth if self.depth else 1
        )  # a filter without channels has one group
        self.dtype = dtype or dtypes.compute(storage)
        self.kernel = tuple(s.known[1] for s in over)
        self.width = prod(self.kernel) * self.depth
        contiguous = self.kernel[-1] * self.depth if over[-1].dilation == 1 and groups == 1 else self.depth
        self.by_columns = contiguous < SHORT
        # where windows are the elements themselves no copy of them is made
        elementwise = all(s.stride == 1 for s in over) and self.width == self.depth and not has_padding(over)
        self.copied = groups > 1 or storage != self.dtype or not elementwise or not channels_last
        (rows, *others), elements, size = positions(over), groups * self.width, self.dtype.itemsize
        self.images, self.rows = images, rows
        if self.copied:
            image = prod((rows, *others)) * size
            work = image * (self.width * self.outputs + COPY * (elements + self.outputs))
            threads = 1 << (max(1, min(MANY, images * work // LARGE)).bit_length() - 1)
            self.images = min(slab_rows(images, elements * image), -(-images // threads) or 1)
            self.rows = slab_rows(rows, elements * size * self.images * prod(others))
        self.tile = self.images, self.rows, *others  # the largest
        down = list(cut(rows, self.rows))
        self.tiles: list[Tile] = [(part, down) for part in cut(images, self.images)]
        self.single = len(self.tiles) * len(down) <= 1

    def padded_images(self) -> ArraySpec:
        """Memory for images with their padding, if there is any."""
        reach = prod(s.reach for s in self.over)
        return (self.images * reach * self.channels * has_padding(self.over),), self.storage

    def matrices(self) -> ArraySpec:
        """Memory for the matrices of a tile."""
        return (self.groups * prod(self.tile) * self.width * self.copied,), self.dtype

    def products(self, needed: bool) -> ArraySpec:
        """Memory for a result per window, if it is needed."""
        return (prod(self.tile) * self.outputs * needed,), self.dtype

    def matrix(self, buffer: Array, tile: tuple[int, ...]) -> tuple[Array, Array]:
        """The matrices [group, window, element] for a tile of this shape, [images, rows, ...], not filled yet.

        And the same memory as [*tile, ...kernel, group, channel].
        """
        count, own, inner = prod(tile), len(tile), len(self.kernel)
        memory = buffer[: self.groups * count * self.width]
        if self.by_columns:
            matrix = memory.reshape(self.groups, self.width, count).swapaxes(1, 2)
            view = memory.reshape(self.groups, *self.kernel, self.depth, *tile)
            return matrix, view.transpose(*range(inner + 2, inner + 2 + own), *range(1, inner + 1), 0, inner + 1)
        matrix = memory.reshape(self.groups, count, self.width)
        return matrix, np.moveaxis(memory.reshape(self.groups, *tile, *self.kernel, self.depth), 0, -2)

    def im2col(self, buffer: Array, windows: Array) -> Array:
        """The matrices [group, window, element] of windows as `patches` gives them."""
        matrix, view = self.matrix(buffer, windows.shape[: -len(self.kernel) - 1])
        np.copyto(view, self.by_channel(windows))
        return matrix

    def by_channel(self, windows: Array) -> Array:
        """Windows as `patches` gives them, with their channels as [group, channel]."""
        return windows.reshape(*windows.shape[:-1], self.groups, self.depth)

    def by_group(self, rows: Array, buffer: Array) -> Array:
        """[..., outputs] as [group, row, outputs of the group], in the dtype of the matrices."""
        if buffer.size:
            copy = buffer[: rows.size].reshape(rows.shape)
            np.copyto(copy, rows)
            rows = copy
        return rows.reshape(prod(rows.shape[:-1]), self.groups, rows.shape[-1] // self.groups).swapaxes(0, 1)


columns_of = lru_cache(maxsize=256)(Columns)


def positions(over: Sequence[Span]) -> tuple[int, ...]:
    """How many positions the window has along each spatial dim."""
    return tuple(int(s.out or 0) for s in over)


class _Part(NamedTuple):
    """Rows of positions of a tile: the matrices of their windows, and the views to copy windows from and to."""

    rows: slice
    matrix: Array
    windows: Array
    view: Array


class Windows:
    """The matrices of the windows of one tile after another, in memory for one of them."""

    def __init__(self, columns: Columns, memory: Workspace):
        self.columns = columns
        over = columns.over
        self.touched, self.inside, self.reached = touched(over), inside(over), reached(over)
        self.memory, matrices = memory.arrays(columns.padded_images(), columns.matrices())
        self.padded: dict[int, Array] = {}  # by how many images a tile has: these among zeros, if they have padding
        self.parts: dict[int, list[_Part]] = {}
        for images, down in columns.tiles if columns.copied else ():
            if (count := images.stop - images.start) not in self.parts:
                self.parts[count] = self._parts(count, down, matrices)

    def _parts(self, count: int, down: Sequence[slice], matrices: Array) -> list[_Part]:
        columns, parts = self.columns, []
        if self.memory.size:
            shape = (count, *(s.reach for s in columns.over), columns.channels)
            padded = self.padded[count] = self.memory[: prod(shape)].reshape(shape)
        for rows in down:
            matrix, view = columns.matrix(matrices, (count, rows.stop - rows.start, *columns.tile[2:]))
            windows = columns.by_channel(patches(padded, columns.over))[:, rows] if self.memory.size else view
            parts.append(_Part(rows, matrix, windows, view))
        return parts

    def of(self, x: Array) -> Iterator[tuple[slice, Array]]:
        """The matrices [group, window, element] of the images of a tile, for some rows of positions at a time."""
        columns = self.columns
        if not columns.copied:
            yield slice(None), x.reshape(1, -1, columns.width)
        elif self.padded:
            padded = self.padded[len(x)]
            padded.fill(0)
            padded[self.inside] = x[self.touched]
            for rows, matrix, windows, view in self.parts[len(x)]:
                np.copyto(view, windows)
                yield rows, matrix
        else:
            given = columns.by_channel(patches(x[self.reached], columns.over))
            for rows, matrix, _, view in self.parts[len(x)]:
                np.copyto(view, given[:, rows])
                yield rows, matrix

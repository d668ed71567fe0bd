"""Convolution over any number of spatial dims as products of matrices: each window is laid out as a row.

Arrays are [batch, ...spatial, channels], filters [...kernel, channels of a group, outputs]; what a window sees comes
from `windows`. The work goes by tiles, some images or some rows of one, so that the matrices stay in the cache. The
16-bit floats are multiplied and added in float32 and rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from blocks.nn_ops.sliding import finished
from blocks.nn_ops.windows import Span, padded, patches, slabs, taps, unpadded

SHORT = 16  # elements that lie together in a window, below which rows are slow to copy


def product_dtype(dtype: Any) -> Any:
    """The dtype in which products are added up."""
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype


class Columns:
    """Memory for the windows of one tile after another, as a matrix for each group with a row per window.

    Where only a few elements of a window lie together the matrix is stored by columns, each of them one run.
    """

    def __init__(self, over: Sequence[Span], depth: int, groups: int, dtype: Any):
        self.kernel = tuple(int(s.kernel or 0) for s in over)
        self.depth, self.groups, self.dtype = depth, groups, dtype
        self.width = prod(self.kernel) * depth
        together = self.kernel[-1] * depth if over[-1].dilation == 1 and groups == 1 else depth
        self.by_columns = together < SHORT
        self.each = groups * self.width * dtype.itemsize
        self.memory = np.empty(0, dtype)

    def matrix(self, tile: tuple[int, ...]) -> tuple[Any, Any]:
        """The matrices [group, window, element] for a tile of this shape, [images, rows, ...], not filled yet.

        And the same memory as [*tile, ...kernel, group, channel].
        """
        count, own, inner = prod(tile), len(tile), len(self.kernel)
        size = self.groups * count * self.width
        if self.memory.size < size:
            self.memory = np.empty(size, self.dtype)
        memory = self.memory[:size]
        if self.by_columns:
            matrix = memory.reshape(self.groups, self.width, count).swapaxes(1, 2)
            view = memory.reshape(self.groups, *self.kernel, self.depth, *tile)
            return matrix, view.transpose(*range(inner + 2, inner + 2 + own), *range(1, inner + 1), 0, inner + 1)
        matrix = memory.reshape(self.groups, count, self.width)
        return matrix, np.moveaxis(memory.reshape(self.groups, *tile, *self.kernel, self.depth), 0, -2)

    def filled(self, windows: Any) -> Any:
        """The matrices [group, window, element] of windows as `patches` gives them."""
        tile = windows.shape[: -len(self.kernel) - 1]
        if self.groups == 1 and windows.dtype == self.dtype and windows.flags.c_contiguous:
            return windows.reshape(1, prod(tile), self.width)
        matrix, view = self.matrix(tile)
        view[...] = windows.reshape(*windows.shape[:-1], self.groups, self.depth)
        return matrix

    def by_group(self, rows: Any) -> Any:
        """[..., outputs] as [group, row, outputs of the group], in the dtype of the matrices."""
        count = prod(rows.shape[:-1])
        split = rows.reshape(count, self.groups, rows.shape[-1] // self.groups).swapaxes(0, 1)
        return split.astype(self.dtype, copy=False)


def convolve(x: Any, filter: Any, over: Sequence[Span], out: Any = None) -> Any:
    """The product of each window of ``x`` with the filter, [batch, ...positions, outputs]."""
    dtype, depth, outputs = product_dtype(x.dtype), filter.shape[-2], filter.shape[-1]
    columns = Columns(over, depth, x.shape[-1] // depth, dtype)
    weights = columns.by_group(filter)
    y = fitting(out, (x.shape[0], *positions(over), outputs), dtype)
    for images in slabs(len(y), columns.each * prod(positions(over))):
        seen, there = patches(padded(x[images], over), over), y[images]
        for rows in slabs(there.shape[1], columns.each * len(there) * prod(there.shape[2:-1])):
            matrix, part = columns.filled(seen[:, rows]), there[:, rows]
            if columns.groups == 1:
                np.matmul(matrix[0], weights[0], part.reshape(len(matrix[0]), outputs))
            else:
                part[...] = np.matmul(matrix, weights).swapaxes(0, 1).reshape(part.shape)
    return finished(y, x.dtype, out)


def by_input(shape: tuple[int, ...], filter: Any, dy: Any, over: Sequence[Span], out: Any = None) -> Any:
    """The gradient of `convolve` by its ``x``, which has this shape."""
    dtype, depth = product_dtype(filter.dtype), filter.shape[-2]
    columns = Columns(over, depth, shape[-1] // depth, dtype)
    if columns.groups == 1 and not columns.by_columns and all(map(_turnable, over)):
        # twice as fast as adding up shares: windows are only read
        turned = np.flip(filter, tuple(range(len(over)))).swapaxes(-1, -2)
        return convolve(dy, turned, tuple(map(_turned, over)), out)
    weights = columns.by_group(filter)
    x = fitting(out, shape, dtype)
    for images in slabs(len(x), columns.each * prod(positions(over))):
        there = dy[images]
        grown = np.zeros((len(there), *(s.reach for s in over), shape[-1]), dtype)
        # [batch, ...positions, group, channel] for each element of the window
        shares = [(index, tap.reshape(*tap.shape[:-1], columns.groups, depth)) for index, tap in taps(grown, over)]
        for rows in slabs(there.shape[1], columns.each * len(there) * prod(there.shape[2:-1])):
            part = there[:, rows]
            matrix, view = columns.matrix(part.shape[:-1])
            _product(columns.by_group(part), weights.swapaxes(1, 2), matrix)
            for index, share in shares:
                share[:, rows] += view[(slice(None),) * (len(over) + 1) + index]
        unpadded(grown, over, x[images])
    return finished(x, filter.dtype, out)


def by_filter(x: Any, shape: tuple[int, ...], dy: Any, over: Sequence[Span], out: Any = None) -> Any:
    """The gradient of `convolve` by its filter, which has this shape."""
    dtype, depth = product_dtype(x.dtype), shape[-2]
    columns = Columns(over, depth, x.shape[-1] // depth, dtype)
    sums = np.zeros((columns.groups, columns.width, shape[-1] // columns.groups), dtype)
    for images in slabs(len(x), columns.each * prod(positions(over))):
        seen, there = patches(padded(x[images], over), over), dy[images]
        for rows in slabs(there.shape[1], columns.each * len(there) * prod(there.shape[2:-1])):
            matrix = columns.filled(seen[:, rows])
            sums += np.matmul(matrix.swapaxes(1, 2), columns.by_group(there[:, rows]))
    return finished(sums.swapaxes(0, 1).reshape(shape), x.dtype, out)


def _turnable(s: Span) -> bool:
    return s.stride == 1 and s.before < s.extent


def _turned(s: Span) -> Span:
    """The window in which elements of the output see one of the input."""
    before, size, out = s.extent - 1 - s.before, int(s.out or 0), int(s.size or 0)
    return Span(size, s.kernel, 1, s.dilation, before, max(out + s.extent - 1 - before - size, 0), out)


def _product(left: Any, right: Any, out: Any) -> None:
    """The matrix products, written to memory in either order."""
    if out.flags.c_contiguous:
        np.matmul(left, right, out)
    else:
        np.matmul(right.swapaxes(1, 2), left.swapaxes(1, 2), out.swapaxes(1, 2))


def positions(over: Sequence[Span]) -> tuple[int, ...]:
    """How many places the window has along each spatial dim."""
    return tuple(int(s.out or 0) for s in over)


def fitting(out: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """``out`` if results may be computed right there, else new memory."""
    return out if out is not None and out.dtype == dtype and out.flags.c_contiguous else np.empty(shape, dtype)

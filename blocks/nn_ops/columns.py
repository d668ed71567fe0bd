"""Convolution over any number of spatial dims as products of matrices: each window is laid out as a row.

Arrays are [batch, ...spatial, channels], filters [...kernel, channels of a group, outputs]; what a window sees comes
from `windows`. The work goes by tiles, some images or some rows of one, so that the matrices stay in the cache. The
16-bit floats are multiplied and added in float32 and rounded once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from blocks.math_ops.products import matmul
from blocks.math_ops.rooms import Room, rooms
from blocks.math_ops.tiling import compute_dtype
from blocks.nn_ops.windows import Span, at_once, has_padding, padded, patches, taps, unpadded

SHORT = 16  # elements that lie together in a window, below which rows are slow to copy


class Columns:
    """How the windows of one tile after another are laid out as a matrix for each group with a row per window.

    Where only a few elements of a window lie together the matrix is stored by columns, each of them one run.
    """

    def __init__(self, images: int, over: Sequence[Span], depth: int, groups: int, given: Any, direct: bool):
        self.over, self.depth, self.groups, self.given = over, depth, groups, given
        self.dtype = compute_dtype(given)
        self.kernel = tuple(int(s.kernel or 0) for s in over)
        self.width = prod(self.kernel) * depth
        together = self.kernel[-1] * depth if over[-1].dilation == 1 and groups == 1 else depth
        self.by_columns = together < SHORT
        # where windows are the elements themselves no copy of them is made
        alone = all(s.stride == 1 for s in over) and self.width == depth and not has_padding(over)
        self.copied = groups > 1 or given != self.dtype or not alone or not direct
        (rows, *others), each = positions(over), groups * self.width * int(self.dtype.itemsize)
        self.images = images if not self.copied else at_once(images, each * prod((rows, *others)))
        self.rows = rows if not self.copied else at_once(rows, each * self.images * prod(others))
        self.tile = self.images, self.rows, *others  # the largest
        self.single = self.images >= images and self.rows >= rows

    def tiles(self, images: int) -> Iterator[tuple[slice, list[slice]]]:
        """Some images, and for these the rows of positions to work on at once."""
        (rows, *_) = positions(self.over)
        for image in range(0, images, self.images):
            yield slice(image, image + self.images), [slice(row, row + self.rows) for row in range(0, rows, self.rows)]

    def edges(self, channels: int, dtype: Any) -> Room:
        """Memory for images with their padding, if there is any."""
        reach = prod(s.reach for s in self.over)
        return (self.images * reach * channels * has_padding(self.over),), dtype

    def room(self) -> Room:
        """Memory for the matrices of a tile."""
        return (self.groups * prod(self.tile) * self.width * self.copied,), self.dtype

    def by_window(self, outputs: int, needed: bool) -> Room:
        """Memory for a result per window, if it is needed."""
        return (prod(self.tile) * outputs * needed,), self.dtype

    def matrix(self, room: Any, tile: tuple[int, ...]) -> tuple[Any, Any]:
        """The matrices [group, window, element] for a tile of this shape, [images, rows, ...], not filled yet.

        And the same memory as [*tile, ...kernel, group, channel].
        """
        count, own, inner = prod(tile), len(tile), len(self.kernel)
        memory = room[: self.groups * count * self.width]
        if self.by_columns:
            matrix = memory.reshape(self.groups, self.width, count).swapaxes(1, 2)
            view = memory.reshape(self.groups, *self.kernel, self.depth, *tile)
            return matrix, view.transpose(*range(inner + 2, inner + 2 + own), *range(1, inner + 1), 0, inner + 1)
        matrix = memory.reshape(self.groups, count, self.width)
        return matrix, np.moveaxis(memory.reshape(self.groups, *tile, *self.kernel, self.depth), 0, -2)

    def filled(self, room: Any, windows: Any) -> Any:
        """The matrices [group, window, element] of windows as `patches` gives them."""
        tile = windows.shape[: -len(self.kernel) - 1]
        if not self.copied:
            return windows.reshape(1, prod(tile), self.width)
        matrix, view = self.matrix(room, tile)
        np.copyto(view, windows.reshape(*windows.shape[:-1], self.groups, self.depth))
        return matrix

    def by_group(self, rows: Any, room: Any) -> Any:
        """[..., outputs] as [group, row, outputs of the group], in the dtype of the matrices."""
        if room.size:
            copy = room[: rows.size].reshape(rows.shape)
            np.copyto(copy, rows)
            rows = copy
        return rows.reshape(prod(rows.shape[:-1]), self.groups, rows.shape[-1] // self.groups).swapaxes(0, 1)


# -- the convolution ------------------------------------------------------------------------------------------------


def convolve(x: Any, filter: Any, over: Sequence[Span], out: Any) -> None:
    """The product of each window of ``x`` with the filter, [batch, ...positions, outputs], in ``out``."""
    with rooms(*convolve_rooms(x.shape, filter.shape, over, x.dtype, out.flags.c_contiguous)) as space:
        convolve_in(space, x, filter, over, out)


def convolve_rooms(shape: Any, filter: Any, over: Sequence[Span], dtype: Any, direct: bool) -> list[Room]:
    """The memory that `convolve` works in: for padded images, for windows, for products, and for weights."""
    columns = _forward(shape, filter, over, dtype, direct)
    narrow = dtype != columns.dtype
    needed = narrow or columns.groups > 1 or not direct
    weights = (prod(filter) * narrow,), columns.dtype
    return [columns.edges(shape[-1], dtype), columns.room(), columns.by_window(filter[-1], needed), weights]


def _forward(shape: Any, filter: Any, over: Sequence[Span], dtype: Any, direct: bool) -> Columns:
    return Columns(shape[0], over, filter[-2], shape[-1] // filter[-2], dtype, direct)


def convolve_in(space: Sequence[Any], x: Any, filter: Any, over: Sequence[Span], out: Any) -> None:
    """The same in memory that is there."""
    edges, memory, products, room = space
    columns = _forward(x.shape, filter.shape, over, x.dtype, out.flags.c_contiguous)
    weights = columns.by_group(filter, room)
    if not out.size:
        return
    edges.fill(0)
    for images, tiles in columns.tiles(len(x)):
        seen, there = patches(padded(x[images], over, edges), over), out[images]
        for rows in tiles:
            matrix, part = columns.filled(memory, seen[:, rows]), there[:, rows]
            if not products.size:
                matmul(matrix[0], weights[0], part.reshape(len(matrix[0]), -1))
                continue
            product = products[: part.size].reshape(len(weights), matrix.shape[1], -1)
            matmul(matrix, weights, product)
            for group, values in enumerate(product):
                target = part[..., group * values.shape[1] : (group + 1) * values.shape[1]]
                np.copyto(target, values.reshape(target.shape), casting="unsafe")


# -- its gradient by the input --------------------------------------------------------------------------------------


def by_input(filter: Any, dy: Any, over: Sequence[Span], out: Any) -> None:
    """The gradient of `convolve` by its ``x``, in ``out``."""
    with rooms(*by_input_rooms(out.shape, filter.shape, over, out.dtype, out.flags.c_contiguous)) as (turned, *space):
        if turned.size:  # twice as fast as adding up shares: windows are only read
            weights = turned.reshape(*filter.shape[:-2], filter.shape[-1], filter.shape[-2])
            np.copyto(weights, np.flip(filter, tuple(range(len(over)))).swapaxes(-1, -2))
            convolve_in(space, dy, weights, tuple(map(_turned, over)), out)
        else:
            _share(space, filter, dy, over, out)


def by_input_rooms(shape: Any, filter: Any, over: Sequence[Span], dtype: Any, direct: bool) -> list[Room]:
    """The memory that `by_input` works in: for a turned filter and what `convolve` takes, or for shares.

    The latter is for padded images, for windows, for gradients and for weights in the dtype to compute in.
    """
    columns, outputs = _forward(shape, filter, over, dtype, False), filter[-1]
    if columns.groups == 1 and not columns.by_columns and all(map(_turnable, over)):
        turned = (*filter[:-2], outputs, filter[-2])
        grown = (shape[0], *positions(over), outputs)
        return [((prod(filter),), dtype), *convolve_rooms(grown, turned, tuple(map(_turned, over)), dtype, direct)]
    narrow = dtype != columns.dtype
    reach = columns.images * prod(s.reach for s in over) * shape[-1]
    matrix = columns.groups * prod(columns.tile) * columns.width
    copies = narrow or not direct
    sizes = (0, reach * (copies or has_padding(over)), matrix, prod(columns.tile) * outputs * copies)
    return [((size,), columns.dtype) for size in (*sizes, prod(filter) * narrow)]


def _share(space: Sequence[Any], filter: Any, dy: Any, over: Sequence[Span], out: Any) -> None:
    """What each element of a window gets of the gradient of the window, added up."""
    grown_room, memory, gradients, room = space
    columns = _forward(out.shape, filter.shape, over, out.dtype, False)
    weights = columns.by_group(filter, room)
    out.fill(0)
    if not dy.size:
        return
    alone = all(s.stride >= s.extent for s in over)
    for images, tiles in columns.tiles(len(out)):
        there, x = dy[images], out[images]
        grown = x[(slice(None), *(slice(s.reach) for s in over))]
        if grown_room.size:
            shape = (len(there), *(s.reach for s in over), out.shape[-1])
            grown = grown_room[: prod(shape)].reshape(shape)
            grown.fill(0)
        # [batch, ...positions, group, channel] for each element of the window
        split = columns.groups, columns.depth
        shares = [(index, tap.reshape(*tap.shape[:-1], *split)) for index, tap in taps(grown, over)]
        for rows in tiles:
            part = there[:, rows]
            matrix, view = columns.matrix(memory, part.shape[:-1])
            _product(columns.by_group(part, gradients), weights.swapaxes(1, 2), matrix)
            for index, share in shares:
                value, target = view[(slice(None),) * (len(over) + 1) + index], share[:, rows]
                if alone:
                    np.copyto(target, value)
                else:
                    np.add(target, value, target)
        if grown_room.size:
            unpadded(grown, over, x)


def _turnable(s: Span) -> bool:
    return s.stride == 1 and s.before < s.extent


def _turned(s: Span) -> Span:
    """The window in which elements of the output see one of the input."""
    before, size, out = s.extent - 1 - s.before, int(s.size or 0), int(s.out or 0)
    return Span(out, s.kernel, 1, s.dilation, before, max(size + s.extent - 1 - before - out, 0), size)


def _product(left: Any, right: Any, out: Any) -> None:
    """The matrix products, written to memory in either order."""
    if out.flags.c_contiguous:
        matmul(left, right, out)
    else:
        matmul(right.swapaxes(1, 2), left.swapaxes(1, 2), out.swapaxes(1, 2))


# -- its gradient by the filter -------------------------------------------------------------------------------------


def by_filter(x: Any, dy: Any, over: Sequence[Span], out: Any) -> None:
    """The gradient of `convolve` by its filter, in ``out``."""
    columns = _forward(x.shape, out.shape, over, x.dtype, dy.flags.c_contiguous)
    with rooms(*by_filter_rooms(x.shape, out.shape, over, x.dtype, dy.flags.c_contiguous)) as space:
        edges, memory, gradients, sums, room = space
        shape = columns.groups, columns.width, out.shape[-1] // columns.groups
        total = (sums if sums.size else out).reshape(shape)
        total.fill(0)
        edges.fill(0)
        first = True
        for images, tiles in columns.tiles(len(x)) if dy.size else ():
            seen, there = patches(padded(x[images], over, edges), over), dy[images]
            for rows in tiles:
                matrix = columns.filled(memory, seen[:, rows]).swapaxes(1, 2)
                part = total if first else room.reshape(shape)
                matmul(matrix, columns.by_group(there[:, rows], gradients), part)
                if not first:
                    np.add(total, part, total)
                first = False
        if sums.size:
            np.copyto(out.reshape(columns.width, columns.groups, -1), total.swapaxes(0, 1), casting="unsafe")


def by_filter_rooms(shape: Any, filter: Any, over: Sequence[Span], dtype: Any, direct: bool) -> list[Room]:
    """The memory that `by_filter` works in: for padded images, windows, gradients, sums and what is added to them."""
    columns = _forward(shape, filter, over, dtype, direct)
    narrow, size = dtype != columns.dtype, prod(filter)
    sizes = (size * (narrow or columns.groups > 1), size * (not columns.single))
    own: list[Room] = [((size,), columns.dtype) for size in sizes]
    return [columns.edges(shape[-1], dtype), columns.room(), columns.by_window(filter[-1], narrow or not direct), *own]


def positions(over: Sequence[Span]) -> tuple[int, ...]:
    """How many places the window has along each spatial dim."""
    return tuple(int(s.out or 0) for s in over)

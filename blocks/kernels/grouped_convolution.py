"""Convolution over any number of spatial dims as products of matrices, one for each group of channels; its gradients.

Arrays are [batch, ...spatial, channels], filters [...kernel, channels of a group, outputs]; `im2col` makes matrices of
windows. The work goes by tiles, some images or some rows of one; threads share the images. The 16-bit floats are
multiplied and added in float32 and rounded once. What follows from shapes is bound before the arrays are there.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np

from blocks.kernels import integer_convolution
from blocks.kernels.im2col import Bound, Columns, Geometry, Tile, Windows, positions
from blocks.kernels.matrix_product import matmul, share_rooms, sharing
from blocks.kernels.windows import SLAB, Span, crop, has_padding, reached, taps
from dataflow.core.dtypes import Array
from dataflow.core.scratch import ArraySpec
from dataflow.core.workspace import Workspace

SUMS = 8  # partial sums of the gradient by a filter, for as many threads

Run = tuple[int, list[Tile]]  # tiles that are summed together, and which of the sums they have


class _Room(NamedTuple):
    """What a thread works in: windows, and memory for what else there is."""

    windows: Windows
    arrays: list[Array]


# -- the convolution ------------------------------------------------------------------------------------------------


def bind_convolve(memory: Workspace, of: Geometry) -> Bound:
    """The products of each window of ``x`` with the filter, [batch, ...positions, outputs], as ``(x, filter, out)``."""
    if of.dtype.kind in "iu":
        return integer_convolution.bind_convolve(memory, of)
    columns = Columns(*of)
    (narrow,) = memory.arrays(_weights(columns))
    direct = columns.storage == columns.dtype and columns.groups == 1 and of.channels_last
    threads = range(sharing(columns.tiles))
    rooms = [_Room(Windows(columns, memory), memory.arrays(columns.products(not direct))) for _ in threads]

    def convolve(x: Array, filter: Array, out: Array) -> None:
        weights = columns.by_group(filter, narrow)

        def convolve_tile(tile: Tile, room: _Room) -> None:
            windows, (products,) = room
            target = out[tile[0]]
            for rows, matrix in windows.of(x[tile[0]]):
                part = target[:, rows]
                if direct:
                    matmul(matrix[0], weights[0], part.reshape(len(matrix[0]), -1))
                    continue
                product = products[: part.size].reshape(len(weights), matrix.shape[1], -1)
                matmul(matrix, weights, product)
                for group, values in enumerate(product):
                    own = part[..., group * values.shape[1] : (group + 1) * values.shape[1]]
                    np.copyto(own, values.reshape(own.shape), casting="unsafe")

        share_rooms(columns.tiles if out.size else (), rooms, convolve_tile)

    return convolve


def _weights(columns: Columns) -> ArraySpec:
    """Memory for the filter in the dtype to compute in."""
    narrow = columns.storage != columns.dtype
    return (columns.width * columns.outputs * narrow,), columns.dtype


# -- its gradient by the input --------------------------------------------------------------------------------------


def bind_by_input(memory: Workspace, of: Geometry) -> Bound:
    """The gradient of a convolution by its ``x``, which has this shape, as ``(filter, dy, out)``."""
    columns = Columns(*of._replace(channels_last=False))
    if not _is_convolution(columns):
        return _bind_col2im(memory, columns, of.channels_last)
    # with the flipped filter, twice as fast as col2im: windows are only read
    *kernel, depth, outputs = of.filter
    (flipped,) = memory.arrays(((columns.width * columns.outputs,), of.dtype))
    flipped, axes = flipped.reshape(*kernel, outputs, depth), tuple(range(len(of.over)))
    gradients, back = (of.shape[0], *positions(of.over), outputs), tuple(map(_transposed, of.over))
    convolve = bind_convolve(memory, of._replace(shape=gradients, filter=flipped.shape, over=back))

    def by_input(filter: Array, dy: Array, out: Array) -> None:
        np.copyto(flipped, np.flip(filter, axes).swapaxes(-1, -2))
        convolve(dy, flipped, out)

    return by_input


def _is_convolution(columns: Columns) -> bool:
    """Whether the gradient is computed as a convolution with the flipped filter."""
    dense = all(s.stride == 1 and s.before < s.extent for s in columns.over)
    return columns.groups == 1 and not columns.by_columns and dense


def _transposed(s: Span) -> Span:
    """The window of the transposed convolution: the positions of a window that touch one element of the input."""
    (size, _, out), before = s.known, s.extent - 1 - s.before
    return Span(out, s.kernel, 1, s.dilation, before, max(size + s.extent - 1 - before - out, 0), size)


def _bind_col2im(memory: Workspace, columns: Columns, channels_last: bool) -> Bound:
    """The gradient of each window, and these added up where windows overlap, as ``(filter, dy, out)``."""
    over, reach = columns.over, reached(columns.over)
    disjoint, split = all(s.stride >= s.extent for s in over), (columns.groups, columns.depth)
    (narrow,) = memory.arrays(_weights(columns))
    rooms = [memory.arrays(*_col2im_scratch(columns, channels_last)) for _ in range(sharing(columns.tiles))]

    def by_input(filter: Array, dy: Array, out: Array) -> None:
        out.fill(0)
        weights = columns.by_group(filter, narrow).swapaxes(1, 2)

        def add_tile(tile: Tile, room: list[Array]) -> None:
            (images, down), (buffer, matrices, products) = tile, room
            gradients, x = dy[images], out[images]
            padded = x[reach]
            if buffer.size:
                shape = (len(gradients), *(s.reach for s in over), columns.channels)
                padded = buffer[: prod(shape)].reshape(shape)
                padded.fill(0)
            # [batch, ...positions, group, channel] for each element of the window
            elements = [(index, tap.reshape(*tap.shape[:-1], *split)) for index, tap in taps(padded, over)]
            for rows in down:
                part = gradients[:, rows]
                matrix, view = columns.matrix(matrices, part.shape[:-1])
                _product(columns.by_group(part, products), weights, matrix)
                for index, element in elements:
                    value, target = view[(slice(None),) * (len(over) + 1) + index], element[:, rows]
                    if disjoint:
                        np.copyto(target, value)
                    else:
                        np.add(target, value, target)
            if buffer.size:
                crop(padded, over, x)

        share_rooms(columns.tiles if dy.size else (), rooms, add_tile)

    return by_input


def _col2im_scratch(columns: Columns, channels_last: bool) -> list[ArraySpec]:
    """Memory of each thread for padded images, for windows and for gradients in the dtype to compute in."""
    copies = columns.storage != columns.dtype or not channels_last
    reach = columns.images * prod(s.reach for s in columns.over) * columns.channels
    padded = reach * (copies or has_padding(columns.over))
    matrix = columns.groups * prod(columns.tile) * columns.width
    return [((padded,), columns.dtype), ((matrix,), columns.dtype), columns.products(copies)]


def _product(left: Array, right: Array, out: Array) -> None:
    """The matrix products, written to memory in either order."""
    if out.flags.c_contiguous:
        matmul(left, right, out)
    else:
        matmul(right.swapaxes(1, 2), left.swapaxes(1, 2), out.swapaxes(1, 2))


# -- its gradient by the filter -------------------------------------------------------------------------------------


def bind_by_filter(memory: Workspace, of: Geometry) -> Bound:
    """The gradient of a convolution by its filter, which has this shape, as ``(x, dy, out)``."""
    columns = Columns(*of)
    runs, each = _runs(columns), (columns.groups, columns.width, columns.outputs // columns.groups)
    (buffer,) = memory.arrays(_sums(columns))
    threads = range(sharing(runs))
    rooms = [_Room(Windows(columns, memory), memory.arrays(*_by_filter_scratch(columns))) for _ in threads]

    def by_filter(x: Array, dy: Array, out: Array) -> None:
        if not dy.size or not out.size:
            out.fill(0)
            return
        sums = (buffer if buffer.size else out).reshape(len(runs), *each)

        def sum_run(run: Run, room: _Room) -> None:
            (number, tiles), (windows, (products, term)), first = run, room, True
            for images, _ in tiles:
                gradients = dy[images]
                for rows, matrix in windows.of(x[images]):
                    part = sums[number] if first else term.reshape(each)
                    matmul(matrix.swapaxes(1, 2), columns.by_group(gradients[:, rows], products), part)
                    if not first:
                        np.add(sums[number], part, sums[number])
                    first = False

        share_rooms(runs, rooms, sum_run)
        for part in sums[1:]:
            np.add(sums[0], part, sums[0])
        if buffer.size:
            np.copyto(out.reshape(columns.width, columns.groups, -1), sums[0].swapaxes(0, 1), casting="unsafe")

    return by_filter


def _runs(columns: Columns) -> list[Run]:
    """The tiles in numbered runs, each of which has a sum of its own: few where sums are large."""
    most = min(SUMS, max(1, 4 * SLAB // max(1, columns.width * columns.outputs * columns.dtype.itemsize)))
    step = max(1, -(-len(columns.tiles) // most))
    return list(enumerate(columns.tiles[i : i + step] for i in range(0, len(columns.tiles), step)))


def _sums(columns: Columns) -> ArraySpec:
    """Memory for the sums, unless there is only one that can be made where the result goes."""
    count = len(_runs(columns))
    needed = count > 1 or columns.storage != columns.dtype or columns.groups > 1
    return (count * columns.width * columns.outputs * needed,), columns.dtype


def _by_filter_scratch(columns: Columns) -> list[ArraySpec]:
    """Memory of each thread for gradients, and for what is added to a sum."""
    copies = columns.storage != columns.dtype or not columns.channels_last
    term = columns.width * columns.outputs * (not columns.single)
    return [columns.products(copies), ((term,), columns.dtype)]

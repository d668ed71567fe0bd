"""Convolution over any number of spatial dims as products of matrices, one for each group of channels; its gradients.

Arrays are [batch, ...spatial, channels], filters [...kernel, channels of a group, outputs]; `im2col` makes matrices of
windows. The work goes by tiles, some images or some rows of one; threads share the images. The 16-bit floats are
multiplied and added in float32 and rounded once.
"""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels import integer_convolution
from blocks.kernels.im2col import Columns, Tile, columns_of, positions
from blocks.kernels.integer_way import limits, way
from blocks.kernels.matrix_product import matmul, share, sharing
from blocks.kernels.windows import SLAB, Span, crop, has_padding, pad, patches, taps
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec, reserve, scratch, scratch_bytes
from dataflow.core.thread_pool import ThreadLimit

SUMS = 8  # partial sums of the gradient by a filter, for as many threads

Run = tuple[int, list[Tile]]  # tiles that are summed together, and which of the sums they have

# -- the convolution ------------------------------------------------------------------------------------------------


def convolve(x: Array, filter: Array, over: tuple[Span, ...], out: Array) -> None:
    """The product of each window of ``x`` with the filter, [batch, ...positions, outputs], in ``out``."""
    if x.dtype.kind in "iu":
        integer_convolution.convolve(x, filter, over, out)
        return
    columns = columns_of(x.shape, filter.shape, over, x.dtype, out.flags.c_contiguous)
    if not out.size:
        return
    reserve(scratch_bytes(*_weights(columns), *_convolve_scratch(columns)))
    with scratch(*_weights(columns)) as (buffer,):
        weights = columns.by_group(filter, buffer)

        def convolve_tile(tile: Tile) -> None:
            (images, row_tiles), target = tile, out[tile[0]]
            with scratch(*_convolve_scratch(columns)) as (padded, matrices, products):
                padded.fill(0)
                windows = patches(pad(x[images], over, padded), over)
                for rows in row_tiles:
                    matrix, part = columns.im2col(matrices, windows[:, rows]), target[:, rows]
                    if not products.size:
                        matmul(matrix[0], weights[0], part.reshape(len(matrix[0]), -1))
                        continue
                    product = products[: part.size].reshape(len(weights), matrix.shape[1], -1)
                    matmul(matrix, weights, product)
                    for group, values in enumerate(product):
                        own = part[..., group * values.shape[1] : (group + 1) * values.shape[1]]
                        np.copyto(own, values.reshape(own.shape), casting="unsafe")

        share(columns.tiles, convolve_tile)


def convolve_bytes(
    shape: tuple[int, ...], filter: tuple[int, ...], over: tuple[Span, ...], dtype: DType, channels_last: bool
) -> int:
    """The memory that `convolve` works in."""
    if dtype.kind in "iu":
        how = way(prod(filter[:-1]), limits(dtype), limits(dtype))
        return integer_convolution.convolve_bytes(shape, filter, over, dtype, channels_last, how)
    columns = columns_of(shape, filter, over, dtype, channels_last)
    return scratch_bytes(*_weights(columns)) + sharing(columns.tiles) * scratch_bytes(*_convolve_scratch(columns))


def _weights(columns: Columns) -> list[ArraySpec]:
    """Memory for the filter in the dtype to compute in."""
    narrow = columns.storage != columns.dtype
    return [((columns.width * columns.outputs * narrow,), columns.dtype)]


def _convolve_scratch(columns: Columns) -> list[ArraySpec]:
    """Memory of each thread for padded images, for windows and for products."""
    needed = columns.storage != columns.dtype or columns.groups > 1 or not columns.channels_last
    return [columns.padded_images(), columns.matrices(), columns.products(needed)]


# -- its gradient by the input --------------------------------------------------------------------------------------


def by_input(filter: Array, dy: Array, over: tuple[Span, ...], out: Array) -> None:
    """The gradient of `convolve` by its ``x``, in ``out``."""
    columns = columns_of(out.shape, filter.shape, over, out.dtype, False)
    if not _is_convolution(columns):
        _col2im(columns, filter, dy, out)
        return
    back, shape = tuple(map(_transposed, over)), (*filter.shape[:-2], filter.shape[-1], filter.shape[-2])
    with ThreadLimit(1):
        reserve(by_input_bytes(out.shape, filter.shape, over, out.dtype, out.flags.c_contiguous))
    with scratch(_flipped_filter(columns)) as (buffer,):  # twice as fast as col2im: windows are only read
        flipped = buffer.reshape(shape)
        np.copyto(flipped, np.flip(filter, tuple(range(len(over)))).swapaxes(-1, -2))
        convolve(dy, flipped, back, out)


def by_input_bytes(
    shape: tuple[int, ...], filter: tuple[int, ...], over: tuple[Span, ...], dtype: DType, channels_last: bool
) -> int:
    """The memory that `by_input` works in."""
    columns = columns_of(shape, filter, over, dtype, False)
    if not _is_convolution(columns):
        own = scratch_bytes(*_col2im_scratch(columns, channels_last))
        return scratch_bytes(*_weights(columns)) + sharing(columns.tiles) * own
    outputs, flipped = (shape[0], *positions(over), filter[-1]), (*filter[:-2], filter[-1], filter[-2])
    own = convolve_bytes(outputs, flipped, tuple(map(_transposed, over)), dtype, channels_last)
    return scratch_bytes(_flipped_filter(columns)) + own


def _is_convolution(columns: Columns) -> bool:
    """Whether the gradient is computed as a convolution with the flipped filter."""
    dense = all(s.stride == 1 and s.before < s.extent for s in columns.over)
    return columns.groups == 1 and not columns.by_columns and dense


def _flipped_filter(columns: Columns) -> ArraySpec:
    return (columns.width * columns.outputs,), columns.storage


def _transposed(s: Span) -> Span:
    """The window of the transposed convolution: the positions of a window that touch one element of the input."""
    (size, _, out), before = s.known, s.extent - 1 - s.before
    return Span(out, s.kernel, 1, s.dilation, before, max(size + s.extent - 1 - before - out, 0), size)


def _col2im(columns: Columns, filter: Array, dy: Array, out: Array) -> None:
    """The gradient of each window, and these added up where windows overlap, in ``out``."""
    over, channels_last = columns.over, out.flags.c_contiguous
    out.fill(0)
    if not dy.size:
        return
    disjoint, split = all(s.stride >= s.extent for s in over), (columns.groups, columns.depth)
    reserve(scratch_bytes(*_weights(columns), *_col2im_scratch(columns, channels_last)))
    with scratch(*_weights(columns)) as (buffer,):
        weights = columns.by_group(filter, buffer).swapaxes(1, 2)

        def add_tile(tile: Tile) -> None:
            images, row_tiles = tile
            gradients, x = dy[images], out[images]
            with scratch(*_col2im_scratch(columns, channels_last)) as (padded_buffer, matrices, products):
                padded = x[(slice(None), *(slice(s.reach) for s in over))]
                if padded_buffer.size:
                    shape = (len(gradients), *(s.reach for s in over), out.shape[-1])
                    padded = padded_buffer[: prod(shape)].reshape(shape)
                    padded.fill(0)
                # [batch, ...positions, group, channel] for each element of the window
                elements = [(index, tap.reshape(*tap.shape[:-1], *split)) for index, tap in taps(padded, over)]
                for rows in row_tiles:
                    part = gradients[:, rows]
                    matrix, view = columns.matrix(matrices, part.shape[:-1])
                    _product(columns.by_group(part, products), weights, matrix)
                    for index, element in elements:
                        value, target = view[(slice(None),) * (len(over) + 1) + index], element[:, rows]
                        if disjoint:
                            np.copyto(target, value)
                        else:
                            np.add(target, value, target)
                if padded_buffer.size:
                    crop(padded, over, x)

        share(columns.tiles, add_tile)


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


def by_filter(x: Array, dy: Array, over: tuple[Span, ...], out: Array) -> None:
    """The gradient of `convolve` by its filter, in ``out``."""
    columns = columns_of(x.shape, out.shape, over, x.dtype, dy.flags.c_contiguous)
    if not dy.size or not out.size:
        out.fill(0)
        return
    runs, shape = _runs(columns), (columns.groups, columns.width, columns.outputs // columns.groups)
    reserve(scratch_bytes(_sums(columns), *_by_filter_scratch(columns)))
    with scratch(_sums(columns)) as (buffer,):
        sums = (buffer if buffer.size else out).reshape(len(runs), *shape)

        def sum_run(run: Run) -> None:
            (number, tiles), first = run, True
            with scratch(*_by_filter_scratch(columns)) as (padded, matrices, products, term):
                padded.fill(0)
                for images, row_tiles in tiles:
                    windows, gradients = patches(pad(x[images], over, padded), over), dy[images]
                    for rows in row_tiles:
                        matrix = columns.im2col(matrices, windows[:, rows]).swapaxes(1, 2)
                        part = sums[number] if first else term.reshape(shape)
                        matmul(matrix, columns.by_group(gradients[:, rows], products), part)
                        if not first:
                            np.add(sums[number], part, sums[number])
                        first = False

        share(runs, sum_run)
        for part in sums[1:]:
            np.add(sums[0], part, sums[0])
        if buffer.size:
            np.copyto(out.reshape(columns.width, columns.groups, -1), sums[0].swapaxes(0, 1), casting="unsafe")


def by_filter_bytes(
    shape: tuple[int, ...], filter: tuple[int, ...], over: tuple[Span, ...], dtype: DType, channels_last: bool
) -> int:
    """The memory that `by_filter` works in."""
    columns = columns_of(shape, filter, over, dtype, channels_last)
    return scratch_bytes(_sums(columns)) + sharing(_runs(columns)) * scratch_bytes(*_by_filter_scratch(columns))


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
    """Memory of each thread for padded images, for windows, for gradients, and for what is added to a sum."""
    copies = columns.storage != columns.dtype or not columns.channels_last
    term = columns.width * columns.outputs * (not columns.single)
    return [columns.padded_images(), columns.matrices(), columns.products(copies), ((term,), columns.dtype)]

"""Convolution over any number of spatial dims as products of matrices, one for each group of channels.

Arrays are [batch, ...spatial, channels], filters [...kernel, channels of a group, outputs]; what a window sees comes
from `windows`, and how windows become matrices is told by `columns`. The work goes by tiles, some images or some rows
of one; threads share the images. The 16-bit floats are multiplied and added in float32 and rounded once.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from blocks.kernels.im2col import Columns, columns_of, positions
from blocks.kernels.matrix_product import matmul, share, sharing
from blocks.kernels.windows import SLAB, Span, has_padding, padded, patches, taps, unpadded
from dataflow.core.scratch import ArraySpec, reserve, scratch, scratch_bytes
from dataflow.core.thread_pool import ThreadLimit

SUMS = 8  # gradients by a filter that are summed apart, for as many threads

# -- the convolution ------------------------------------------------------------------------------------------------


def convolve(x: Any, filter: Any, over: tuple[Span, ...], out: Any) -> None:
    """The product of each window of ``x`` with the filter, [batch, ...positions, outputs], in ``out``."""
    columns = columns_of(x.shape, filter.shape, over, x.dtype, out.flags.c_contiguous)
    if not out.size:
        return
    reserve(scratch_bytes(*_weights(columns), *_convolve_scratch(columns)))
    with scratch(*_weights(columns)) as (buffer,):
        weights = columns.by_group(filter, buffer)

        def some(tile: Any) -> None:
            (images, tiles), there = tile, out[tile[0]]
            with scratch(*_convolve_scratch(columns)) as (edges, memory, products):
                edges.fill(0)
                seen = patches(padded(x[images], over, edges), over)
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

        share(columns.tiles, some)


def convolve_bytes(shape: Any, filter: Any, over: tuple[Span, ...], dtype: Any, direct: bool) -> int:
    """The memory that `convolve` works in."""
    columns = columns_of(shape, filter, over, dtype, direct)
    return scratch_bytes(*_weights(columns)) + sharing(columns.tiles) * scratch_bytes(*_convolve_scratch(columns))


def _weights(columns: Columns) -> list[ArraySpec]:
    """For the filter in the dtype to compute in."""
    narrow = columns.given != columns.dtype
    return [((columns.width * columns.outputs * narrow,), columns.dtype)]


def _convolve_scratch(columns: Columns) -> list[ArraySpec]:
    """For padded images, for windows and for products, of each thread."""
    needed = columns.given != columns.dtype or columns.groups > 1 or not columns.direct
    return [columns.edges(), columns.buffer(), columns.by_window(needed)]


# -- its gradient by the input --------------------------------------------------------------------------------------


def by_input(filter: Any, dy: Any, over: tuple[Span, ...], out: Any) -> None:
    """The gradient of `convolve` by its ``x``, in ``out``."""
    columns = columns_of(out.shape, filter.shape, over, out.dtype, False)
    if not _turns(columns):
        _share(columns, filter, dy, out)
        return
    back, shape = tuple(map(_turned, over)), (*filter.shape[:-2], filter.shape[-1], filter.shape[-2])
    with ThreadLimit(1):
        reserve(by_input_bytes(out.shape, filter.shape, over, out.dtype, out.flags.c_contiguous))
    with scratch(_turned_buffer(columns)) as (turned,):  # twice as fast as adding up shares: windows are only read
        weights = turned.reshape(shape)
        np.copyto(weights, np.flip(filter, tuple(range(len(over)))).swapaxes(-1, -2))
        convolve(dy, weights, back, out)


def by_input_bytes(shape: Any, filter: Any, over: tuple[Span, ...], dtype: Any, direct: bool) -> int:
    """The memory that `by_input` works in."""
    columns = columns_of(shape, filter, over, dtype, False)
    if not _turns(columns):
        own = scratch_bytes(*_share_scratch(columns, direct))
        return scratch_bytes(*_weights(columns)) + sharing(columns.tiles) * own
    grown, turned = (shape[0], *positions(over), filter[-1]), (*filter[:-2], filter[-1], filter[-2])
    taken = convolve_bytes(grown, turned, tuple(map(_turned, over)), dtype, direct)
    return scratch_bytes(_turned_buffer(columns)) + taken


def _turns(columns: Columns) -> bool:
    """Whether the gradient is a convolution with the filter turned round."""
    return columns.groups == 1 and not columns.by_columns and all(map(_turnable, columns.over))


def _turned_buffer(columns: Columns) -> ArraySpec:
    return (columns.width * columns.outputs,), columns.given


def _share(columns: Columns, filter: Any, dy: Any, out: Any) -> None:
    """What each element of a window gets of the gradient of the window, added up."""
    over, direct = columns.over, out.flags.c_contiguous
    out.fill(0)
    if not dy.size:
        return
    alone, split = all(s.stride >= s.extent for s in over), (columns.groups, columns.depth)
    reserve(scratch_bytes(*_weights(columns), *_share_scratch(columns, direct)))
    with scratch(*_weights(columns)) as (buffer,):
        weights = columns.by_group(filter, buffer).swapaxes(1, 2)

        def some(tile: Any) -> None:
            images, tiles = tile
            there, x = dy[images], out[images]
            with scratch(*_share_scratch(columns, direct)) as (grown_buffer, memory, gradients):
                grown = x[(slice(None), *(slice(s.reach) for s in over))]
                if grown_buffer.size:
                    shape = (len(there), *(s.reach for s in over), out.shape[-1])
                    grown = grown_buffer[: prod(shape)].reshape(shape)
                    grown.fill(0)
                # [batch, ...positions, group, channel] for each element of the window
                shares = [(index, tap.reshape(*tap.shape[:-1], *split)) for index, tap in taps(grown, over)]
                for rows in tiles:
                    part = there[:, rows]
                    matrix, view = columns.matrix(memory, part.shape[:-1])
                    _product(columns.by_group(part, gradients), weights, matrix)
                    for index, one in shares:
                        value, target = view[(slice(None),) * (len(over) + 1) + index], one[:, rows]
                        if alone:
                            np.copyto(target, value)
                        else:
                            np.add(target, value, target)
                if grown_buffer.size:
                    unpadded(grown, over, x)

        share(columns.tiles, some)


def _share_scratch(columns: Columns, direct: bool) -> list[ArraySpec]:
    """For padded images, for windows and for gradients in the dtype to compute in, of each thread."""
    copies = columns.given != columns.dtype or not direct
    reach = columns.images * prod(s.reach for s in columns.over) * columns.channels
    grown = reach * (copies or has_padding(columns.over))
    matrix = columns.groups * prod(columns.tile) * columns.width
    return [((grown,), columns.dtype), ((matrix,), columns.dtype), columns.by_window(copies)]


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


def by_filter(x: Any, dy: Any, over: tuple[Span, ...], out: Any) -> None:
    """The gradient of `convolve` by its filter, in ``out``."""
    columns = columns_of(x.shape, out.shape, over, x.dtype, dy.flags.c_contiguous)
    if not dy.size or not out.size:
        out.fill(0)
        return
    apart, shape = _apart(columns), (columns.groups, columns.width, columns.outputs // columns.groups)
    reserve(scratch_bytes(_sums(columns), *_by_filter_scratch(columns)))
    with scratch(_sums(columns)) as (buffer,):
        sums = (buffer if buffer.size else out).reshape(len(apart), *shape)

        def some(numbered: Any) -> None:
            (number, several), first = numbered, True
            with scratch(*_by_filter_scratch(columns)) as (edges, memory, gradients, spare):
                edges.fill(0)
                for images, tiles in several:
                    seen, there = patches(padded(x[images], over, edges), over), dy[images]
                    for rows in tiles:
                        matrix = columns.filled(memory, seen[:, rows]).swapaxes(1, 2)
                        part = sums[number] if first else spare.reshape(shape)
                        matmul(matrix, columns.by_group(there[:, rows], gradients), part)
                        if not first:
                            np.add(sums[number], part, sums[number])
                        first = False

        share(apart, some)
        for part in sums[1:]:
            np.add(sums[0], part, sums[0])
        if buffer.size:
            np.copyto(out.reshape(columns.width, columns.groups, -1), sums[0].swapaxes(0, 1), casting="unsafe")


def by_filter_bytes(shape: Any, filter: Any, over: tuple[Span, ...], dtype: Any, direct: bool) -> int:
    """The memory that `by_filter` works in."""
    columns = columns_of(shape, filter, over, dtype, direct)
    return scratch_bytes(_sums(columns)) + sharing(_apart(columns)) * scratch_bytes(*_by_filter_scratch(columns))


def _apart(columns: Columns) -> list[tuple[int, list[Any]]]:
    """The tiles in numbered groups, each of which is summed by itself: in few where sums are large."""
    most = min(SUMS, max(1, 4 * SLAB // max(1, columns.width * columns.outputs * columns.dtype.itemsize)))
    step = max(1, -(-len(columns.tiles) // most))
    return list(enumerate(columns.tiles[i : i + step] for i in range(0, len(columns.tiles), step)))


def _sums(columns: Columns) -> ArraySpec:
    """For the sums, unless there is one that can be made where the result goes."""
    count = len(_apart(columns))
    needed = count > 1 or columns.given != columns.dtype or columns.groups > 1
    return (count * columns.width * columns.outputs * needed,), columns.dtype


def _by_filter_scratch(columns: Columns) -> list[ArraySpec]:
    """For padded images, for windows, for gradients, and for what is added to a sum, of each thread."""
    copies = columns.given != columns.dtype or not columns.direct
    spare = columns.width * columns.outputs * (not columns.single)
    return [columns.edges(), columns.buffer(), columns.by_window(copies), ((spare,), columns.dtype)]

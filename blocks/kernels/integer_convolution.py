"""Exact convolution of integers at the speed of floats, over any number of spatial dims; depthwise convolution.

Arrays are [batch, ...spatial, channels], filters [...kernel, channels of a group, outputs], or if it is depthwise
[...kernel, channels, outputs of a channel]. The work goes by tiles of windows as that of floats does. Images become
floats as they are padded, less their zero point, so that padding stands for it. How products are kept exact is said in
`integer_way`.
"""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels import depthwise as float_depthwise
from blocks.kernels.chunked import cut
from blocks.kernels.im2col import Bound, Columns, Geometry, Tile, columns_of, positions
from blocks.kernels.integer_product import add, digit, load
from blocks.kernels.integer_way import DIGIT, Ends, Way, chosen, ends, limits, unless_zero, way
from blocks.kernels.matrix_product import matmul, share, sharing
from blocks.kernels.windows import Span, inside, patches, slab_rows, touched
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec, reserve, scratch, scratch_bytes
from dataflow.core.workspace import Workspace

Zeros = tuple[Array | None, Array | None]  # zero points: one number for images, for weights also one per output channel

# -- channels that are added up -------------------------------------------------------------------------------------


def convolve(x: Array, filter: Array, over: tuple[Span, ...], out: Array, zeros: Zeros = (None, None)) -> None:
    """The product of each window of ``x`` with the filter, both less their zero points, in ``out``, where it wraps."""
    x_zero, filter_zero = map(unless_zero, zeros)
    flat = filter.reshape(-1, filter.shape[-1])
    how = chosen(out.size // max(flat.shape[1], 1), ends(x, x_zero), flat, filter_zero)
    columns = columns_of(x.shape, filter.shape, over, x.dtype, out.flags.c_contiguous, how.dtype)
    if not out.size:
        return
    pairs, used = how.products(8 * out.itemsize), touched(over)[1:]
    x_zero, filter_zero = how.floats(x_zero), how.floats(filter_zero)
    reserve(scratch_bytes(*_weights(columns, how), *_scratch(columns, how)))
    with scratch(*_weights(columns, how)) as (buffer, digits):
        weights = []
        for j, memory in enumerate(buffer.reshape(how.right, -1)):
            rows = load(digit(flat, j, how.right, digits), memory, filter_zero)
            weights.append(rows.reshape(columns.width, columns.groups, -1).swapaxes(0, 1))

        def convolve_tile(tile: Tile) -> None:
            (images, row_tiles), target = tile, out[tile[0]]
            with scratch(*_scratch(columns, how)) as (memory, matrices, products, integers):
                memory.fill(0)
                given = x[(images, *used)]
                for i in range(how.left):
                    windows = patches(_padded(digit(given, i, how.left, integers), over, memory, x_zero), over)
                    for rows in row_tiles:
                        matrix, part = columns.im2col(matrices, windows[:, rows]), target[:, rows]
                        product = products[: part.size].reshape(columns.groups, matrix.shape[1], -1)
                        for j in (j for left, j in pairs if left == i):
                            for start in range(0, columns.width, how.panel):
                                along = slice(start, start + how.panel)
                                matmul(matrix[..., along], weights[j][:, along], product)
                                for group, values in enumerate(product):
                                    own = part[..., group * values.shape[1] : (group + 1) * values.shape[1]]
                                    first = i == j == start == 0
                                    add(values.reshape(own.shape), own, integers, DIGIT * (i + j), first)

        share(columns.tiles, convolve_tile)


def bind_convolve(memory: Workspace, of: Geometry) -> Bound:
    """`convolve` without zero points, as ``(x, filter, out)``; its memory follows from values, so it is borrowed."""
    how = way(prod(of.filter[:-1]), limits(of.dtype), limits(of.dtype))
    memory.borrowed += convolve_bytes(*of, how)
    return lambda x, filter, out: convolve(x, filter, of.over, out)


def _padded(given: Array, over: tuple[Span, ...], memory: Array, zero: Array | None) -> Array:
    """What windows touch less the zero point, with padding, as floats in memory that must hold zeros already."""
    shape = (len(given), *(s.reach for s in over), given.shape[-1])
    padded = memory[: prod(shape)].reshape(shape)
    images = padded[inside(over)]
    np.copyto(images, given, casting="unsafe")
    if zero is not None:
        np.subtract(images, zero, images)
    return padded


def convolve_bytes(
    shape: tuple[int, ...], filter: tuple[int, ...], over: tuple[Span, ...], dtype: DType, channels_last: bool, how: Way
) -> int:
    """The memory that `convolve` works in at most, for images and a filter of these shapes."""
    columns = columns_of(shape, filter, over, dtype, channels_last, how.dtype)
    return scratch_bytes(*_weights(columns, how)) + sharing(columns.tiles) * scratch_bytes(*_scratch(columns, how))


def _weights(columns: Columns, how: Way) -> list[ArraySpec]:
    """Memory for the filter as floats, a matrix for each of its digits, and for these as integers."""
    size = columns.width * columns.outputs
    return [((how.right * size,), how.dtype), ((size * (how.right > 1),), how.integers)]


def _scratch(columns: Columns, how: Way) -> list[ArraySpec]:
    """Memory of each thread for padded images, windows and products, and for integers: these, or digits of images."""
    padded = columns.images * prod(s.reach for s in columns.over) * columns.channels
    made = prod(columns.tile) * columns.outputs
    integers = max(made, padded * (how.left > 1))
    return [((padded,), how.dtype), columns.matrices(), ((made,), how.dtype), ((integers,), how.integers)]


# -- each channel by itself -----------------------------------------------------------------------------------------


def depthwise(x: Array, filter: Array, over: tuple[Span, ...], out: Array, zeros: Zeros = (None, None)) -> None:
    """The products of each window of a channel with the filters of that channel, as `convolve` says."""
    x_zero, filter_zero = map(unless_zero, zeros)
    how = depthwise_way(filter.shape, ends(x, x_zero), ends(filter, filter_zero))
    x_zero, filter_zero = how.floats(x_zero), how.floats(filter_zero)
    if filter_zero is not None and filter_zero.size > 1:
        filter_zero = filter_zero.reshape(filter.shape[-2:])
    used, images = touched(over)[1:], _images(x.shape, over, filter.shape, how)
    memory = _depthwise_scratch(images, x.shape, filter.shape, over, how)
    with scratch(*memory) as (floats, weights, made, integers, space):
        rows = load(filter, weights, filter_zero)
        floats.fill(0)
        for some in cut(len(x) if out.size else 0, images):
            target, image = out[some], _padded(x[(some, *used)], over, floats, x_zero)
            products = made[: target.size].reshape(target.shape)
            convolve = _bind_depthwise(Workspace(space), image.shape, filter.shape, over, how)
            convolve(image, rows, products)
            add(products, target, integers, 0, True)


def _bind_depthwise(
    memory: Workspace, shape: tuple[int, ...], filter: tuple[int, ...], over: tuple[Span, ...], how: Way
) -> Bound:
    """The convolution, in floats, of images of this shape that have their padding already."""
    inner = tuple(s._replace(size=s.reach, before=0, after=0) for s in over)
    return float_depthwise.bind_convolve(memory, Geometry(shape, filter, inner, how.dtype, True))


def depthwise_way(filter: tuple[int, ...], x: Ends, weights: Ends) -> Way:
    """How windows of images between these ends are multiplied with such weights: they are short, so in one panel."""
    terms = prod(filter[:-2])
    return way(terms, x, weights, terms)


def depthwise_bytes(shape: tuple[int, ...], filter: tuple[int, ...], over: tuple[Span, ...], how: Way) -> int:
    """The memory that `depthwise` works in at most, for images and a filter of these shapes."""
    return scratch_bytes(*_depthwise_scratch(_images(shape, over, filter, how), shape, filter, over, how))


def _images(shape: tuple[int, ...], over: tuple[Span, ...], filter: tuple[int, ...], how: Way) -> int:
    """How many images to work on at once."""
    elements = prod(s.reach for s in over) * shape[-1] + prod(positions(over)) * prod(filter[-2:])
    return slab_rows(shape[0], elements * int(how.dtype.itemsize))


def _depthwise_scratch(
    images: int, shape: tuple[int, ...], filter: tuple[int, ...], over: tuple[Span, ...], how: Way
) -> list[ArraySpec]:
    """Memory for images, the filter and results as floats, for results as integers that are wider, and to convolve."""
    made = images * prod(positions(over)) * prod(filter[-2:])
    floats = images * prod(s.reach for s in over) * shape[-1], prod(filter), made
    counted = Workspace()
    _bind_depthwise(counted, (images, *(s.reach for s in over), shape[-1]), filter, over, how)
    integers = ((made * (how.dtype == np.float64),), how.integers)
    return [*(((size,), how.dtype) for size in floats), integers, ((counted.nbytes,), np.uint8)]

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
from blocks.kernels.im2col import Columns, Tile, columns_of, positions
from blocks.kernels.integer_product import add, digit, load
from blocks.kernels.integer_way import DIGIT, Ends, Way, chosen, ends, unless_zero, way
from blocks.kernels.matrix_product import matmul, share, sharing
from blocks.kernels.windows import Span, patches, slab_rows
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec, reserve, scratch, scratch_bytes

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
    pairs, touched = how.products(8 * out.itemsize), _touched(over)
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
                given = x[(images, *touched)]
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


def _touched(over: tuple[Span, ...]) -> list[slice]:
    """The part of each spatial dim of images that windows touch."""
    return [slice(max(s.reach - s.before, 0)) for s in over]


def _padded(given: Array, over: tuple[Span, ...], memory: Array, zero: Array | None) -> Array:
    """What windows touch less the zero point, with padding, as floats in memory that must hold zeros already."""
    shape = (len(given), *(s.reach for s in over), given.shape[-1])
    padded = memory[: prod(shape)].reshape(shape)
    inside = padded[(slice(None), *(slice(s.before, s.before + s.known[0]) for s in over))]
    np.copyto(inside, given, casting="unsafe")
    if zero is not None:
        np.subtract(inside, zero, inside)
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
    touched, inner = _touched(over), _without_padding(over)
    images = _images(x.shape, over, filter.shape, how)
    reserve(depthwise_bytes(x.shape, filter.shape, over, how))
    with scratch(*_depthwise_scratch(images, x.shape, filter.shape, over, how)) as (floats, weights, made, integers):
        rows = load(filter, weights, filter_zero)
        floats.fill(0)
        for start in range(0, len(x) if out.size else 0, images):
            some, target = slice(start, start + images), out[start : start + images]
            image = _padded(x[(some, *touched)], over, floats, x_zero)
            products = made[: target.size].reshape(target.shape)
            float_depthwise.convolve(image, rows, inner, products)
            add(products, target, integers, 0, True)


def depthwise_way(filter: tuple[int, ...], x: Ends, weights: Ends) -> Way:
    """How windows of images between these ends are multiplied with such weights: they are short, so in one panel."""
    terms = prod(filter[:-2])
    return way(terms, x, weights, terms)


def depthwise_bytes(shape: tuple[int, ...], filter: tuple[int, ...], over: tuple[Span, ...], how: Way) -> int:
    """The memory that `depthwise` works in at most, for images and a filter of these shapes."""
    images = _images(shape, over, filter, how)
    own = scratch_bytes(*_depthwise_scratch(images, shape, filter, over, how))
    padded = images, *(s.reach for s in over), shape[-1]
    return own + float_depthwise.convolve_bytes(padded, filter, _without_padding(over), how.dtype, True)


def _without_padding(over: tuple[Span, ...]) -> tuple[Span, ...]:
    """The same windows over images that have their padding already."""
    return tuple(s._replace(size=s.reach, before=0, after=0) for s in over)


def _images(shape: tuple[int, ...], over: tuple[Span, ...], filter: tuple[int, ...], how: Way) -> int:
    """How many images to work on at once."""
    elements = prod(s.reach for s in over) * shape[-1] + prod(positions(over)) * prod(filter[-2:])
    return slab_rows(shape[0], elements * int(how.dtype.itemsize))


def _depthwise_scratch(
    images: int, shape: tuple[int, ...], filter: tuple[int, ...], over: tuple[Span, ...], how: Way
) -> list[ArraySpec]:
    """Memory for images, the filter and results as floats, and for results as integers that are wider than floats."""
    made = images * prod(positions(over)) * prod(filter[-2:])
    floats = images * prod(s.reach for s in over) * shape[-1], prod(filter), made
    return [*(((size,), how.dtype) for size in floats), ((made * (how.dtype == np.float64),), how.integers)]

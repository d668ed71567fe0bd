"""Sums per channel of batches, in float64: for means and variances, and for gradients of normalization."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from blocks.kernels import channel_loops
from blocks.kernels.channels import ChannelMatrix
from dataflow.core.dtypes import Array
from dataflow.core.workspace import Workspace

Pair = tuple[Array, Array]


def bind_moments(
    memory: Workspace, shape: tuple[int, ...], channels_first: bool, compiled: bool
) -> Callable[[Array], Pair]:
    """Mean and biased variance per channel of flat batches; NaN where there are no rows."""
    matrix, size = ChannelMatrix(shape, channels_first), prod(shape)
    channels = matrix.channels
    sums, squares = (memory.array(matrix.sum_count, np.float64) for _ in range(2))
    table = memory.array(matrix.number_count, np.float64)
    exact = memory.array(matrix.tile_size * (not compiled), np.float64)
    # distances from any one element are short enough not to lose the variance in the mean
    first = slice(0, channels * matrix.width, matrix.width) if channels_first else slice(0, channels)

    def moments(batch: Array) -> Pair:
        if not size:
            return np.full(channels, np.nan), np.full(channels, np.nan)
        shift = batch[first].astype(np.float64)
        tiled = matrix.tile(shift, table)
        sums.fill(0)
        squares.fill(0)
        if compiled:
            channel_loops.add_moments(batch, tiled, matrix.tile_size, sums, squares)
        for part in () if compiled else matrix.parts:
            slab = part.buffer(exact)
            np.copyto(slab, part.of(batch))
            matrix.add(sums, slab, part)
            np.subtract(slab, tiled[part.numbers], slab)
            matrix.add(squares, np.square(slab, slab), part)
        count = size // channels
        mean = matrix.per_channel(sums) / count
        return mean, np.maximum(matrix.per_channel(squares) / count - np.square(mean - shift), 0)

    return moments


def bind_products(
    memory: Workspace, shape: tuple[int, ...], channels_first: bool, compiled: bool
) -> Callable[[Array, Array, Array], Pair]:
    """The sums per channel of flat gradients, and of their products with ``x - mean``; as ``(gradients, x, mean)``."""
    matrix = ChannelMatrix(shape, channels_first)
    sums, products = (memory.array(matrix.sum_count, np.float64) for _ in range(2))
    table = memory.array(matrix.number_count, np.float32)
    exact, product = (memory.array(matrix.tile_size * (not compiled), np.float64) for _ in range(2))
    single = memory.array(matrix.tile_size * (not compiled), np.float32)

    def add(gradients: Array, x: Array, mean: Array) -> Pair:
        middle = matrix.tile(mean, table)
        sums.fill(0)
        products.fill(0)
        if compiled:
            channel_loops.add_products(gradients, x, middle, matrix.tile_size, sums, products)
        for part in () if compiled else matrix.parts:
            dy, centred, work = (part.buffer(space) for space in (exact, product, single))
            np.copyto(dy, part.of(gradients))
            np.copyto(centred, np.subtract(part.of(x), middle[part.numbers], work, dtype=np.float32))
            matrix.add(sums, dy, part)
            matrix.add(products, np.multiply(dy, centred, dy), part)
        return matrix.per_channel(sums), matrix.per_channel(products)

    return add

"""Compiled loops over batches with a number per channel: the sums and the passes of batch normalization, of float32.

They go by flat batches in rows, as `ChannelMatrix` has them where channels come last, and add in its order: that of
columns of tiles. Two rows at a time, so that sums are read and written half as often.
"""

from __future__ import annotations

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.evaluator import jit_loop


@jit_loop
def add_moments(x: Array, shift: Array, tile: int, sums: Array, squares: Array) -> None:
    """Numbers, and the squares of their distances from ``shift``, added up."""
    width = shift.size
    for start in range(0, x.size, tile):
        stop, column = min(start + tile, x.size), start // tile * width
        total, square = sums[column : column + width], squares[column : column + width]
        row = start
        while row + 2 * width <= stop:
            a, b = x[row : row + width], x[row + width : row + 2 * width]
            for i in range(width):
                p, q, middle = np.float64(a[i]), np.float64(b[i]), shift[i]
                total[i] = total[i] + p + q
                p -= middle
                q -= middle
                square[i] = square[i] + p * p + q * q
            row += 2 * width
        while row < stop:
            a = x[row : min(row + width, stop)]
            for i in range(a.size):
                p = np.float64(a[i])
                total[i] += p
                p -= shift[i]
                square[i] += p * p
            row += width


@jit_loop
def add_products(dy: Array, x: Array, mean: Array, tile: int, sums: Array, products: Array) -> None:
    """Numbers, and their products with the distances of ``x`` from ``mean``, added up."""
    width = mean.size
    for start in range(0, x.size, tile):
        stop, column = min(start + tile, x.size), start // tile * width
        total, product = sums[column : column + width], products[column : column + width]
        row = start
        while row + 2 * width <= stop:
            a, b = x[row : row + width], x[row + width : row + 2 * width]
            da, db = dy[row : row + width], dy[row + width : row + 2 * width]
            for i in range(width):
                p, q, middle = np.float64(da[i]), np.float64(db[i]), mean[i]
                total[i] = total[i] + p + q
                product[i] = product[i] + p * np.float64(a[i] - middle) + q * np.float64(b[i] - middle)
            row += 2 * width
        while row < stop:
            a, da = x[row : min(row + width, stop)], dy[row : min(row + width, stop)]
            for i in range(a.size):
                p = np.float64(da[i])
                total[i] += p
                product[i] += p * np.float64(a[i] - mean[i])
            row += width


@jit_loop
def normalize(x: Array, mean: Array, slope: Array, offset: Array, out: Array) -> None:
    """``(x - mean) * slope + offset``."""
    for row in range(0, x.size, mean.size):
        a, made = x[row : row + mean.size], out[row : row + mean.size]
        for i in range(a.size):
            made[i] = (a[i] - mean[i]) * slope[i] + offset[i]


@jit_loop
def less_means(dy: Array, x: Array, mean: Array, slope: Array, average: Array, factor: Array, out: Array) -> None:
    """``(dy - ((x - mean) * slope + average)) * factor``."""
    for row in range(0, x.size, mean.size):
        a, da, made = x[row : row + mean.size], dy[row : row + mean.size], out[row : row + mean.size]
        for i in range(a.size):
            made[i] = (da[i] - ((a[i] - mean[i]) * slope[i] + average[i])) * factor[i]


@jit_loop
def multiply(dy: Array, factor: Array, out: Array) -> None:
    """``dy * factor``."""
    for row in range(0, dy.size, factor.size):
        da, made = dy[row : row + factor.size], out[row : row + factor.size]
        for i in range(da.size):
            made[i] = da[i] * factor[i]

"""Compiled loops over quantized numbers, with the bits of the kernels of NumPy's beside which they are called."""

from __future__ import annotations

import numpy as np

from blocks.kernels.flush_subnormals import Float
from dataflow.core.dtypes import Array
from dataflow.core.evaluator import jit_loop


@jit_loop
def multiply(x: Array, y: Array, zero_x: np.int32, zero_y: np.int32, z: Array) -> None:
    """``(x - zero_x) * (y - zero_y)`` in 32 bits."""
    for i in range(z.size):
        z[i] = np.int32((np.int32(x[i]) - zero_x) * (np.int32(y[i]) - zero_y))


@jit_loop
def add_steps(x: Array, y: Array, step_x: np.int32, step_y: np.int32, origin: np.int32, z: Array) -> None:
    """``origin + x * step_x + y * step_y`` in 32 bits."""
    for i in range(z.size):
        z[i] = np.int32(origin + np.int32(x[i]) * step_x + np.int32(y[i]) * step_y)


@jit_loop
def in_fixed_point(q: Array, scale: np.int64, shift: np.int64, out: Array) -> None:
    """``(q * scale / 2**32 + shift) / 2**16`` in 64 bits, both quotients rounded down; from 24 bits of ``q``."""
    low, high = np.int64(0), np.int64(255)
    for i in range(out.size):
        v = ((np.int64(np.float32(q[i])) * scale >> 32) + shift) >> 16
        v = low if v < low else v
        out[i] = np.uint8(high if v > high else v)


@jit_loop
def sum_pixels(x: Array, total: Array) -> None:
    """Sums of ``[image, row, column, channel]`` over the pixels of an image, column by column, in float32."""
    for image in range(x.shape[0]):
        sums = total[image]
        for column in range(x.shape[2]):
            for row in range(x.shape[1]):
                pixel = x[image, row, column]
                for c in range(sums.size):
                    sums[c] += np.float32(pixel[c])


@jit_loop
def sum_squares(x: Array, mean: Array, scale: Float, total: Array) -> None:
    """Sums of ``((x - mean) * scale) ** 2`` in the same order."""
    for image in range(x.shape[0]):
        sums, center = total[image], mean[image]
        for column in range(x.shape[2]):
            for row in range(x.shape[1]):
                pixel = x[image, row, column]
                for c in range(sums.size):
                    v = (np.float32(pixel[c]) - center[c]) * scale
                    sums[c] += v * v


@jit_loop
def normalized_extremes(x: Array, mean: Array, scale: Float, root: Array, lowest: Array, highest: Array) -> None:
    """The least and the greatest of ``(x - mean) * scale * root`` of each channel of each image; NaN is passed over."""
    for image in range(x.shape[0]):
        center, factor, low, high = mean[image], root[image], lowest[image], highest[image]
        for row in range(x.shape[1]):
            for column in range(x.shape[2]):
                pixel = x[image, row, column]
                for c in range(low.size):
                    v = (np.float32(pixel[c]) - center[c]) * scale * factor[c]
                    low[c] = v if v < low[c] else low[c]
                    high[c] = v if v > high[c] else high[c]


@jit_loop
def normalize(
    x: Array, mean: Array, scale: Float, root: Array, steps: Float, shift: Float, half: Float, out: Array
) -> None:
    """``(x - mean) * scale * root * steps`` to the nearest, halves away from zero, less ``shift``, as quint8.

    ``half`` is the number below one half; NaN becomes 0.
    """
    zero, most = half - half, np.float32(255)
    for image in range(x.shape[0]):
        center, factor = mean[image], root[image]
        for row in range(x.shape[1]):
            for column in range(x.shape[2]):
                pixel, made = x[image, row, column], out[image, row, column]
                for c in range(made.size):
                    v = (np.float32(pixel[c]) - center[c]) * scale * factor[c] * steps
                    v = np.trunc(v + (half if v >= zero else -half)) - shift
                    v = zero if v < zero else v
                    v = most if v > most else v
                    made[c] = np.int32(v if v == v else zero)

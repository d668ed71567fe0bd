"""Compiled loops that resize images: lines at their new width as they are needed, and rows between them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from blocks.kernels.chunked import cut
from blocks.kernels.resample import Taps
from dataflow.core.dtypes import Array, DType
from dataflow.core.evaluator import jit_loop
from dataflow.core.workspace import Workspace

SMALL = 1 << 9  # resized elements up to which NumPy is as fast
LONG = 1 << 22  # elements of a call: between calls a run may be interrupted

Resample = Callable[[Array, Array], Array]  # images, and where the resized ones go, which is returned


def bind_loop(
    memory: Workspace,
    loop: Callable[..., None],
    shape: tuple[int, ...],
    resized: tuple[int, ...],
    taps: tuple[Taps, Taps],
    dtype: DType,
) -> Resample:
    """One of the loops below for images of a shape that are resized to another; ``taps`` along rows and columns.

    ``dtype`` is that of lines at their new width. As many of these are kept as a row is made of.
    """
    (batch, height, _, channels), (down, across), line = shape, taps, prod(resized[2:])
    element = np.arange(channels)
    index = np.stack([(i[:, None] * channels + element).ravel() for i, _ in across]).astype(np.uint32)
    weight, part = (np.stack([w for _, w in each]) for each in (across, down))
    weight = weight.repeat(channels, axis=1)
    rows = np.stack([i for i, _ in down])
    first, behind = rows[0], rows[-1] + 1
    new = np.stack([np.maximum(first, [0, *behind[:-1]]), behind])
    kept = int((behind - first).max())
    slots = (rows % kept).astype(np.uint32)
    lines = memory.array(kept * line, dtype).reshape(kept, line)
    memory.kept += sum(table.nbytes for table in (index, weight, part, new, slots))
    images = max(1, LONG // max(prod(shape[1:]), resized[1] * line))

    def resample(x: Array, out: Array) -> Array:
        for some in cut(batch, images):
            given, made = x[some].reshape(-1, height, prod(shape[2:])), out[some].reshape(-1, resized[1], line)
            loop(given, index, weight, new, slots, part, lines, made)
        return out

    return resample


@jit_loop
def interpolate(
    x: Array, index: Array, weight: Array, new: Array, slots: Array, part: Array, lines: Array, out: Array
) -> None:
    """``before + (behind - before) * weight`` of two elements of a line, then of two lines.

    For each row of ``out`` the lines that are ``new``, and where the two are kept.
    """
    real, kept = lines.dtype.type, lines.shape[0]
    for image in range(x.shape[0]):
        for row in range(out.shape[1]):
            for i in range(new[0, row], new[1, row]):
                line = lines[i % kept]
                for j in range(line.size):
                    before = real(x[image, i, index[0, j]])
                    line[j] = before + (real(x[image, i, index[1, j]]) - before) * weight[1, j]
            first, second, share = slots[0, row], slots[1, row], part[1, row]
            for j in range(lines.shape[1]):
                before = lines[first, j]
                out[image, row, j] = before + (lines[second, j] - before) * share


@jit_loop
def weigh(
    x: Array, index: Array, weight: Array, new: Array, slots: Array, part: Array, lines: Array, out: Array
) -> None:
    """``sum(weight[i] * element[i])`` of four elements of a line, then of four lines, as `interpolate` does."""
    real, kept = lines.dtype.type, lines.shape[0]
    for image in range(x.shape[0]):
        for row in range(out.shape[1]):
            for i in range(new[0, row], new[1, row]):
                line = lines[i % kept]
                for j in range(line.size):
                    total = real(x[image, i, index[0, j]]) * weight[0, j]
                    total += real(x[image, i, index[1, j]]) * weight[1, j]
                    total += real(x[image, i, index[2, j]]) * weight[2, j]
                    line[j] = total + real(x[image, i, index[3, j]]) * weight[3, j]
            a, b, c, d = slots[0, row], slots[1, row], slots[2, row], slots[3, row]
            p, q, r, s = part[0, row], part[1, row], part[2, row], part[3, row]
            for j in range(lines.shape[1]):
                total = lines[a, j] * p
                total += lines[b, j] * q
                total += lines[c, j] * r
                out[image, row, j] = total + lines[d, j] * s


@jit_loop
def interpolate_whole(
    x: Array, index: Array, weight: Array, new: Array, slots: Array, part: Array, lines: Array, out: Array
) -> None:
    """`interpolate` for whole numbers, in fixed point: weights are whole numbers of 30 bits, or of 7 for bytes."""
    kept, bits = lines.shape[0], np.int64(7 if x.itemsize == 1 else 30)
    rest, half = (np.int64(1) << bits) - 1, np.int64(1) << (bits - 1)
    for image in range(x.shape[0]):
        for row in range(out.shape[1]):
            for i in range(new[0, row], new[1, row]):
                line = lines[i % kept]
                for j in range(line.size):
                    # the reference takes numbers through float32
                    before = np.int64(np.float32(x[image, i, index[0, j]]))
                    behind = np.int64(np.float32(x[image, i, index[1, j]]))
                    line[j] = (before << bits) + (behind - before) * weight[1, j]
            first, second, share = slots[0, row], slots[1, row], part[1, row]
            for j in range(lines.shape[1]):
                before = np.int64(lines[first, j])
                apart = lines[second, j] - before
                total = before + ((apart + ((apart >> 63) & rest)) >> bits) * share + half
                out[image, row, j] = (total + ((total >> 63) & rest)) >> bits

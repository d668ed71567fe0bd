"""Histograms of floats in bins that do not depend on the data, see `dataflow.core.float_bins`."""

from __future__ import annotations

import numpy as np

from blocks.kernels.chunked import TILE
from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array
from dataflow.core.evaluator import jit_loop
from dataflow.core.float_bins import INFINITY, NAN
from dataflow.core.kinds import fold_rows
from dataflow.core.scratch import scratch
from dataflow.core.shapes import element_count

_SIGN = np.uint32(0x80000000)


def as_float32(x: Array) -> Array:
    """The nearest float32 numbers; of finite numbers beyond its range, the largest one."""
    if x.dtype == np.float32:
        return x
    with np.errstate(over="ignore", under="ignore"):
        near = x.astype(np.float32)
    if x.dtype.itemsize > near.itemsize:
        beyond = np.isinf(near) & np.isfinite(x)
        near[beyond] = np.copysign(np.finfo(np.float32).max, near[beyond])
    return near


def observe(x: Array, bits: int, compiled: bool = False) -> tuple[Array, Array, Array]:
    """Counts of the bins, int64 ``[channels, 2 ** bits]``, and the lowest and highest finite element, ``[channels]``.

    ``x`` is ``[outer, channels, inner]``. The extremes are in the compute dtype, inf and -inf where nothing is finite.
    ``compiled`` counts in a loop, which gives the same.
    """
    outer, channels, inner = x.shape
    dtype = dtypes.compute(x.dtype)
    counts = np.zeros((channels, 1 << bits), np.int64)
    low, high = np.full(channels, np.inf, dtype), np.full(channels, -np.inf, dtype)
    rows = max(1, max(TILE, counts.size if channels > 1 else 0) // max(1, channels * inner))
    for start in range(0, outer if x.size else 0, rows):
        part = x[start : start + rows].astype(dtype, copy=False)
        _count(part, counts, bits, compiled)
        lowest, highest = (_extreme(ufunc, part) for ufunc in (np.minimum, np.maximum))
        if not (np.isfinite(lowest).all() and np.isfinite(highest).all()):
            finite = np.isfinite(part)
            lowest = _extreme(np.minimum, np.where(finite, part, np.inf))
            highest = _extreme(np.maximum, np.where(finite, part, -np.inf))
        np.minimum(low, lowest, out=low)
        np.maximum(high, highest, out=high)
    return counts, low, high


def observe_bytes(values: TensorType, bits: int, channels: int) -> int:
    """What `observe` takes beside its results, for values of a known type that lie in so many channels."""
    dtype = dtypes.storage(values.dtype)
    copies = 1 + (dtype.itemsize != 4) * 2  # 32-bit patterns, and numbers cast to float32
    part = min(element_count(values.shape) or 0, max(TILE, channels << bits if channels > 1 else 0))
    return part * (8 + 4 * copies) + 3 * 8 * (channels << bits)


def _extreme(ufunc: np.ufunc, x: Array) -> Array:
    rows = ufunc.reduce(x, 2) if x.shape[2] > 1 else x[:, :, 0]
    return np.atleast_1d(fold_rows(ufunc, rows, rows.dtype))


def _count(x: Array, counts: Array, bits: int, compiled: bool) -> None:
    """Add the elements to the counts of their bins."""
    patterns, shift = as_float32(x).view(np.uint32), np.uint32(32 - bits)
    if compiled:
        _count_in_loop(patterns.reshape(-1), counts, shift, patterns[0, 0].size if len(counts) > 1 else patterns.size)
        return
    found = _counted(patterns, len(counts), shift)
    if found[:, :, INFINITY >> shift :].any():
        # the first bits of some NaN are those of infinity
        found = _counted(np.where((patterns & ~_SIGN) > INFINITY, NAN, patterns), len(counts), shift)
    by_sign = counts.reshape(len(counts), 2, -1)
    by_sign += found


def _counted(patterns: Array, channels: int, shift: np.uint32) -> Array:
    """The counts for numbers of either sign, ``[channels, 2, bins]``."""
    bins = 1 << 32 - int(shift)
    with scratch((patterns.shape, np.intp)) as (found,):
        np.right_shift(patterns, shift, out=found, casting="unsafe")
        if channels > 1:
            found += (np.arange(channels) * bins)[:, None]
        return np.bincount(found.reshape(-1), minlength=channels * bins).reshape(channels, 2, -1)


@jit_loop
def _count_in_loop(patterns: Array, counts: Array, shift: np.uint32, inner: int) -> None:
    """Add each element to the count of its bin; after ``inner`` of them comes the next channel."""
    channel = 0
    for start in range(0, patterns.size, inner):
        row = counts[channel]
        for j in range(start, min(start + inner, patterns.size)):
            pattern = patterns[j]
            if (pattern & 0x7FFFFFFF) > 0x7F800000:
                pattern = np.uint32(0x7FC00000)
            row[pattern >> shift] += 1
        channel = channel + 1 if channel + 1 < counts.shape[0] else 0

"""Histograms of floats in bins that do not depend on the data, see `dataflow.core.float_bins`."""

from __future__ import annotations

import numpy as np

from blocks.kernels.channel_rows import ROW
from blocks.kernels.chunked import TILE
from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array
from dataflow.core.evaluator import jit_loop
from dataflow.core.float_bins import INFINITY, NAN
from dataflow.core.folding import fold_rows
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


def observe(x: Array, bits: int, compiled: bool = False, out: Array | None = None) -> tuple[Array, Array, Array]:
    """Counts of the bins, int64 ``[channels, 2 ** bits]``, and the lowest and highest finite element, ``[channels]``.

    ``x`` is ``[outer, channels, inner]``. The extremes are in the compute dtype, inf and -inf where nothing is finite.
    ``compiled`` counts in a loop, which gives the same; ``out`` is memory for the counts.
    """
    outer, channels, inner = x.shape
    dtype = dtypes.compute(x.dtype)
    counts, shift = np.empty((channels, 1 << bits), np.int64) if out is None else out, np.uint32(32 - bits)
    counts.fill(0)
    low, high = np.full(channels, np.inf, dtype), np.full(channels, -np.inf, dtype)
    rows = max(1, TILE // max(1, channels * inner))
    for start in range(0, outer if x.size else 0, rows):
        part = x[start : start + rows].astype(dtype, copy=False)
        lowest, highest = (_extreme(ufunc, part) for ufunc in (np.minimum, np.maximum))
        finite = bool(np.isfinite(lowest).all() and np.isfinite(highest).all())
        if not finite:
            kept = np.isfinite(part)
            lowest = _extreme(np.minimum, np.where(kept, part, np.inf))
            highest = _extreme(np.maximum, np.where(kept, part, -np.inf))
        patterns = as_float32(part).view(np.uint32)
        if compiled:
            _count_in_loop(patterns.reshape(-1), counts, shift, inner if channels > 1 else patterns.size)
        else:
            _count(patterns, finite, counts, shift)
        np.minimum(low, lowest, out=low)
        np.maximum(high, highest, out=high)
    return counts, low, high


def observe_bytes(values: TensorType, bits: int, channels: int) -> int:
    """What `observe` takes beside its results, for values of a known type that lie in so many channels."""
    dtype = dtypes.storage(values.dtype)
    copies = (dtype.itemsize != 4) * 2  # numbers cast to float32 and to the dtype to compute in
    part = min(element_count(values.shape) or 0, TILE)
    return part * (8 + 4 * copies) + 2 * 8 * (channels << bits)


def _extreme(ufunc: np.ufunc, x: Array) -> Array:
    rows = ufunc.reduce(x, 2) if x.shape[2] > 1 else x[:, :, 0]
    return np.atleast_1d(fold_rows(ufunc, rows, rows.dtype))


def _count(patterns: Array, finite: bool, counts: Array, shift: np.uint32) -> None:
    """Add the elements to the counts of their bins; ``finite`` says that none is NaN."""
    if not finite:  # the first bits of some NaN are those of infinity
        patterns = np.where((patterns & ~_SIGN) > INFINITY, NAN, patterns)
    with scratch((patterns.shape, np.intp)) as (bins,):
        np.right_shift(patterns, shift, out=bins, casting="unsafe")
        flat = bins.reshape(-1)
        if len(counts) > 1:
            offsets = np.repeat(np.arange(len(counts)) * counts.shape[1], bins.shape[2])
            row = np.tile(offsets, max(1, ROW // offsets.size))  # long, so that loops along it are
            whole = flat.size - flat.size % row.size
            rows = flat[:whole].reshape(-1, row.size)
            rows += row
            flat[whole:] += row[: flat.size - whole]
        np.add.at(counts.reshape(-1), flat, 1)


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

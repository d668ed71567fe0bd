"""Ranges for quantizers, from values in bins: by percentile, by least squared error, by least divergence."""

from __future__ import annotations

import numpy as np

from blocks.kernels.binned import Bins, absolute, quantile, squared_error
from blocks.kernels.nudged_range import nudge
from dataflow.core.dtypes import Array, DType

Ends = tuple[Array, Array]  # low and high, float64 [channels]
_COARSE = np.concatenate([1 - np.arange(1, 16) / 256, 2.0 ** -np.arange(0.25, 12, 0.25)])  # parts of the whole range
_FINE = 2.0 ** (np.arange(-8, 9) / 32)  # of the best of these
_FINEST = 2.0 ** (np.arange(-8, 9) / 256)  # and of the best of these again
_MOVES = (0.125, 0.0625, 0.03125, 0.015625, 0.0078125)  # parts of an end by which one end is moved alone
_LINEAR, _CANDIDATES = 2048, 256  # bins of equal width in which divergence is measured, and thresholds that are tried
_SMOOTH = 1e-4  # values added to a bin that would have none


def percentile(bins: Bins, percent: float, symmetric: bool) -> Ends:
    """The range that leaves out at most ``100 - percent`` percent of the values at either end."""
    fraction = percent / 100
    if symmetric:
        high = quantile(absolute(bins), fraction)
        return -high, high
    return quantile(bins, 1 - fraction), quantile(bins, fraction)


def least_error(bins: Bins, lowest: Array, highest: Array, num_bits: int, narrow_range: bool, dtype: DType) -> Ends:
    """The range within the given one whose nudged levels, computed in ``dtype``, have the least squared error."""

    def error(low: Array, high: Array) -> Array:
        levels = nudge(low.astype(dtype), high.astype(dtype), num_bits, narrow_range, dtype)
        return squared_error(bins, levels, 2**num_bits - 1 - narrow_range)

    best = error(lowest, highest), lowest, highest

    def keep(low: Array, high: Array) -> None:
        """Take ends where their error is less than that of the best so far."""
        nonlocal best
        low, high = np.maximum(low, lowest), np.minimum(high, highest)
        found = error(low, high)
        better = found < best[0]
        best = tuple(np.where(better, *pair) for pair in zip((found, low, high), best, strict=True))  # type: ignore[assignment]

    for parts in (_COARSE, _FINE, _FINEST):
        _, low, high = best
        for part in parts:
            keep(low * part, high * part)
    two_sided = (lowest < 0) & (highest > 0) & (lowest != -highest)
    for move in _MOVES if two_sided.any() else ():
        for _ in range(4):
            before, low, high = best
            for part in (1 - move, 1 + move):
                keep(low * part, best[2])
                keep(best[1], high * part)
            if not (best[0] < before).any():
                break
    return best[1], best[2]


def least_divergence(bins: Bins, lowest: Array, highest: Array, steps: int) -> Ends:
    """The range cut at the absolute value for which quantizing changes the distribution the least.

    See `divergences`.
    """
    size = np.maximum(-lowest, highest)
    cut = size.copy()
    for channel in range(len(cut)):
        if not size[channel] > 0:
            continue
        own = Bins(*(each[channel : channel + 1] for each in bins))
        histogram = _linear(own, size[channel])
        # levels on the longer side of 0.0
        levels = max(2, int(steps * size[channel] / (highest[channel] - lowest[channel])))
        if levels * 8 <= _LINEAR:
            stops, found = divergences(histogram, levels)
            cut[channel] = size[channel] * stops[np.argmin(found)] / _LINEAR
    return np.maximum(lowest, -cut), np.minimum(highest, cut)


def _linear(bins: Bins, size: float) -> Array:
    """How many absolute values of one channel lie in each of `_LINEAR` intervals of equal width from 0 to ``size``."""
    low, high, counts = (each[0] for each in bins)
    right = low >= 0
    edges, below = np.linspace(0.0, size, _LINEAR + 1), np.zeros(_LINEAR + 1)
    for first, last, own in (
        (low[right], high[right], counts[right]),
        (-high[~right][::-1], -low[~right][::-1], counts[~right][::-1]),
    ):
        if own.size:
            sums = np.add.accumulate(own)
            ends, reached = np.stack([first, last], -1), np.stack([sums - own, sums], -1)
            below += np.interp(edges, ends.reshape(-1), reached.reshape(-1), left=0.0)
    below[0] = 0.0
    return np.diff(below)


def divergences(histogram: Array, levels: int) -> tuple[Array, Array]:
    """The divergence for several numbers of bins that a range keeps, from ``levels`` bins on to all of them.

    ``P`` has the counts of the kept bins, that of the last one with all that lies beyond. ``Q`` has the counts of the
    kept bins alone, joined to so many levels, each spread evenly over those of its bins that have values. Where ``P``
    has values and ``Q`` has none, it gets a few. The divergence is ``sum(P * log(P / Q))`` of the two scaled to sum 1;
    it is infinite where the kept bins have no values, since ``Q`` has nothing of them then.
    """
    stops = np.unique(np.linspace(levels, histogram.size, _CANDIDATES).astype(np.int64))
    found = np.empty(len(stops))
    beyond = np.add.reduce(histogram) - np.add.accumulate(histogram)
    for i, stop in enumerate(stops):
        kept = histogram[:stop]
        if not kept.any():
            found[i] = np.inf
            continue
        p = kept.copy()
        p[-1] += beyond[stop - 1]
        starts = np.arange(levels) * stop // levels
        held = (kept > 0).astype(np.float64)
        sums, widths = np.add.reduceat(kept, starts), np.add.reduceat(held, starts)
        each = np.divide(sums, widths, out=np.zeros(levels), where=widths > 0)
        q = np.repeat(each, np.diff(starts, append=stop)) * held
        q = np.where((p > 0) & (q == 0), _SMOOTH, q)
        used = p > 0
        total = np.add.reduce(p)
        ratio = (p[used] * np.add.reduce(q)) / (q[used] * total)
        found[i] = np.add.reduce(p[used] * np.log(ratio)) / total
    return stops, found


def moving_average(batches: Array, decay: float) -> Ends:
    """The averages of the lowest and highest values of batches ``[number, 2]``, in the order of their numbers.

    The first batch begins them; each one after moves them by ``1 - decay`` of the way. Rows of NaN are left out.
    """
    low, high = 0.0, 0.0
    begun = False
    for least, most in batches.astype(np.float64).tolist():
        if least != least or most != most:
            continue
        low, high = (low + (1 - decay) * (least - low), high + (1 - decay) * (most - high)) if begun else (least, most)
        begun = True
    return np.array([low]), np.array([high])

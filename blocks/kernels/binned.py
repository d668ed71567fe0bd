"""Values in bins: how many lie in which interval, for each of several channels, and what rounding them costs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from blocks.kernels.nudged_range import NudgedRange
from dataflow.core.dtypes import Array
from dataflow.core.float_bins import finite_bins

_FINE = 2.0**-8  # steps: within a bin that is narrower, rounding errors are taken to change linearly


class Bins(NamedTuple):
    """Intervals in ascending order, float64 ``[channels, bins]``, and how many values lie in each, evenly spread."""

    low: Array
    high: Array
    counts: Array

    @property
    def total(self) -> Array:
        """The number of values of each channel."""
        return np.add.reduce(self.counts, -1)


def of_counts(counts: Array, lowest: Array, highest: Array) -> Bins:
    """The bins of finite values of histograms ``[channels, 2 ** bits]``, those at the ends cut to the extremes."""
    places, low, high = finite_bins(counts.shape[1].bit_length() - 1)
    held = np.add.reduce(counts, 0)[places] > 0
    lowest, highest = lowest[:, None], highest[:, None]
    return Bins(
        np.minimum(np.maximum(low[held], lowest), highest),
        np.maximum(np.minimum(high[held], highest), lowest),
        counts[:, places[held]].astype(np.float64),
    )


def of_values(values: Array) -> Bins:
    """Values ``[channels, count]``, each a bin of its own; those that are not finite count for nothing."""
    finite = np.isfinite(values)
    given = np.where(finite, values, 0).astype(np.float64)
    order = np.argsort(given, -1, kind="stable")
    ordered, counts = (np.take_along_axis(each, order, -1) for each in (given, finite))
    return Bins(ordered, ordered, counts.astype(np.float64))


def extremes(values: Array) -> tuple[Array, Array]:
    """The lowest and the highest finite value of each row; inf and -inf where there is none."""
    finite = np.isfinite(values)
    low = np.minimum.reduce(np.where(finite, values, np.inf).astype(np.float64), -1, initial=np.inf)
    high = np.maximum.reduce(np.where(finite, values, -np.inf).astype(np.float64), -1, initial=-np.inf)
    return low, high


def absolute(bins: Bins) -> Bins:
    """The bins of absolute values; those of both signs may overlap."""
    low = np.maximum(np.maximum(bins.low, -bins.high), 0.0)
    high = np.maximum(-bins.low, bins.high)
    order = np.argsort(low, -1, kind="stable")
    return Bins(*(np.take_along_axis(each, order, -1) for each in (low, high, bins.counts)))


def quantile(bins: Bins, fraction: float) -> Array:
    """The number of each channel below which this fraction of its values lies; 0.0 where there is none."""
    if not bins.counts.shape[1]:
        return np.zeros(len(bins.counts))
    sums = np.add.accumulate(bins.counts, -1)
    wanted = fraction * sums[:, -1:]
    index = np.minimum(np.count_nonzero(sums < wanted, -1), sums.shape[1] - 1)[:, None]
    low, high, counts, after = (np.take_along_axis(each, index, -1) for each in (*bins, sums))
    inside = (wanted - (after - counts)) / np.where(counts > 0, counts, 1.0)
    found: Array = np.where(sums[:, -1:] > 0, low + np.clip(inside, 0.0, 1.0) * (high - low), 0.0)
    return found[:, 0]


def squared_error(bins: Bins, levels: NudgedRange, steps: int) -> Array:
    """The sum of squared errors of each channel where values are rounded to the levels of a range of so many steps."""
    scale, lowest = (np.asarray(each, np.float64)[:, None] for each in (levels.scale, levels.nmin))
    used = scale > 0  # where all values are 0.0 there is one level
    safe = np.where(used, scale, 1.0)
    first, last = ((ends - lowest) / safe + 0.5 for ends in bins[:2])  # level k reaches from k to k + 1
    middle, width = (first + last) / 2, last - first
    rest = middle - np.clip(np.floor(middle), 0, steps) - 0.5
    errors = rest * rest + width * width / 12
    wide = width > _FINE
    if wide.any():
        errors[wide] = (_integral(last[wide], steps) - _integral(first[wide], steps)) / width[wide]
    errors = np.where(used, errors * (safe * safe), middle * middle)
    return np.add.reduce(errors * bins.counts, -1)


def _integral(u: Array, steps: int) -> Array:
    """The integral of the squared error, in steps, up to a place where level ``k`` reaches from ``k`` to ``k + 1``."""
    level = np.clip(np.floor(u), 0, steps)
    rest = u - level - 0.5
    return level / 12 + (rest * rest * rest) / 3

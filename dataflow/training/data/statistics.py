"""Statistics of columns over any number of rows, in float64: partial ones merge, and NaN counts as missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array

Passes = Callable[[], Iterable[Array]]  # the rows from the beginning, in parts of float64 [rows, columns]
_MOST = 1 << 20  # different values that are counted
_COUNTED = 1 << 24  # that are kept to find quantiles


@dataclass
class Moments:
    """Number, mean, sum of squared distances from the mean, lowest and highest value of each column."""

    count: Array
    mean: Array
    squares: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, rows: Array) -> Moments:
        """Those of some rows ``[rows, columns]``."""
        rows = np.ascontiguousarray(rows)  # in another layout the sums have other last bits
        known = ~np.isnan(rows)
        count = known.sum(axis=0)
        low = np.where(known, rows, np.inf).min(axis=0, initial=np.inf)
        high = np.where(known, rows, -np.inf).max(axis=0, initial=-np.inf)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.where(known, rows, 0.0).sum(axis=0) / np.maximum(count, 1)
            mean = np.where(low == high, low, mean)  # without the error of the sum
            apart = np.where(known, rows - mean, 0.0)
            return cls(count, mean, (apart * apart).sum(axis=0), low, high)

    def merged(self, other: Moments) -> Moments:
        """Those of both sets of rows (Chan, Golub and LeVeque, 1979)."""
        count = self.count + other.count
        share = other.count / np.maximum(count, 1)
        low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        with np.errstate(over="ignore", invalid="ignore"):
            apart = other.mean - self.mean
            mean = self.mean + apart * share
            squares = self.squares + other.squares + apart * apart * share * self.count
        return Moments(count, mean, squares, low, high)

    @property
    def deviation(self) -> Array:
        """The standard deviation of each column, of all rows as they are (not an estimate from a sample).

        NaN where values differ by so little that float64 does not hold the squares.
        """
        found = np.sqrt(self.squares / np.maximum(self.count, 1))
        result: Array = np.where((found == 0) & (self.low < self.high), np.nan, found)
        return result


def moments(passes: Passes) -> Moments:
    """The moments of all rows."""
    total = None
    for rows in passes():
        part = Moments.of(rows)
        total = part if total is None else total.merged(part)
    if total is None:
        raise ValueError("must have rows, got none")
    return total


def quantiles(passes: Passes, wanted: list[float]) -> Array:
    """Quantiles ``[wanted, columns]``, interpolated between the two nearest values; exact for any number of rows.

    Each pass over the rows finds 16 more bits of each value that is looked for, by counting, or 8 where columns are
    many: memory is bounded.
    """
    counts = moments(passes).count
    places = np.array(wanted)[:, None] * np.maximum(counts - 1, 0)
    below = np.floor(places).astype(np.int64)
    ranks = np.concatenate([below, np.minimum(below + 1, np.maximum(counts - 1, 0))])  # [2 wanted, columns]
    found = np.zeros(ranks.shape, np.uint64)
    left = ranks.copy()
    bits = 16 if ranks.size << 16 <= _COUNTED else 8
    for shift in range(64 - bits, -1, -bits):
        tally = np.zeros((*ranks.shape, 1 << bits), np.int64)
        for rows in passes():
            for column in range(ranks.shape[1]):
                keys = _ordered(rows[:, column])
                for i in range(len(ranks)):
                    same = keys  # those with the same bits so far
                    if shift < 64 - bits:
                        same = keys[(keys ^ found[i, column]) >> np.uint64(shift + bits) == 0]
                    digits = (same >> np.uint64(shift)) & np.uint64((1 << bits) - 1)
                    tally[i, column] += np.bincount(digits.astype(np.int64), minlength=1 << bits)
        for i, column in np.ndindex(*ranks.shape):
            before = np.cumsum(tally[i, column])
            digit = int(np.searchsorted(before, left[i, column], side="right"))
            digit = min(digit, (1 << bits) - 1)  # a column without values
            left[i, column] -= before[digit - 1] if digit else 0
            found[i, column] |= np.uint64(digit << shift)
    values = _unordered(found)
    lower, upper = values[: len(wanted)], values[len(wanted) :]
    result: Array = np.where(counts > 0, _between(lower, upper, places - below), np.nan)
    return result


def _between(lower: Array, upper: Array, share: Array) -> Array:
    """The values that lie at a share of the way, from the nearer end, as `numpy.quantile` has them."""
    with np.errstate(over="ignore", invalid="ignore"):
        apart = upper - lower
        found = np.where(share < 0.5, lower + apart * share, upper - apart * (1 - share))
    result: Array = np.where((share == 0) | (lower == upper), lower, found)
    return result


def _ordered(values: Array) -> Array:
    """Whole numbers in the order of the values, without NaN."""
    bits = (values[~np.isnan(values)] + 0.0).view(np.uint64)  # -0.0 becomes 0.0
    top = np.uint64(1 << 63)
    return np.where(bits & top, ~bits, bits | top)


def _unordered(keys: Array) -> Array:
    top = np.uint64(1 << 63)
    return np.where(keys & top, keys ^ top, ~keys).view(np.float64)


def most_frequent(passes: Passes, columns: int) -> list[float]:
    """The most frequent value of each column, the lowest of several; ValueError where there are too many to count."""
    counted: list[Counter[Any]] = [Counter() for _ in range(columns)]
    for rows in passes():
        for column, counter in enumerate(counted):
            values, counts = np.unique(rows[:, column][~np.isnan(rows[:, column])], return_counts=True)
            counter.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
            if len(counter) > _MOST:
                raise ValueError(f"may have at most {_MOST:,} different values for 'most_frequent', got more")
    return [min(counter, key=lambda value: (-counter[value], value)) if counter else np.nan for counter in counted]

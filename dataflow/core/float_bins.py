"""Bins of floats by the first bits of their float32 pattern: the same bins for all data.

A bin holds the numbers that share sign, exponent and the first bits of the mantissa, so the counts of parts add up to
those of the whole. NaN, whatever its sign and payload, and both infinities have bins of their own.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from dataflow.core.dtypes import Array

WHOLE = 16  # bits of the bins of all values
PER_CHANNEL = 12  # and of those of a channel, so that many channels take little memory
NAN, INFINITY = np.uint32(0x7FC00000), np.uint32(0x7F800000)


class FiniteBins(NamedTuple):
    """The bins of finite numbers, the lowest first: their place among all bins, and their ends in float64."""

    places: Array
    low: Array
    high: Array


@cache
def finite_bins(bits: int) -> FiniteBins:
    """The bins of finite numbers by this many first bits.

    >>> bins = finite_bins(16)
    >>> print(bins.places[-1] == 0x7F7F, bins.low[-1], bins.high[-1])
    True 3.3895313892515355e+38 3.402823669209385e+38
    """
    shift = np.uint32(32 - bits)
    ends = (np.arange((INFINITY >> shift) + 1, dtype=np.uint32) << shift).view(np.float32).astype(np.float64)
    ends[-1] = 2.0**128
    low, high, places = ends[:-1], ends[1:], np.arange(ends.size - 1)
    negative = 1 << bits - 1
    return FiniteBins(
        np.concatenate([negative + places[::-1], places]),
        np.concatenate([-high[::-1], low]),
        np.concatenate([-low[::-1], high]),
    )

"""Fixed point: a real scale as a whole number and a shift, ``multiplier / 2**shift``, and the ways to round by it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError

# how ``value * multiplier / 2**shift`` becomes whole
ROUNDINGS = ("half_up", "half_even", "half_away", "floor", "tflite_single", "tflite_double")
BITS = 31  # of a multiplier: it is a positive int32
MOST_SHIFT = 62  # so that the product with an int32 number, and half a unit, are within int64


class FixedPoint(NamedTuple):
    """The scales ``multiplier / 2**shift``, as int32 arrays of the same shape.

    A multiplier lies in [2**30, 2**31), or is 0; a shift lies in 0 to 62.
    """

    multiplier: Array
    shift: Array

    @property
    def scale(self) -> Array:
        """The scales that these stand for, exactly, in float64."""
        return np.ldexp(self.multiplier.astype(np.float64), -self.shift)


def fixed_point(scale: ArrayLike, power_of_two: bool = False) -> FixedPoint:
    """The nearest fixed-point numbers to real scales, halves up, or the powers of two whose logarithms are nearest.

    Scales of 2**-32 and more are met within 2**-31 of themselves, smaller ones become 0: of an int32 number times
    such a scale at most a half is left. A power of two has the multiplier 2**30, so one unit does for both.

    >>> print(*fixed_point(0.75), *fixed_point(0.75, power_of_two=True))
    1610612736 31 1073741824 30

    Raises DataflowError where a scale is negative, not finite, or 2**30 or more.
    """
    scales = np.asarray(scale, np.float64)
    fine = (scales >= 0) & (scales < 2.0 ** (BITS - 1))
    if not fine.all():
        wrong = scales[~fine].flat[0]
        raise DataflowError(f"scale: must lie in [0, 2**{BITS - 1}) to be a multiplier and a shift, got {wrong}")
    fraction, exponent = np.frexp(scales)
    if power_of_two:
        # the exponents of the logarithms; 0.5 is the fraction of a power of two
        exponent, fraction = exponent + (fraction >= np.sqrt(0.5)), np.where(fraction > 0, 0.5, 0.0)
    multiplier = np.floor(np.ldexp(fraction, BITS) + 0.5).astype(np.int64)
    full = multiplier == 1 << BITS  # rounded up to the next power of two
    multiplier, shift = np.where(full, 1 << BITS - 1, multiplier), BITS - exponent - full
    gone = (multiplier == 0) | (shift > MOST_SHIFT)
    return FixedPoint(*[np.where(gone, none, a).astype(np.int32) for none, a in ((0, multiplier), (BITS, shift))])

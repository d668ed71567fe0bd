"""Groups of values that share a scale: the scale of each group, and the values rounded to an element format by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array

TILE = 1 << 15  # elements to work on at a time: what is made of them stays in the cache
POWERS = "float8_e8m0fnu"  # the scale format that has powers of two alone
LEAST_POWER, MOST_POWER = -127, 127


class BlockScaling:
    """Rounding of groups to an element format, times a scale in a scale format.

    A scale that is a power of two is the one by which the largest value has the exponent of the largest element;
    another one is the largest value over the largest element, rounded to its format.
    """

    def __init__(self, element: str, scale: str):
        self.whole = not element.startswith("float")
        self.element, self.scale = dtypes.storage(element), dtypes.storage(scale)
        self.powers = scale == POWERS
        # of integers the lowest is left out, so that there are as many below zero
        self.largest = float(dtypes.limits(element)[1]) if self.whole else dtypes.finite_ends(self.element)[1]

    @cached_property
    def _power(self) -> int:
        """The exponent of the largest element; whole elements are fractions, whose first bit stands for 1."""
        return 0 if self.whole else int(np.frexp(self.largest)[1]) - 1

    @cached_property
    def _least(self) -> float:
        """The smallest scale above zero, so that no group vanishes whose values are small."""
        return 2.0**LEAST_POWER if self.powers else float(np.nextafter(self.scale.type(0), self.scale.type(1)))

    def steps(self, largest: Array, tensor_scale: Array | None) -> Array:
        """What an element of 1 is worth, by the largest magnitude of each group, in its dtype.

        NaN where that is not finite, for the whole group is not a number then.
        """
        dtype = largest.dtype
        with np.errstate(all="ignore"):
            if self.powers:
                exponent = np.frexp(largest)[1] - 1 - self._power
                step = np.ldexp(dtype.type(1), np.clip(exponent, LEAST_POWER, MOST_POWER))
                if self.whole:  # the bits behind the first
                    step = step / dtype.type(2 ** (int(self.largest).bit_length() - 1))
            else:
                step = largest / dtype.type(self.largest)
                step = step if tensor_scale is None else step / tensor_scale
                most = dtypes.finite_ends(self.scale)[1]
                step = dtypes.rounded(np.minimum(step, dtype.type(most)), self.scale).astype(dtype)
                step = np.maximum(step, dtype.type(self._least))
                step = step if tensor_scale is None else step * tensor_scale
            found: Array = np.where(np.isfinite(largest), step, dtype.type(np.nan)).astype(dtype, copy=False)
        return found

    def round(self, x: Array, steps: Array, out: Array) -> None:
        """Write the elements nearest to ``x / steps``, halves to even, times the steps; both of one dtype."""
        with np.errstate(all="ignore"):
            parts = np.divide(x, steps)
            np.clip(parts, -self.largest, self.largest, parts)
            if self.whole:
                np.rint(parts, parts)
            else:
                _round_floats(parts, *self._digits)
            np.multiply(parts, steps, parts)
            np.copyto(out, parts, casting="unsafe")

    @cached_property
    def _digits(self) -> tuple[int, float]:
        """The bits of the mantissa of an element, and the smallest one that has all of them."""
        exponent, mantissa = map(int, re.findall(r"[em](\d)", self.element.name))
        return mantissa, 2.0 ** (2 - 2 ** (exponent - 1))


def _round_floats(x: Array, mantissa: int, least: float) -> None:
    """Round numbers in place to so many bits of mantissa, halves to even, and below ``least`` to as many places.

    A number is added, and taken away again, whose last place is the last that is to be kept.
    """
    bits, places = np.dtype(f"i{x.itemsize}"), np.finfo(x.dtype).nmant
    keep = bits.type(np.array(np.inf, x.dtype).view(bits))  # the exponent
    far = np.bitwise_and(x.view(bits), keep).view(x.dtype)
    np.maximum(far, x.dtype.type(least), out=far)
    np.multiply(far, x.dtype.type(1.5 * 2.0 ** (places - mantissa)), far)
    rounded = np.add(x, far)
    np.subtract(rounded, far, rounded)
    np.copysign(rounded, x, x)  # which zeros have lost


def groups(shape: tuple[int, ...], axis: int, size: int) -> Iterator[tuple[tuple[slice, ...], tuple[int, int, int]]]:
    """Cuts of ``[before, along, after]``, the shape with the axis in the middle, and each as ``[groups, size, after]``.

    No cut goes through a group; the last group of a line may be shorter.
    """
    before, along, after = as_three(shape, axis)
    whole = along - along % size
    for start, stop, step in ((0, whole, size), (whole, along, along - whole)):
        if stop == start:
            continue
        each = (stop - start) * after
        rows = max(1, TILE // max(1, each))
        columns = stop - start if rows > 1 else max(step, TILE // max(1, after) // step * step)
        for top in range(0, before, rows):
            for left in range(start, stop, columns):
                right, bottom = min(left + columns, stop), min(top + rows, before)
                yield (slice(top, bottom), slice(left, right)), ((bottom - top) * (right - left) // step, step, after)


def as_three(shape: tuple[int, ...], axis: int) -> tuple[int, int, int]:
    """The elements before an axis, along it, and after it."""
    axis %= len(shape)
    return int(np.prod(shape[:axis])), shape[axis], int(np.prod(shape[axis + 1 :]))

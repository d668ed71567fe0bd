"""How to multiply integers exactly at the speed of floats.

Floats add up integers exactly as long as every partial sum, in whichever order, is an integer that they hold: up to
2^24 in float32, up to 2^53 in float64. So operands are converted, their zero points taken off, and multiplied by BLAS;
where sums may be larger they are cut into panels of so many terms that they are not, and the panels are added up as
integers, which wrap around. Operands that are too large for that are cut into digits.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import product
from math import log2
from typing import NamedTuple

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import scratch
from dataflow.core.shapes import TensorType

LIMITS = ((np.dtype(np.float32), 1 << 24), (np.dtype(np.float64), 1 << 53))  # what each dtype holds exactly
SHORT = 32  # terms of a panel, below which adding up panels takes longer than the next dtype
DIGIT = 16  # bits
MANY = 1024  # rows, from which on adding up the weights takes a small part of the time that it may save
SLICE = 1 << 15, 1 << 11  # weights and columns of them to add up at a time: fewer than products work on

Ends = tuple[int, int]  # the lowest and the highest value of an operand


class Way(NamedTuple):
    """How operands are multiplied: the dtype, the terms of a panel and in all, digits of each, how far sums reach."""

    dtype: DType
    panel: int
    terms: int
    left: int
    right: int
    bound: int

    @property
    def integers(self) -> DType:
        """The dtype that products are kept in as integers."""
        return np.dtype(np.int32 if self.dtype == np.float32 else np.int64)

    @property
    def is_best(self) -> bool:
        """Whether it is one product in float32."""
        return self.dtype == np.float32 and self.panel == self.terms

    def products(self, bits: int) -> list[tuple[int, int]]:
        """The pairs of digits whose products show in a result of so many bits."""
        return [(i, j) for i, j in product(range(self.left), range(self.right)) if DIGIT * (i + j) < bits]

    def floats(self, zero: Array | None) -> Array | None:
        """Zero points in the dtype to multiply in, from which they are taken off fastest."""
        return None if zero is None else zero.astype(self.dtype)

    def __str__(self) -> str:
        reach = f"sums may reach 2^{log2(max(self.bound, 1)):.1f}"
        if self.is_best:
            return f"exact in float32: {reach}, at most 2^24"
        if self.left > 1 or self.right > 1:
            return f"exact in {self.dtype}, by digits of {DIGIT} bits: {reach}"
        panels = -(-self.terms // self.panel) if self.panel else 1
        cut = f", {panels} panels of {self.panel} terms" if panels > 1 else ""
        return f"exact in {self.dtype}{cut}: {reach}, beyond the 2^24 of float32"


@lru_cache(maxsize=1024)
def way(terms: int, left: Ends, right: Ends, shortest: int = SHORT, bound: int | None = None) -> Way:
    """How to add up so many products of values between these ends, in panels that are no shorter.

    ``bound`` is how far any partial sum is known to reach, if that is less than the ends say.
    """
    largest = _most(left) * _most(right)
    bound, least = largest * terms if bound is None else bound, min(terms, shortest)
    for dtype, limit in LIMITS:
        panel = terms if bound <= limit else min(terms, limit // largest)
        if panel >= least:
            return Way(dtype, panel, terms, 1, 1, bound)
    return Way(dtype, min(terms, limit >> 2 * DIGIT), terms, _digits(left), _digits(right), bound)


def chosen(rows: int, left: Ends, weights: Array, zero: Array | None) -> Way:
    """How to multiply so many rows, windows perhaps, between these ends with weights less their zero points."""
    right = ends(weights, zero)
    how = way(weights.shape[-2], left, right)
    if how.is_best or rows < MANY or weights.ndim > 2 or weights.itemsize > 2:
        return how
    return way(how.terms, left, right, bound=min(how.bound, largest_sum(left, weights, zero)))


def expected(
    rows: int, left: TensorType, weights: TensorType, one: TensorType | None = None, each: TensorType | None = None
) -> Way:
    """How operands of these types, [..., terms] and [terms, columns], will be multiplied less these zero points.

    Where values are not known yet it is how they are multiplied at worst.
    """
    between = ends_of(left, one)
    if weights.value is not None and (each is None or each.value is not None):
        return chosen(rows, between, weights.value, None if each is None else each.value)
    return way(weights.sizes[-2], between, ends_of(weights, each))


def told(
    rows: int, left: TensorType, weights: TensorType, one: TensorType | None = None, each: TensorType | None = None
) -> str:
    """What a plan says of what is `expected`."""
    how = expected(rows, left, weights, one, each)
    known = [type_.value is not None or dtypes.storage(type_.dtype).itemsize == 1 for type_ in (left, weights)]
    may_add_up = weights.value is None and len(weights.sizes) == 2 and rows >= MANY
    return str(how) if how.is_best or (all(known) and not may_add_up) else f"by what values there are; at worst {how}"


# -- how far sums reach ---------------------------------------------------------------------------------------------


def ends(values: Array, zero: Array | None = None) -> Ends:
    """Between which values an operand lies, less its zero points: what its dtype allows, or if that is wide its own."""
    low, high = limits(values.dtype)
    if values.itemsize > 1:
        low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
    return (low, high) if zero is None or not zero.size else (low - int(zero.max()), high - int(zero.min()))


def largest_sum(left: Ends, weights: Array, zero: Array | None = None) -> int:
    """How far any partial sum of values between these ends may reach, each times one of a column of weights.

    Weights are narrow, [terms, columns], and less their zero points. Far beyond what floats hold it is more than that.
    """
    low, high, reach = min(left[0], 0), max(left[1], 0), 0
    exact = _most(ends(weights, zero)) * SLICE[0] <= LIMITS[0][1]
    dtype = np.float32 if exact else np.float64
    for first in range(0, weights.shape[1], SLICE[1]):
        columns = weights[:, first : first + SLICE[1]]
        own = zero[first : first + SLICE[1]] if zero is not None and zero.size > 1 else zero
        step = SLICE[0] // columns.shape[1]
        total, absolute = np.zeros((2, columns.shape[1]), np.int64)
        with scratch(((min(step, len(columns)) * columns.shape[1],), dtype)) as (buffer,):
            for start in range(0, len(columns), step):
                part = columns[start : start + step]
                values = buffer[: part.size].reshape(part.shape)
                np.copyto(values, part, casting="unsafe")
                if own is not None:
                    np.subtract(values, own, values)
                total += np.add.reduce(values, 0).astype(np.int64)
                absolute += np.add.reduce(np.abs(values, values), 0).astype(np.int64)
        most = int(absolute.max(initial=0)) * _most(left)
        if most > LIMITS[-1][1]:  # too far for any float, and perhaps for int64
            reach = max(reach, most)
            continue
        positive, negative = (absolute + total) // 2, (absolute - total) // 2
        reach = max(reach, *(int((a * high - b * low).max()) for a, b in ((positive, negative), (negative, positive))))
    return reach


def ends_of(type_: TensorType, zero: TensorType | None = None) -> Ends:
    """The ends of an operand whose values may not be known yet, and then of all that it may be."""
    low, high = limits = dtypes.limits(type_.dtype)
    if type_.value is not None:
        low, high = ends(type_.value)
    if zero is None:
        return low, high
    least, most = limits if zero.value is None or not zero.value.size else (zero.value.min(), zero.value.max())
    return low - int(most), high - int(least)


@cache
def limits(dtype: DType) -> Ends:
    """The lowest and the highest value of an integer dtype."""
    return dtypes.limits(dtypes.name_of(dtype))


def unless_zero(zero: Array | None) -> Array | None:
    """Zero points, or None where they change nothing."""
    return zero if zero is not None and zero.any() else None


def _most(between: Ends) -> int:
    return max(abs(between[0]), abs(between[1]))


def _digits(between: Ends) -> int:
    low, high = between
    bits = max(high.bit_length(), (~low).bit_length() + 1 if low < 0 else 0)
    return max(1, -(-bits // DIGIT))

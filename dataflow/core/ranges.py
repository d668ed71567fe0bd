"""Ranges: between which ends the elements of a value lie, and how far they are from 0 in whole steps of a grid.

Ends are sound: no element of the value leaves them, whatever the inputs of the graph within theirs. Of NaN they say
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid
from dataflow.core.shapes import Shape, TensorType

DERIVED, DECLARED, ASSUMED = "derived", "declared", "assumed"
_CLOSE = 1e-3  # of a step


class Units(NamedTuple):
    """Values on a grid, as whole numbers of its step: ``n * step`` with ``low <= n <= high``.

    ``least`` and ``most`` are what the codes could be at most, by their width alone. Like the ends of a range all five
    arrays broadcast with the value; the whole numbers are int64, or Python's where these may not be enough.
    """

    step: Array
    low: Array
    high: Array
    least: Array
    most: Array

    def map(self, change: Callable[[Array], Array]) -> Units:
        """Each of the arrays, changed."""
        return Units(*map(change, self))


class Accumulator(NamedTuple):
    """What an integer accumulator may hold: sums of products of codes, less their zero points, in whole steps.

    ``low`` and ``high`` bound any partial sum, in any order of its terms, for each output channel; ``least`` and
    ``most`` do so for any codes of the widths that they have. ``terms`` is the most that are added up.
    """

    step: Array
    low: Array
    high: Array
    least: Array
    most: Array
    terms: int

    def map(self, change: Callable[[Array], Array]) -> Accumulator:
        """Each of the arrays, changed."""
        step, low, high, least, most = map(change, self[:5])
        return Accumulator(step, low, high, least, most, self.terms)


@dataclass(frozen=True, eq=False)
class Range:
    """The lowest and the highest elements of a value, as arrays of its dtype that broadcast with it.

    They have as many dims as the value, each of size 1 where the ends are the same all along it; none where the rank is
    not known. A value that is known has itself as both ends. Those of other shapes, and the ``shape``, are put right by
    `fitted`.
    """

    low: Array
    high: Array
    shape: Shape = None
    units: Units | None = None
    accumulator: Accumulator | None = None
    origin: str = DERIVED

    @classmethod
    def of(cls, value: Array) -> Range:
        """The range of a value that is known."""
        return cls(value, value, value.shape)

    @classmethod
    def of_type(cls, type_: TensorType) -> Range:
        """All numbers of a dtype; assumed where these are floats, for which that says nothing."""
        low, high = limits(type_.dtype)
        whole = type_.dtype not in (*dtypes.floating, *dtypes.narrow_floats, *dtypes.complexes)
        return cls(low, high, origin=DERIVED if whole else ASSUMED).fitted(type_)

    @property
    def value(self) -> Array | None:
        """The value, if it is known."""
        return self.low if self.low is self.high and self.low.shape == self.shape else None

    def type_of(self) -> TensorType:
        """Its dtype, shape and value, as far as these are known."""
        return TensorType(dtypes.name_of(self.low.dtype), self.shape, self.value)

    @property
    def whole(self) -> Units | None:
        """The elements as whole numbers: those of an integer dtype themselves, with a step of 1."""
        name = dtypes.name_of(self.low.dtype)
        if self.units is not None or name not in (*dtypes.integer, *dtypes.narrow_integers):
            return self.units
        least, most = limits(name)
        one = np.ones([1] * self.low.ndim)
        return Units(one, *(exact(end).reshape(end.shape or one.shape) for end in (self.low, self.high, least, most)))

    def less(self, zero_point: Range | None, shape: Sequence[int] = ()) -> Range | None:
        """Codes with the whole numbers that they are without their zero point; None where that is not known.

        Several zero points are brought into a ``shape`` that broadcasts with the codes.
        """
        whole = self.whole
        if zero_point is None or whole is None:
            return replace(self, units=whole)
        zero = zero_point.value
        if zero is None or (zero.ndim and not shape):
            return None
        zero = exact(zero.reshape(shape) if zero.ndim else zero)
        return replace(self, units=Units(whole.step, *(n - zero for n in whole[1:])))

    def magnitude(self) -> Range | None:
        """The range of the distances from 0; None where one of them is no number of the dtype."""
        if self.low.dtype.kind == "i" and self.low.size and self.low.min() == np.iinfo(self.low.dtype).min:
            return None
        zero = self.low.dtype.type(0)
        low = np.maximum(np.maximum(self.low, -self.high) if self.low.dtype.kind != "u" else self.low, zero)
        high = np.maximum(-self.low, self.high) if self.low.dtype.kind != "u" else self.high
        return replace(self, low=low, high=high, units=None)

    def has(self, value: float) -> bool:
        """Whether some element may be this number."""
        return bool(((self.low <= value) & (self.high >= value)).any())

    def joined(self, other: Range) -> Range:
        """The range of values that are of the one or of the other."""
        return Range(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    def fitted(self, type_: TensorType) -> Range:
        """The range for a value of this type: ends that cannot broadcast with it are made wide enough for all of it."""
        shape = type_.shape
        if self.value is not None and type_.known:
            return replace(self, shape=shape) if self.low.shape == shape else self

        def fit(least: Callable[..., Array]) -> Callable[[Array], Array]:
            return lambda end: _fit(end, shape, least)

        low, high = fit(np.min)(self.low), fit(np.max)(self.high)
        units = None
        if self.units is not None:
            step = _fit(self.units.step, shape, np.min)
            if np.array_equal(step, _fit(self.units.step, shape, np.max)):
                ends = [fit(f)(n) for f, n in zip((np.min, np.max, np.min, np.max), self.units[1:], strict=True)]
                units = Units(step, *ends)
        if low.dtype.kind not in "iub" and low.dtype != object:
            low, high = _without_nan(low, -np.inf), _without_nan(high, np.inf)
        return replace(self, low=low, high=high, shape=shape, units=units)

    def on(self, grid: Grid) -> Range:
        """The range with the whole numbers that its ends, which lie on a grid, are of its step."""
        rank = self.low.ndim
        if grid.axis is not None and not rank:
            return self
        low, high = self.low, self.high
        if grid.group is not None and self.value is None:
            return self
        step, zero = (np.asarray(grid.spread(n, low.shape)) for n in (grid.scale, grid.zero_point))
        ones = (1,) * rank
        step, zero = (n if n.ndim else n.reshape(ones) for n in (step, zero))
        least, most = grid.low - zero, grid.high - zero
        first, last = (grid.codes(end) - zero for end in (low, high))
        return replace(self, units=Units(step, first, first if low is high else last, least, most))

    def within(self, low: float, high: float) -> Range | None:
        """The range cut to two ends that were declared; None where it has nothing in them."""
        if self.value is not None:
            return self if bool((self.value >= low).all() and (self.value <= high).all()) else None
        first, last = np.maximum(self.low, _as(low, self.low)), np.minimum(self.high, _as(high, self.high))
        if bool((first > last).any()):
            return None
        units = None if self.units is None else _cut(self.units, low, high)
        return replace(self, low=first, high=last, units=units, origin=DECLARED)


Given = Range | tuple[Range, ...] | None  # on a port: several if it is variadic, None if it is not wired


def limits(dtype: str) -> tuple[Array, Array]:
    """The lowest and the highest number of a dtype, 0-d: infinities; of complex numbers, which have no order, zeros."""
    stored = dtypes.storage(dtype)
    if dtype in (*dtypes.floating, *dtypes.narrow_floats):
        ends = np.array(-np.inf).astype(stored), np.array(np.inf).astype(stored)
        if all(np.isinf(end.astype(np.float64)) for end in ends):
            return ends
        low, high = dtypes.float_limits(dtype)
        return np.array(low).astype(stored), np.array(high).astype(stored)
    if dtype in dtypes.narrow_floats:
        low, high = dtypes.finite_ends(stored)
        infinite = dtype == "float8_e5m2"  # the only one that has infinities
        return np.array(-np.inf if infinite else low, stored), np.array(np.inf if infinite else high, stored)
    if dtype == "bool":
        return np.array(False), np.array(True)
    if dtype in dtypes.complexes:
        return np.zeros((), stored), np.zeros((), stored)
    low, high = dtypes.limits(dtype)
    return np.array(low, stored), np.array(high, stored)


def exact(whole: Array) -> Array:
    """Whole numbers as int64, or Python's where these may be too large for that."""
    if whole.dtype == np.uint64 and whole.size and int(whole.max()) >= 2**63:
        return whole.astype(object)
    return whole if whole.dtype == object else whole.astype(np.int64)


def _cut(units: Units, low: float, high: float) -> Units:
    """The whole numbers of values between two ends; steps are rounded, so what lies close to an end is within."""
    with np.errstate(all="ignore"):
        first, last = np.ceil(low / units.step - _CLOSE), np.floor(high / units.step + _CLOSE)
    first, last = (np.nan_to_num(np.clip(n, -(2.0**62), 2.0**62)).astype(np.int64) for n in (first, last))
    return units._replace(low=np.maximum(units.low, first), high=np.minimum(units.high, last))


def _as(end: float, like: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(end).astype(like.dtype)


def _without_nan(end: Array, instead: float) -> Array:
    missing = end != end
    return np.where(missing, np.asarray(instead, end.dtype), end) if missing.any() else end


def _fit(end: Array, shape: Shape, least: Callable[..., Array]) -> Array:
    """An end that broadcasts with values of this shape, folded by ``least`` where it does not."""
    if not end.size:
        return np.zeros([1] * len(shape or ()), end.dtype)
    if shape is None or end.ndim != len(shape):
        return np.asarray(least(end)).reshape([1] * len(shape or ()))
    wrong = tuple(i for i, (n, dim) in enumerate(zip(end.shape, shape, strict=True)) if n not in (1, dim))
    return np.asarray(least(end, axis=wrong, keepdims=True)) if wrong else end

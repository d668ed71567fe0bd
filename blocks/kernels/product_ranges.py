"""The ranges of sums of products, and of the integer accumulators that hold them.

A product is written as terms: for each output channel the products that it may add up, with the inputs' ends and the
weights' ends side by side, and as totals, which add up those that meet in one sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from dataflow.core import dtypes
from dataflow.core.bounding import as_integers
from dataflow.core.dtypes import Array
from dataflow.core.ranges import Accumulator, Range, Units, exact, limits
from dataflow.core.shapes import Dim

_EPS = {"bfloat16": 2.0**-24, "float16": 2.0**-24, "float32": 2.0**-24, "float64": 2.0**-53}  # as they are added up
_FINEST = {"bfloat16": 2.0**-126, "float16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}  # or flushed to 0
_SAFE = 2.0**62
_MOST_TERMS = 1 << 18  # of a matrix product at a time


class Terms(NamedTuple):
    """How the two factors of a product meet.

    ``x`` and ``w`` bring an end of a factor into a form in which the two broadcast to the terms; that of ``w`` has full
    size along the ``summed`` axes of the terms. ``totals`` adds up the terms, a total for each set of them that is one
    sum along its first dim; ``shape`` brings what is left into a form that broadcasts with the value.
    """

    x: Callable[[Array], Array]
    w: Callable[[Array], Array]
    summed: tuple[int, ...]
    totals: Callable[[Array], Array]
    shape: Callable[[Array], Array]


Ends = tuple[Array, Array]


def product_range(x: Range, w: Range, terms: Terms, made_of: str = "") -> Range:
    """The range of the sums, with their accumulator where both factors are whole numbers of one step per sum.

    Sums are of the dtype of the factors, or of integers called ``made_of``.
    """
    dtype = made_of or dtypes.name_of(x.low.dtype)
    whole = _whole(x, w, terms)
    if dtype in _EPS:
        low, high = _float_sums(x, w, terms, dtype)
        made = Range(terms.shape(low), terms.shape(high))
    elif whole is None:
        return Range(*limits(dtype))
    else:
        least, most = (as_integers(terms.shape(end), dtype) for end in whole.sums)
        made = Range(*limits(dtype)) if least is None or most is None else Range(least, most)  # else it may wrap around
    if whole is None:
        return made
    found = whole.accumulator
    units = Units(found.step, *whole.sums, found.least, found.most).map(terms.shape) if dtype in _EPS else None
    return Range(made.low, made.high, units=units, accumulator=found.map(terms.shape))


def _corners(x: Ends, w: Ends) -> Ends:
    """The least and the greatest product of numbers between two ends each."""
    with np.errstate(all="ignore"):
        first, last = x[0] * w[0], x[1] * w[0]
        low, high = np.minimum(first, last), np.maximum(first, last)
        if w[0] is not w[1]:
            for other in (x[0] * w[1], x[1] * w[1]):
                low, high = np.minimum(low, other), np.maximum(high, other)
    return low, high


def _ends(of: Range | Units, change: Callable[[Array], Array], read: Callable[[Array], Array]) -> Ends:
    low = change(read(of.low))
    return low, low if of.low is of.high else change(read(of.high))


def _float_sums(x: Range, w: Range, terms: Terms, dtype: str) -> Ends:
    """Ends of the sums as they are computed in a dtype, in whatever order they are added up."""

    def read(end: Array) -> Array:
        return end.astype(np.float64)

    low, high = _corners(_ends(x, terms.x, read), _ends(w, terms.w, read))
    with np.errstate(all="ignore"):
        size = terms.totals(np.maximum(abs(low), abs(high))).max(axis=0)
        count = float(terms.totals(np.ones(low.shape)).max())
        slack = size * ((count + 2) * (_EPS[dtype] + 2.0**-52)) * 1.01 + count * _FINEST[dtype]
        ends = terms.totals(low).min(axis=0) - slack, terms.totals(high).max(axis=0) + slack
        return dtypes.rounded(ends[0], x.low.dtype), dtypes.rounded(ends[1], x.low.dtype)


class _Whole(NamedTuple):
    """Sums in whole steps: their own ends, and what an accumulator may hold on the way."""

    sums: Ends
    accumulator: Accumulator


def _whole(x: Range, w: Range, terms: Terms) -> _Whole | None:
    """The sums as whole numbers; None where a factor is no whole number of a step, or steps differ within a sum."""
    one, other = x.whole, w.whole
    if one is None or other is None:
        return None
    steps = terms.x(one.step) * terms.w(other.step)
    step = steps.max(axis=terms.summed)
    if not np.all(step - steps.min(axis=terms.summed) <= 1e-9 * step):
        return None
    count = int(terms.totals(np.ones(np.broadcast_shapes(terms.x(one.low).shape, terms.w(other.low).shape))).max())
    read = exact if _largest(one) * _largest(other) * count < _SAFE else _python
    by_value = _corners(_ends(one, terms.x, read), _ends(other, terms.w, read))
    widths = [(place(read(n.least)), place(read(n.most))) for n, place in ((one, terms.x), (other, terms.w))]
    by_width = _corners(*widths)
    sums = terms.totals(by_value[0]).min(axis=0), terms.totals(by_value[1]).max(axis=0)
    (low, high), (least, most) = _partial(by_value, terms), _partial(by_width, terms)
    return _Whole(sums, Accumulator(step, low, high, least, most, count))


def _partial(products: Ends, terms: Terms) -> Ends:
    """Ends of any part of the sums."""
    low, high = (limit(end, 0) for limit, end in zip((np.minimum, np.maximum), products, strict=True))
    return terms.totals(low).min(axis=0), terms.totals(high).max(axis=0)


def _largest(units: Units) -> float:
    """The largest distance from 0, by width: the ends are within it."""
    ends = [units.least, units.most, units.low, units.high]
    return float(max(abs(int(f(end))) for end in ends for f in (np.min, np.max) if end.size))


def _python(whole: Array) -> Array:
    return exact(whole).astype(object)


def matrices_range(left: Range, right: Range, transposed: tuple[bool, bool], made_of: str = "") -> Range | None:
    """The range of the product of matrices, transposed or not; None where neither has a known shape."""
    if left.low.ndim < 2 or right.low.ndim < 2:
        return None
    for x, w, w_is_right in ((left, right, True), (right, left, False)):
        if w.shape is not None and all(isinstance(d, int) for d in w.shape[-2:]):
            matrices = _matrices(w.shape[-2:], transposed, w_is_right)
            outputs = -1 if w_is_right != transposed[w_is_right] else -2  # the axis of w along which no sum goes
            parts = [product_range(x, part, matrices, made_of) for part in _parts(w, outputs)]
            return _joined(parts, -1 if w_is_right else -2)
    return None


def _matrices(sizes: Sequence[Dim], transposed: tuple[bool, bool], w_is_right: bool) -> Terms:
    """The terms of a matrix product, ``[..., m, k, n]``, of which ``w`` has these sizes."""

    def place(end: Array, is_left: bool) -> Array:
        end = np.swapaxes(end, -1, -2) if transposed[not is_left] else end
        return end[..., None] if is_left else end[..., None, :, :]

    def place_w(end: Array) -> Array:
        summed = -2 if w_is_right != transposed[w_is_right] else -1
        full = list(end.shape)
        full[summed] = int(sizes[summed] or 0)
        return place(np.broadcast_to(end, full), not w_is_right)

    return Terms(
        lambda end: place(end, w_is_right),
        place_w,
        (-2,),
        lambda products: products.sum(axis=-2)[None],
        lambda total: total,
    )


def _parts(w: Range, axis: int) -> Iterator[Range]:
    """A factor in parts along an axis, so that the terms of each take little memory."""
    size = w.low.shape[axis]
    step = max(1, size * _MOST_TERMS // max(w.low.size, 1))
    for first in range(0, size, step):
        if step >= size:
            yield w
            return

        def cut(end: Array, first: int = first) -> Array:
            return end if end.shape[axis] == 1 else end.take(range(first, min(first + step, size)), axis)

        low = cut(w.low)
        yield replace(
            w, low=low, high=low if w.low is w.high else cut(w.high), units=w.units and w.units.map(cut), shape=None
        )


def _joined(parts: Sequence[Range], axis: int) -> Range:
    """The range of parts that lie side by side along an axis."""
    first, *others = parts
    if not others:
        return first

    def join(read: Callable[[Range], Array]) -> Array:
        ends = [read(part) for part in parts]
        sizes = [part.low.shape[axis] for part in parts]
        full = [list(end.shape) for end in ends]
        for shape, size in zip(full, sizes, strict=True):
            shape[axis] = size
        return np.concatenate([np.broadcast_to(end, shape) for end, shape in zip(ends, full, strict=True)], axis)

    units = first.units and Units(*(join(attrgetter(f"units.{name}")) for name in Units._fields))
    found = first.accumulator
    if found is not None:
        step, low, high, least, most = (join(attrgetter(f"accumulator.{name}")) for name in Accumulator._fields[:5])
        found = Accumulator(step, low, high, least, most, found.terms)
    return Range(join(attrgetter("low")), join(attrgetter("high")), units=units, accumulator=found)

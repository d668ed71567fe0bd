"""Gradients that pass where a value lies in its range, and sums of those that do not.

The sums are in float64. Contributions are added to columns first, the element at place ``i`` to column ``i % width``,
and the columns of a channel at the end: so it makes no difference whether those that are zero are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from blocks.quantization_ops import compiled
from blocks.quantization_ops.nudge import Layout
from blocks.quantization_ops.subnormal import TINY
from dataflow import dtypes
from dataflow.scratch import borrowed
from dataflow.shapes import TensorType, element_count

COLUMNS = 1024  # about so many, a whole number of periods of channels
WIDEST = 1 << 16  # elements in which channels repeat, beyond which compiled loops would leave the cache
FEW = 32  # one in so many values outside of the range, or fewer: they are picked out


class Part(NamedTuple):
    """A part of the flat values and the ends of their ranges, laid out to broadcast with rows of them.

    ``blank`` is true where all gradients pass as they are, None where that is nowhere.
    """

    place: slice
    shape: tuple[int, ...]
    low: Any
    high: Any
    blank: Any


class Channels(NamedTuple):
    """The channels of flat values: so many, with so many neighbours each.

    width : columns in which their sums are made.
    low, high : the ends of each one's range.
    blank : true for those whose sums are zero, None where there are none.
    """

    count: int
    neighbours: int
    width: int
    low: Any
    high: Any
    blank: Any

    @property
    def layout(self) -> Layout:
        """How numbers of the channels lie beside the columns."""
        return Layout(self.count, self.neighbours, self.width // max(1, self.count * self.neighbours))

    def at(self, places: Any) -> Any:
        """The channel of each place."""
        return places // self.neighbours % self.count if self.count > 1 else np.zeros_like(places)

    def folded(self, columns: Any) -> Any:
        """The sum of each channel's columns."""
        sums = np.add.reduce(columns.reshape(-1, self.count, self.neighbours), axis=(0, 2)) + 0.0  # never -0.0
        return sums if self.blank is None else np.where(self.blank, 0.0, sums)


def width_of(size: int, period: int) -> int:
    """Columns for the sums of so many elements, whose channels repeat in a period."""
    return max(1, period, min(size, COLUMNS) // max(1, period) * period)


def taken(values: TensorType) -> int:
    """Bytes that `passed` takes for itself, for values of this type."""
    count, dtype = element_count(values.shape) or 0, dtypes.storage(values.dtype)
    compute = dtypes.compute_dtype(values.dtype)
    copies = 3 * compute.itemsize if compute != dtype else 0  # of both inputs and of the result
    return count * (compute.itemsize + 2 + copies)


def passed_by_loops(g: Any, x: Any, low: Any, high: Any, out: Any) -> None:
    """What `passed` does, by compiled loops; the ends are scalars, or have an element for each of a row."""
    loop = compiled.pass_rows if low.ndim else compiled.pass_flat
    loop(g.reshape(-1), x.reshape(-1), out.reshape(-1), low, high, TINY[g.dtype], g.dtype.type(1))


def summed_by_loops(g: Any, x: Any, low: Any, high: Any, out: Any, channels: Channels) -> tuple[Any, Any]:
    """The same, and the sums; rows are then as long as there are columns for them."""
    loop = compiled.sum_rows if low.ndim else compiled.sum_flat
    with borrowed() as empty:
        columns = empty((2, channels.width), np.float64)
        columns.fill(0)
        own = empty(out.shape, out.dtype) if np.may_share_memory(out, g) or np.may_share_memory(out, x) else out
        loop(*(a.reshape(-1) for a in (g, x, own)), low, high, TINY[g.dtype], g.dtype.type(1), *columns)
        if own is not out:
            np.copyto(out, own)
        return channels.folded(columns[0]), channels.folded(columns[1])


def passed(g: Any, x: Any, parts: Sequence[Part], out: Any, channels: Channels | None = None) -> Any:
    """Write the gradients that pass to ``out``, which may be ``g`` or ``x``; the sums below and above, if asked for."""
    g, x, out = g.reshape(-1), x.reshape(-1), out.reshape(-1)
    with borrowed() as empty:
        size, inside, passing = (empty(g.shape, dtype) for dtype in (g.dtype, np.bool_, np.bool_))
        for part in parts:
            rows, flags = x[part.place].reshape(part.shape), inside[part.place].reshape(part.shape)
            np.less_equal(part.low, rows, out=flags)
            other = passing[part.place].reshape(part.shape)
            np.logical_and(flags, np.less_equal(rows, part.high, out=other), out=flags)
        if g.dtype in TINY:
            np.greater_equal(np.abs(g, out=size), TINY[g.dtype], out=passing)
            np.logical_and(inside, passing, out=passing)
        else:
            np.copyto(passing, inside)
        for part in parts:
            if part.blank is not None:
                flags = passing[part.place].reshape(part.shape)
                np.logical_or(flags, part.blank, out=flags)
        sums = channels and _sums(g, x, parts, channels, inside, size)
        np.copyto(size, passing)
        np.multiply(g, size, out=out)
    return sums


def _sums(g: Any, x: Any, parts: Sequence[Part], channels: Channels, inside: Any, size: Any) -> tuple[Any, Any]:
    """Sums of the gradients below and above the ranges; the memory of ``inside`` and ``size``, ``abs(g)``, is used."""
    outside = g.size - np.count_nonzero(inside)
    # 0 * Inf is NaN: those that lie inside may be left out only where all are finite
    if outside * FEW <= g.size and np.isfinite(np.maximum.reduce(size, initial=0)):
        if not outside:
            return np.zeros(channels.count), np.zeros(channels.count)
        below, above = _picked(g, x, channels, _places(np.logical_not(inside, out=inside)))
    else:
        below = _columns(_where(np.less, g, x, parts, inside, size), channels.width)
        above = _columns(_where(np.greater, g, x, parts, inside, size), channels.width)
    return channels.folded(below), channels.folded(above)


def _where(compare: Any, g: Any, x: Any, parts: Sequence[Part], flags: Any, out: Any) -> Any:
    """The gradients times whether their value lies beyond the end."""
    for part in parts:
        end = part.low if compare is np.less else part.high
        compare(x[part.place].reshape(part.shape), end, out=flags[part.place].reshape(part.shape))
    return np.multiply(g, flags, out=out)


def _columns(values: Any, width: int) -> Any:
    whole = values.size - values.size % width
    columns = np.add.reduce(values[:whole].reshape(-1, width), axis=0, dtype=np.float64)
    columns[: values.size - whole] += values[whole:]
    return columns


def _picked(g: Any, x: Any, channels: Channels, places: Any) -> tuple[Any, Any]:
    g, x, own, column = g[places], x[places], channels.at(places), places % channels.width
    below, above = g * (x < channels.low[own]), g * (x > channels.high[own])
    return np.bincount(column, below, channels.width), np.bincount(column, above, channels.width)


def _places(flags: Any) -> Any:
    """Where flags are true, if few are: searched by eights."""
    whole = flags.size - flags.size % 8
    eights = np.flatnonzero(flags[:whole].view(np.uint64))
    places = (eights[:, None] * 8 + np.arange(8)).reshape(-1)
    places = places[flags[places]]
    return np.concatenate([places, whole + np.flatnonzero(flags[whole:])]) if whole < flags.size else places

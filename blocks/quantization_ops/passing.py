"""Gradients that pass where a value lies in its range, and sums of those that do not.

The work goes by spans that stay in the cache. In each span the sums are made in float64: contributions are added to
columns first, the element at place ``i`` to column ``i % width``, then the columns of a channel; so it makes no
difference whether contributions that are zero are left out. The sums of spans are added in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from blocks.quantization_ops import compiled
from blocks.quantization_ops.nudge import Layout, layouts
from blocks.quantization_ops.subnormal import TINY
from dataflow import dtypes
from dataflow.scratch import borrowed
from dataflow.shapes import TensorType, element_count

SPAN = 1 << 17  # elements of a span, about: shorter ones cost more calls than they save memory traffic
COLUMNS = 1024  # about so many, a whole number of periods of channels
WIDEST = 1 << 16  # elements in which channels repeat, beyond which compiled loops would leave the cache
FEW = 32  # one in so many values outside of the range, or fewer: they are picked out

Ends = Callable[[Layout | None], tuple[Any, Any, Any]]


class Part(NamedTuple):
    """A part of a span and the ends of its values' ranges, laid out to broadcast with rows of them.

    ``blank`` is true where all gradients pass as they are, None where that is nowhere.
    """

    place: slice
    shape: tuple[int, ...]
    low: Any
    high: Any
    blank: Any


class Channels(NamedTuple):
    """The channels of a span: so many, with so many neighbours each, the ends of their ranges, and columns for sums."""

    count: int
    neighbours: int
    low: Any
    high: Any
    width: int

    def at(self, places: Any) -> Any:
        """The channel of each place."""
        return places // self.neighbours % self.count if self.count > 1 else np.zeros_like(places)

    def folded(self, columns: Any) -> Any:
        """The sum of each channel's columns."""
        return np.add.reduce(columns.reshape(-1, self.count, self.neighbours), axis=(0, 2))


def passed(g: Any, x: Any, axis: int | None, ends: Ends, out: Any, sums: bool = False, loops: bool = False) -> Any:
    """Write the gradients that pass to ``out``, which may be ``g`` or ``x``; sums below and above, per channel.

    axis : of the channels, None where all values have one range.
    ends : the ends of the ranges and what is blank, laid out; for None one each per channel.
    loops : use compiled loops where they know the case; they give the same bits.
    """
    count, neighbours = (1, 1) if axis is None else (x.shape[axis], prod(x.shape[axis % x.ndim + 1 :]))
    period = max(1, count * neighbours)
    low, high, blank = ends(None)
    loops = loops and g.dtype in TINY and blank is None and period <= WIDEST
    totals = np.zeros((2, count))
    g, x, out = g.reshape(-1), x.reshape(-1), out.reshape(-1)
    step = max(1, SPAN // period) * period
    for start in range(0, g.size, step):
        span = slice(start, start + step)
        size = min(step, g.size - start)
        width = width_of(size, period)
        channels = Channels(count, neighbours, np.atleast_1d(low), np.atleast_1d(high), width) if sums else None
        if loops:
            laid = (low, high) if axis is None else ends(Layout(count, neighbours, width // period))[:2]
            made = _by_loops(g[span], x[span], *laid, out[span], channels)
        else:
            made = _by_numpy(g[span], x[span], list(_parts(size, count, neighbours, axis, ends)), out[span], channels)
        if channels is not None:
            totals += [channels.folded(columns) for columns in made]
    if blank is not None:
        totals[:, np.atleast_1d(blank)] = 0
    return totals + 0.0  # never -0.0


def width_of(size: int, period: int) -> int:
    """About as many elements as there are columns: whole periods of channels, in so many elements."""
    return max(period, min(size, COLUMNS) // period * period)


def taken(values: TensorType) -> int:
    """Bytes that `passed` takes for itself, for values of this type."""
    count, dtype = element_count(values.shape) or 0, dtypes.storage(values.dtype)
    compute = dtypes.compute_dtype(values.dtype)
    copies = 3 * count * compute.itemsize if compute != dtype else 0  # of both inputs and of the result
    return copies + min(count, SPAN) * (compute.itemsize + 2)


def _parts(size: int, count: int, neighbours: int, axis: int | None, ends: Ends) -> Iterator[Part]:
    if axis is None:
        yield Part(slice(None), (-1,), *ends(None))
        return
    for place, layout in layouts((size // (count * neighbours), count, neighbours), 1):
        yield Part(place, layout.shape, *ends(layout))


def _by_loops(g: Any, x: Any, low: Any, high: Any, out: Any, channels: Channels | None) -> Any:
    constants = TINY[g.dtype], g.dtype.type(1)
    if channels is None:
        (compiled.pass_rows if low.ndim else compiled.pass_flat)(g, x, out, low, high, *constants)
        return None
    columns = np.zeros((2, channels.width))
    loop = compiled.sum_rows if low.ndim else compiled.sum_flat
    with borrowed() as empty:
        own = empty(out.shape, out.dtype) if np.may_share_memory(out, g) or np.may_share_memory(out, x) else out
        loop(g, x, own, low, high, *constants, *columns)
        if own is not out:
            np.copyto(out, own)
    return columns


def _by_numpy(g: Any, x: Any, parts: Sequence[Part], out: Any, channels: Channels | None) -> Any:
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
    """Columns of gradients below and above the ranges; the memory of ``inside`` and ``size``, ``abs(g)``, is used."""
    outside = g.size - np.count_nonzero(inside)
    # 0 * Inf is NaN: those that lie inside may be left out only where all are finite
    if outside * FEW <= g.size and np.isfinite(np.maximum.reduce(size, initial=0)):
        if not outside:
            return np.zeros(channels.width), np.zeros(channels.width)
        return _picked(g, x, channels, _places(np.logical_not(inside, out=inside)))
    below = _columns(_where(np.less, g, x, parts, inside, size), channels.width)
    return below, _columns(_where(np.greater, g, x, parts, inside, size), channels.width)


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

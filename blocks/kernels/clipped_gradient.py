"""Gradients that pass where a value lies in its range, and sums of those that do not.

The work goes by spans that stay in the cache. In each span the sums are made in float64: contributions are added to
columns first, the element at place ``i`` to column ``i % width``, then the columns of a channel; so it makes no
difference whether contributions that are zero are left out. The sums of spans are added in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, reduce
from math import prod
from typing import Any

import numpy as np

from blocks.kernels import quantization_loops
from blocks.kernels.channel_rows import Layout, layouts, width_of
from blocks.kernels.flush_subnormals import TINY
from blocks.kernels.sparse_range_sums import Channels, Part, beyond, columns_of, picked, places_of
from dataflow.core import dtypes
from dataflow.core.evaluator import WIDE
from dataflow.core.scratch import Scratch
from dataflow.core.shapes import TensorType, element_count

SPAN = 1 << 19  # elements of a span, about: shorter ones cost more calls than they save memory traffic
MANY = 1 << 16  # columns that compiled loops have at most, or those of one span
SEARCHED, PASSED = 1 << 13, 1 << 17  # values of a span from which to search for these pays: with sums, and without
_BITS = {4: np.uint32, 8: np.uint64}

Ends = Callable[[Layout | None], tuple[Any, Any, Any]]


def passed(
    g: Any, x: Any, axis: int | None, ends: Ends, out: Any, sums: bool = False, loops: bool = False, span: int = 0
) -> Any:
    """Write the gradients that pass to ``out``, which may be ``g`` or ``x``.

    Returns the sums of each span below and above, per channel, as an array of shape ``(spans, 2, channels)``; None
    where no ``sums`` are asked for.

    axis : of the channels, None where all values have one range.
    ends : the ends of the ranges and what is blank, laid out; for None one each per channel.
    loops : use compiled loops where they know the case; they give the same bits.
    span : elements of a span, if that is not for this to say.
    """
    count, neighbours = (1, 1) if axis is None else (x.shape[axis], prod(x.shape[axis % x.ndim + 1 :]))
    period = max(1, count * neighbours)
    low, high, blank = ends(None)
    loops = loops and g.dtype in TINY and blank is None and period <= WIDE
    apart = not (np.may_share_memory(out, g) or np.may_share_memory(out, x))
    g, x, out = g.reshape(-1), x.reshape(-1), out.reshape(-1)
    span = span or max(1, SPAN // period) * period
    width = width_of(span, period) if sums else 1
    # several spans at once only where they are whole rows, and have memory of their own
    many = 1 if not loops or (sums and not (apart and span % row_of(width) == 0)) else max(1, MANY // width)
    totals = [np.zeros((1, 2, count))] if not g.size else []
    for start, stop in _runs(g.size, span, many):
        part, size = slice(start, stop), min(span, stop - start)
        width = width_of(size, period)
        if loops:
            laid = (low, high) if axis is None else ends(Layout(count, neighbours, width // period))[:2]
            columns = _by_loops(g[part], x[part], *laid, out[part], width if sums else 0, size, apart)
        else:
            channels = Channels(count, neighbours, low, high, width) if sums else None
            parts = list(_parts(size, count, neighbours, axis, ends))
            columns = _by_numpy(g[part], x[part], parts, out[part], channels)
        if sums:
            totals.append(np.add.reduce(columns.reshape(-1, 2, width // period, count, neighbours), axis=(2, 4)))
    if not sums:
        return None
    if blank is not None:
        for own in totals:
            own[..., np.atleast_1d(blank)] = 0
    return totals[0] if len(totals) == 1 else np.concatenate(totals)


def in_order(totals: Any) -> Any:
    """The sums of all spans: below and above, per channel."""
    return reduce(np.add, totals) + 0.0  # never -0.0


def _runs(size: int, span: int, many: int) -> Iterator[tuple[int, int]]:
    """Where what is done at once begins and ends: so many spans, and what is left over."""
    step = span * many
    whole = size - size % span
    for start in range(0, whole, step):
        yield start, min(start + step, whole)
    if whole < size:
        yield whole, size


def taken(values: TensorType) -> int:
    """Bytes that `passed` takes for itself, for values of this type."""
    count, dtype = element_count(values.shape) or 0, dtypes.storage(values.dtype)
    compute = dtypes.compute(dtypes.storage(values.dtype))
    copies = 3 * count * compute.itemsize if compute != dtype else 0  # of both inputs and of the result
    return copies + min(count, SPAN) * (compute.itemsize + 2)


def _parts(size: int, count: int, neighbours: int, axis: int | None, ends: Ends) -> Iterator[Part]:
    if axis is None:
        yield Part(slice(None), (-1,), *ends(None))
        return
    for place, layout in layouts((size // (count * neighbours), count, neighbours), 1):
        yield Part(place, layout.shape, *ends(layout))


def _by_loops(g: Any, x: Any, low: Any, high: Any, out: Any, width: int, span: int, apart: bool) -> Any:
    constants = TINY[g.dtype], g.dtype.type(1)
    if not width:
        (quantization_loops.pass_rows if low.ndim else quantization_loops.pass_flat)(g, x, out, low, high, *constants)
        return None
    short = row_of(width)
    columns = np.zeros((-(-g.size // span), 2, width // short, short))
    whole = g.size - g.size % short
    with Scratch() as empty:
        own = out if apart else empty(out.shape, out.dtype)
        rows = [array[:whole].reshape(-1, short) for array in (g, x, own)]
        if low.ndim:
            low, high = low.reshape(-1, short), high.reshape(-1, short)
        loop = quantization_loops.sum_rows if low.ndim else quantization_loops.sum_flat
        loop(*rows, low, high, *constants, span // short, 0, columns)
        if whole < g.size:
            rest = [array[whole:].reshape(1, -1) for array in (g, x, own)]
            loop(*rest, low, high, *constants, 1, whole // short % columns.shape[2], columns)
        if own is not out:
            np.copyto(out, own)
    return columns


@cache
def row_of(width: int) -> int:
    """The elements of short rows into which so many columns are divided, about sixty or more."""
    return next(short for short in range(min(width, 48), width + 1) if width % short == 0)


def _by_numpy(g: Any, x: Any, parts: Sequence[Part], out: Any, channels: Channels | None) -> Any:
    with Scratch() as empty:
        size, inside, passing = (empty(g.shape, dtype) for dtype in (g.dtype, np.bool_, np.bool_))
        for part in parts:
            rows, flags = x[part.place].reshape(part.shape), inside[part.place].reshape(part.shape)
            np.less_equal(part.low, rows, out=flags)
            other = passing[part.place].reshape(part.shape)
            np.logical_and(flags, np.less_equal(rows, part.high, out=other), out=flags)
        np.abs(g, out=size)
        places = None
        # 0 * Inf is NaN: gradients that lie inside may be left out of the sums only where all are finite
        if g.size >= (SEARCHED if channels else PASSED) and (channels is None or np.maximum.reduce(size) < np.inf):
            places = places_of(inside)
        if places is not None and all(part.blank is None for part in parts) and not _subnormal(size):
            gs = g[places]
            sums = channels and picked(gs, x[places], channels, places)
            np.copyto(out, g)
            out[places] = gs * g.dtype.type(0)
            return sums
        if g.dtype in TINY:
            np.greater_equal(np.abs(g, out=size) if places is not None else size, TINY[g.dtype], out=passing)
            np.logical_and(inside, passing, out=passing)
        else:
            np.copyto(passing, inside)
        for part in parts:
            if part.blank is not None:
                flags = passing[part.place].reshape(part.shape)
                np.logical_or(flags, part.blank, out=flags)
        if channels is None:
            sums = None
        elif places is not None:
            sums = picked(g[places], x[places], channels, places)
        else:
            both = (beyond(compare, g, x, parts, inside, size) for compare in (np.less, np.greater))
            sums = np.array([columns_of(values, channels.width) for values in both])
        np.multiply(g, passing, out=out)
    return sums


def _subnormal(size: Any) -> bool:
    """Whether an absolute value lies between zero and the normal numbers; the memory is used."""
    if size.dtype not in TINY:
        return False
    tiny = TINY[size.dtype]
    least = np.minimum.reduce(size, initial=tiny)
    if least == 0:  # zeros hide it: one less than their bits is more than those of any number
        bits = size.view(_BITS[size.itemsize])
        np.subtract(bits, bits.dtype.type(1), out=bits)
        return bool(np.minimum.reduce(bits) < tiny.view(bits.dtype) - 1)
    return not least >= tiny  # NaN too

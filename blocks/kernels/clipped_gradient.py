"""Gradients of clipping: passed on where a value lies in its range, summed where it lies below or above.

The work goes by spans that stay in the cache. In each span the sums are made in float64, in columns
(`dataflow.core.columns`), so it makes no difference whether contributions that are zero are left out. The sums of spans
are added in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from math import prod

import numpy as np

from blocks.kernels.channel_rows import Layout, layouts
from blocks.kernels.flush_subnormals import TINY
from blocks.kernels.half_ranges import HALF, clip_half
from blocks.kernels.sparse_range_sums import Channels, Part, masked, masked_gradients, sparse_indices, sum_sparse
from dataflow.core.columns import column_count, fold_columns, make_columns
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import Scratch
from dataflow.core.shapes import TensorType, element_count

SPAN = 1 << 19  # elements of a span, about: shorter ones cost more calls than they save memory traffic
SEARCHED = 1 << 13  # elements of a span from which a sparse search pays
_BITS = {4: np.uint32, 8: np.uint64}
_LEAST = {dtype: np.asarray(tiny) for dtype, tiny in TINY.items()}

# the ends of the ranges and where all gradients pass, spread by a layout; for None one each per channel
BoundsOf = Callable[[Layout | None], tuple[Array, Array, Array | None]]


def clip_gradient(g: Array, x: Array, axis: int | None, bounds: BoundsOf, out: Array) -> None:
    """Write the gradients ``g`` of values ``x`` that lie in their ranges, otherwise zeros, to ``out``.

    ``out`` may be ``g`` or ``x``.

    axis : of the channels, None where all values have one range.
    """
    if axis is None and g.size <= SPAN:
        _clip(g, x, *bounds(None), out)
        return
    for span, parts in _spans(x, axis, bounds):
        own = [array.reshape(-1)[span] for array in (g, x, out)]
        for part in parts:
            rows, values, result = (array[part.place].reshape(part.shape) for array in own)
            _clip(rows, values, part.low, part.high, part.empty, result)


def _clip(g: Array, x: Array, low: Array, high: Array, passed: Array | None, out: Array) -> None:
    """Those of one range, or of rows; all that are ``passed`` remain."""
    if g.dtype == HALF and passed is None:
        clip_half(g, x, low, high, out)
        return
    with Scratch() as empty:
        inside, other, factors = empty(g.shape, np.bool_), empty(g.shape, np.bool_), empty(g.shape, g.dtype)
        np.less_equal(low, x, inside)
        np.less_equal(x, high, other)
        np.logical_and(inside, other, inside)
        if g.dtype in _LEAST:
            np.greater_equal(np.abs(g, factors), _LEAST[g.dtype], other)
            np.logical_and(inside, other, inside)
        if passed is not None:
            np.logical_or(inside, passed, inside)
        masked(g, inside, factors, out)


def clip_gradient_sums(g: Array, x: Array, axis: int | None, bounds: BoundsOf, out: Array) -> Array:
    """`clip_gradient`, and the sums of the gradients below and above in each span, ``[spans, 2, channels]``."""
    count, inner = _channels(x, axis)
    low, high, empty = bounds(None)
    totals: list[Array] = []
    for part, parts in _spans(x, axis, bounds):
        own, values, result = (array.reshape(-1)[part] for array in (g, x, out))
        channels = Channels(count, inner, low, high, column_count(own.size, max(1, count * inner)))
        columns = _clip_and_sum(own, values, parts, result, channels)
        totals.append(fold_columns(columns, count, inner).reshape(1, 2, count))
    if not totals:
        return np.zeros((1, 2, count))
    if empty is not None:
        for each in totals:
            each[..., np.atleast_1d(empty)] = 0
    return totals[0] if len(totals) == 1 else np.concatenate(totals)


def sum_spans(totals: Array) -> Array:
    """The sums of all spans, added in their order: below and above, ``[2, channels]``."""
    total: Array = reduce(np.add, totals) + 0.0  # never -0.0
    return total


def clip_gradient_bytes(values: TensorType, compute: DType) -> int:
    """What `clip_gradient` takes for values of this type, in the dtype in which they are compared."""
    return min(element_count(values.shape) or 0, SPAN) * (compute.itemsize + 2)


def _channels(x: Array, axis: int | None) -> tuple[int, int]:
    """How many channels there are, and how many neighbouring elements each has."""
    return (1, 1) if axis is None else (x.shape[axis], prod(x.shape[axis % x.ndim + 1 :]))


def _spans(x: Array, axis: int | None, bounds: BoundsOf) -> Iterator[tuple[slice, list[Part]]]:
    """The spans of flat values, which begin with the first channel, and the parts of each by their ranges."""
    count, inner = _channels(x, axis)
    period = max(1, count * inner)
    span = max(1, SPAN // period) * period
    for start in range(0, x.size, span):
        rows = min(span, x.size - start) // period, count, inner
        part = slice(start, start + span)
        if axis is None:
            yield part, [Part(slice(None), (-1,), *bounds(None))]
        else:
            yield part, [Part(place, own.shape, *bounds(own)) for place, own in layouts(rows, 1)]


def _clip_and_sum(g: Array, x: Array, parts: Sequence[Part], out: Array, channels: Channels) -> Array:
    """`_clip` for a span, and columns of the sums below and above, ``[2, columns]``."""
    with Scratch() as empty:
        size, inside, passing = (empty(g.shape, dtype) for dtype in (g.dtype, np.bool_, np.bool_))
        for part in parts:
            rows, flags, other = (array[part.place].reshape(part.shape) for array in (x, inside, passing))
            np.less_equal(part.low, rows, flags)
            np.logical_and(flags, np.less_equal(rows, part.high, other), flags)
        np.abs(g, size)
        outside = None
        # 0 * Inf is NaN: gradients that lie inside may be left out of the sums only where all are finite
        if g.size >= SEARCHED and np.maximum.reduce(size) < np.inf:
            outside = sparse_indices(inside)
        if outside is not None and all(part.empty is None for part in parts) and not _any_subnormal(size):
            clipped = g[outside]
            sums = sum_sparse(clipped, x[outside], channels, outside)
            np.copyto(out, g)
            out[outside] = clipped * g.dtype.type(0)
            return sums
        if g.dtype in _LEAST:
            np.greater_equal(np.abs(g, size) if outside is not None else size, _LEAST[g.dtype], passing)
            np.logical_and(inside, passing, passing)
        else:
            np.copyto(passing, inside)
        for part in parts:
            if part.empty is not None:
                flags = passing[part.place].reshape(part.shape)
                np.logical_or(flags, part.empty, flags)
        if outside is not None:
            sums = sum_sparse(g[outside], x[outside], channels, outside)
        else:
            both = (masked_gradients(compare, g, x, parts, inside, size) for compare in (np.less, np.greater))
            sums = np.array([make_columns(values, channels.width, np.float64) for values in both])
        masked(g, passing, size, out)
    return sums


def _any_subnormal(size: Array) -> bool:
    """Whether any of the absolute values is subnormal; overwrites them."""
    if size.dtype not in TINY:
        return False
    tiny = TINY[size.dtype]
    least = np.minimum.reduce(size, initial=tiny)
    if least == 0:  # zeros hide it: one less than their bits is more than those of any number
        bits = size.view(_BITS[size.itemsize])
        np.subtract(bits, bits.dtype.type(1), out=bits)
        return bool(np.minimum.reduce(bits) < tiny.view(bits.dtype) - 1)
    return not least >= tiny  # NaN too

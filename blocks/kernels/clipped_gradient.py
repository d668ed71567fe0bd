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
from blocks.kernels.flush_subnormals import TINY, Floats
from blocks.kernels.nudged_range import Flags
from blocks.kernels.sparse_range_sums import Channels, Part, masked_gradients, sparse_indices, sum_sparse
from dataflow.core import dtypes
from dataflow.core.columns import column_count, fold_columns, make_columns
from dataflow.core.dtypes import Array
from dataflow.core.scratch import Scratch
from dataflow.core.shapes import TensorType, element_count

SPAN = 1 << 19  # elements of a span, about: shorter ones cost more calls than they save memory traffic
SEARCHED, PASSED = 1 << 13, 1 << 17  # elements of a span from which a sparse search pays: with sums, and without
_BITS = {4: np.uint32, 8: np.uint64}

# the ends of the ranges and where all gradients pass, spread by a layout; for None one each per channel
BoundsOf = Callable[[Layout | None], tuple[Floats, Floats, Flags | None]]


def clip_gradient(g: Array, x: Array, axis: int | None, bounds: BoundsOf, out: Array, sums: bool = False) -> Array:
    """Write the gradients ``g`` of values ``x`` that lie in their ranges, otherwise zeros, to ``out``.

    Returns the sums of the gradients below and above in each span, ``[spans, 2, channels]``. ``out`` may be ``g`` or
    ``x``.

    axis : of the channels, None where all values have one range.
    sums : whether the sums are wanted; otherwise they are zeros.
    """
    count, inner = (1, 1) if axis is None else (x.shape[axis], prod(x.shape[axis % x.ndim + 1 :]))
    period = max(1, count * inner)
    low, high, empty = bounds(None)
    g, x, out = g.reshape(-1), x.reshape(-1), out.reshape(-1)
    span = max(1, SPAN // period) * period
    totals: list[Array] = []
    for start in range(0, g.size, span):
        part, size = slice(start, start + span), min(span, g.size - start)
        width = column_count(size, period)
        channels = Channels(count, inner, low, high, width) if sums else None
        parts = list(_parts(size, count, inner, axis, bounds))
        columns = _by_numpy(g[part], x[part], parts, out[part], channels)
        if columns is not None:
            totals.append(fold_columns(columns, count, inner).reshape(1, 2, count))
    if not totals:
        return np.zeros((1, 2, count))
    if empty is not None:
        for own in totals:
            own[..., np.atleast_1d(empty)] = 0
    return totals[0] if len(totals) == 1 else np.concatenate(totals)


def sum_spans(totals: Array) -> Array:
    """The sums of all spans, added in their order: below and above, ``[2, channels]``."""
    total: Array = reduce(np.add, totals) + 0.0  # never -0.0
    return total


def clip_gradient_bytes(values: TensorType) -> int:
    """What `clip_gradient` takes for values of this type, with copies in the dtype to compute in."""
    count, dtype = element_count(values.shape) or 0, dtypes.storage(values.dtype)
    compute = dtypes.compute(dtype)
    copies = 3 * count * compute.itemsize if compute != dtype else 0  # of both inputs and of the result
    return copies + min(count, SPAN) * (compute.itemsize + 2)


def _parts(size: int, count: int, inner: int, axis: int | None, bounds: BoundsOf) -> Iterator[Part]:
    if axis is None:
        yield Part(slice(None), (-1,), *bounds(None))
        return
    for place, layout in layouts((size // (count * inner), count, inner), 1):
        yield Part(place, layout.shape, *bounds(layout))


def _by_numpy(g: Array, x: Array, parts: Sequence[Part], out: Array, channels: Channels | None) -> Array | None:
    with Scratch() as empty:
        size, inside, passing = (empty(g.shape, dtype) for dtype in (g.dtype, np.bool_, np.bool_))
        for part in parts:
            rows, flags = x[part.place].reshape(part.shape), inside[part.place].reshape(part.shape)
            np.less_equal(part.low, rows, out=flags)
            other = passing[part.place].reshape(part.shape)
            np.logical_and(flags, np.less_equal(rows, part.high, out=other), out=flags)
        np.abs(g, out=size)
        outside = None
        # 0 * Inf is NaN: gradients that lie inside may be left out of the sums only where all are finite
        if g.size >= (SEARCHED if channels else PASSED) and (channels is None or np.maximum.reduce(size) < np.inf):
            outside = sparse_indices(inside)
        if outside is not None and all(part.empty is None for part in parts) and not _any_subnormal(size):
            clipped = g[outside]
            sums = channels and sum_sparse(clipped, x[outside], channels, outside)
            np.copyto(out, g)
            out[outside] = clipped * g.dtype.type(0)
            return sums
        if g.dtype in TINY:
            np.greater_equal(np.abs(g, out=size) if outside is not None else size, TINY[g.dtype], out=passing)
            np.logical_and(inside, passing, out=passing)
        else:
            np.copyto(passing, inside)
        for part in parts:
            if part.empty is not None:
                flags = passing[part.place].reshape(part.shape)
                np.logical_or(flags, part.empty, out=flags)
        if channels is None:
            sums = None
        elif outside is not None:
            sums = sum_sparse(g[outside], x[outside], channels, outside)
        else:
            both = (masked_gradients(compare, g, x, parts, inside, size) for compare in (np.less, np.greater))
            sums = np.array([make_columns(values, channels.width, np.float64) for values in both])
        np.multiply(g, passing, out=out)
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

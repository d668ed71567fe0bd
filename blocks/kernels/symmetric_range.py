"""Whole multiples of a step in a range about 0.0, and values rounded to them."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from blocks.kernels import quantization_loops
from blocks.kernels.channel_rows import Layout, layouts, width_of
from blocks.kernels.compute_dtype import cast_into, contiguous
from blocks.kernels.flush_subnormals import TINY, flushed
from blocks.kernels.nudged_range import clip, clip_to_arrays

TILE = 1 << 19  # elements that are taken through all operations before the next: they stay in the cache
Limits = tuple[int, int]
_SIGNED = {2: np.int16, 4: np.int32, 8: np.int64}


class Steps(NamedTuple):
    """Whole multiples of ``step`` between ``low`` and ``high``; 0-d arrays, or arrays with an element per slice.

    ``scale`` is the number of steps in 1.0, rounded by itself. ``clamp`` is None where values may lie outside.
    ``delicate`` is true where subnormal values could count for something, ``from_zero`` where ``low`` is +0.0 and
    ``clamp`` loses the sign of zeros.
    """

    scale: Any
    step: Any
    low: Any
    high: Any
    clamp: Any
    delicate: bool
    from_zero: bool

    @property
    def numbers(self) -> tuple[Any, ...] | None:
        """What an element takes where the formula is all there is to it, otherwise None."""
        if self.delicate or self.from_zero or self.clamp is not _clip or self.step.dtype not in TINY:
            return None
        return self.low[()], self.high[()], self.scale[()], self.step.dtype.type(0.5), self.step[()]

    def laid(self, layout: Layout | None) -> Steps:
        """The same, laid out to broadcast with values of this layout."""
        if layout is None:
            return self
        scale, step, low, high = map(layout.spread, self[:4])
        # the clip ufunc is slow where the ends change from value to value
        clamp = clip_to_arrays if self.clamp is _clip and layout.repeat else self.clamp
        return Steps(scale, step, low, high, clamp, self.delicate, self.from_zero)

    def round(self, x: Any, half_up: bool, out: Any) -> None:
        """Write the values rounded; ``out`` may be ``x``."""
        if self.delicate:
            x = flushed(x)
        negative = _negative_zeros(x) if self.from_zero and not half_up else None
        if self.clamp is not None:
            x = self.clamp(x, self.low, self.high, out)
        np.multiply(x, self.scale, out)
        if half_up:
            np.add(out, out.dtype.type(0.5), out)
            np.floor(out, out)
        else:
            np.rint(out, out)
        np.multiply(out, self.step, out)
        if negative is not None:
            bits = out.view(_SIGNED[out.itemsize])
            np.bitwise_or(bits, negative * np.iinfo(bits.dtype).min, bits)


def steps(low: Any, high: Any, lowest: int, highest: int, clips: bool = True) -> Steps:
    """The steps of ranges from ``low`` to ``high`` for an integer between these limits, each operation in their dtype.

    >>> made = steps(np.float32(-1), np.float32(3), -4, 3)
    >>> print(made.step, made.low, made.high)
    1.0 -4.0 3.0
    """
    dtype = low.dtype
    wide = dtype if dtype in TINY else np.dtype(np.float32)
    # both ends at once: this is done in every run, where it takes longer than rounding a small array
    limits = np.array([lowest, highest], wide).reshape(2, *[1] * low.ndim)
    with np.errstate(all="ignore"):
        ends = flushed(np.array([low, high])).astype(wide, copy=False)
        most = np.nextafter(dtype.type(np.inf), dtype.type(0))
        scales = np.where(limits * ends > 0, flushed((limits / ends).astype(dtype, copy=False)), most)
        sizes = flushed((ends / limits).astype(dtype, copy=False))
        keeps_low = scales[0] < scales[1]
        scale, step = np.where(keeps_low, scales[0], scales[1]), np.where(keeps_low, sizes[0], sizes[1])
        moved = limits * step.astype(wide, copy=False)
        # the end that keeps its place is as it was, the other one where the integer ends
        stays = np.array([keeps_low, ~keeps_low])
        low, high = np.where(stays, ends, moved).astype(dtype, copy=False)
        delicate = dtype in TINY and bool((scale > dtype.type(0.25) / TINY[dtype]).any())
        from_zero = clips and lowest == 0 and bool(((low == 0) & (high > 0)).all())
        plain = clips and lowest != 0 and bool(((low < high) & (low != 0) & (high != 0)).all())
    low, high = np.asarray(low), np.asarray(high)
    clamp = None if not clips else _clip if plain or from_zero else _compare
    return Steps(scale, step, low, high, clamp, delicate, from_zero)


def extent(x: Any, axis: int) -> tuple[Any, Any]:
    """The lowest and the highest value, of all or of each slice along an axis; NaN where there is one."""
    others = tuple(a for a in range(x.ndim) if a != axis) if axis >= 0 else None
    low, high = (np.asarray(ufunc.reduce(x, axis=others)) for ufunc in (np.minimum, np.maximum))
    least = _least(x.dtype)
    if (zero := np.abs(high) < least).any():
        # which of 0.0 and -0.0 is the highest would depend on their order
        positive = np.maximum.reduce(x.view(_SIGNED[x.itemsize]), axis=others) >= 0
        high = np.where(zero, np.where(positive, x.dtype.type(0), x.dtype.type(-0.0)), high)
    return low, high


def round_trip(x: Any, given: Steps | None, limits: Limits, axis: int, half_up: bool, out: Any) -> Any:
    """The values rounded, by the steps given or else by those of the range that they have."""
    result = out if out is not None and out.flags.c_contiguous else np.empty(x.shape, x.dtype)
    if x.size:
        made = steps(*extent(x, axis), *limits, clips=False) if given is None else given
        flat_x, flat_result = x.reshape(-1), result.reshape(-1)
        for part, layout in [(slice(None), None)] if axis < 0 else layouts(x.shape, axis):
            rows = (-1,) if layout is None else layout.shape
            _round_tiles(flat_x[part].reshape(rows), made.laid(layout), half_up, flat_result[part].reshape(rows))
    if out is None or result is out:
        return result
    np.copyto(out, result)
    return out


def round_rows(x: Any, made: Steps, axis: int, out: Any) -> Any:
    """The values of slices rounded by compiled loops."""
    count, period = x.shape[axis], max(1, prod(x.shape[axis:]))
    layout = Layout(count, period // max(1, count), width_of(x.size, period) // period)
    laid = map(layout.spread, (made.low, made.high, made.scale, made.step))
    result = np.empty(x.shape, x.dtype) if contiguous(out) is None else out
    quantization_loops.step_rows(x.reshape(-1), result.reshape(-1), *laid)
    return cast_into(result, x.dtype, out)


def _round_tiles(x: Any, made: Steps, half_up: bool, out: Any) -> None:
    rows = max(1, TILE // x[0].size)
    # a third axis is that of neighbours in a slice, which have the same numbers; it may be long
    columns = max(256, TILE // x.shape[1]) if x.ndim == 3 else x.shape[-1]
    for top in range(0, len(x), rows):
        for left in range(0, x.shape[-1], columns):
            tile = (slice(top, top + rows), ..., slice(left, left + columns)) if x.ndim > 1 else slice(top, top + rows)
            made.round(x[tile], half_up, out[tile])


def _clip(x: Any, low: Any, high: Any, out: Any) -> Any:
    # the ufunc has no loop for bfloat16
    return clip(x, low, high, out) if x.dtype.kind == "f" else clip_to_arrays(x, low, high, out)


def _compare(x: Any, low: Any, high: Any, out: Any) -> Any:
    # an end that is NaN is none, of two that are upside down ``low`` wins, a zero that meets a zero keeps its sign
    x = np.where(high < x, high, x)
    return np.where(x < low, low, x)


def _negative_zeros(x: Any) -> Any:
    """Where values are -0.0 or so little below it that they count as it; None where none is."""
    bits = x.view(_SIGNED[x.itemsize])
    limit = np.asarray(-_least(x.dtype)).view(bits.dtype)
    return bits < limit if np.minimum.reduce(bits, axis=None) < limit else None


def _least(dtype: Any) -> Any:
    """The smallest number above 0.0; subnormals of float32 and float64 count as 0.0."""
    return TINY[dtype] if dtype in TINY else np.nextafter(dtype.type(0), dtype.type(1))

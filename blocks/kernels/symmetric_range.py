"""Symmetric ranges of quantize-and-dequantize: whole multiples of a step about 0.0, and values rounded to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from blocks.kernels.casting import cast_into, contiguous_output
from blocks.kernels.channel_rows import Layout, layouts
from blocks.kernels.clip import clip, clip_to_arrays
from blocks.kernels.flush_subnormals import TINY, Floats, flush
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.quantized import Grid

TILE = 1 << 19  # elements that are taken through all operations before the next: they stay in the cache
Limits = tuple[int, int]  # the lowest and the highest value of the simulated integer
_SIGNED = {2: np.int16, 4: np.int32, 8: np.int64}


class Steps(NamedTuple):
    """Whole multiples of ``step`` between ``low`` and ``high``; 0-d arrays, or arrays with an element per slice.

    ``scale`` is the number of steps in 1.0, rounded by itself. ``clamp`` is None where no value can lie outside.
    ``near_subnormal`` is true where subnormal values make a difference, ``from_zero`` where ``low`` is +0.0 and
    ``clamp`` loses the sign of zeros.
    """

    scale: Array
    step: Array
    low: Array
    high: Array
    clamp: Callable[[Array, Array, Array, Array], Array] | None
    near_subnormal: bool
    from_zero: bool

    @property
    def element_args(self) -> tuple[Floats, ...] | None:
        """What an element takes where the formula is all there is to it, otherwise None."""
        if self.near_subnormal or self.from_zero or self.clamp is not _clip or self.step.dtype not in TINY:
            return None
        return self.low[()], self.high[()], self.scale[()], self.step.dtype.type(0.5), self.step[()]

    def grid(self, limits: Limits, axis: int) -> Grid:
        """The grid of the multiples: codes are the whole numbers between the limits."""
        with np.errstate(all="ignore"):
            scale = np.where(np.isfinite(self.scale), self.step, 0.0).astype(np.float64)
        return Grid(scale, np.zeros(scale.shape, np.int64), *limits, None if axis < 0 else axis)

    def spread(self, layout: Layout | None) -> Steps:
        """The same, spread to broadcast with values of this layout."""
        if layout is None:
            return self
        scale, step, low, high = map(layout.spread, self[:4])
        # the clip ufunc is slow where the ends change from value to value
        clamp = clip_to_arrays if self.clamp is _clip and layout.repeat else self.clamp
        return Steps(scale, step, low, high, clamp, self.near_subnormal, self.from_zero)

    def round(self, x: Array, half_up: bool, out: Array) -> None:
        """Write the values rounded; ``out`` may be ``x``."""
        if self.near_subnormal:
            x = flush(x)
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


def symmetric_steps(low: Floats, high: Floats, lowest: int, highest: int, clips: bool = True) -> Steps:
    """The steps of ranges from ``low`` to ``high`` for an integer between these limits, each operation in their dtype.

    >>> made = symmetric_steps(np.float32(-1), np.float32(3), -4, 3)
    >>> print(made.step, made.low, made.high)
    1.0 -4.0 3.0
    """
    dtype = low.dtype
    compute = dtypes.compute(dtype)
    # both ends at once: this is done in every run, where it takes longer than rounding a small array
    limits = np.array([lowest, highest], compute).reshape(2, *[1] * low.ndim)
    with np.errstate(all="ignore"):
        ends = flush(np.array([low, high])).astype(compute, copy=False)
        largest = np.nextafter(dtype.type(np.inf), dtype.type(0))
        scales = np.where(limits * ends > 0, flush((limits / ends).astype(dtype, copy=False)), largest)
        sizes = flush((ends / limits).astype(dtype, copy=False))
        keeps_low = scales[0] < scales[1]
        scale, step = np.where(keeps_low, scales[0], scales[1]), np.where(keeps_low, sizes[0], sizes[1])
        moved = limits * step.astype(compute, copy=False)
        # the end that keeps its place is as it was, the other one where the integer ends
        stays = np.array([keeps_low, ~keeps_low])
        low, high = np.where(stays, ends, moved).astype(dtype, copy=False)
        near_subnormal = dtype in TINY and bool((scale > dtype.type(0.25) / TINY[dtype]).any())
        from_zero = clips and lowest == 0 and bool(((low == 0) & (high > 0)).all())
        plain = clips and lowest != 0 and bool(((low < high) & (low != 0) & (high != 0)).all())
    low, high = np.asarray(low), np.asarray(high)
    clamp = None if not clips else _clip if plain or from_zero else _clamp_by_comparing
    return Steps(scale, step, low, high, clamp, near_subnormal, from_zero)


def value_range(x: Array, axis: int) -> tuple[Array, Array]:
    """The lowest and the highest value, of all or of each slice along an axis; NaN where there is one."""
    others = tuple(a for a in range(x.ndim) if a != axis) if axis >= 0 else None
    low, high = (np.asarray(ufunc.reduce(x, axis=others)) for ufunc in (np.minimum, np.maximum))
    if (zero := np.abs(high) < _smallest_positive(x.dtype)).any():
        # which of 0.0 and -0.0 is the highest would depend on their order
        positive = np.maximum.reduce(x.view(_SIGNED[x.itemsize]), axis=others) >= 0
        high = np.where(zero, np.where(positive, x.dtype.type(0), x.dtype.type(-0.0)), high)
    return low, high


def measured_steps(x: Array, limits: Limits, axis: int) -> Steps:
    """The steps of the range that values have, all or each slice along an axis; there must be some."""
    return symmetric_steps(*value_range(x, axis), *limits, clips=False)


def round_to_steps(x: Array, given: Steps | None, limits: Limits, axis: int, half_up: bool, out: Array | None) -> Array:
    """The values rounded by the steps given, or else by those of the range that the values have."""
    result = contiguous_output(x, x, out)
    if x.size:
        steps = measured_steps(x, limits, axis) if given is None else given
        flat_x, flat_result = x.reshape(-1), result.reshape(-1)
        for part, layout in [(slice(None), None)] if axis < 0 else layouts(x.shape, axis):
            rows = (-1,) if layout is None else layout.shape
            _round_tiles(flat_x[part].reshape(rows), steps.spread(layout), half_up, flat_result[part].reshape(rows))
    return cast_into(result, x.dtype, out)


def _round_tiles(x: Array, steps: Steps, half_up: bool, out: Array) -> None:
    rows = max(1, TILE // x[0].size)
    # a third axis is that of neighbours in a slice, which have the same numbers; it may be long
    columns = max(256, TILE // x.shape[1]) if x.ndim == 3 else x.shape[-1]
    for top in range(0, len(x), rows):
        for left in range(0, x.shape[-1], columns):
            tile = (slice(top, top + rows), ..., slice(left, left + columns)) if x.ndim > 1 else slice(top, top + rows)
            steps.round(x[tile], half_up, out[tile])


def _clip(x: Array, low: Array, high: Array, out: Array) -> Any:
    # the ufunc has no loop for bfloat16
    return clip(x, low, high, out) if x.dtype.kind == "f" else clip_to_arrays(x, low, high, out)


def _clamp_by_comparing(x: Array, low: Array, high: Array, out: Array) -> Array:
    # a NaN end does not clip, of two that are upside down ``low`` wins, a zero that meets a zero keeps its sign
    x = np.where(high < x, high, x)
    return np.where(x < low, low, x)


def _negative_zeros(x: Array) -> Array | None:
    """Where values are -0.0, or below it by so little that they count as it; None where none is."""
    bits = x.view(_SIGNED[x.itemsize])
    limit = np.asarray(-_smallest_positive(x.dtype)).view(bits.dtype)
    return bits < limit if np.minimum.reduce(bits, axis=None) < limit else None


def _smallest_positive(dtype: DType) -> Any:
    """The smallest number above 0.0; subnormals of float32 and float64 count as 0.0."""
    return TINY[dtype] if dtype in TINY else np.nextafter(dtype.type(0), dtype.type(1))

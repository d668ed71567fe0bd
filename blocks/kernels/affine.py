"""The arithmetic that the integer blocks share: from floats to quantized integers in a range, and back.

Everything is float32, one rounding per operation, except where float64 is named. Subnormal numbers count as zeros of
their sign, as they do in the reference. They change a result only where a step is next to the subnormal range, so the
ranges decide whether the arrays are searched for them.

``lo`` and ``hi`` are the values of the lowest and the highest number, float32 scalars or arrays that broadcast.
"""

from __future__ import annotations

from math import isnan
from typing import Any

import numpy as np

from blocks.kernels import quantize_loops
from blocks.kernels.chunked import in_parts, part_bytes
from blocks.kernels.clip import clip
from blocks.kernels.flush_subnormals import Float, Floats, flush
from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array, DType

LARGEST = np.finfo(np.float32).max
SMALL_STEP = np.float32(2.0**-100)  # sums of multiples of a larger step are zero or normal
LARGE_SCALE = np.float32(2.0**120)  # a smaller scale keeps every subnormal number below one half
BELOW_HALF = np.nextafter(np.float32(0.5), np.float32(0))
LARGEST_BELOW_2_31 = 2147483520  # as float32
TILE = 1 << 16  # elements to work on at a time: they stay in the cache, and calls take a small part of the time
FAR = 2.0**63  # numbers are whole numbers of 64 bits on their way


def round_away(x: Floats, out: Array | None = None) -> Array:
    """The nearest whole number, halves away from zero."""
    return np.trunc(add_half_away(x, out), out)


def add_half_away(x: Floats, out: Array | None = None) -> Array:
    """Numbers that truncated are the nearest whole ones, halves away from zero."""
    # adding one half itself would carry its lower neighbour up to 1
    if x.dtype != np.float32 or not x.ndim:
        return np.add(x, np.copysign(BELOW_HALF, x), out)
    half: Array = np.bitwise_and(x.view(np.int32), np.int32(-(2**31)))  # the sign; np.copysign takes five times as long
    np.bitwise_or(half, BELOW_HALF.view(np.int32), half)
    return np.add(x, half.view(np.float32), out)


def store(values: Array, dtype: str, out: Array) -> None:
    """Write floats, truncated, to ``out`` as numbers of a quantized dtype; overwrites ``values``.

    Those out of its range saturate, NaN becomes 0.
    """
    lowest, highest = dtypes.limits(dtype)
    if np.isnan(np.maximum.reduce(values, None)):  # faster than to look for NaN one by one
        np.copyto(values, 0, where=np.isnan(values))
    if dtypes.storage(dtype) == np.int32:  # float32 has no 2**31 - 1
        values = np.clip(values, lowest, highest, dtype=np.float64)
    np.copyto(out, values, casting="unsafe")


def to_quantized(
    x: Array, lo: Floats, hi: Floats, dtype: str, out: Array | None = None, compiled: bool = False
) -> Array:
    """``round(x * s) - (round(lo * s) - lowest)``, saturated, with ``s = (highest - lowest) / (hi - lo)``.

    compiled : whether a compiled loop may do it, for integers of up to 16 bits.
    """
    lowest, highest = dtypes.limits(dtype)
    scale, shift = scale_and_shift(lo, hi, dtype)
    out = np.empty(x.shape, dtypes.storage(dtype)) if out is None else out
    if compiled and not scale > LARGE_SCALE:
        ends = np.float32(lowest), np.float32(highest)
        quantize_loops.round_away_first(x.reshape(-1), out.reshape(-1), scale, shift, *ends, BELOW_HALF)
        return out

    def step(x: Array, out: Array) -> None:
        values = np.empty(x.shape, np.float32)
        np.multiply(flush(x) if scale > LARGE_SCALE else x, scale, out=values)
        round_away(values, values)
        values -= shift
        clip(values, np.float32(lowest), np.float32(min(highest, LARGEST_BELOW_2_31)), values)
        store(values, dtype, out)

    return in_parts(step, out, x, size=TILE)


def scale_and_shift(lo: Floats, hi: Floats, dtype: str) -> tuple[Any, Any]:
    """The ``s`` of `to_quantized`, and what it takes off ``round(x * s)``."""
    lowest, highest = dtypes.limits(dtype)
    lo, hi = flush(lo), flush(hi)
    scale = np.where(lo == hi, 0, np.float64(highest - lowest) / (hi - lo)).astype(np.float32)[()]
    return scale, round_away(lo * scale) - np.float32(lowest)


def requantize(
    q: Array, lo: Floats, hi: Floats, new_lo: Floats, new_hi: Floats, dtype: str, out: Array | None = None
) -> Array:
    """Numbers of the range ``[lo, hi]`` as numbers of ``[new_lo, new_hi]`` in another quantized dtype, by float32."""

    def step(q: Array, out: Array) -> None:
        to_quantized(to_float(q, lo, hi), new_lo, new_hi, dtype, out)

    return in_parts(step, np.empty(q.shape, dtypes.storage(dtype)) if out is None else out, q, size=TILE)


def quantized_bytes(given: TensorType) -> int:
    """What a value of this type takes at most on its way to a quantized one, by part."""
    return part_bytes(19, given, size=TILE)


def to_float(q: Array, lo: Floats, hi: Floats, out: Array | None = None) -> Array:
    """``(round(lo / s) * s - lowest * s) + q * s`` with ``s = (hi - lo) / (highest - lowest)``."""
    step, origin = step_and_origin(lo, hi, q.dtype)
    out = np.empty(q.shape, np.float32) if out is None else out
    np.copyto(out, q, casting="unsafe")
    np.multiply(out, step, out)
    if not abs(step) > SMALL_STEP:
        flush(out, out)
    np.add(out, origin, out=out)
    if not abs(step) > SMALL_STEP:
        flush(out, out)
    return out


def step_and_origin(lo: Floats, hi: Floats, dtype: DType) -> tuple[Any, Any]:
    """The ``s`` of `to_float`, and what it adds to ``q * s``."""
    lowest, highest = dtypes.limits(dtypes.name_of(dtype))
    lo, hi = flush(lo), flush(hi)
    step = flush(np.float32(np.float64(flush(hi - lo)) / (highest - lowest)))
    origin = lo if lo == hi else flush(round_away(lo / step) * step)
    return step, flush(origin - flush(np.float32(lowest) * step))


def value_of(q: int | Array, lo: Floats, hi: Floats, dtype: str) -> Floats:
    """The value of a quantized number, ``round(lo / s) * s + (q - lowest) * s``, in float64 but for the rounding."""
    return value_by(q, value_steps(lo, hi, dtype))


def value_steps(lo: Floats, hi: Floats, dtype: str) -> tuple[int, Any, Any]:
    """The lowest number, its value, and the ``s`` of `value_of`: 0 where the range has no width."""
    lowest, highest = dtypes.limits(dtype)
    start, end = flush(lo), flush(hi)
    if start == end:
        return lowest, lo, np.float64(0)
    count = highest - lowest + 1
    step = np.float64(flush(end - start)) * (count / (count - 1.0)) / count
    rounded = flush(np.float32(step))
    return lowest, round_away(start / rounded) * rounded, step


def value_by(q: int | Array, steps: tuple[int, Any, Any]) -> Floats:
    """The value of a quantized number by `value_steps`."""
    lowest, origin, step = steps
    if step == 0:
        return origin
    value: Floats = flush(np.float32(origin + (np.float64(np.float32(q)) - lowest) * step))
    return value


def level_of(value: float, lo: Floats, hi: Floats, dtype: str) -> int:
    """The number that stands for a value, ``round(value * s) - round(lo * s) + lowest`` in float64, not saturated.

    The lowest where the range has no width, and for what is NaN.
    """
    steps = float(_steps(np.float32(value), lo, hi, dtype))
    return dtypes.limits(dtype)[0] + (0 if isnan(steps) else int(min(max(steps, -FAR), FAR)))


def levels_of(values: Array, lo: Floats, hi: Floats, dtype: str) -> Array:
    """The numbers that stand for float32 values as by `level_of`, in int64 and saturated."""
    lowest, highest = dtypes.limits(dtype)
    steps = _steps(values, lo, hi, dtype)
    return np.clip(np.where(np.isnan(steps), lowest, steps + lowest), lowest, highest).astype(np.int64)


def _steps(values: Floats, lo: Floats, hi: Floats, dtype: str) -> Any:
    """How many steps above the lowest number values of a range lie."""
    lowest, highest = dtypes.limits(dtype)
    lo, hi = flush(lo), flush(hi)
    if lo == hi:
        return np.zeros(values.shape)
    count = highest - lowest + 1
    scale = count / (np.float64(flush(hi - lo)) * (count / (count - 1.0)))
    return nearest(np.float64(flush(values)) * scale) - nearest(lo * scale)


def saturated(number: int, dtype: str) -> int:
    """The number, or the end of the dtype that it lies beyond."""
    lowest, highest = dtypes.limits(dtype)
    return min(max(number, lowest), highest)


def nearest(value: Floats) -> Any:
    """The nearest whole number in float64, halves away from zero."""
    whole = np.trunc(value)
    return whole + np.copysign(np.abs(value - whole) >= 0.5, value)


def product_range(*operands: tuple[Float, Float, str]) -> tuple[Float, Float]:
    """The range of qint32 for products of numbers of these ranges and dtypes: its step is the product of theirs."""
    step = np.float32(1)
    for lo, hi, dtype in operands:
        lowest, highest = dtypes.limits(dtype)
        step = flush(step * flush(flush(flush(hi) - flush(lo)) / np.float32(highest - lowest)))
    return flush(step * np.float32(-(2.0**31))), flush(step * np.float32(2.0**31))


def zero_of(lo: Floats, hi: Floats, dtype: str) -> np.int32:
    """The number that stands for 0.0, in 32 bits: one far beyond the dtype wraps around."""
    return wrapped(level_of(0.0, lo, hi, dtype))


def wrapped(number: int) -> np.int32:
    """The last 32 bits of a number."""
    return np.int32((number + 2**31) % 2**32 - 2**31)

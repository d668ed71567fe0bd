"""The arithmetic that the integer blocks share: from floats to quantized integers in a range, and back.

Everything is float32, one rounding per operation, except where float64 is named. Subnormal numbers count as zeros of
their sign, as they do in the reference. They change a result only where a step is next to the subnormal range, so the
ranges decide whether the arrays are searched for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.kernels.chunked import in_parts, part_bytes
from blocks.kernels.flush_subnormals import flushed
from dataflow.core import dtypes
from dataflow.core.block import TensorType

LARGEST = np.finfo(np.float32).max
SMALL_STEP = np.float32(2.0**-100)  # sums of multiples of a larger step are zero or normal
LARGE_SCALE = np.float32(2.0**120)  # a smaller scale keeps every subnormal number below one half
BELOW_HALF = np.nextafter(np.float32(0.5), np.float32(0))
LARGEST_BELOW_2_31 = 2147483520  # as float32


def clamp(x: Any, lo: Any, hi: Any, out: Any) -> Any:
    """``max(min(x, hi), lo)``: NaN stays NaN, a bound that is NaN is none."""
    np.minimum(x, np.where(np.isnan(hi), np.float32(np.inf), hi), out=out)
    return np.maximum(out, np.where(np.isnan(lo), np.float32(-np.inf), lo), out=out)


def round_away(x: Any, out: Any = None) -> Any:
    """The nearest whole number, halves away from zero."""
    # adding one half itself would carry its lower neighbour up to 1
    return np.trunc(np.add(x, np.copysign(BELOW_HALF, x), out), out)


def store(values: Any, dtype: str, out: Any) -> None:
    """Floats cut to whole numbers of a quantized dtype, saturated, NaN as 0; ``values`` is overwritten."""
    lowest, highest = dtypes.limits(dtype)
    np.copyto(values, 0, where=np.isnan(values))
    if dtypes.storage(dtype) == np.int32:  # float32 has no 2**31 - 1
        values = np.clip(values, lowest, highest, dtype=np.float64)
    np.copyto(out, values, casting="unsafe")


def to_quantized(x: Any, lo: Any, hi: Any, dtype: str, out: Any = None) -> Any:
    """``round(x * s) - (round(lo * s) - lowest)``, saturated, with ``s = (highest - lowest) / (hi - lo)``."""
    lowest, highest = dtypes.limits(dtype)
    lo, hi = flushed(lo), flushed(hi)
    scale = np.where(lo == hi, 0, np.float64(highest - lowest) / (hi - lo)).astype(np.float32)
    shift = round_away(lo * scale) - np.float32(lowest)

    def step(x: Any, out: Any) -> None:
        values = np.empty(x.shape, np.float32)
        np.multiply(flushed(x) if scale > LARGE_SCALE else x, scale, out=values)
        round_away(values, values)
        values -= shift
        clamp(values, np.float32(lowest), np.float32(min(highest, LARGEST_BELOW_2_31)), values)
        store(values, dtype, out)

    return in_parts(step, np.empty(x.shape, dtypes.storage(dtype)) if out is None else out, x)


def moved(q: Any, lo: Any, hi: Any, new_lo: Any, new_hi: Any, dtype: str, out: Any = None) -> Any:
    """Numbers of the range ``[lo, hi]`` as numbers of ``[new_lo, new_hi]`` in another quantized dtype, by float32."""

    def step(q: Any, out: Any) -> None:
        to_quantized(to_float(q, lo, hi), new_lo, new_hi, dtype, out)

    return in_parts(step, np.empty(q.shape, dtypes.storage(dtype)) if out is None else out, q)


def quantized_bytes(given: TensorType) -> int:
    """What a value of this type takes at most on its way to a quantized one, by part."""
    return part_bytes(19, given)


def to_float(q: Any, lo: Any, hi: Any, out: Any = None) -> Any:
    """``(round(lo / s) * s - lowest * s) + q * s`` with ``s = (hi - lo) / (highest - lowest)``."""
    lowest, highest = dtypes.limits(dtypes.name_of(q.dtype))
    lo, hi = flushed(lo), flushed(hi)
    step = flushed(np.float32(np.float64(flushed(hi - lo)) / (highest - lowest)))
    origin = lo if lo == hi else flushed(round_away(lo / step) * step)
    origin = flushed(origin - flushed(np.float32(lowest) * step))
    out = np.empty(q.shape, np.float32) if out is None else out
    np.multiply(q, step, out=out, dtype=np.float32)
    if not abs(step) > SMALL_STEP:
        flushed(out, out)
    np.add(out, origin, out=out)
    return out if abs(step) > SMALL_STEP else flushed(out, out)


def value_of(q: int, lo: Any, hi: Any, dtype: str) -> Any:
    """The value of one quantized number, ``round(lo / s) * s + (q - lowest) * s``, in float64 but for the rounding."""
    if flushed(lo) == flushed(hi):
        return lo
    lo, hi = flushed(lo), flushed(hi)
    lowest, highest = dtypes.limits(dtype)
    count = highest - lowest + 1
    step = np.float64(flushed(hi - lo)) * (count / (count - 1.0)) / count
    origin = round_away(lo / flushed(np.float32(step))) * flushed(np.float32(step))
    return flushed(np.float32(origin + (np.float64(np.float32(q)) - lowest) * step))

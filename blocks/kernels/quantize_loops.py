"""Compiled loops that quantize numbers of float32 to whole numbers of up to 16 bits, as `affine` does in passes.

NaN becomes 0. What comes out must lie in the range of the integers, which `clip` before and the scale see to.
"""

from __future__ import annotations

import numpy as np

from blocks.kernels.flush_subnormals import Float
from dataflow.core.dtypes import Array
from dataflow.core.evaluator import jit_loop

FEW = 1 << 12  # elements up to which no compiled loop is faster


@jit_loop
def round_up(x: Array, out: Array, low: Float, high: Float, scale: Float, half: Float) -> None:
    """``(clip(x) - low) * scale``, halves up; it is not negative."""
    zero = half - half
    for i in range(out.size):
        v = x[i]
        v = low if v < low else v
        v = high if v > high else v
        v = (v - low) * scale + half
        out[i] = np.int32(v if v == v else zero)


@jit_loop
def round_away(
    x: Array, out: Array, low: Float, high: Float, origin: Float, scale: Float, shift: Float, half: Float
) -> None:
    """``(clip(x) - origin) * scale - shift``, halves away from zero; ``half`` is the number below one half."""
    zero = half - half
    for i in range(out.size):
        v = x[i]
        v = low if v < low else v
        v = high if v > high else v
        v = (v - origin) * scale - shift
        v = v + (half if v >= zero else -half)
        out[i] = np.int32(v if v == v else zero)


@jit_loop
def round_even(x: Array, out: Array, low: Float, high: Float, scale: Float) -> None:
    """``clip(x) * scale``, halves to even."""
    zero = scale - scale
    for i in range(out.size):
        v = x[i]
        v = low if v < low else v
        v = high if v > high else v
        v = np.rint(v * scale)
        out[i] = np.int32(v if v == v else zero)


@jit_loop
def round_away_first(
    x: Array, out: Array, scale: Float, shift: Float, lowest: Float, highest: Float, half: Float
) -> None:
    """``x * scale``, halves away from zero, less ``shift``, and clipped to the integers."""
    zero = half - half
    for i in range(out.size):
        v = x[i] * scale
        v = np.trunc(v + (half if v >= zero else -half)) - shift
        v = lowest if v < lowest else v
        v = highest if v > highest else v
        out[i] = np.int32(v if v == v else zero)

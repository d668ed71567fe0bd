"""Values counted in steps of a nudged range, and rounded to its levels."""

from __future__ import annotations

import numpy as np

from blocks.kernels.clip import clip, clip_to_arrays
from blocks.kernels.flush_subnormals import Floats, flush
from blocks.kernels.nudged_range import Levels
from dataflow.core.dtypes import Array


def round_to_levels(levels: Levels, count: np.ufunc, step: Floats, x: Array, out: Array) -> None:
    """Write ``x`` rounded to the levels; ``count(x, step)`` gives the number of steps in a distance."""
    count_steps(levels, count, step, x, out)
    np.multiply(out, levels.scale, out)
    if levels.empty is not None:
        np.copyto(out, 0, where=levels.empty)


def count_steps(levels: Levels, count: np.ufunc, step: Floats, x: Array, out: Array) -> None:
    """Write the number of the level, counted from that of 0.0, that ``x`` is rounded to; both have one dtype."""
    if levels.near_subnormal:
        x = flush(x)
    if levels.steps is None:
        clamp = clip_to_arrays if np.ndim(levels.low) else clip
        x = clamp(x, levels.low, levels.high, out)
    if levels.shifted:
        x = np.subtract(x, levels.low, out)
    if levels.near_subnormal:
        x = flush(x)
    count(x, step, out)
    if levels.steps is not None:
        clip(out, out.dtype.type(0), levels.steps, out)
    if levels.offset is not None:
        np.subtract(out, levels.offset, out)
    else:
        np.subtract(out, levels.qz, out)
        np.add(out, out.dtype.type(0.5), out)
    np.floor(out, out)

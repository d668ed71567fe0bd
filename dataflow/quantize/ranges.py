"""Ranges from statistics: what a quantizer should cover by a method, and how much of what was seen lies outside."""

from __future__ import annotations

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError, way_out
from dataflow.core.float_bins import finite_bins
from dataflow.core.registry import blocks
from dataflow.quantize.statistics import Seen


def range_of(
    seen: Seen, method: str = "min_max", bits: int = 8, symmetric: bool = False, narrow: bool | None = None
) -> tuple[Array, Array]:
    """The low and high end of a range for values as they were seen on a wire, a scalar or one per channel.

    See the block RangeOf for the methods. A symmetric range is searched for with as many levels on each side, unless
    ``narrow`` says otherwise.

    Raises DataflowError where there is no such method, or where a moving average is asked of a wire without batches.
    """
    block = blocks["RangeOf"](
        method=method,
        num_bits=max(bits, 2),
        symmetric=symmetric,
        narrow_range=symmetric if narrow is None else narrow,
    )
    averaged = method.startswith("moving_average")
    if averaged and seen.batches is None:
        raise DataflowError(
            "a moving average must be of a wire whose first axis is that of rows, got one without; take min_max"
        )
    low, high = block(seen.counts, seen.low, seen.high, seen.batches if averaged else None)
    return low, high


def check_finite(wire: str, seen: Seen) -> None:
    """Raise GraphError where nothing finite was seen on a wire."""
    if seen.total == seen.not_finite:
        problems = way_out("`dataflow check`", page="the list of problems")
        raise GraphError(
            f"'{wire}': must have finite values to find a range, got {seen.not_finite} others; "
            f"{problems} and the data say where they come from"
        )


def clipped(seen: Seen, low: Array, high: Array) -> float:
    """The share of the finite values seen that lie below a low end or above a high one; 0.0 where there are none.

    Within a bin of the histogram values count as evenly spread.
    """
    counts = seen.counts.reshape(-1, seen.counts.shape[-1])
    places, first, last = finite_bins(counts.shape[1].bit_length() - 1)
    held = counts[:, places]
    first = np.maximum(first, np.reshape(seen.low, (-1, 1)).astype(np.float64))
    last = np.minimum(last, np.reshape(seen.high, (-1, 1)).astype(np.float64))
    width = np.where(last > first, last - first, 1.0)
    below = np.where(
        last > first, np.clip((np.reshape(low, (-1, 1)) - first) / width, 0, 1), first < np.reshape(low, (-1, 1))
    )
    above = np.where(
        last > first, np.clip((last - np.reshape(high, (-1, 1))) / width, 0, 1), last > np.reshape(high, (-1, 1))
    )
    total = held.sum()
    return float((held * (below + above)).sum() / total) if total else 0.0

"""Ranges of weights, which are known: for a tensor, each channel or each group the end `m` of the range -m to m."""

from __future__ import annotations

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.quantize.section import Weights

_STEPS = 160  # candidates for an end, from the largest value down to a fifth of it


def weight_ends(weights: Array, settings: Weights, axis: int, summed: int) -> Array:
    """The end of the range of the whole tensor (0-d), of each channel of ``axis``, or of each group along ``summed``.

    Computed in float64 from all weights, and rounded to float32. Where all weights are 0.0 it is 1.0: any would do, and
    none may be 0.0 to divide by. Raises DataflowError where the method is for values that are seen in runs.
    """
    rows, shape = _rows(weights, settings, axis, summed)
    largest = np.max(np.abs(rows), axis=1, initial=0.0)
    if settings.range == "min_max":
        ends = largest
    elif settings.range == "mse":
        ends = _least_error(rows, largest, settings.bits)
    elif settings.range.startswith("percentile:"):
        ends = np.percentile(np.abs(rows), float(settings.range.partition(":")[2]), axis=1)
    else:
        raise DataflowError(f"weights: range must be min_max, mse or percentile:P, got {settings.range}")
    ends = ends.astype(np.float32)
    made: Array = np.where(ends > 0, ends, np.float32(1)).reshape(shape)
    return made


def _rows(weights: Array, settings: Weights, axis: int, summed: int) -> tuple[Array, tuple[int, ...]]:
    """The weights that share a range, a row each; shape that the ends of the rows have."""
    values = weights.astype(np.float64)
    if settings.per == "tensor":
        return values.reshape(1, -1), ()
    if settings.per == "channel":
        count = values.shape[axis]
        rows = np.moveaxis(values, axis, 0).reshape(count, values.size // max(count, 1))
        return rows, (len(rows),)
    along = summed % values.ndim
    count = -(-values.shape[along] // settings.group)
    padding = [(0, count * settings.group - size if i == along else 0) for i, size in enumerate(values.shape)]
    # zeros change no range: they are on every grid
    split = np.moveaxis(np.pad(values, padding), along, -1).reshape(-1, settings.group)
    others = [size for i, size in enumerate(values.shape) if i != along]
    rows = np.moveaxis(split.reshape(*others, count, settings.group), -2, along)
    return rows.reshape(-1, settings.group), rows.shape[:-1]


def _least_error(rows: Array, largest: Array, bits: int) -> Array:
    """The ends with the least sum of squared rounding errors: the best of many, then one refined about the best."""
    if bits == 1:  # the levels are -m and m, the best m is the mean
        mean: Array = np.mean(np.abs(rows), axis=1)
        return mean
    most = 2 ** (bits - 1) - 1
    best, least = largest.copy(), np.full(len(rows), np.inf)
    shares = np.linspace(1.0, 0.2, _STEPS)
    for share in shares:
        _keep_better(rows, largest * share, most, best, least)
    start, width = best.copy(), (shares[0] - shares[1]) * largest
    for part in np.linspace(-1.0, 1.0, 17):
        _keep_better(rows, start + part * width, most, best, least)
    return best


def _keep_better(rows: Array, ends: Array, most: int, best: Array, least: Array) -> None:
    step = np.where(ends > 0, ends, 1.0)[:, None] / most
    error = np.sum(np.square(np.clip(np.rint(rows / step), -most, most) * step - rows), axis=1)
    better = (error < least) & (ends > 0)
    best[better], least[better] = ends[better], error[better]

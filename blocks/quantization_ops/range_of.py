"""The range that a quantizer should cover: from what observers kept, or from values that are all there."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.binned import Bins, extremes, of_counts, of_values
from blocks.kernels.casting import cast_into
from blocks.kernels.chunked import cut
from blocks.kernels.float_histogram import observe, observe_bytes
from blocks.kernels.range_search import Ends, least_divergence, least_error, moving_average, percentile
from blocks.quantization_ops.observers import PerChannel
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.errors import listing, nearest
from dataflow.core.float_bins import PER_CHANNEL, WHOLE
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Shape, fits, show
from dataflow.core.workspace import Kernel, Workspace

METHODS = {"min_max": None, "percentile": 99.99, "mse": None, "entropy": None, "moving_average": 0.9}
_LIMITS = {"percentile": (50.0, 100.0), "moving_average": (0.0, 1.0)}
_SORTED = 1 << 14  # values of a channel up to which each is a bin of its own
_AT_ONCE = 1 << 20  # values that are searched together
_SEARCH = 128  # bytes that a search takes for each bin


def method_of(text: str) -> tuple[str, float | None]:
    """A method and its number, as ``percentile:99.9`` has them; ValueError where there is no such method."""
    name, colon, number = text.partition(":")
    if name not in METHODS:
        raise ValueError(
            f"must be {listing(METHODS)}, got '{text}'" + (f"; {near}" if (near := nearest(name, METHODS)) else "")
        )
    if not colon:
        return name, METHODS[name]
    if name not in _LIMITS:
        raise ValueError(f"must be '{name}' without a number, got '{text}'")
    low, high = _LIMITS[name]
    try:
        value = float(number)
    except ValueError:
        value = np.nan
    if not low <= value <= high:
        raise ValueError(f"must be {name}:NUMBER with a number from {low:g} to {high:g}, got '{text}'")
    return name, value


class RangeMethod(Opaque, abstract=True):
    """Low and high ends, by a method, of the range of values."""

    T = dtypes.floating
    method: str = attr(
        "`min_max`, `percentile`, `mse`, `entropy` or `moving_average`; the second and the last may have a number, "
        "`percentile:99.9` or, for the part that a moving average keeps, `moving_average:0.95`",
        default="min_max",
    )
    num_bits: int = attr("width of the integer that the range is for", default=8, ge=2, le=16)
    symmetric: bool = attr("give a range `-m, m`; 0.0 is one of its levels with `narrow_range`", default=False)
    narrow_range: bool = attr("the lowest level is left out", default=False)
    grad = None

    def check(self) -> None:
        try:
            method_of(self.method)
        except ValueError as error:
            raise self.error(f"attr 'method' {error}") from None

    def _whole(self, low: Array, high: Array) -> Ends:
        """The ends in float64, widened to hold 0.0 and, if asked, to be symmetric; 0.0 where nothing is finite."""
        held = low <= high
        low = np.where(held, np.minimum(low.astype(np.float64), 0.0), 0.0)
        high = np.where(held, np.maximum(high.astype(np.float64), 0.0), 0.0)
        if self.symmetric:
            high = np.maximum(-low, high)
            low = -high
        return low + 0.0, high

    def _search(self, bins: Bins, low: Array, high: Array, dtype: DType) -> Ends:
        """The range by the method, of values of this dtype whose whole range is known."""
        name, number = method_of(self.method)
        if name == "percentile":
            return self._whole(*percentile(bins, number or 0.0, self.symmetric))
        if name == "mse":
            return least_error(bins, low, high, self.num_bits, self.narrow_range, dtypes.compute(dtype))
        if name == "entropy":
            return least_divergence(bins, low, high, 2**self.num_bits - 1 - self.narrow_range)
        return low, high


def _ends(ends: Ends, shape: tuple[int, ...], dtype: DType, out: Array | None) -> Ends:
    low, high = (dtypes.rounded(end.reshape(shape) + 0.0, dtype) for end in ends)  # never -0.0
    return cast_into(low, dtype, out), high


class RangeOf(RangeMethod):
    """The range ``min, max`` that a quantizer should cover, from what HistogramObserver kept, by a method.

    ``min_max`` takes the lowest and the highest value. ``percentile:p`` leaves out at most ``100 - p`` percent of
    the values at either end, of a symmetric range in all. ``mse`` has the least sum of squared errors, of many
    ranges that are tried, after rounding to the ``2 ** num_bits`` levels that FakeQuantWithMinMaxVars has for a
    range. ``entropy`` cuts at the absolute value for which the distribution of the values changes the least: the
    divergence ``sum(P * log(P / Q))``, for P the absolute values in 2,048 bins with what lies beyond the cut added
    to the last bin before it, and Q those before the cut averaged over the bins of each level that have any; Q is
    0.0001 values where it would have none and P has some. A cut that all values lie beyond is none. Where there are
    more than 256 levels beside 0.0, nothing is cut. ``moving_average:d`` begins with the range of the first row of
    `batches` and goes ``1 - d`` of the way to that of each later one.

    Within a bin values count as evenly spread. NaN and infinities count for nothing. The range is widened to hold 0.0,
    for which quantizers have a level; where there are no values it is 0.0, 0.0. No gradient flows.

    >>> counts = np.zeros(65536, np.int64)
    >>> counts[[0x0000, 0x3F80, 0x42C8]] = 1, 98, 1  # 0.0, from 1.0 on, from 100.0 on
    >>> RangeOf(method="percentile:99")(counts, 0.0, 100.0)
    RangeOfOutputs(min=array(0., dtype=float32), max=array(1.0078125, dtype=float32))

    Source: calibration after training.
    """

    found_by = ("calibration", "percentile", "entropy")
    counts = In("int64", "counts of HistogramObserver, `[65536]`; or, of channels, `[channels, 4096]`")
    lowest = In("T", "the observer's `min`, a scalar or one per channel")
    highest = In("T", "its `max`")
    batches = In("T", "the table of MovingAverageObserver, for that method alone", shape=("batches", 2), optional=True)
    min = Out("T", "lower end of the range, at most 0.0")
    max = Out("T", "upper end of the range, at least 0.0")

    def shape_of(
        self, counts: TensorType, lowest: TensorType, highest: TensorType, batches: TensorType | None
    ) -> list[Shape]:
        if not fits(highest.shape, lowest.shape):
            wanted = show(lowest.shape)
            raise self.error(f"input 'highest' must have the shape of 'lowest', {wanted}, got {show(highest.shape)}")
        if counts.shape is not None and lowest.shape is not None:
            shape = (*lowest.shape, 1 << (PER_CHANNEL if lowest.shape else WHOLE))
            if len(lowest.shape) > 1 or not fits(counts.shape, shape):
                raise self.error(
                    f"input 'counts' must have shape {show(shape)} beside 'lowest' of {show(lowest.shape)}, "
                    f"got {show(counts.shape)}; take all three from one HistogramObserver"
                )
        if method_of(self.method)[0] == "moving_average" and (batches is None or lowest.shape not in ((), None)):
            got = "nothing" if batches is None else f"it beside ranges of channels, {show(lowest.shape)}"
            raise self.error(
                f"input 'batches' must be the table of MovingAverageObserver for method 'moving_average', got {got}; "
                "wire it, with scalars 'lowest' and 'highest'"
            )
        return [lowest.shape] * 2

    def bind(self, memory: Workspace, counts: TensorType, lowest: TensorType, *others: TensorType | None) -> Kernel:
        name, number = method_of(self.method)
        rows, sizes, dtype = prod(lowest.sizes), lowest.sizes, storage(lowest.dtype)
        memory.borrowed += _SEARCH * prod(counts.sizes)

        def kernel(
            counts: Array, lowest: Array, highest: Array, batches: Array | None, out: Array | None = None
        ) -> Ends:
            low, high = self._whole(np.atleast_1d(lowest), np.atleast_1d(highest))
            if name == "moving_average" and batches is not None:
                found = self._whole(*moving_average(batches, number or 0.0))
            else:
                first, last = (np.atleast_1d(end).astype(np.float64) for end in (lowest, highest))
                found = self._search(of_counts(counts.reshape(rows, -1), first, last), low, high, dtype)
            return _ends(found, sizes, dtype, out)

        return kernel


class RangeOfValues(RangeMethod, PerChannel):
    """The range ``min, max`` that a quantizer should cover, of values that are all there, such as weights.

    The methods are those of RangeOf, but for ``moving_average``. Each value counts by itself; of more than 16,384 in a
    channel, those of equal sign, exponent and first 7 bits of mantissa count as evenly spread. No gradient flows.

    >>> RangeOfValues(symmetric=True)([[0.5, -2.0], [1.0, 1.5]])
    RangeOfValuesOutputs(min=array(-2., dtype=float32), max=array(2., dtype=float32))

    Source: calibration after training.
    """

    found_by = ("calibration", "weights", "clipping")
    x = In("T", "values, any shape")
    min = Out("T", "lower end of the range, at most 0.0, a scalar or one per channel")
    max = Out("T", "upper end of the range, at least 0.0")

    def check(self) -> None:
        super().check()
        if method_of(self.method)[0] == "moving_average":
            raise self.error("attr 'method' must not be 'moving_average', as there are no batches; take 'min_max'")

    def shape_of(self, x: TensorType) -> list[Shape]:
        return [self.channels(x)] * 2

    def bind(self, memory: Workspace, x: TensorType) -> Kernel:
        axis = None if self.axis is None else self.channel(len(x.sizes))
        channels = 1 if axis is None else x.sizes[axis]
        count = prod(size for i, size in enumerate(x.sizes) if i != axis)
        size = max(1, _AT_ONCE // max(count, 1)) if count <= _SORTED else 1
        shape, dtype = () if axis is None else (channels,), storage(x.dtype)
        if count > _SORTED:
            memory.borrowed += observe_bytes(x, WHOLE, 1) + (_SEARCH << WHOLE)
        else:
            memory.borrowed += _SEARCH * min(prod(x.sizes), _AT_ONCE)

        def kernel(x: Array, out: Array | None = None) -> Ends:
            rows = (x if axis is None else np.moveaxis(x, axis, 0)).reshape(channels, count)
            parts = [self._of_rows(rows[part]) for part in cut(channels, size)]
            low, high = (np.concatenate([part[i] for part in parts] or [np.empty(0)]) for i in (0, 1))
            return _ends((low, high), shape, dtype, out)

        return kernel

    def _of_rows(self, rows: Array) -> Ends:
        counts, low, high = observe(rows.T[:, :, None], WHOLE) if rows.shape[1] > _SORTED else (None, *extremes(rows))
        whole = self._whole(low, high)
        return self._search(of_values(rows) if counts is None else of_counts(counts, low, high), *whole, rows.dtype)

"""Observers: what calibration keeps of the values on a wire, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from blocks.kernels.casting import cast_into
from blocks.kernels.float_histogram import observe, observe_bytes
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.float_bins import PER_CHANNEL, WHOLE
from dataflow.core.folding import Fold, bind_fold, fold_rows, leading
from dataflow.core.kinds import Opaque, Update
from dataflow.core.shapes import Shape, axes_of, element_count, show
from dataflow.core.workspace import Kernel, Workspace


class PerChannel(Opaque, abstract=True):
    """Gives numbers for all values, or for each channel along an axis."""

    axis: int | None = attr("the channel dim; by default all elements are one channel", default=None)

    def channel(self, rank: int) -> int:
        """The channel dim as a number from 0."""
        try:
            return axes_of(np.asarray(self.axis), rank)[0]
        except ValueError as error:
            raise self.error(f"attr 'axis' {error}") from None

    def channels(self, x: TensorType) -> Shape:
        """The shape of the outputs of which there is one per channel."""
        if self.axis is None:
            return ()
        return (None,) if x.shape is None else (x.shape[self.channel(len(x.shape))],)


class Observer(PerChannel, abstract=True):
    """Folds values to numbers for all of them, or for each channel."""

    T = dtypes.floating
    grad = None

    def folded(self, rank: int) -> list[int]:
        """The dims that are folded."""
        return [i for i in range(rank) if self.axis is None or i != self.channel(rank)]

    def row_width(self, x: TensorType) -> int | None:
        return leading(x.sizes, self.folded(len(x.sizes))) if x.known and x.shape else None


def _without_sign(ends: Sequence[Array]) -> list[Array]:
    """The ends, 0.0 in place of -0.0: which of the two is the lowest would depend on their order."""
    return [end + end.dtype.type(0) for end in ends]


class MinMaxObserver(Observer):
    """Range of the elements, ``min(x), max(x)``, which a quantizer must cover.

    NaN where there is a NaN; zeros have no sign. No gradient flows.

    >>> MinMaxObserver()([[1.0, -2.0], [5.0, 0.0]])
    MinMaxObserverOutputs(min=array(-2., dtype=float32), max=array(5., dtype=float32))

    Source: the observers of quantization-aware training.
    """

    found_by = ("calibration", "range", "observer")
    x = In("T", "values, at least one")
    min = Out("T", "lowest element, a scalar or one per channel", reduce=np.minimum)
    max = Out("T", "highest element, a scalar or one per channel", reduce=np.maximum)
    symmetric: bool = attr("widen the range to `-m, m` with m the largest `abs(x)`", default=False)
    group: int = attr("so many neighbours along `axis` count as one channel; 0: none", default=0, ge=0)

    def check(self) -> None:
        if self.group and self.axis is None:
            raise self.error("attr 'axis' must be given with attr 'group', got none; name the axis that groups lie on")

    def shape_of(self, x: TensorType) -> list[Shape]:
        if x.shape is not None and 0 in x.shape:
            raise self.error(f"input 'x' must have at least one element, got shape {show(x.shape)}")
        channels = self.channels(x)
        if self.group and channels is not None:
            channels = tuple(-(-size // self.group) if isinstance(size, int) else None for size in channels)
        return [channels] * 2

    def row_width(self, x: TensorType) -> int | None:
        return None if self.group else super().row_width(x)

    def partials(self, rows: Array) -> tuple[Array, Array]:
        return fold_rows(np.minimum, rows, rows.dtype), fold_rows(np.maximum, rows, rows.dtype)

    def finalize(self, totals: Sequence[Array], rows: int) -> tuple[Array, Array]:
        low, high = _without_sign(totals)
        if not self.symmetric:
            return low, high
        high = np.maximum(-low, high)
        return high.dtype.type(0) - high, high

    def bind(self, memory: Workspace, x: TensorType) -> Kernel:
        dtype, folds = storage(x.dtype), [self._bind_fold(ufunc, x) for ufunc in (np.minimum, np.maximum)]

        def kernel(x: Array, out: Array | None = None) -> tuple[Array, Array]:
            low, high = self.finalize([fold(x) for fold in folds], 0)
            return cast_into(low, dtype, out), high

        return kernel

    def _bind_fold(self, ufunc: np.ufunc, x: TensorType) -> Fold:
        """What finds an extreme: of groups, each of which lies in one piece where the axis is the first, or of all."""
        if not self.group:
            return bind_fold(ufunc, x.sizes, self.folded(len(x.sizes)), storage(x.dtype))
        axis, size = self.channel(len(x.sizes)), self.group

        def fold(x: Array) -> Array:
            first = np.moveaxis(x, axis, 0)
            whole = len(first) - len(first) % size
            parts = [first[:whole].reshape(whole // size, -1)] if whole else []
            parts += [first[whole:].reshape(1, -1)] if whole < len(first) else []
            return np.concatenate([ufunc.reduce(part, 1) for part in parts])

        return fold


class HistogramObserver(Observer):
    """How many values are in each bin, ``bits(float32(x)) >> 16``, with the lowest and the highest finite one.

    The bin of a value is the first half of its float32 pattern: its sign, its exponent and 7 bits of its mantissa; so
    there are 65,536 bins, which do not depend on the data. With `axis` each channel has 4,096, which are
    ``bits(float32(x)) >> 20``. All NaN are in bin ``0x7fc0``, infinities in ``0x7f80`` and ``0xff80``; finite float64
    beyond the range of float32 count as its ends. Where no element is finite, `min` is inf and `max` -inf.

    The counts of parts add up to those of the whole, and `min` and `max` of 0.0 and -0.0 are 0.0: the outputs have the
    same bits however the values are divided and whatever their order. No gradient flows.

    >>> counts, low, high = HistogramObserver()([1.0, 1.001, -3.0, 0.0])
    >>> print(counts[[0x3F80, 0xC040, 0]], low, high)
    [2 1 1] -3.0 1.001

    Source: a histogram over the bfloat16 numbers.
    """

    found_by = ("calibration", "histogram", "observer")
    x = In("T", "values, any number of them")
    counts = Out("int64", "elements in each bin, `[65536]`; with `axis`, `[channels, 4096]`", reduce=np.add)
    min = Out("T", "lowest finite element, a scalar or one per channel", reduce=np.minimum)
    max = Out("T", "highest finite element, a scalar or one per channel", reduce=np.maximum)

    def shape_of(self, x: TensorType) -> list[Shape]:
        ends = self.channels(x) or ()
        return [(*ends, 1 << self._bits), ends, ends]

    @property
    def _bits(self) -> int:
        return WHOLE if self.axis is None else PER_CHANNEL

    def workspace(self, x: TensorType) -> int:
        rank = len(x.shape or ())
        whole = self.axis is None or -rank <= self.axis < rank
        channels = self.channels(x) if whole else (x.shape or ())[-1:]  # rows of a tile end with the channels
        return observe_bytes(x, self._bits, element_count(channels) or 0)

    def partials(self, rows: Array) -> Sequence[Array]:
        return self._observed(rows.reshape(len(rows), -1, 1))

    @property
    def compiled_partials(self) -> Callable[..., Sequence[Array]]:
        return lambda rows: self._observed(rows.reshape(len(rows), -1, 1), compiled=True)

    def _observed(self, x: Array, compiled: bool = False, out: Array | None = None) -> Sequence[Array]:
        return observe(x, self._bits, compiled, out)

    def finalize(self, totals: Sequence[Array], rows: int) -> Sequence[Array]:
        made = [totals[0], *_without_sign(totals[1:])]
        return [each[0] for each in made] if self.axis is None else made

    def kernel(self, x: Array, out: Array | None = None) -> tuple[Array, Array, Array]:
        axis = 0 if self.axis is None else self.channel(x.ndim)
        sizes = (1, 1) if self.axis is None else (x.shape[axis], prod(x.shape[axis + 1 :]))
        counts = None if out is None else out.reshape(sizes[0], 1 << self._bits)
        made, low, high = self.finalize(self._observed(x.reshape(-1 if x.size else 0, *sizes), out=counts), 0)
        return made if out is None else out, low.astype(x.dtype), high.astype(x.dtype)


class MovingAverageObserver(Update):
    """The lowest and highest finite value of each numbered batch, in a table: ``batches[number] = min(x), max(x)``.

    A batch may come in parts and in any order: a row holds the least and the largest so far, and NaN where nothing has
    come yet. The table does not depend on who counts which batch when, so neither does the moving average that RangeOf
    makes of it. No gradient flows.

    >>> MovingAverageObserver()([[np.nan, np.nan], [0.0, 1.0]], [3.0, -1.0], 1)
    array([[nan, nan],
           [-1.,  3.]], dtype=float32)

    Source: the observers of quantization-aware training.
    """

    found_by = ("calibration", "ema", "observer")
    T, N = dtypes.floating, ("int64", "int32")
    batches = In("T", "the table, a variable that begins with NaN", shape=("batches", 2))
    x = In("T", "values of the batch, or of a part of it")
    number = In("N", "which batch it is, from 0", shape=())
    batches_out = Out("T", "the table from the next step on")
    assigns = {"batches": "batches_out"}
    grad = None

    def shape_of(self, batches: TensorType, x: TensorType, number: TensorType) -> Shape:
        return batches.shape

    def kernel(self, batches: Array, x: Array, number: Array) -> Array:
        if not 0 <= number < len(batches):
            raise self.error(
                f"input 'number' must be below {len(batches)}, the rows of 'batches', and not negative, got {number}"
            )
        made = batches.copy()
        _, low, high = observe(x.reshape(-1, 1, 1), WHOLE)
        if low <= high:
            row = made[int(number)]
            row[...] = np.fmin(row[0], low[0].astype(x.dtype)), np.fmax(row[1], high[0].astype(x.dtype))
        return made

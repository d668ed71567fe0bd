"""Statistics that quantization goes by: the signal-to-noise ratio, and the range of values."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np

from blocks.array_ops.broadcast import SumToLike
from blocks.kernels.reduce_axes import reduce_axes
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque, fold_rows, leading
from dataflow.core.shapes import Shape, axes_of, element_count, fits, show
from dataflow.core.wire import Wire


class SQNR(Opaque):
    """Signal to quantization noise in dB, ``10 * log10(sum(reference ** 2) / sum((reference - value) ** 2))``.

    All sums are in float64. inf where both are equal, as empty ones are; -inf where the reference is all 0 and the
    value is not; NaN where either has a NaN, or the reference an inf.

    >>> SQNR()([1.0, 2.0, 2.9], [1.0, 2.0, 3.0]).round(2)
    np.float32(31.46)

    Source: the ratio of signal to noise power.
    """

    found_by = ("signal to noise", "quantization error", "psnr")
    T = ("float32", "float64")
    value = In("T", "the value with noise")
    reference = In("T", "the value without it, of the same shape")
    decibels = Out("T", "the ratio in dB", shape=())

    def infer(self, *types: TensorType) -> list[TensorType]:
        value, reference = types
        if not fits(value.shape, reference.shape):
            raise self.error(f"input 'value' must have the shape of 'reference', {reference}, got {value}")
        return super().infer(*types)

    def kernel(self, value: Array, reference: Array) -> Array:
        noise = np.subtract(reference, value, dtype=np.float64)
        lost = np.add.reduce(np.square(noise, noise), None)
        del noise  # before the next as large
        power = np.add.reduce(np.square(reference, dtype=np.float64), None)
        return np.asarray(np.inf if lost == 0 else 10 * np.log10(power / lost), value.dtype)

    def workspace(self, value: TensorType, reference: TensorType) -> int:
        return 8 * (element_count(value.shape) or 0)

    def grad(self, value: Wire, reference: Wire, decibels: Wire, dy: Wire) -> tuple[Wire, Wire]:
        noise = reference - value
        scale = dy * (20 / log(10))
        by_noise = scale * noise / SumToLike()(noise * noise, dy)
        return by_noise, scale * reference / SumToLike()(reference * reference, dy) - by_noise


class MinMaxObserver(Opaque):
    """Range of the elements, ``min(x), max(x)``, which a quantizer must cover.

    NaN where there is a NaN. No gradient flows.

    >>> MinMaxObserver()([[1.0, -2.0], [5.0, 0.0]])
    MinMaxObserverOutputs(min=array(-2., dtype=float32), max=array(5., dtype=float32))

    Source: the observers of quantization-aware training.
    """

    found_by = ("calibration", "range", "observer")
    T = dtypes.floating
    x = In("T", "values, at least one")
    min = Out("T", "lowest element, a scalar or one per channel", reduce=np.minimum)
    max = Out("T", "highest element, a scalar or one per channel", reduce=np.maximum)
    axis: int | None = attr("the channel dim; by default there is one range for all elements", default=None)
    symmetric: bool = attr("widen the range to `-m, m` with m the largest `abs(x)`", default=False)
    grad = None

    def shape_of(self, x: TensorType) -> list[Shape]:
        if x.shape is None:
            return [None if self.axis is not None else ()] * 2
        if 0 in x.shape:
            raise self.error(f"input 'x' must have at least one element, got shape {show(x.shape)}")
        return [() if self.axis is None else (x.shape[self.channel(len(x.shape))],)] * 2

    def channel(self, rank: int) -> int:
        """The channel dim as a number from 0."""
        try:
            return axes_of(np.asarray(self.axis), rank)[0]
        except ValueError as error:
            raise self.error(f"attr 'axis' {error}") from None

    def _folded(self, rank: int) -> list[int]:
        return [i for i in range(rank) if self.axis is None or i != self.channel(rank)]

    def row_width(self, x: TensorType) -> int | None:
        return leading(x.sizes, self._folded(len(x.sizes))) if x.known and x.shape else None

    def partials(self, rows: Array) -> tuple[Array, Array]:
        return fold_rows(np.minimum, rows, rows.dtype), fold_rows(np.maximum, rows, rows.dtype)

    def finalize(self, totals: Sequence[Array], rows: int) -> tuple[Array, Array]:
        low, high = totals
        if not self.symmetric:
            return low, high
        high = np.maximum(-low, high)
        return -high, high

    def kernel(self, x: Array) -> tuple[Array, Array]:
        others = self._folded(x.ndim)
        return self.finalize([reduce_axes(ufunc, x, others, x.dtype) for ufunc in (np.minimum, np.maximum)], 0)

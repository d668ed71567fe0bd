"""The gradient of fake quantization: it passes where the value lies in the range, and moves the range elsewhere."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

import numpy as np

from blocks.quantization_ops.nudge import (
    Bounds,
    Layout,
    Ranges,
    check_range,
    delivered,
    in_compute_dtype,
    layouts,
    per_channel_shape,
    workspace,
)
from blocks.quantization_ops.subnormal import TINY
from dataflow import dtypes
from dataflow.block import In, Out, TensorType, attr
from dataflow.kinds import Elementwise


class FakeQuantWithMinMaxArgsGradient(Elementwise):
    """Gradient of FakeQuantWithMinMaxArgs, ``gradients * (nmin <= inputs <= nmax)``.

    The ends are those of the nudged range. NaN in `inputs` lies outside. Subnormal `gradients` become zeros.

    >>> FakeQuantWithMinMaxArgsGradient(min=0.0, max=3.0)([1.0, 2.0, 3.0], [-0.5, 3.0, 3.5])
    array([0., 2., 0.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_args_gradient.
    """

    broadcasts = False
    T = dtypes.floating
    gradients = In("T", "gradient by the outputs of the fake quantization")
    inputs = In("T", "its inputs, same shape as `gradients`")
    backprops = Out("T", "gradient by the inputs")
    min: float = attr("lower end of the range", default=-6.0)
    max: float = attr("upper end of the range, above `min`", default=6.0)
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    reuses = ("gradients", "inputs")

    def check(self) -> None:
        check_range(self, self.min, self.max)

    @cached_property
    def _ranges(self) -> Ranges:
        return Ranges(self.min, self.max, self.num_bits, self.narrow_range)

    def kernel(self, gradients: Any, inputs: Any, out: Any = None) -> Any:
        g, x = in_compute_dtype(gradients), in_compute_dtype(inputs)
        work = workspace(gradients, g, out)
        _pass(g, x, self._ranges.bounds(x.dtype), work)
        return delivered(gradients, work, out)

    grad = None


class FakeQuantWithMinMaxVarsGradient(Elementwise):
    """Gradients of FakeQuantWithMinMaxVars, ``gradients * (nmin <= inputs <= nmax)`` and the sums of what is outside.

    The ends are those of the nudged range. NaN in `inputs` lies nowhere. Subnormal `gradients` become zeros. Where
    `min` and `max` are both 0.0, all gradients pass as they are and the sums are zero. Sums are rounded once, from
    float64; an infinite gradient makes those NaN that it is no part of.

    >>> FakeQuantWithMinMaxVarsGradient()([1.0, 2.0, 3.0], [-0.5, 3.0, 3.5], 0.0, 3.0).backprops_wrt_input
    array([0., 2., 0.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars_gradient.
    """

    broadcasts = False
    T = dtypes.floating
    R = dtypes.floating
    gradients = In("T", "gradient by the outputs of the fake quantization")
    inputs = In("T", "its inputs, same shape as `gradients`")
    min = In("R", "lower end of the range", shape=())
    max = In("R", "upper end of the range", shape=())
    backprops_wrt_input = Out("T", "gradient by the inputs")
    backprop_wrt_min = Out("R", "sum of the gradients where `inputs` lie below the range", shape=(), reduce=np.add)
    backprop_wrt_max = Out("R", "sum of the gradients where `inputs` lie above the range", shape=(), reduce=np.add)
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    reuses = ("gradients", "inputs")

    def prepare(self, min: Any, max: Any) -> Ranges:
        return Ranges(min, max, self.num_bits, self.narrow_range)

    def kernel(self, gradients: Any, inputs: Any, ranges: Ranges, out: Any = None) -> Any:
        g, x = in_compute_dtype(gradients), in_compute_dtype(inputs)
        work = workspace(gradients, g, out)
        bounds = ranges.bounds(x.dtype)
        below, above = _pass(g, x, bounds, work, partial(_sums, bounds, None))
        if bounds.blank is not None:
            below = above = 0.0
        return delivered(gradients, work, out), below, above

    grad = None


class FakeQuantWithMinMaxVarsPerChannelGradient(Elementwise):
    """Gradients of FakeQuantWithMinMaxVarsPerChannel, ``gradients * (nmin <= inputs <= nmax)`` and sums per channel.

    The ends are those of each channel's nudged range, the sums go over all axes but that of channels; all else is as
    for FakeQuantWithMinMaxVarsGradient.

    >>> block = FakeQuantWithMinMaxVarsPerChannelGradient()
    >>> block([[1.0, 2.0], [3.0, 4.0]], [[5.0, 5.0], [-5.0, 5.0]], [0.0, 0.0], [3.0, 6.0]).backprop_wrt_max
    array([1., 0.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars_per_channel_gradient.
    """

    broadcasts = False
    T = dtypes.floating
    R = dtypes.floating
    gradients = In("T", "gradient by the outputs of the fake quantization")
    inputs = In("T", "its inputs, same shape as `gradients`")
    min = In("R", "lower end of each channel's range", shape=("d",))
    max = In("R", "upper end of each channel's range", shape=("d",))
    backprops_wrt_input = Out("T", "gradient by the inputs")
    backprop_wrt_min = Out("R", "sums where `inputs` lie below their channel's range", shape=("d",), reduce=np.add)
    backprop_wrt_max = Out("R", "sums where `inputs` lie above their channel's range", shape=("d",), reduce=np.add)
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    axis: int = attr("the axis of channels, counted from the end if negative", default=-1)
    reuses = ("gradients", "inputs")

    def shape_of(self, gradients: TensorType, inputs: TensorType, min: TensorType, max: TensorType) -> Any:
        super().shape_of(gradients, inputs, min, max)
        return per_channel_shape(self, self.axis, inputs, min)

    def channel_axis(self, rank: int) -> int:
        return self.axis % rank

    def prepare(self, min: Any, max: Any) -> Ranges:
        return Ranges(min, max, self.num_bits, self.narrow_range)

    def kernel(self, gradients: Any, inputs: Any, ranges: Ranges, out: Any = None) -> Any:
        g, x = in_compute_dtype(gradients), in_compute_dtype(inputs)
        work = workspace(gradients, g, out if out is None or out.flags.c_contiguous else None)
        flat = [a.reshape(-1) for a in (g, x, work)]
        bounds = ranges.bounds(x.dtype)
        below, above = np.zeros((2, *bounds.low.shape))
        for part, layout in layouts(inputs.shape, self.axis):
            g_rows, x_rows, rows = (a[part].reshape(layout.shape) for a in flat)
            sums = _pass(g_rows, x_rows, ranges.bounds(x.dtype, layout), rows, partial(_sums, bounds, layout))
            below += sums[0]
            above += sums[1]
        if bounds.blank is not None:
            below[bounds.blank] = above[bounds.blank] = 0
        return delivered(gradients, work, out), below, above

    grad = None


def _pass(g: Any, x: Any, bounds: Bounds, out: Any, sums: Any = None) -> Any:
    """Write the gradients that pass to ``out``, which may be ``g`` or ``x``; before that, work out the sums."""
    size, inside, passing = np.empty_like(g), np.empty(g.shape, bool), np.empty(g.shape, bool)
    np.less_equal(bounds.low, x, out=inside)
    np.less_equal(x, bounds.high, out=passing)
    np.logical_and(inside, passing, out=inside)
    np.greater_equal(np.abs(g, out=size), TINY[g.dtype], out=passing)
    np.logical_and(inside, passing, out=passing)
    if bounds.blank is not None:
        np.logical_or(passing, bounds.blank, out=passing)
    given = sums and sums(g, x, bounds, inside, size)
    np.copyto(size, passing)
    np.multiply(g, size, out=out)
    return given


def _sums(
    plain: Bounds, layout: Layout | None, g: Any, x: Any, bounds: Bounds, inside: Any, size: Any
) -> tuple[Any, Any]:
    """Sums of the gradients below and above the bounds, in float64; one per channel where there is a layout.

    ``plain`` are the bounds before they were laid out. The memory of ``inside`` and ``size`` is used for other things.
    """
    # picking is faster where few are outside; 0 * Inf is NaN, so those that are not picked must be finite
    few = (g.size - np.count_nonzero(inside)) * 32 < g.size
    if few and np.isfinite(np.maximum.reduce(size, axis=None, initial=0)):
        places = np.flatnonzero(np.logical_not(inside, out=inside))
        g, x = g.reshape(-1)[places], x.reshape(-1)[places]
        if layout is None:
            return _sum(g * (x < plain.low)), _sum(g * (x > plain.high))
        channel = layout.channel(places)
        below, above = g * (x < plain.low[channel]), g * (x > plain.high[channel])
        return np.bincount(channel, below, layout.channels), np.bincount(channel, above, layout.channels)
    total = _sum if layout is None else layout.total
    below = total(np.multiply(g, np.less(x, bounds.low, out=inside), out=size))
    return below, total(np.multiply(g, np.greater(x, bounds.high, out=inside), out=size))


def _sum(values: Any) -> Any:
    return np.add.reduce(values, axis=None, dtype=np.float64)

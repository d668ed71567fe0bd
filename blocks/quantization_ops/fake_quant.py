"""Fake quantization: values rounded to the levels that an integer would have, and kept as floats."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from blocks.kernels import quantization_loops
from blocks.kernels.channel_rows import Layout, layouts, width_of
from blocks.kernels.chunked import TILE, in_parts
from blocks.kernels.compute_dtype import cast_into, contiguous, copied_bytes, in_compute_dtype, workspace
from blocks.kernels.flush_subnormals import TINY, flushed
from blocks.kernels.nudged_range import Levels, Ranges, check_range, clip, clip_to_arrays, per_channel_shape
from blocks.quantization_ops.fake_quant_gradient import (
    FakeQuantWithMinMaxArgsGradient,
    FakeQuantWithMinMaxVarsGradient,
    FakeQuantWithMinMaxVarsPerChannelGradient,
)
from dataflow.core import dtypes
from dataflow.core.block import In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.evaluator import WIDE
from dataflow.core.kinds import Elementwise
from dataflow.core.wire import Wire


class FakeQuantWithMinMaxArgs(Elementwise):
    """Round to the levels of a fixed range, ``floor((clip(x, nmin, nmax) - nmin) * inv - qz + 0.5) * scale``.

    The range is first nudged so that 0.0 is one of its ``2**num_bits`` levels; a range without 0.0 is moved to begin or
    end there. Ties go up; NaN stays NaN. FakeQuantWithMinMaxVars divides by the step where this multiplies by its
    inverse, so at some ties the two differ by a level.

    >>> FakeQuantWithMinMaxArgs(min=0.0, max=3.0, num_bits=2)([-1.0, 0.4, 1.5, 9.0])
    array([0., 0., 2., 3.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_args.
    """

    T = dtypes.floating
    inputs = In("T", "values to quantize, any shape")
    outputs = Out("T", "same shape as `inputs`")
    min: float = attr("lower end of the range", default=-6.0)
    max: float = attr("upper end of the range, above `min`", default=6.0)
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    reuses = ("inputs",)
    smooth = False

    def check(self) -> None:
        check_range(self, self.min, self.max)

    @cached_property
    def _ranges(self) -> Ranges:
        return Ranges(self.min, self.max, self.num_bits, self.narrow_range)

    @staticmethod
    def element(x: Any, low: Any, high: Any, inv: Any, qz: Any, half: Any, scale: Any) -> Any:
        x = low if x < low else x
        x = high if x > high else x
        return np.floor((x - low) * inv - qz + half) * scale

    def element_args(self, dtype: Any, precomputed: Any) -> tuple[Any, ...] | None:
        if dtype not in TINY:
            return None
        levels = self._ranges.levels(dtype)
        return levels.simple and (levels.low, levels.high, levels.inv, levels.qz, dtype.type(0.5), levels.scale)

    def kernel(self, inputs: Array, out: Array | None = None) -> Any:
        return _rounded(inputs, self._ranges, np.multiply, "inv", out)

    def workspace(self, inputs: TensorType) -> int:
        return copied_bytes(inputs, most=TILE)

    def grad(self, inputs: Wire, outputs: Wire, dy: Wire) -> Any:
        return FakeQuantWithMinMaxArgsGradient(**self.attrs())(dy, inputs)


class FakeQuantWithMinMaxVars(Elementwise):
    """Round to the levels of a range, ``floor((clip(x, nmin, nmax) - nmin) / scale - qz + 0.5) * scale``.

    The range is first nudged so that 0.0 is one of its ``2**num_bits`` levels; a range without 0.0 is moved to begin or
    end there. Ties go up; NaN stays NaN. Where `min` and `max` are both 0.0, everything becomes 0.0; where they are
    otherwise equal, NaN or infinite, everything becomes NaN; where `min` is above `max`, every number becomes ``nmin``.

    >>> FakeQuantWithMinMaxVars(num_bits=2)([-1.0, 0.4, 1.5, 9.0], 0.0, 3.0)
    array([0., 0., 2., 3.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars.
    """

    T = dtypes.floating
    R = dtypes.floating
    inputs = In("T", "values to quantize, any shape")
    min = In("R", "lower end of the range", shape=())
    max = In("R", "upper end of the range, above `min`", shape=())
    outputs = Out("T", "same shape as `inputs`")
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    reuses = ("inputs",)
    smooth = False

    def precompute(self, min: Array, max: Array) -> Ranges:
        return Ranges(min, max, self.num_bits, self.narrow_range)

    @staticmethod
    def element(x: Any, low: Any, high: Any, step: Any, qz: Any, half: Any, scale: Any) -> Any:
        x = low if x < low else x
        x = high if x > high else x
        return np.floor((x - low) / step - qz + half) * scale

    def element_args(self, dtype: Any, precomputed: Ranges) -> tuple[Any, ...] | None:
        if dtype not in TINY:
            return None
        levels = precomputed.levels(dtype)
        return levels.simple and (levels.low, levels.high, levels.scale, levels.qz, dtype.type(0.5), levels.scale)

    def kernel(self, inputs: Array, ranges: Ranges, out: Array | None = None) -> Any:
        return _rounded(inputs, ranges, np.divide, "scale", out)

    def workspace(self, inputs: TensorType, *ends: Any) -> int:
        return copied_bytes(inputs, most=TILE)

    def grad(self, inputs: Wire, min: Wire, max: Wire, outputs: Wire, dy: Wire) -> Any:
        return FakeQuantWithMinMaxVarsGradient(**self.attrs())(dy, inputs, min, max)


class FakeQuantWithMinMaxVarsPerChannel(Elementwise):
    """Round each channel to the levels of its range, ``floor((clip(x, nmin, nmax) - nmin) * inv - qz + 0.5) * scale``.

    Ranges and edge cases are those of FakeQuantWithMinMaxVars, channel by channel. That block divides by the step where
    this multiplies by its inverse, so at some ties the two differ by a level.

    >>> FakeQuantWithMinMaxVarsPerChannel(num_bits=2)([[1.5, 1.5], [9.0, 9.0]], [0.0, 0.0], [3.0, 6.0])
    array([[2., 2.],
           [3., 6.]], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars_per_channel.
    """

    T = dtypes.floating
    R = dtypes.floating
    inputs = In("T", "values to quantize, rank 1 or more")
    min = In("R", "lower end of each channel's range", shape=("d",))
    max = In("R", "upper end of each channel's range, above `min`", shape=("d",))
    outputs = Out("T", "same shape as `inputs`")
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    axis: int = attr("the axis of channels, counted from the end if negative", default=-1)
    reuses = ("inputs",)
    smooth = False

    def shape_of(self, inputs: TensorType, min: TensorType, max: TensorType) -> Shape:
        return per_channel_shape(self, self.axis, inputs, min)

    def channel_axis(self, rank: int) -> int:
        return self.axis % rank

    def precompute(self, min: Array, max: Array) -> Ranges:
        return Ranges(min, max, self.num_bits, self.narrow_range)

    def kernel(self, inputs: Array, ranges: Ranges, out: Array | None = None) -> Any:
        x = in_compute_dtype(inputs)
        work = workspace(inputs, x, contiguous(out))
        flat_x, flat_work = x.reshape(-1), work.reshape(-1)
        for part, layout in layouts(inputs.shape, self.axis):
            levels = ranges.levels(x.dtype, layout)
            rows = flat_work[part].reshape(layout.shape)
            _round(flat_x[part].reshape(layout.shape), levels, np.multiply, levels.inv, rows)
        return cast_into(work, inputs.dtype, out)

    def workspace(self, inputs: TensorType, *ends: Any) -> int:
        return copied_bytes(inputs)

    def element_args(self, dtype: Any, precomputed: Ranges) -> tuple[Any, ...] | None:
        return () if dtype in TINY and precomputed.levels(dtype).simple else None

    @property
    def compiled_kernel(self) -> Any:
        return self._by_loops

    def _by_loops(self, inputs: Any, ranges: Ranges, out: Any = None) -> Any:
        count, dtype = inputs.shape[self.axis], inputs.dtype
        period = prod(inputs.shape[self.axis % inputs.ndim :])
        if not 0 < period <= WIDE:
            return self.kernel(inputs, ranges, out)
        layout = Layout(count, period // count, width_of(inputs.size, period) // period)
        low, high, scale, inv, qz, *_ = ranges.levels(dtype, layout)
        work = np.empty(inputs.shape, dtype) if contiguous(out) is None else out
        quantization_loops.round_rows(inputs.reshape(-1), work.reshape(-1), low, high, inv, qz, dtype.type(0.5), scale)
        return cast_into(work, inputs.dtype, out)

    def grad(self, inputs: Wire, min: Wire, max: Wire, outputs: Wire, dy: Wire) -> Any:
        return FakeQuantWithMinMaxVarsPerChannelGradient(**self.attrs())(dy, inputs, min, max)


def _rounded(inputs: Any, ranges: Ranges, count: Any, by: str, out: Any) -> Any:
    """The values rounded to the levels of one range; ``by`` is the name of the step that ``count`` takes."""
    dtype = dtypes.compute(inputs.dtype)
    levels = ranges.levels(dtype)
    step = getattr(levels, by)

    out = np.empty(inputs.shape, inputs.dtype) if out is None else out
    if dtype == inputs.dtype:
        _round(inputs, levels, count, step, out)
        return out

    def part(x: Any, out: Any) -> None:
        work = x.astype(dtype)
        _round(work, levels, count, step, work)
        np.copyto(out, work, casting="unsafe")

    return in_parts(part, out, inputs)


def _round(x: Any, levels: Levels, count: Any, step: Any, out: Any) -> None:
    """Write ``x`` rounded to the levels; ``count`` is how many steps a distance has, by ``step``."""
    if levels.delicate:
        x = flushed(x)
    if levels.top is None:
        clamp = clip_to_arrays if np.ndim(levels.low) else clip
        x = clamp(x, levels.low, levels.high, out)
    if levels.shifted:
        x = np.subtract(x, levels.low, out)
    if levels.delicate:
        x = flushed(x)
    count(x, step, out)
    if levels.top is not None:
        clip(out, out.dtype.type(0), levels.top, out)
    if levels.offset is not None:
        np.subtract(out, levels.offset, out)
    else:
        np.subtract(out, levels.qz, out)
        np.add(out, out.dtype.type(0.5), out)
    np.floor(out, out)
    np.multiply(out, levels.scale, out)
    if levels.blank is not None:
        np.copyto(out, 0, where=levels.blank)

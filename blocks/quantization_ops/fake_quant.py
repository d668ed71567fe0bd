"""Fake quantization: values rounded to the levels that an integer would have, and kept as floats."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from blocks.kernels.byte_tables import every_number, look_up, look_up_bytes
from blocks.kernels.casting import as_compute_dtype, cast_into, contiguous_output, copied_bytes
from blocks.kernels.channel_rows import layouts
from blocks.kernels.chunked import TILE, in_parts
from blocks.kernels.flush_subnormals import TINY, Float, Floats
from blocks.kernels.half import HALF, convert, convert_bytes
from blocks.kernels.levels import round_to_levels
from blocks.kernels.nudged_range import Ranges, check_range, numbers, per_channel_shape
from blocks.quantization_ops.fake_quant_gradient import (
    FakeQuantWithMinMaxArgsGradient,
    FakeQuantWithMinMaxVarsGradient,
    FakeQuantWithMinMaxVarsPerChannelGradient,
)
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Elementwise
from dataflow.core.quantized import Grid, Quantizer
from dataflow.core.registry import blocks
from dataflow.core.wire import Wire

WORTH_TABLE = 1 << 17  # numbers of float16 from which results are looked up in those of all such numbers


class FakeQuant(Elementwise, abstract=True):
    """Values rounded to the levels of a nudged range."""

    T = dtypes.floating
    inputs = In("T", "values to quantize, any shape")
    outputs = Out("T", "same shape as `inputs`")
    reuses = ("inputs",)
    smooth = False
    monotone = rounds_once = True
    quantized_as = Quantizer("inputs")

    @property
    def on_codes(self) -> Block:
        name = type(self).__name__.replace("FakeQuant", "Quantize")
        dtype = "uint8" if getattr(self, "num_bits", 8) <= 8 else "uint16"
        return blocks[name](out_type=dtype, **self.attrs())

    def workspace(self, inputs: TensorType, *ends: TensorType) -> int:
        tables = look_up_bytes(2, inputs) + (1 << 18) if inputs.dtype == "float16" else 0
        return copied_bytes(inputs, most=TILE) + convert_bytes(inputs, "float32") + tables


class FakeQuantWithMinMaxArgs(FakeQuant):
    """Round to the levels of a fixed range, ``floor((clip(x, nmin, nmax) - nmin) * inv - qz + 0.5) * scale``.

    The range is first nudged so that 0.0 is one of its ``2**num_bits`` levels; a range without 0.0 is moved to begin or
    end there. Ties go up; NaN stays NaN. FakeQuantWithMinMaxVars divides by the step where this multiplies by its
    inverse, so at some ties the two differ by a level.

    >>> FakeQuantWithMinMaxArgs(min=0.0, max=3.0, num_bits=2)([-1.0, 0.4, 1.5, 9.0])
    array([0., 0., 2., 3.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_args.
    """

    found_by = ("quantization aware training", "qat", "fixed range")
    min: float = attr("lower end of the range", default=-6.0)
    max: float = attr("upper end of the range, above `min`", default=6.0)
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)

    def check(self) -> None:
        check_range(self, self.min, self.max)

    @cached_property
    def _ranges(self) -> Ranges:
        return Ranges(self.min, self.max, self.num_bits, self.narrow_range)

    def grid(self, inputs: Array | None) -> Grid:
        return self._ranges.grid()

    @staticmethod
    def element(x: Float, low: Float, high: Float, inv: Float, qz: Float, half: Float, scale: Float) -> Float:
        x = low if x < low else x
        x = high if x > high else x
        return np.floor((x - low) * inv - qz + half) * scale

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Floats, ...] | None:
        return _by_inverse(self._ranges, dtype)

    def kernel(self, inputs: Array, out: Array | None = None) -> Array:
        return _round(inputs, self._ranges, np.multiply, "inv", out)

    def grad(self, inputs: Wire, outputs: Wire, dy: Wire) -> Wire:
        return FakeQuantWithMinMaxArgsGradient(**self.attrs())(dy, inputs)


class FakeQuantInRange(FakeQuant, abstract=True):
    """Values rounded to the levels of ranges that are inputs."""

    R = dtypes.floating
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)

    def precompute(self, min: Array, max: Array) -> Ranges:
        return Ranges(min, max, self.num_bits, self.narrow_range)

    def grid(self, inputs: Array | None, min: Array, max: Array) -> Grid:
        return self.precompute(min, max).grid(getattr(self, "axis", None))

    def covering(self, low: Array, high: Array) -> dict[str, Array]:
        return {"min": low, "max": high}


class FakeQuantWithMinMaxVars(FakeQuantInRange):
    """Round to the levels of a range, ``floor((clip(x, nmin, nmax) - nmin) / scale - qz + 0.5) * scale``.

    The range is first nudged so that 0.0 is one of its ``2**num_bits`` levels; a range without 0.0 is moved to begin or
    end there. Ties go up; NaN stays NaN. Where `min` and `max` are both 0.0, everything becomes 0.0; where they are
    otherwise equal, NaN or infinite, everything becomes NaN; where `min` is above `max`, every number becomes ``nmin``.

    >>> FakeQuantWithMinMaxVars(num_bits=2)([-1.0, 0.4, 1.5, 9.0], 0.0, 3.0)
    array([0., 0., 2., 3.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars.
    """

    found_by = ("quantization aware training", "qat", "learned range")
    inputs = FakeQuant.inputs
    min = In("R", "lower end of the range", shape=())
    max = In("R", "upper end of the range, above `min`", shape=())

    @staticmethod
    def element(x: Float, low: Float, high: Float, step: Float, qz: Float, half: Float, scale: Float) -> Float:
        x = low if x < low else x
        x = high if x > high else x
        return np.floor((x - low) / step - qz + half) * scale

    def element_args(self, dtype: DType, precomputed: Ranges) -> tuple[Floats, ...] | None:
        if dtype not in TINY or not (levels := precomputed.levels(dtype)).simple:
            return None
        return numbers(levels.low, levels.high, levels.scale, levels.qz, dtype.type(0.5), levels.scale)

    def kernel(self, inputs: Array, ranges: Ranges, out: Array | None = None) -> Array:
        return _round(inputs, ranges, np.divide, "scale", out)

    def grad(self, inputs: Wire, min: Wire, max: Wire, outputs: Wire, dy: Wire) -> tuple[Wire, Wire, Wire]:
        return FakeQuantWithMinMaxVarsGradient(**self.attrs())(dy, inputs, min, max)


class FakeQuantWithMinMaxVarsPerChannel(FakeQuantInRange):
    """Round each channel to the levels of its range, ``floor((clip(x, nmin, nmax) - nmin) * inv - qz + 0.5) * scale``.

    Ranges and edge cases are those of FakeQuantWithMinMaxVars, channel by channel. That block divides by the step where
    this multiplies by its inverse, so at some ties the two differ by a level.

    >>> FakeQuantWithMinMaxVarsPerChannel(num_bits=2)([[1.5, 1.5], [9.0, 9.0]], [0.0, 0.0], [3.0, 6.0])
    array([[2., 2.],
           [3., 6.]], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars_per_channel.
    """

    found_by = ("quantization aware training", "qat", "per axis")
    inputs = In("T", "values to quantize, rank 1 or more")
    min = In("R", "lower end of each channel's range", shape=("d",))
    max = In("R", "upper end of each channel's range, above `min`", shape=("d",))
    axis: int = attr("the axis of channels, counted from the end if negative", default=-1)

    def shape_of(self, inputs: TensorType, min: TensorType, max: TensorType) -> Shape:
        return per_channel_shape(self, self.axis, inputs, min)

    def channel_axis(self, rank: int) -> int:
        return self.axis % rank

    def kernel(self, inputs: Array, ranges: Ranges, out: Array | None = None) -> Array:
        x = as_compute_dtype(inputs, "C")
        result = contiguous_output(inputs, x, out)
        flat_x, flat_result = x.reshape(-1), result.reshape(-1)
        for part, layout in layouts(inputs.shape, self.axis):
            levels = ranges.levels(x.dtype, layout)
            rows = flat_result[part].reshape(layout.shape)
            round_to_levels(levels, np.multiply, levels.inv, flat_x[part].reshape(layout.shape), rows)
        return cast_into(result, inputs.dtype, out)

    def workspace(self, inputs: TensorType, *ends: TensorType) -> int:
        return copied_bytes(inputs)

    element = staticmethod(FakeQuantWithMinMaxArgs.element)
    per_channel = ("low", "high", "inv", "qz", "scale")

    def element_args(self, dtype: DType, precomputed: Ranges) -> tuple[Floats, ...] | None:
        return _by_inverse(precomputed, dtype)

    def grad(self, inputs: Wire, min: Wire, max: Wire, outputs: Wire, dy: Wire) -> tuple[Wire, Wire, Wire]:
        return FakeQuantWithMinMaxVarsPerChannelGradient(**self.attrs())(dy, inputs, min, max)


def _by_inverse(ranges: Ranges, dtype: DType) -> tuple[Floats, ...] | None:
    """What an element that multiplies by the inverse step takes; None where the formula is not all there is to it."""
    if dtype not in TINY or not (levels := ranges.levels(dtype)).simple:
        return None
    return numbers(levels.low, levels.high, levels.inv, levels.qz, dtype.type(0.5), levels.scale)


def _round(inputs: Array, ranges: Ranges, count: np.ufunc, step: str, out: Array | None) -> Array:
    """The values rounded to the levels of one range; ``step`` is the field of `Levels` that ``count`` takes."""
    dtype = dtypes.compute(inputs.dtype)
    levels = ranges.levels(dtype)
    out = np.empty(inputs.shape, inputs.dtype) if out is None else out
    if inputs.dtype == HALF and inputs.size > WORTH_TABLE:
        key = (inputs.dtype, step)
        if key not in ranges.cache:
            ranges.cache[key] = _round(every_number(inputs.dtype), ranges, count, step, None)
        return look_up(ranges.cache[key], inputs, out)
    if dtype == inputs.dtype:
        round_to_levels(levels, count, getattr(levels, step), inputs, out)
        return out

    def part(x: Array, out: Array) -> None:
        wide = convert(x, np.empty(x.shape, dtype))
        round_to_levels(levels, count, getattr(levels, step), wide, wide)
        convert(wide, out)

    return in_parts(part, out, inputs)

"""The integers that fake quantization simulates: for each value the code of the level that it is rounded to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from types import EllipsisType
from typing import Any, ClassVar

import numpy as np

from blocks.kernels.casting import as_compute_dtype, cast_into, copied_bytes
from blocks.kernels.channel_rows import ROW, layouts
from blocks.kernels.chunked import in_parts
from blocks.kernels.flush_subnormals import TINY, Float, Floats
from blocks.kernels.levels import count_steps
from blocks.kernels.nudged_range import Levels, Ranges, check_range, numbers, per_channel_shape
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, Shape, TensorType, attr
from dataflow.core.bounding import saturating
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Elementwise
from dataflow.core.quantized import Grid
from dataflow.core.shapes import element_count

TILE = 1 << 15  # elements to work on at a time: what is counted stays in the cache
COLUMNS = 256  # elements of a channel that are taken at once, at least


class QuantizeToLevels(Elementwise, abstract=True):
    """Codes of values, by the arithmetic of the fake-quantization block of the same range."""

    T = dtypes.floating
    inputs = In("T", "values to quantize, any shape")
    outputs = Out("out_type", "their codes, same shape as `inputs`")
    out_type: Dtype = attr(
        "dtype of the codes: unsigned ones begin at 0, signed ones at -2**(num_bits - 1)", choices=dtypes.codes
    )
    num_bits: int = attr("width of the codes", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest code, for a symmetric range", default=False)
    rounds_once = True
    by_inverse = False  # whether values are multiplied by the inverse of the step, rounded by itself
    grad = None
    bound: ClassVar[Callable[..., Any]] = saturating

    def check(self) -> None:
        lowest, highest = dtypes.limits(self.out_type)
        most = (highest - lowest).bit_length()
        if self.num_bits > most:
            raise self.error(f"attr 'num_bits' must be at most {most} for {self.out_type}, got {self.num_bits}")

    def counted(self, grid: Grid) -> Grid:
        """A grid whose codes count from 0, with those of the output's dtype."""
        first = 1 << self.num_bits - 1 if dtypes.limits(self.out_type)[0] < 0 else 0
        return replace(grid, zero_point=grid.zero_point - first, low=grid.low - first, high=grid.high - first)

    def codes(self, inputs: Array, ranges: Ranges, axis: int | None, out: Array | None) -> Array:
        """The codes, by one range or by one for each channel along an axis."""
        storage, dtype = dtypes.storage(self.out_type), dtypes.compute(inputs.dtype)
        zero_point = self._zero_point(ranges, dtype)
        if axis is None:
            levels = ranges.levels(dtype)
            out = np.empty(inputs.shape, storage) if out is None else out
            return in_parts(lambda x, out: self._write(x, levels, zero_point, out), out, inputs, size=TILE)
        flat = as_compute_dtype(inputs, "C").reshape(-1)
        result = out if out is not None and out.flags.c_contiguous else np.empty(inputs.shape, storage)
        for part, layout in layouts(inputs.shape, axis):
            levels, points = ranges.levels(dtype, layout), layout.spread(zero_point)
            x, to = flat[part].reshape(layout.shape), result.reshape(-1)[part].reshape(layout.shape)
            for tile in _tiles(x):
                self._write(x[tile], levels, points, to[tile])
        return cast_into(result, storage, out)

    def _zero_point(self, ranges: Ranges, dtype: DType) -> Any:
        """The code of 0.0, or that of each channel."""
        first = 1 << self.num_bits - 1 if dtypes.limits(self.out_type)[0] < 0 else 0
        return (ranges.zero_point(dtype) - first).astype(dtype)

    def _numbers(self, ranges: Ranges, dtype: DType) -> tuple[Floats, ...] | None:
        """What the element function takes for one range; None where it is not all there is to it."""
        if dtype not in TINY or not (levels := ranges.levels(dtype)).simple:
            return None
        step = levels.inv if self.by_inverse else levels.scale
        zero_point = self._zero_point(ranges, dtype)
        return numbers(levels.low, levels.high, step, levels.qz, dtype.type(0.5), dtype.type(zero_point), dtype.type(0))

    def _write(self, x: Array, levels: Levels, zero_point: Array, out: Array) -> None:
        steps = np.empty(x.shape, zero_point.dtype)
        count, step = (np.multiply, levels.inv) if self.by_inverse else (np.divide, levels.scale)
        count_steps(levels, count, step, x.astype(zero_point.dtype, copy=False), steps)
        lost = np.isnan(steps)
        np.copyto(steps, 0, where=lost if levels.empty is None else lost | levels.empty)
        np.add(steps, zero_point, steps)
        np.copyto(out, steps, casting="unsafe")

    def workspace(self, inputs: TensorType, *ends: TensorType) -> int:
        size = min(element_count(inputs.shape) or 0, TILE)
        dtype = dtypes.compute(dtypes.storage(inputs.dtype))
        return (1 + int(dtype.itemsize)) * size + copied_bytes(inputs, most=TILE)


class QuantizeWithMinMaxArgs(QuantizeToLevels):
    """Codes by a fixed range, ``floor((clip(x, nmin, nmax) - nmin) * inv - qz + 0.5)`` counted from 0.

    They are those that FakeQuantWithMinMaxArgs rounds to. Nudging, ties and everything else are those of that block:
    its output is ``(code - zero_point) * scale`` to the bit, where ``zero_point`` is the code of 0.0. The code of NaN
    is ``zero_point`` too.

    >>> QuantizeWithMinMaxArgs(out_type="uint8", min=0.0, max=3.0, num_bits=2)([-1.0, 0.4, 1.5, 9.0])
    array([0, 0, 2, 3], dtype=uint8)

    Source: none; the arithmetic of tf.quantization.fake_quant_with_min_max_args.
    """

    found_by = ("to int8", "quantize", "fixed range")
    min: float = attr("lower end of the range", default=-6.0)
    max: float = attr("upper end of the range, above `min`", default=6.0)
    by_inverse = True

    def check(self) -> None:
        super().check()
        check_range(self, self.min, self.max)

    @cached_property
    def _ranges(self) -> Ranges:
        return Ranges(self.min, self.max, self.num_bits, self.narrow_range)

    def grid(self, inputs: Array | None) -> Grid:
        return self.counted(self._ranges.grid())

    @staticmethod
    def element(
        x: Float, low: Float, high: Float, inv: Float, qz: Float, half: Float, zero_point: Float, zero: Float
    ) -> Float:
        x = low if x < low else x
        x = high if x > high else x
        steps = np.floor((x - low) * inv - qz + half)
        return (zero if steps != steps else steps) + zero_point

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Floats, ...] | None:
        return self._numbers(self._ranges, dtype)

    def kernel(self, inputs: Array, out: Array | None = None) -> Array:
        return self.codes(inputs, self._ranges, None, out)


class QuantizeInRange(QuantizeToLevels, abstract=True):
    """Codes of values in ranges that are inputs."""

    R = dtypes.floating

    def precompute(self, min: Array, max: Array) -> Ranges:
        return Ranges(min, max, self.num_bits, self.narrow_range)

    def grid(self, inputs: Array | None, min: Array, max: Array) -> Grid:
        return self.counted(self.precompute(min, max).grid(getattr(self, "axis", None)))


class QuantizeWithMinMaxVars(QuantizeInRange):
    """Codes by a range, ``floor((clip(x, nmin, nmax) - nmin) / scale - qz + 0.5)`` counted from 0.

    They are those that FakeQuantWithMinMaxVars rounds to. Nudging, ties and everything else are those of that block:
    its output is ``(code - zero_point) * scale`` to the bit, where ``zero_point`` is the code of 0.0. Where its output
    is NaN the code is ``zero_point``.

    >>> QuantizeWithMinMaxVars(out_type="int8", num_bits=2)([-1.0, 0.4, 1.5, 9.0], 0.0, 3.0)
    array([-2, -2,  0,  1], dtype=int8)

    Source: none; the arithmetic of tf.quantization.fake_quant_with_min_max_vars.
    """

    found_by = ("to int8", "quantize", "learned range")
    inputs = QuantizeToLevels.inputs
    min = In("R", "lower end of the range", shape=())
    max = In("R", "upper end of the range, above `min`", shape=())

    @staticmethod
    def element(
        x: Float, low: Float, high: Float, step: Float, qz: Float, half: Float, zero_point: Float, zero: Float
    ) -> Float:
        x = low if x < low else x
        x = high if x > high else x
        steps = np.floor((x - low) / step - qz + half)
        return (zero if steps != steps else steps) + zero_point

    def element_args(self, dtype: DType, precomputed: Ranges) -> tuple[Floats, ...] | None:
        return self._numbers(precomputed, dtype)

    def kernel(self, inputs: Array, ranges: Ranges, out: Array | None = None) -> Array:
        return self.codes(inputs, ranges, None, out)


class QuantizeWithMinMaxVarsPerChannel(QuantizeInRange):
    """Codes by the range of each channel, ``floor((clip(x, nmin, nmax) - nmin) * inv - qz + 0.5)`` counted from 0.

    They are those that FakeQuantWithMinMaxVarsPerChannel rounds to. Nudging, ties and everything else are those of that
    block: its output is ``(code - zero_point) * scale`` to the bit, where ``zero_point`` is the code of 0.0. Where its
    output is NaN the code is ``zero_point``.

    >>> QuantizeWithMinMaxVarsPerChannel(out_type="uint8", num_bits=2)([[1.5, 1.5], [9.0, 9.0]], [0.0, 0.0], [3.0, 6.0])
    array([[2, 1],
           [3, 3]], dtype=uint8)

    Source: none; the arithmetic of tf.quantization.fake_quant_with_min_max_vars_per_channel.
    """

    found_by = ("to int8", "quantize", "per axis")
    inputs = In("T", "values to quantize, rank 1 or more")
    min = In("R", "lower end of each channel's range", shape=("d",))
    max = In("R", "upper end of each channel's range, above `min`", shape=("d",))
    axis: int = attr("the axis of channels, counted from the end if negative", default=-1)
    by_inverse = True

    def shape_of(self, inputs: TensorType, min: TensorType, max: TensorType) -> Shape:
        return per_channel_shape(self, self.axis, inputs, min)

    def channel_axis(self, rank: int) -> int:
        return self.axis % rank

    def kernel(self, inputs: Array, ranges: Ranges, out: Array | None = None) -> Array:
        return self.codes(inputs, ranges, self.axis, out)

    def workspace(self, inputs: TensorType, *ends: TensorType) -> int:
        # the numbers of channels are spread over rows
        dtype, channels = dtypes.compute(dtypes.storage(inputs.dtype)), element_count(ends[0].shape) or 0
        spread = 8 * int(dtype.itemsize) * max(ROW, channels)
        return super().workspace(inputs, *ends) + copied_bytes(inputs) + spread


def _tiles(rows: Array) -> Iterator[tuple[slice | EllipsisType, ...]]:
    """Cuts of rows, ``[rows, row]`` or ``[rows, channels, inner]``, in which what broadcasts with a row still does."""
    height = max(1, TILE // rows[0].size)
    inner = rows.shape[-1] if rows.ndim == 3 else 1
    width = max(COLUMNS, TILE // rows.shape[1]) if rows.ndim == 3 else 1
    for top in range(0, len(rows), height):
        for left in range(0, inner, width):
            columns = slice(left, left + width) if rows.ndim == 3 else slice(None)
            yield slice(top, top + height), ..., columns

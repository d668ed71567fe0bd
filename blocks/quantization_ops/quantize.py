"""Quantization of floats to integers over a range, and dequantization."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from blocks.kernels import quantize_loops
from blocks.kernels.affine import (
    BELOW_HALF,
    LARGE_SCALE,
    LARGEST,
    SMALL_STEP,
    TILE,
    add_half_away,
    quantized_bytes,
    step_and_origin,
    store,
    to_quantized,
)
from blocks.kernels.casting import cast_into
from blocks.kernels.chunked import in_parts, part_bytes
from blocks.kernels.clip import clip, clip_to_arrays
from blocks.kernels.flush_subnormals import Float, Floats, flush, scalar
from blocks.kernels.known_numbers import once_per_bits
from blocks.kernels.quantize_loops import FEW
from dataflow.core import dtypes
from dataflow.core.block import Block, Dtype, In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Elementwise, Opaque
from dataflow.core.shapes import Dim, agree, element_count
from dataflow.core.workspace import Kernel, Workspace

MODES = ("MIN_COMBINED", "MIN_FIRST", "SCALED")
ROUNDINGS = ("HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN")


class QuantizeV2(Opaque):
    """Floats as whole numbers of a quantized type, ``round((input - min) * levels / (max - min))``.

    The range is widened to contain 0 and to be at least ``ensure_minimum_range * max(1, |min|, |max|)`` wide; the last
    two outputs are the range in use. MIN_COMBINED rounds halves up into unsigned types and away from zero into signed
    ones; MIN_FIRST rounds the input and the lower end separately; SCALED has no offset, and makes the range fit the
    levels. Values out of the range saturate, also to the highest qint32, which the reference wraps around. NaN gives 0,
    while the reference gives signed types their lowest number. Where there is but one slice along ``axis`` the range in
    use is a scalar, as in the reference.

    >>> QuantizeV2(T="quint8")([-1.0, 0.0, 0.5, 9.0], -1.0, 1.0).output
    array([  0, 128, 191, 255], dtype=uint8)

    Source: tf.raw_ops.QuantizeV2.
    """

    found_by = ("to int8", "quantize", "scale")
    input = In("float32", "values to quantize, any shape")
    min_range = In("float32", "lower end of the range: one value, or one per slice along `axis`")
    max_range = In("float32", "upper end of the range, not below `min_range`: one value, or one per slice along `axis`")
    output = Out("T", "same shape as `input`")
    output_min = Out("float32", "lower end of the range in use: a scalar, or one value per slice along `axis`")
    output_max = Out("float32", "upper end of the range in use: a scalar, or one value per slice along `axis`")
    T: Dtype = attr("the quantized type", choices=dtypes.quantized)
    mode: str = attr("how the range is laid over the whole numbers", default="MIN_COMBINED", choices=MODES)
    round_mode: str = attr("where halves go; only SCALED has a choice", default=ROUNDINGS[0], choices=ROUNDINGS)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range; only for SCALED", default=False)
    axis: int = attr("the axis whose slices have a range each, counted from 0; -1 for one range", default=-1, ge=-1)
    ensure_minimum_range: float = attr("smallest width of the range, relative to its ends if above 1", default=0.01)

    def check(self) -> None:
        if self.round_mode == "HALF_TO_EVEN" and self.mode != "SCALED":
            raise self.error(f"attr 'round_mode' must be HALF_AWAY_FROM_ZERO in mode {self.mode}, got HALF_TO_EVEN")
        _check_axis_mode(self, self.mode, self.axis)

    def shape_of(self, input: TensorType, min_range: TensorType, max_range: TensorType) -> list[Shape]:
        size = _check_range(self, self.axis, input, min_range, max_range)
        bounds: Shape = () if self.axis < 0 or size == 1 else (size,) if isinstance(size, int) else None
        return [input.shape, bounds, bounds]

    def bind(self, memory: Workspace, input: TensorType, *ends: TensorType) -> Kernel:
        memory.borrowed += quantized_bytes(input)
        short = dtypes.storage(self.T).itemsize <= 2 and self.axis < 0
        compiled = memory.compiled and short and prod(input.sizes) > FEW

        known = once_per_bits(self._range)

        def kernel(
            input: Array, min_range: Array, max_range: Array, out: Array | None = None
        ) -> tuple[Array, Array, Array]:
            lo, hi, scale, flushing = known(min_range, max_range)
            output = np.empty(input.shape, dtypes.storage(self.T)) if out is None else out
            if self.mode == "MIN_FIRST":
                to_quantized(input, lo, hi, self.T, output, compiled)
            elif compiled and not flushing:
                self._by_loop(input.reshape(-1), scalar(lo), scalar(hi), scalar(scale), output.reshape(-1))
            else:
                numbers = [_along(end, self.axis, input.ndim) for end in (lo, hi, scale)]
                in_parts(self._to_numbers, output, input, *numbers, np.asarray(flushing), size=TILE)
            bounds = () if lo.size == 1 else lo.shape
            return output, lo.reshape(bounds).copy(), hi.reshape(bounds).copy()

        return kernel

    def _range(self, min_range: Array, max_range: Array) -> tuple[Array, Array, Array, bool]:
        """The ends of the ranges in use, how many numbers there are in 1.0, and whether subnormal values count."""
        lo, hi = self._widened(_ends(min_range, self.axis), _ends(max_range, self.axis))
        lowest, highest = dtypes.limits(self.T)
        if self.mode == "SCALED":
            lo, hi, scale = self._fitted(lo, hi, np.float32(lowest + self.narrow_range), np.float32(highest))
        else:
            scale = (np.float64(highest - lowest) / flush(hi - lo)).astype(np.float32)
        return np.asarray(lo), np.asarray(hi), np.asarray(scale), bool((scale > LARGE_SCALE).any())

    def _by_loop(self, x: Array, low: Float, high: Float, scale: Float, out: Array) -> None:
        """What `_to_numbers` does, compiled."""
        lowest, highest = dtypes.limits(self.T)
        zero = np.float32(0)
        if self.mode == "SCALED" and self.round_mode == "HALF_TO_EVEN":
            quantize_loops.round_even(x, out, low, high, scale)
        elif self.mode == "SCALED":
            quantize_loops.round_away(x, out, low, high, zero, scale, zero, BELOW_HALF)
        elif lowest == 0:
            quantize_loops.round_up(x, out, low, high, scale, np.float32(0.5))
        else:
            half = np.float32((highest - lowest + 1) / 2)
            quantize_loops.round_away(x, out, low, high, low, scale, half, BELOW_HALF)

    def _to_numbers(self, input: Array, low: Array, high: Array, scale: Array, flushing: Array, out: Array) -> None:
        lowest, highest = dtypes.limits(self.T)
        values = np.empty(input.shape, np.float32)
        (clip_to_arrays if low.ndim else clip)(flush(input) if flushing else input, low, high, values)
        if self.mode == "MIN_COMBINED":
            values -= low
            if flushing:
                flush(values, values)
        values *= scale
        if self.mode == "SCALED":
            np.rint(values, out=values) if self.round_mode == "HALF_TO_EVEN" else add_half_away(values, values)
        elif lowest == 0:
            values += np.float32(0.5)
        else:
            values -= np.float32((highest - lowest + 1) / 2)
            add_half_away(values, values)
        store(values, self.T, out)

    def _widened(self, lowest: Array, highest: Array) -> tuple[Array, Array]:
        """The range made to contain 0 and to have the smallest width."""
        if (bad := ~(highest >= lowest)).any():  # also where one is NaN
            low, high = lowest[bad][0], highest[bad][0]
            raise self.error(f"input 'max_range' must not be below 'min_range', got {high} and {low}")
        lo, hi = np.where(lowest < 0, lowest, np.float32(0)), np.where(highest > 0, highest, np.float32(0))
        size = np.maximum(np.maximum(np.abs(lowest), np.abs(highest)), np.float32(1))
        least = lo + flush(size * np.float32(self.ensure_minimum_range))
        return lo, np.where(least > hi, least, hi)

    def _fitted(self, lo: Array, hi: Array, bottom: Floats, top: Floats) -> tuple[Array, Array, Array]:
        """The range that the levels cover when the end that needs the larger step has its level, and the scale."""
        by_lo = np.where(bottom * lo > 0, bottom / lo, LARGEST)
        by_hi = np.where(top * hi > 0, top / hi, LARGEST)
        scale = flush(np.where(by_hi < by_lo, by_hi, by_lo))
        return flush(bottom / scale), flush(top / scale), scale


class Dequantize(Elementwise):
    """Quantized whole numbers as floats, ``(input - lowest) * (max - min) / levels + min``.

    MIN_FIRST moves the range so that 0 is one of the levels; SCALED multiplies by one step and has no offset.
    A range with its ends swapped is taken as it is. bfloat16 is rounded once, from float32. Numbers that float32 rounds
    to 2**31 stay positive; the reference wraps them around in SCALED.

    >>> Dequantize()(np.array([0, 51, 255], np.uint8), -1.0, 1.0).round(3)
    array([-1. , -0.6,  1. ], dtype=float32)

    Source: tf.raw_ops.Dequantize.
    """

    found_by = ("to float", "int8", "scale")
    T = dtypes.quantized
    input = In("T", "whole numbers, any shape")
    min_range = In("float32", "value of the lowest number: one value, or one per slice along `axis`")
    max_range = In("float32", "value of the highest number: one value, or one per slice along `axis`")
    output = Out("dtype", "same shape as `input`")
    mode: str = attr("how the range is laid over the whole numbers", default="MIN_COMBINED", choices=MODES)
    narrow_range: bool = attr("the lowest level is not in use; only for SCALED", default=False)
    axis: int = attr("the axis whose slices have a range each, counted from 0; -1 for one range", default=-1, ge=-1)
    dtype: Dtype = attr("element type of the output", default="float32", choices=("bfloat16", "float32"))

    def check(self) -> None:
        if self.dtype == "bfloat16" and self.mode != "MIN_COMBINED":
            raise self.error(f"attr 'dtype' must be float32 in mode {self.mode}, got bfloat16; convert with Cast")
        _check_axis_mode(self, self.mode, self.axis)

    def shape_of(self, input: TensorType, min_range: TensorType, max_range: TensorType) -> Shape:
        _check_range(self, self.axis, input, min_range, max_range)
        return input.shape

    def precompute(self, min_range: Array, max_range: Array) -> tuple[Array, Array]:
        return _ends(min_range, self.axis).copy(), _ends(max_range, self.axis).copy()

    def channel_axis(self, rank: int) -> int | None:
        return self.axis if self.axis >= 0 else None

    @staticmethod
    def element(x: np.integer[Any], first: Float, step: Float, low: Float) -> Float:
        return (np.float32(x) + first) * step + low

    per_channel = ("step", "low")

    def element_args(self, dtype: DType, precomputed: tuple[Array, Array]) -> tuple[Floats, ...] | None:
        first, *numbers = self._numbers(dtype, *precomputed)
        step, low = (np.asarray(number, np.float32)[()] for number in numbers)
        return (first, step, low) if (np.abs(step) > SMALL_STEP).all() else None

    def kernel(self, input: Array, ends: tuple[Array, Array], out: Array | None = None) -> Array:
        first, *numbers = self._numbers(input.dtype, *ends)
        step, low = (_along(np.asarray(each), self.axis, input.ndim) for each in numbers)
        flushing = not (np.abs(step) > SMALL_STEP).all()

        def part(input: Array, step: Array, low: Array, out: Array) -> None:
            values = out if out.dtype == np.float32 else np.empty(input.shape, np.float32)
            np.copyto(values, input, casting="unsafe")
            if first:
                values += first
            values *= step
            if flushing:
                flush(values, values)
            if self.mode != "SCALED":
                values += low
                if flushing:
                    flush(values, values)
            cast_into(values, out.dtype, out)

        return in_parts(
            part, np.empty(input.shape, dtypes.storage(self.dtype)) if out is None else out, input, step, low
        )

    def workspace(self, input: TensorType, *ends: TensorType) -> int:
        return part_bytes(9, input)

    def _numbers(self, dtype: DType, lo: Array, hi: Array) -> tuple[np.float32, Any, Any]:
        """The numbers of ``(input + first) * step + low``."""
        lowest, highest = dtypes.limits(dtypes.name_of(dtype))
        first, low = np.float32(0), np.broadcast_to(np.float32(-0.0), lo.shape)
        if self.mode == "MIN_FIRST":
            return first, *step_and_origin(lo[()], hi[()], dtype)
        if self.mode == "MIN_COMBINED":
            levels = np.float32(highest) - np.float32(lowest)
            return (levels + np.float32(1)) / np.float32(2) if lowest else first, flush(flush(hi - lo) / levels), lo
        step = flush(hi / np.float32(highest))
        if lowest:
            by_lo = flush(lo / np.float32(lowest + self.narrow_range))
            step = np.where(by_lo < step, step, by_lo)
        return first, step, low


def _check_axis_mode(block: Block, mode: str, axis: int) -> None:
    if mode == "MIN_FIRST" and axis >= 0:
        raise block.error(f"attr 'axis' must be -1 in mode MIN_FIRST, got {axis}; take another mode")


def _check_range(block: Block, axis: int, input: TensorType, *ends: TensorType) -> Dim:
    """The number of slices along the axis; each end of the range must have one value, or one per slice."""
    size = None
    if axis >= 0 and input.shape is not None:
        if axis >= len(input.shape):
            raise block.error(f"attr 'axis' must be below the rank of input 'input', {len(input.shape)}, got {axis}")
        size = input.shape[axis]
    for name, end in zip(("min_range", "max_range"), ends, strict=True):
        if axis < 0 and element_count(end.shape) not in (None, 1):
            raise block.error(
                f"input '{name}' must be one value, got {end}; name the axis of its slices by attr 'axis'"
            )
        if axis >= 0 and end.shape is not None and not (len(end.shape) == 1 and agree(end.shape[0], size)):
            wanted = "" if size is None else f", {size}"
            raise block.error(f"input '{name}' must have one value per slice along axis {axis}{wanted}, got {end}")
        if axis >= 0 and not isinstance(size, int) and end.shape is not None:
            size = end.shape[0]
    return size


def _ends(end: Array, axis: int) -> Array:
    return np.asarray(flush(end.reshape(() if axis < 0 else -1)))


def _along(end: Array, axis: int, rank: int) -> Array:
    """Ends of the ranges of slices, reshaped to broadcast with the value."""
    return end if axis < 0 else end.reshape(-1, *[1] * (rank - axis - 1))

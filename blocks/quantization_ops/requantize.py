"""Quantized integers converted to another range, and the range that their values take."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

import numpy as np

from blocks.kernels import quantized_loops
from blocks.kernels.affine import TILE, nearest, quantized_bytes, requantize, store, value_by, value_steps
from blocks.kernels.casting import cast_into
from blocks.kernels.chunked import in_parts
from blocks.kernels.clip import clip
from blocks.kernels.flush_subnormals import TINY, Float, flush, scalar
from blocks.kernels.known_numbers import once_per_bits
from blocks.kernels.quantize_loops import FEW
from dataflow.core import dtypes
from dataflow.core.block import Block, Dtype, In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import agree, element_count
from dataflow.core.workspace import Kernel, Workspace

FLOAT = np.dtype(np.float32)
Ends = tuple[Array, Float]
BELOW_INT64 = -(2**63)  # what the reference's processor makes of a float that no int64 can hold


class RequantizationRange(Opaque):
    """The range that quantized values take, ``[min(0, value(min(input))), value(max(input))]``.

    Of ranges with more than one element the first counts, as in the reference. An empty `input` gives 0 and
    `input_min`, the start of a fold over nothing.

    >>> low, high = RequantizationRange()(np.array([-2**30, 0, 2**30], np.int32), -1.0, 1.0)
    >>> print(low.round(4), high.round(4))
    -0.5 0.5

    Source: tf.raw_ops.RequantizationRange.
    """

    Tinput = dtypes.quantized
    input = In("Tinput", "whole numbers, any shape")
    input_min = In("float32", "value of the lowest number")
    input_max = In("float32", "value of the highest number")
    output_min = Out("float32", "value of the smallest number in `input`, at most 0; a scalar")
    output_max = Out("float32", "value of the largest number in `input`; a scalar")

    def shape_of(self, input: TensorType, input_min: TensorType, input_max: TensorType) -> Shape:
        for name, end in (("input_min", input_min), ("input_max", input_max)):
            if element_count(end.shape) == 0:
                raise self.error(f"input '{name}' must have a value, got {end}")
        return ()

    def bind(self, memory: Workspace, input: TensorType, *ends: TensorType) -> Kernel:
        value_range = _bound_range(input.dtype)

        def kernel(input: Array, input_min: Array, input_max: Array, out: Array | None = None) -> Ends:
            low, high = value_range(input, scalar(input_min), scalar(input_max))
            return cast_into(low, FLOAT, out), high

        return kernel

    grad = None


class Requantization(Opaque, abstract=True):
    """Quantized numbers of one range as numbers of another dtype in another range."""

    Tinput = dtypes.quantized
    input = In("Tinput", "whole numbers, any shape")
    input_min = In("float32", "value of the lowest number", shape=())
    input_max = In("float32", "value of the highest number", shape=())
    output = Out("out_type", "same shape as `input`")
    out_type: Dtype = attr("the quantized type to go to", choices=dtypes.quantized)
    grad = None

    def shape_of(self, input: TensorType, *ends: TensorType) -> list[Shape]:
        return [input.shape, (), ()]


class Requantize(Requantization):
    """Quantized numbers converted to another range, ``round((value(input) - min) * levels / (max - min))``.

    From qint32 to quint8 in 16-bit fixed point, where halves go up; otherwise through float32, where they go away
    from zero. Values out of the requested range saturate; a requested range without width takes all to the lowest.

    >>> q = np.array([-2**31, 0, 2**30, 2**31 - 1], np.int32)
    >>> Requantize(out_type="quint8")(q, -2.0, 2.0, 0.0, 1.0).output
    array([  0,   0, 255, 255], dtype=uint8)

    Source: tf.raw_ops.Requantize.
    """

    found_by = ("rescale", "int32 to int8")
    input = Requantization.input
    requested_output_min = In("float32", "value that the lowest number is to have, at most 0", shape=())
    requested_output_max = In("float32", "value that the highest number is to have, at least 0", shape=())
    output = Requantization.output
    output_min = Out("float32", "`requested_output_min`", shape=())
    output_max = Out("float32", "`requested_output_max`", shape=())

    def bind(self, memory: Workspace, input: TensorType, *ends: TensorType) -> Kernel:
        requantized = _bound_requantize(memory, input, self.out_type)

        def kernel(
            input: Array, input_min: Array, input_max: Array, least: Array, most: Array, out: Array | None = None
        ) -> tuple[Array, Array, Array]:
            lo, hi = flush(scalar(least)), flush(scalar(most))
            if not lo <= 0:
                raise self.error(f"input 'requested_output_min' must be at most 0, got {least}")
            if not hi >= 0:
                raise self.error(f"input 'requested_output_max' must be at least 0, got {most}")
            made = requantized(input, scalar(input_min), scalar(input_max), lo, hi, out=out)
            return made, least.copy(), most.copy()

        return kernel


class QuantizeDownAndShrinkRange(Requantization):
    """Quantized numbers converted to the range that they take, ``Requantize(input, RequantizationRange(input))``.

    Where all values are equal and not above 0 the range has no width, and all become the lowest number.

    >>> q = np.array([-2**29, 0, 2**29], np.int32)
    >>> QuantizeDownAndShrinkRange(out_type="quint8")(q, -1.0, 1.0).output
    array([  0, 128, 255], dtype=uint8)

    Source: tf.raw_ops.QuantizeDownAndShrinkRange.
    """

    output = Requantization.output
    output_min = Out("float32", "value of the smallest number in `input`, at most 0", shape=())
    output_max = Out("float32", "value of the largest number in `input`", shape=())

    def bind(self, memory: Workspace, input: TensorType, *ends: TensorType) -> Kernel:
        value_range = _bound_range(input.dtype)
        requantized = _bound_requantize(memory, input, self.out_type)

        def kernel(
            input: Array, input_min: Array, input_max: Array, out: Array | None = None
        ) -> tuple[Array, Float, Float]:
            lo, hi = scalar(input_min), scalar(input_max)
            low, high = value_range(input, lo, hi)
            return requantized(input, lo, hi, low, high, out=out), low, high

        return kernel


class RequantizationRangePerChannel(Opaque):
    """The symmetric range that values with a range per channel take, ``o = min(max(r * max|input|) / 2**31, clip)``.

    ``r`` is the larger of ``|input_min|`` and ``|input_max|`` of a channel, a slice along the last axis; the range is
    ``[-o, o]``, or ``[0, o]`` where no number is negative. ``o`` is at least the smallest normal float32, before it is
    clipped. Numbers of a size that float32 rounds to 2**31 count as such; the reference wraps them around. Channels
    whose lower end is NaN are skipped.

    >>> q = np.array([[2**30, 0], [0, 2**29]], np.int32)
    >>> RequantizationRangePerChannel(clip_value_max=6.0)(q, [-1.0, -4.0], [1.0, 4.0]).output_max
    array(1., dtype=float32)

    Source: tf.raw_ops.RequantizationRangePerChannel.
    """

    input = In("qint32", "whole numbers, the channels along the last axis")
    input_min = In("float32", "value of the lowest number of each channel", shape=("channels",))
    input_max = In("float32", "value of the highest number of each channel", shape=("channels",))
    output_min = Out("float32", "lower end of the range, a scalar")
    output_max = Out("float32", "upper end of the range, a scalar")
    clip_value_max: float = attr("the largest upper end", ge=0)

    def shape_of(self, input: TensorType, input_min: TensorType, input_max: TensorType) -> Shape:
        if element_count(input.shape) == 0:
            raise self.error(f"input 'input' must not be empty, got {input}")
        for name, end in (("input_min", input_min), ("input_max", input_max)):
            _check_channels(self, input, name, end)
        return ()

    def bind(self, memory: Workspace, input: TensorType, *ends: TensorType) -> Kernel:
        axes = tuple(range(len(input.sizes) - 1))

        def kernel(input: Array, input_min: Array, input_max: Array, out: Array | None = None) -> Ends:
            low, high = input.min(axis=axes), input.max(axis=axes)
            size = np.maximum(np.abs(low.astype(np.int64)), np.abs(high.astype(np.int64)))
            reach = flush(_larger(input_min, input_max) * size.astype(np.float32) / np.float32(2**31))
            top = np.fmin(np.fmax.reduce(reach, initial=TINY[reach.dtype]), flush(np.float32(self.clip_value_max)))
            return cast_into(-top if (low < 0).any() else 0, FLOAT, out), top

        return kernel

    grad = None


class RequantizePerChannel(Opaque):
    """Quantized numbers with a range per channel converted to one symmetric range, ``rint(input * k)``, saturated.

    ``k = 255 * r / o / 2**31`` (127 for qint8), where ``r`` is the larger of ``|input_min|`` and ``|input_max|`` of a
    channel, a slice along the last axis, and ``o`` that of the requested range. quint8 is for values not below 0. A
    range whose lower end is NaN takes all to the lowest number.

    >>> q = np.array([[2**29, 2**29], [-2**30, 2**30]], np.int32)
    >>> RequantizePerChannel()(q, [-1.0, -2.0], [1.0, 2.0], 0.0, 2.0).output
    array([[ 32,  64],
           [  0, 128]], dtype=uint8)

    Source: tf.raw_ops.RequantizePerChannel.
    """

    input = In("qint32", "whole numbers, the channels along the last axis")
    input_min = In("float32", "value of the lowest number of each channel, or one for all")
    input_max = In("float32", "value of the highest number of each channel, or one for all")
    requested_output_min = In("float32", "lower end of the range to go to, one value; below 0 for qint8")
    requested_output_max = In("float32", "upper end of the range to go to, one value")
    output = Out("out_type", "same shape as `input`")
    output_min = Out("float32", "`requested_output_min`", shape=())
    output_max = Out("float32", "`requested_output_max`", shape=())
    out_type: Dtype = attr("the quantized type to go to", default="quint8", choices=("qint8", "quint8"))

    def shape_of(self, input: TensorType, *ends: TensorType) -> list[Shape]:
        for name, end in zip(list(self.signature.inputs)[1:], ends, strict=True):
            if element_count(end.shape) in (None, 1):
                continue
            if name.startswith("requested"):
                raise self.error(f"input '{name}' must be one value, got {end}")
            _check_channels(self, input, name, end)
        return [input.shape, (), ()]

    def bind(self, memory: Workspace, input: TensorType, *ends: TensorType) -> Kernel:
        memory.borrowed += quantized_bytes(input)
        sizes, dtype, highest = input.sizes, storage(self.out_type), dtypes.limits(self.out_type)[1]

        def kernel(
            input: Array, input_min: Array, input_max: Array, least: Array, most: Array, out: Array | None = None
        ) -> tuple[Array, Array, Array]:
            lo, hi = least.reshape(()), most.reshape(())
            if self.out_type == "qint8" and not flush(lo) < 0:
                raise self.error(f"input 'requested_output_min' must be below 0 for qint8, got {lo}")
            width = flush(_larger(input_min.reshape(-1), input_max.reshape(-1)) / _larger(lo, hi))
            factor = flush(np.float32(highest) * flush(width / np.float32(2**31)))
            output = np.empty(sizes, dtype) if out is None else out
            in_parts(self._to_numbers, output, input, factor.reshape(-1 if sizes else ()), size=TILE)
            return output, lo.copy(), hi.copy()

        return kernel

    def _to_numbers(self, input: Array, factor: Array, out: Array) -> None:
        lowest, highest = dtypes.limits(self.out_type)
        values = np.asarray(np.multiply(input, factor, dtype=np.float32))
        np.rint(values, out=values)
        np.fmax(values, np.float32(lowest), out=values)  # also where the value is NaN
        np.minimum(values, np.float32(highest), out=values)
        store(values, self.out_type, out)

    grad = None


def _bound_range(dtype: str) -> Callable[[Array, Float, Float], tuple[Float, Float]]:
    """What gives the values of the smallest of numbers in a range, at most 0, and of the largest."""
    lowest, highest = dtypes.limits(dtype)
    known = once_per_bits(partial(value_steps, dtype=dtype))

    def value_range(input: Array, lo: Float, hi: Float) -> tuple[Float, Float]:
        steps = known(lo, hi)
        low = value_by(np.minimum.reduce(input, None, initial=highest), steps)
        high = value_by(np.maximum.reduce(input, None, initial=lowest), steps)
        return np.float32(low if flush(low) < 0 else 0), np.float32(high)

    return value_range


def _bound_requantize(memory: Workspace, input: TensorType, dtype: str) -> Callable[..., Array]:
    """What makes numbers of ``[lo, hi]`` those of ``[new_lo, new_hi]`` in another quantized dtype."""
    memory.borrowed += quantized_bytes(input)
    if storage(input.dtype) != np.int32 or dtype != "quint8":
        return partial(requantize, dtype=dtype)
    known, compiled = once_per_bits(_scale_and_shift), memory.compiled and prod(input.sizes) > FEW

    def in_fixed_point(q: Array, lo: Float, hi: Float, new_lo: Float, new_hi: Float, out: Array | None = None) -> Array:
        """By one 64-bit multiplication, in fixed point with 16 fractional bits."""
        scale, shift = known(lo, hi, new_lo, new_hi)
        out = np.empty(q.shape, np.uint8) if out is None else out
        if compiled:
            quantized_loops.in_fixed_point(q.reshape(-1), scale, shift, out.reshape(-1))
            return out

        def step(q: Array, out: Array) -> None:
            values = q.astype(np.float32).astype(np.int64)  # float32 has 24 of the 31 bits
            values *= scale
            values >>= 32
            values += shift
            values >>= 16
            clip(values, 0, 255, values)
            np.copyto(out, values, casting="unsafe")

        return in_parts(step, out, q, size=TILE)

    return in_fixed_point


def _scale_and_shift(lo: Float, hi: Float, new_lo: Float, new_hi: Float) -> tuple[np.int64, np.int64]:
    """By what numbers are multiplied, and what is added then with one half."""
    lo, hi, new_lo, new_hi = map(flush, (lo, hi, new_lo, new_hi))
    width, new_width = flush(hi - lo), flush(new_hi - new_lo)
    if new_width == 0:
        return np.int64(0), np.int64(32768)
    middle, per_unit = np.float32(np.float64(flush(lo + hi)) / 2), np.float32(255.0 / np.float64(new_width))
    scale = _int64(255.0 * 65536 * np.float64(width) / new_width)
    offset = _int64(middle * per_unit * np.float32(65536))
    new_offset = _int64(nearest(65536 * (np.float64(new_lo) * 255.0) / new_width))
    with np.errstate(over="ignore"):
        return scale, offset - new_offset + np.int64(32768)


def _int64(value: Float) -> np.int64:
    return np.int64(int(value) if abs(value) < 2.0**63 else BELOW_INT64)


def _larger(lo: Array, hi: Array) -> Array:
    """The larger absolute value of the ends of a range; that of ``lo`` where one is NaN."""
    low, high = np.abs(flush(lo)), np.abs(flush(hi))
    return np.where(low < high, high, low)


def _check_channels(block: Block, input: TensorType, name: str, end: TensorType) -> None:
    if input.shape is None or end.shape is None:
        return
    if not input.shape or len(end.shape) != 1 or not agree(end.shape[0], input.shape[-1]):
        raise block.error(f"input '{name}' must have one value per slice along the last axis of {input}, got {end}")

"""Quantize and dequantize: values rounded to whole multiples of a step, 0.0 among them, and kept as floats."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

import numpy as np

from blocks.kernels.flush_subnormals import Float, Floats
from blocks.kernels.symmetric_range import (
    Limits,
    Steps,
    measured_steps,
    round_to_steps,
    symmetric_steps,
)
from blocks.quantization_ops.quantize_and_dequantize_gradient import QuantizeAndDequantizeV4Grad, shape_of_slices
from dataflow.core import dtypes
from dataflow.core.block import In, Out, Shape, TensorType, attr
from dataflow.core.bounding import monotone
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Opaque
from dataflow.core.quantized import Grid, Quantizer
from dataflow.core.ranges import Range
from dataflow.core.wire import Wire


def _to_even(x: Float, low: Float, high: Float, scale: Float, half: Float, step: Float) -> Float:
    x = low if x < low else x
    x = high if x > high else x
    return np.rint(x * scale) * step


def _up(x: Float, low: Float, high: Float, scale: Float, half: Float, step: Float) -> Float:
    x = low if x < low else x
    x = high if x > high else x
    return np.floor(x * scale + half) * step


def _grid(steps: Steps | None, limits: Limits, axis: int, input: Array | None) -> Grid | None:
    """The grid of the steps given, or else of those that the values have; None where there are no values."""
    if steps is None:
        if input is None or not input.size:
            return None
        steps = measured_steps(input, limits, axis)
    return steps.grid(limits, axis)


class RoundTrip(Opaque, abstract=True):
    """Values quantized to an integer whose range is symmetric about 0.0, and dequantized."""

    T = dtypes.floating
    input = In("T", "values to quantize, any shape")
    output = Out("T", "same shape as `input`")
    signed_input: bool = attr("simulate a signed integer, else an unsigned one", default=True)
    range_given: bool  # declared by each block, where its default stands
    reuses = ("input",)
    smooth = False
    quantized_as = Quantizer("input")
    per_channel = ("low", "high", "scale", "step")

    def bound(self, input: Range, *rest: Range) -> Range | None:
        return monotone(self, [input, *rest]) if self.range_given else None

    @property
    def streams(self) -> bool:
        return self.range_given

    def limits(self, what: str, num_bits: int, narrow_range: bool = False) -> Limits:
        """The lowest and the highest value of the simulated integer; ``what`` is the kind of `num_bits` in errors."""
        most = 61 if self.signed_input else 62
        if not 1 <= num_bits <= most:
            kind = "signed" if self.signed_input else "unsigned"
            raise self.error(f"{what} 'num_bits' must be between 1 and {most} for a {kind} integer, got {num_bits}")
        if not self.signed_input:
            return 0, 2**num_bits - 1
        return -(2 ** (num_bits - 1)) + narrow_range, 2 ** (num_bits - 1) - 1

    def check_range(self, what: str, low: Array, high: Array) -> None:
        """Raise an error where an end of the given range lies above the other; ``what`` is their kind in errors."""
        if bad := [(float(a), float(b)) for a, b in zip(low.flat, high.flat, strict=True) if not a <= b]:
            raise self.error(
                f"Invalid range: {what} 'input_min' must be at most {what} 'input_max', got {bad[0][0]} and {bad[0][1]}"
            )


class QuantizeAndDequantize(RoundTrip):
    """Round to whole multiples of a step, ``rint(clip(input, low, high) * scale) * step``, range and width as attrs.

    All else is as for QuantizeAndDequantizeV2.

    >>> QuantizeAndDequantize(num_bits=3)([-3.0, 0.4, 1.6, 3.0])
    array([-3.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantize.
    """

    found_by = ("fake quantization",)
    num_bits: int = attr("width of the simulated integer, at most 61 if it is signed", default=8, ge=1, le=62)
    range_given: bool = attr("take the range from `input_min` and `input_max`, else measure it", default=False)
    input_min: float = attr("lower end of the range, a float32 number", default=0.0)
    input_max: float = attr("upper end of the range, a float32 number", default=0.0)

    def check(self) -> None:
        self.limits("attr", self.num_bits)
        if self.range_given:
            self.check_range("attr", np.array(self.input_min, np.float32), np.array(self.input_max, np.float32))

    def shape_of(self, input: TensorType) -> Shape:
        return input.shape

    @cached_property
    def _given(self) -> dict[DType, Steps]:
        low, high = np.float32(self.input_min), np.float32(self.input_max)
        limits = self.limits("attr", self.num_bits)
        return {t: symmetric_steps(low.astype(t), high.astype(t), *limits) for t in map(dtypes.storage, self.T)}

    def grid(self, input: Array | None) -> Grid | None:
        given = self._given[np.dtype(np.float32)] if self.range_given else None
        return _grid(given, self.limits("attr", self.num_bits), -1, input)

    element = staticmethod(_to_even)

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Floats, ...] | None:
        return self._given[dtype].element_args

    def kernel(self, input: Array, out: Array | None = None) -> Array:
        limits = self.limits("attr", self.num_bits)
        return round_to_steps(input, self._given[input.dtype] if self.range_given else None, limits, -1, False, out)

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Wire:
        return dy


class RoundTripOfSlices(RoundTrip, abstract=True):
    """Values quantized and dequantized in a range that is an input, or in one per slice along an axis."""

    input = RoundTrip.input
    input_min = In("T", "lower end of the range: a scalar, or with `axis` one per slice")
    input_max = In("T", "upper end of the range, at least `input_min`")
    axis: int  # declared by each block

    def channel_axis(self, rank: int) -> int | None:
        return self.axis if self.axis >= 0 else None

    def covering(self, low: Array, high: Array) -> dict[str, Array]:
        return {"input_min": low, "input_max": high} if self.range_given else {}


class QuantizeAndDequantizeV2(RoundTripOfSlices):
    """Round to whole multiples of a step, ``round(clip(input, low, high) * scale) * step``.

    The range is made symmetric about 0.0: the end that needs the larger step keeps its place, the other one moves to
    where the simulated integer ends. A measured range clips nothing. Every operation is rounded to the dtype, and
    ``step`` is not quite ``1 / scale``. NaN stays NaN; in a measured range it makes its whole slice NaN, as infinity
    does. Where all of a measured range is 0.0, zeros keep their sign. Without `signed_input` the range begins
    at 0.0, and zeros keep their sign too; in TensorFlow it depends on where in the array they stand.

    >>> QuantizeAndDequantizeV2(num_bits=3, range_given=True)([-9.0, 0.4, 1.6, 9.0], -3.0, 3.0)
    array([-4.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantizeV2.
    """

    found_by: ClassVar[tuple[str, ...]] = ("fake quantization",)
    num_bits: int = attr("width of the simulated integer, at most 61 if it is signed", default=8, ge=1, le=62)
    range_given: bool = attr("take the range from `input_min` and `input_max`, else measure it", default=False)
    round_mode: str = attr(
        "where ties go: to the even multiple, or up", default="HALF_TO_EVEN", choices=("HALF_TO_EVEN", "HALF_UP")
    )
    narrow_range: bool = attr("leave out the lowest level of a signed integer, for as many on each side", default=False)
    axis: int = attr("slices along this axis have a range each; -1: one range for all", default=-1, ge=-1)

    def check(self) -> None:
        self.limits("attr", self.num_bits)

    def shape_of(self, input: TensorType, input_min: TensorType, input_max: TensorType) -> Shape:
        return shape_of_slices(self, self.axis, input, input_min, input_max)

    def precompute(self, input_min: Array, input_max: Array) -> Steps | None:
        if not self.range_given:
            return None
        self.check_range("input", input_min, input_max)
        return symmetric_steps(input_min, input_max, *self.limits("attr", self.num_bits, self.narrow_range))

    def grid(self, input: Array | None, *ends: Array) -> Grid | None:
        limits = self.limits("attr", self.num_bits, self.narrow_range)
        return _grid(self.precompute(*ends), limits, self.axis, input)

    @property
    def element(self) -> Callable[..., Float] | None:
        return _up if self.round_mode == "HALF_UP" else _to_even

    def element_args(self, dtype: DType, precomputed: Steps | None) -> tuple[Floats, ...] | None:
        return precomputed and precomputed.element_args

    def kernel(self, input: Array, given: Steps | None, out: Array | None = None) -> Array:
        limits = self.limits("attr", self.num_bits, self.narrow_range)
        return round_to_steps(input, given, limits, self.axis, self.round_mode == "HALF_UP", out)

    def grad(self, input: Wire, input_min: Wire, input_max: Wire, output: Wire, dy: Wire) -> Wire | tuple[Wire, ...]:
        return dy


class QuantizeAndDequantizeV3(RoundTripOfSlices):
    """Round to whole multiples of a step, ``rint(clip(input, low, high) * scale) * step``, the width as an input.

    All else is as for QuantizeAndDequantizeV2, but that scalars are refused.

    >>> QuantizeAndDequantizeV3()([-9.0, 0.4, 1.6, 9.0], -3.0, 3.0, 3)
    array([-4.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantizeV3.
    """

    found_by = ("fake quantization",)
    input = In("T", "values to quantize, rank 1 or more")
    num_bits = In("int32", "width of the simulated integer, at most 61 if it is signed, otherwise 62", shape=())
    range_given: bool = attr("take the range from `input_min` and `input_max`, else measure it", default=True)
    narrow_range: bool = attr("leave out the lowest level of a signed integer, for as many on each side", default=False)
    axis: int = attr("slices along this axis have a range each; -1: one range for all", default=-1, ge=-1)

    def shape_of(self, input: TensorType, input_min: TensorType, input_max: TensorType, num_bits: TensorType) -> Shape:
        if input.rank == 0:
            raise self.error("input 'input' must have rank 1 or more, got a scalar; QuantizeAndDequantizeV2 takes it")
        if num_bits.value is not None:
            self.limits("input", int(num_bits.value))
        return shape_of_slices(self, self.axis, input, input_min, input_max)

    def precompute(self, input_min: Array, input_max: Array, num_bits: Array) -> tuple[Limits, Steps | None]:
        limits = self.limits("input", int(num_bits), self.narrow_range)
        if not self.range_given:
            return limits, None
        self.check_range("input", input_min, input_max)
        return limits, symmetric_steps(input_min, input_max, *limits)

    def grid(self, input: Array | None, *rest: Array) -> Grid | None:
        limits, given = self.precompute(*rest)
        return _grid(given, limits, self.axis, input)

    @property
    def element(self) -> Callable[..., Float] | None:
        return _to_even

    def element_args(self, dtype: DType, precomputed: tuple[Limits, Steps | None]) -> tuple[Floats, ...] | None:
        return precomputed[1] and precomputed[1].element_args

    def kernel(self, input: Array, given: tuple[Limits, Steps | None], out: Array | None = None) -> Array:
        return round_to_steps(input, given[1], given[0], self.axis, False, out)

    def grad(self, input: Wire, input_min: Wire, input_max: Wire, num_bits: Wire, output: Wire, dy: Wire) -> Wire:
        return dy


class QuantizeAndDequantizeV4(QuantizeAndDequantizeV2):
    """Round to whole multiples of a step, ``round(clip(input, low, high) * scale) * step``.

    All else is as for QuantizeAndDequantizeV2, but for the gradient: it passes only where `input` lies in the range as
    it was given, even where the range is measured.

    >>> QuantizeAndDequantizeV4(num_bits=3, range_given=True)([-9.0, 0.4, 1.6, 9.0], -3.0, 3.0)
    array([-4.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantizeV4.
    """

    found_by = ("fake quantization", "qat")

    def grad(self, input: Wire, input_min: Wire, input_max: Wire, output: Wire, dy: Wire) -> Wire | tuple[Wire, ...]:
        return QuantizeAndDequantizeV4Grad(axis=self.axis)(dy, input, input_min, input_max)

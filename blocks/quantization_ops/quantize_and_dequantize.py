"""Quantize and dequantize: values rounded to whole multiples of a step, 0.0 among them, and kept as floats."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from blocks.kernels.symmetric_range import Limits, Steps, round_rows, round_trip, steps
from blocks.quantization_ops.quantize_and_dequantize_gradient import QuantizeAndDequantizeV4Grad, shape_of_slices
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.wire import Wire


def _to_even(x: Any, low: Any, high: Any, scale: Any, half: Any, step: Any) -> Any:
    x = low if x < low else x
    x = high if x > high else x
    return np.rint(x * scale) * step


def _up(x: Any, low: Any, high: Any, scale: Any, half: Any, step: Any) -> Any:
    x = low if x < low else x
    x = high if x > high else x
    return np.floor(x * scale + half) * step


class QuantizeAndDequantize(Opaque):
    """Round to whole multiples of a step, ``rint(clip(input, low, high) * scale) * step``, range and width as attrs.

    All else is as for QuantizeAndDequantizeV2.

    >>> QuantizeAndDequantize(num_bits=3)([-3.0, 0.4, 1.6, 3.0])
    array([-3.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantize.
    """

    T = dtypes.floating
    input = In("T", "values to quantize, any shape")
    output = Out("T", "same shape as `input`")
    signed_input: bool = attr("simulate a signed integer, else an unsigned one", default=True)
    num_bits: int = attr("width of the simulated integer, at most 61 if it is signed", default=8, ge=1, le=62)
    range_given: bool = attr("take the range from `input_min` and `input_max`, else measure it", default=False)
    input_min: float = attr("lower end of the range, a float32 number", default=0.0)
    input_max: float = attr("upper end of the range, a float32 number", default=0.0)
    reuses = ("input",)
    smooth = False

    def check(self) -> None:
        _limits(self, "attr", self.num_bits)
        if self.range_given:
            _check_range(self, "attr", np.float32(self.input_min), np.float32(self.input_max))

    def shape_of(self, input: TensorType) -> Shape:
        return input.shape

    @cached_property
    def _given(self) -> dict[Any, Steps]:
        low, high = np.float32(self.input_min), np.float32(self.input_max)
        limits = _limits(self, "attr", self.num_bits)
        return {t: steps(low.astype(t), high.astype(t), *limits) for t in map(dtypes.storage, self.T)}

    @property
    def streams(self) -> bool:
        return self.range_given

    element = staticmethod(_to_even)

    def element_args(self, dtype: Any, precomputed: Any) -> tuple[Any, ...] | None:
        return self._given[dtype].numbers

    def kernel(self, input: Array, out: Array | None = None) -> Any:
        limits = _limits(self, "attr", self.num_bits)
        return round_trip(input, self._given[input.dtype] if self.range_given else None, limits, -1, False, out)

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Any:
        return dy


class QuantizeAndDequantizeV2(Opaque):
    """Round to whole multiples of a step, ``round(clip(input, low, high) * scale) * step``.

    The range is made symmetric about 0.0: the end that needs the larger step keeps its place, the other one moves to
    where the simulated integer ends. A measured range clips nothing. Every operation is rounded to the dtype, and
    ``step`` is not quite ``1 / scale``. NaN stays NaN; in a measured range it makes its whole slice NaN, as infinity
    does. Where all of a measured range is 0.0, zeros keep their sign.

    >>> QuantizeAndDequantizeV2(num_bits=3, range_given=True)([-9.0, 0.4, 1.6, 9.0], -3.0, 3.0)
    array([-4.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantizeV2.
    """

    T = dtypes.floating
    input = In("T", "values to quantize, any shape")
    input_min = In("T", "lower end of the range: a scalar, or with `axis` one per slice")
    input_max = In("T", "upper end of the range, at least `input_min`")
    output = Out("T", "same shape as `input`")
    signed_input: bool = attr("simulate a signed integer, else an unsigned one", default=True)
    num_bits: int = attr("width of the simulated integer, at most 61 if it is signed", default=8, ge=1, le=62)
    range_given: bool = attr("take the range from `input_min` and `input_max`, else measure it", default=False)
    round_mode: str = attr(
        "where ties go: to the even multiple, or up", default="HALF_TO_EVEN", choices=("HALF_TO_EVEN", "HALF_UP")
    )
    narrow_range: bool = attr("leave out the lowest level of a signed integer, for as many on each side", default=False)
    axis: int = attr("slices along this axis have a range each; -1: one range for all", default=-1, ge=-1)
    reuses = ("input",)
    smooth = False

    def check(self) -> None:
        _limits(self, "attr", self.num_bits)

    def shape_of(self, input: TensorType, input_min: TensorType, input_max: TensorType) -> Shape:
        return shape_of_slices(self, self.axis, input, input_min, input_max)

    @property
    def streams(self) -> bool:
        return self.range_given

    def channel_axis(self, rank: int) -> int | None:
        return self.axis if self.axis >= 0 else None

    def precompute(self, input_min: Array, input_max: Array) -> Steps | None:
        if not self.range_given:
            return None
        _check_range(self, "input", input_min, input_max)
        return steps(input_min, input_max, *_limits(self, "attr", self.num_bits, self.narrow_range))

    @property
    def element(self) -> Any:
        return None if self.axis >= 0 else _up if self.round_mode == "HALF_UP" else _to_even

    @property
    def compiled_kernel(self) -> Any:
        return self._by_loops if self.axis >= 0 and self.round_mode == "HALF_TO_EVEN" else None

    def _by_loops(self, input: Any, given: Steps | None, out: Any = None) -> Any:
        return round_rows(input, given, self.axis, out) if given and given.numbers else self.kernel(input, given, out)

    def element_args(self, dtype: Any, precomputed: Steps | None) -> tuple[Any, ...] | None:
        return precomputed and precomputed.numbers

    def kernel(self, input: Array, given: Steps | None, out: Array | None = None) -> Any:
        limits = _limits(self, "attr", self.num_bits, self.narrow_range)
        return round_trip(input, given, limits, self.axis, self.round_mode == "HALF_UP", out)

    def grad(self, input: Wire, input_min: Wire, input_max: Wire, output: Wire, dy: Wire) -> Any:
        return dy


class QuantizeAndDequantizeV3(Opaque):
    """Round to whole multiples of a step, ``rint(clip(input, low, high) * scale) * step``, the width as an input.

    All else is as for QuantizeAndDequantizeV2, but that scalars are refused.

    >>> QuantizeAndDequantizeV3()([-9.0, 0.4, 1.6, 9.0], -3.0, 3.0, 3)
    array([-4.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantizeV3.
    """

    T = dtypes.floating
    input = In("T", "values to quantize, rank 1 or more")
    input_min = In("T", "lower end of the range: a scalar, or with `axis` one per slice")
    input_max = In("T", "upper end of the range, at least `input_min`")
    num_bits = In("int32", "width of the simulated integer, at most 61 if it is signed, otherwise 62", shape=())
    output = Out("T", "same shape as `input`")
    signed_input: bool = attr("simulate a signed integer, else an unsigned one", default=True)
    range_given: bool = attr("take the range from `input_min` and `input_max`, else measure it", default=True)
    narrow_range: bool = attr("leave out the lowest level of a signed integer, for as many on each side", default=False)
    axis: int = attr("slices along this axis have a range each; -1: one range for all", default=-1, ge=-1)
    reuses = ("input",)
    smooth = False

    def shape_of(self, input: TensorType, input_min: TensorType, input_max: TensorType, num_bits: TensorType) -> Shape:
        if input.rank == 0:
            raise self.error("input 'input' must have rank 1 or more, got a scalar; QuantizeAndDequantizeV2 takes it")
        if num_bits.value is not None:
            _limits(self, "input", int(num_bits.value))
        return shape_of_slices(self, self.axis, input, input_min, input_max)

    @property
    def streams(self) -> bool:
        return self.range_given

    def channel_axis(self, rank: int) -> int | None:
        return self.axis if self.axis >= 0 else None

    def precompute(self, input_min: Array, input_max: Array, num_bits: Array) -> tuple[Limits, Steps | None]:
        limits = _limits(self, "input", int(num_bits), self.narrow_range)
        if not self.range_given:
            return limits, None
        _check_range(self, "input", input_min, input_max)
        return limits, steps(input_min, input_max, *limits)

    @property
    def element(self) -> Any:
        return None if self.axis >= 0 else _to_even

    def element_args(self, dtype: Any, precomputed: tuple[Limits, Steps | None]) -> tuple[Any, ...] | None:
        return precomputed[1] and precomputed[1].numbers

    @property
    def compiled_kernel(self) -> Any:
        return self._by_loops if self.axis >= 0 else None

    def _by_loops(self, input: Any, given: tuple[Limits, Steps | None], out: Any = None) -> Any:
        steps = given[1]
        return round_rows(input, steps, self.axis, out) if steps and steps.numbers else self.kernel(input, given, out)

    def kernel(self, input: Array, given: tuple[Limits, Steps | None], out: Array | None = None) -> Any:
        return round_trip(input, given[1], given[0], self.axis, False, out)

    def grad(self, input: Wire, input_min: Wire, input_max: Wire, num_bits: Wire, output: Wire, dy: Wire) -> Any:
        return dy


class QuantizeAndDequantizeV4(QuantizeAndDequantizeV2):
    """Round to whole multiples of a step, ``round(clip(input, low, high) * scale) * step``.

    All else is as for QuantizeAndDequantizeV2, but for the gradient: it passes only where `input` lies in the range as
    it was given, even where the range is measured.

    >>> QuantizeAndDequantizeV4(num_bits=3, range_given=True)([-9.0, 0.4, 1.6, 9.0], -3.0, 3.0)
    array([-4.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantizeV4.
    """

    def grad(self, input: Wire, input_min: Wire, input_max: Wire, output: Wire, dy: Wire) -> Any:
        return QuantizeAndDequantizeV4Grad(axis=self.axis)(dy, input, input_min, input_max)


def _limits(block: Any, where: str, num_bits: int, narrow_range: bool = False) -> Limits:
    """Lowest and highest value of the simulated integer."""
    most = 61 if block.signed_input else 62
    if not 1 <= num_bits <= most:
        kind = "signed" if block.signed_input else "unsigned"
        raise block.error(f"{where} 'num_bits' must be between 1 and {most} for a {kind} integer, got {num_bits}")
    if not block.signed_input:
        return 0, 2**num_bits - 1
    return -(2 ** (num_bits - 1)) + narrow_range, 2 ** (num_bits - 1) - 1


def _check_range(block: Block, where: str, low: Any, high: Any) -> None:
    if bad := [(float(a), float(b)) for a, b in zip(low.flat, high.flat, strict=True) if not a <= b]:
        raise block.error(
            f"Invalid range: {where} 'input_min' must be at most {where} 'input_max', got {bad[0][0]} and {bad[0][1]}"
        )

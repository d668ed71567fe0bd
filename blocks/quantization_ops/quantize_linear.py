"""Linear quantization with a scale and a zero point: floats to codes, and codes to floats."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from blocks.kernels.channel_numbers import by_channel, by_channel_bytes
from blocks.kernels.flush_subnormals import TINY, Float
from blocks.quantization_ops.codes_base import ByChannel, ToCodes
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.bounding import saturating
from dataflow.core.dtypes import Array, DType
from dataflow.core.quantized import Grid
from dataflow.core.ranges import Range

EXACT = 1 << 22  # whole numbers below it, and their differences, are exact in float32


def _code(x: Float, scale: Float, zero_point: Float, low: Float, high: Float, zero: Float) -> Float:
    steps = np.rint(x / scale)
    code = (zero if steps != steps else steps) + zero_point
    code = low if code < low else code
    return high if code > high else code


def _value(x: np.integer[Any], zero_point: Float, scale: Float) -> Float:
    return (x - zero_point) * scale


def _suit(axis: int | None, scale: Array, zero_point: Array) -> bool:
    """Whether all channels have numbers of their own, or none has, and floats hold the zero points exactly."""
    exact = (np.abs(zero_point.astype(np.int64)) < EXACT).all()
    return bool(exact) and scale.ndim == zero_point.ndim == (axis is not None)


class QuantizeLinear(ToCodes):
    """Codes of values, ``clamp(round(x / scale) + zero_point)``, halves to even.

    The division and the rounding are those of the dtype of `x`, of float32 for the 16-bit floats. What leaves the
    range of the codes, infinity too, becomes the code at its end; NaN becomes the zero point.

    >>> QuantizeLinear(out_type="int8")([-1.0, 0.25, 0.75, 99.0], 0.5, 3)
    array([  1,   3,   5, 127], dtype=int8)

    Source: ONNX's QuantizeLinear.
    """

    found_by = ("to int8", "quantize", "scale and zero point")
    T = dtypes.floating
    x = In("T", "values to quantize, any shape")
    scale = In("T", "the distance of two codes: one number, or with `axis` one per channel")
    zero_point = In("int32", "the code of 0.0: one number, or with `axis` one per channel")
    y = Out("out_type", "the codes, same shape as `x`")

    def precompute(self, scale: Array, zero_point: Array) -> list[Array]:
        return [scale.astype(dtypes.compute(scale.dtype)), zero_point.copy()]

    def grid(self, x: Array | None, scale: Array, zero_point: Array) -> Grid:
        return Grid(scale.astype(np.float64), zero_point.astype(np.int64), *self.limits, self.axis)

    element = staticmethod(_code)
    per_channel = ("scale", "zero_point")

    def element_args(self, dtype: DType, precomputed: list[Array]) -> tuple[Any, ...] | None:
        scale, zero_point = precomputed
        if dtype not in TINY or max(map(abs, self.limits)) >= EXACT or not _suit(self.axis, scale, zero_point):
            return None
        low, high = map(dtype.type, self.limits)
        return scale[()], zero_point.astype(dtype)[()], low, high, dtype.type(0)

    def kernel(self, x: Array, numbers: list[Array], out: Array | None = None) -> Array:
        dtype = numbers[0].dtype
        low, high = self.limits

        def step(x: Array, scale: Array, zero_point: Array, out: Array) -> None:
            steps = np.divide(x, scale, dtype=dtype)
            np.rint(steps, steps)
            np.copyto(steps, 0, where=np.isnan(steps))
            codes = np.add(steps, zero_point, dtype=np.float64)  # which is exact for all codes that there are
            np.clip(codes, low, high, codes)
            np.copyto(out, codes, casting="unsafe")

        return by_channel(step, x, numbers, self.axis, dtypes.storage(self.out_type), out)

    def workspace(self, x: TensorType, *numbers: TensorType) -> int:
        return by_channel_bytes(10 + dtypes.compute(dtypes.storage(x.dtype)).itemsize, x, *numbers)


class DequantizeLinear(ByChannel):
    """Values of codes, ``(x - zero_point) * scale``.

    The difference is exact, and then rounded to the dtype of `scale` (float32 for the 16-bit floats), in which it is
    multiplied. Of the codes of a quantizing block these are, to the bit, the values that its fake-quantization block
    gives.

    >>> DequantizeLinear()(np.array([-128, 0, 127], np.int8), 0.5, -1)
    array([-63.5,   0.5,  64. ], dtype=float32)

    Source: ONNX's DequantizeLinear.
    """

    found_by = ("from int8", "dequantize codes", "scale and zero point")
    T = dtypes.floating
    C = (*dtypes.codes, "int64")
    x = In("C", "codes, any shape")
    scale = In("T", "the distance of two codes: one number, or with `axis` one per channel")
    zero_point = In("int32", "the code of 0.0: one number, or with `axis` one per channel")
    y = Out("T", "same shape as `x`")

    def bound(self, x: Range, scale: Range, zero_point: Range) -> Range | None:
        made, codes, step = saturating(self, x, scale, zero_point), x.less(zero_point), scale.value
        if made is None or codes is None or codes.units is None or step is None or step.ndim:
            return made
        return replace(made, units=codes.units._replace(step=codes.units.step * float(step)))

    def precompute(self, scale: Array, zero_point: Array) -> list[Array]:
        return [scale.copy(), zero_point.astype(np.int64)]

    element = staticmethod(_value)
    per_channel = ("scale", "zero_point")

    def element_args(self, dtype: DType, precomputed: list[Array]) -> tuple[Any, ...] | None:
        scale, zero_point = precomputed
        if dtype.itemsize >= 4 or not _suit(self.axis, scale, zero_point):
            return None
        return zero_point.astype(scale.dtype)[()], scale[()]

    def kernel(self, x: Array, numbers: list[Array], out: Array | None = None) -> Array:
        scale, zero_point = numbers
        dtype = dtypes.compute(scale.dtype)
        if x.dtype.itemsize < 4 and (np.abs(zero_point) < EXACT).all():
            zero_point = zero_point.astype(np.float32)  # in which small numbers are subtracted as exactly, and faster

        def step(x: Array, scale: Array, zero_point: Array, out: Array) -> None:
            np.multiply(np.subtract(dtypes.widened(x), zero_point), scale, out, dtype=dtype, casting="unsafe")

        return by_channel(step, x, [scale.astype(dtype), zero_point], self.axis, scale.dtype, out)

    def workspace(self, x: TensorType, *numbers: TensorType) -> int:
        return by_channel_bytes(8 if dtypes.storage(x.dtype).itemsize >= 4 else 4, x, *numbers)

"""The gradient of quantize and dequantize, which passes where the value lies in the range."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.kernels.casting import cast_into, contiguous_output
from blocks.kernels.channel_rows import Layout
from blocks.kernels.clipped_gradient import clip_gradient, clip_gradient_bytes
from blocks.kernels.flush_subnormals import SUBNORMAL, TINY, Float, Floats
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.kinds import Elementwise
from dataflow.core.shapes import Dim, agree, fits, show

Ends = tuple[Array, Array]  # of the range: the lower and the upper one


class QuantizeAndDequantizeV4Grad(Elementwise):
    """Gradients of QuantizeAndDequantizeV4, ``gradients * (input_min <= input <= input_max)`` and zeros for the range.

    The ends are those given, not those that rounding clips to. NaN in `input` lies outside, and nothing lies in a range
    with a NaN end. Subnormal `gradients` become zeros.

    >>> QuantizeAndDequantizeV4Grad()([1.0, 2.0, 3.0], [-0.5, 3.0, 3.5], 0.0, 3.0).input_backprop
    array([0., 2., 0.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantizeV4Grad.
    """

    broadcasts = False
    T = dtypes.floating
    gradients = In("T", "gradient by the output of QuantizeAndDequantizeV4")
    input = In("T", "its input, same shape as `gradients`")
    input_min = In("T", "lower end of the range: a scalar, or with `axis` one per slice")
    input_max = In("T", "upper end of the range, same shape as `input_min`")
    input_backprop = Out("T", "gradient by the input")
    input_min_backprop = Out("T", "zeros, same shape as `input_min`", reduce=np.add)
    input_max_backprop = Out("T", "zeros, same shape as `input_max`", reduce=np.add)
    axis: int = attr("slices along this axis have a range each; -1: one range for all", default=-1, ge=-1)
    reuses = ("gradients", "input")
    rounds_once = True

    def shape_of(
        self, gradients: TensorType, input: TensorType, input_min: TensorType, input_max: TensorType
    ) -> list[Shape]:
        if not fits(gradients.shape, input.shape):
            wanted = show(input.shape)
            raise self.error(f"input 'gradients' must have the shape of 'input', {wanted}, got {show(gradients.shape)}")
        shape = shape_of_slices(self, self.axis, input, input_min, input_max)
        return [shape, input_min.shape, input_max.shape]

    def channel_axis(self, rank: int) -> int | None:
        return self.axis if self.axis >= 0 else None

    def precompute(self, input_min: Array, input_max: Array) -> Ends:
        if input_min.dtype not in TINY:
            return input_min.copy(), input_max.copy()
        # subnormal values equal zero: an end that is zero lets all of them in
        tiny, largest = TINY[input_min.dtype], SUBNORMAL[input_min.dtype]
        low = np.where(np.abs(input_min) < tiny, -largest, input_min)
        return low, np.where(np.abs(input_max) < tiny, largest, input_max)

    @staticmethod
    def element(g: Float, x: Float, low: Float, high: Float, tiny: Float, one: Float, zero: Float) -> Any:
        passed = g * (one if (low <= x) & (x <= high) & (abs(g) >= tiny) else zero)
        return passed, -0.0, -0.0  # added to a sum they change nothing, unlike 0.0, so that compilers leave it out

    per_channel = ("low", "high")

    def element_args(self, dtype: DType, precomputed: Ends) -> tuple[Floats, ...] | None:
        tiny = TINY[dtype] if precomputed[0].dtype == dtype else dtype.type(0)  # 16-bit floats keep subnormals
        low, high = (end.astype(dtype)[()] for end in precomputed)
        return low, high, tiny, dtype.type(1), dtype.type(0)

    def kernel(
        self, gradients: Array, input: Array, ends: Ends, out: Array | None = None
    ) -> tuple[Array, Array, Array]:
        low, high = ends

        def bounds(layout: Layout | None) -> tuple[Array, Array, None]:
            return (low, high, None) if layout is None else (layout.spread(low), layout.spread(high), None)

        result = contiguous_output(input, input, out)
        clip_gradient(gradients, input, self.axis if self.axis >= 0 else None, bounds, result)
        return cast_into(result, gradients.dtype, out), np.zeros_like(low), np.zeros_like(high)

    def workspace(self, gradients: TensorType, input: TensorType, *ends: TensorType) -> int:
        return clip_gradient_bytes(input, storage(input.dtype))

    grad = None


def shape_of_slices(block: Block, axis: int, input: TensorType, low: TensorType, high: TensorType) -> Shape:
    """The shape of ``input``, provided that each end is a scalar, or has an element per slice."""
    rank = input.rank
    if rank is not None and axis >= rank:
        raise block.error(f"attr 'axis' must be below {rank}, the rank of 'input', got {axis}")
    wanted: tuple[Dim, ...] = () if axis < 0 else (None if input.shape is None else input.shape[axis],)
    for name, end in (("input_min", low), ("input_max", high)):
        if end.shape is None:
            continue
        if len(end.shape) != len(wanted):
            kind = "a scalar where 'axis' is -1" if axis < 0 else f"of rank 1 where 'axis' is {axis}"
            raise block.error(f"input '{name}' must be {kind}, got shape {show(end.shape)}")
        if not all(map(agree, end.shape, wanted)):
            raise block.error(
                f"input '{name}' must have size {wanted[0]} like dim {axis} of 'input', got {end.shape[0]}"
            )
    return input.shape

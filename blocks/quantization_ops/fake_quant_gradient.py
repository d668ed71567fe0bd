"""Gradients of fake quantization: by the input where it lies in the range, elsewhere by the ends of the range."""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import cached_property, partial
from typing import Any, ClassVar, TypeVar

import numpy as np

from blocks.kernels.casting import as_compute_dtype, cast_into, contiguous_output, copied_bytes
from blocks.kernels.clipped_gradient import clip_gradient, clip_gradient_bytes, clip_gradient_sums, sum_spans
from blocks.kernels.flush_subnormals import TINY, Float, Floats
from blocks.kernels.nudged_range import Ranges, check_range, numbers, per_channel_shape
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Elementwise

T = TypeVar("T")


class FakeQuantGradient(Elementwise, abstract=True):
    """Gradients of values that lie in a nudged range, and zeros for others."""

    broadcasts = False
    T = dtypes.floating
    gradients = In("T", "gradient by the outputs of the fake quantization")
    inputs = In("T", "its inputs, same shape as `gradients`")
    reuses = ("gradients", "inputs")
    grad = None
    rounds_once = True
    per_channel = ("low", "high")

    @staticmethod
    def element(g: Float, x: Float, low: Float, high: Float, tiny: Float, one: Float, zero: Float) -> Any:
        return g * (one if (low <= x) & (x <= high) & (abs(g) >= tiny) else zero)

    def workspace(self, gradients: TensorType, inputs: TensorType, *ends: TensorType) -> int:
        copies = 3 * copied_bytes(inputs)  # of both inputs and of the result
        return copies + clip_gradient_bytes(inputs, dtypes.compute(dtypes.storage(inputs.dtype)))


class FakeQuantWithMinMaxArgsGradient(FakeQuantGradient):
    """Gradient of FakeQuantWithMinMaxArgs, ``gradients * (nmin <= inputs <= nmax)``.

    The ends are those of the nudged range. NaN in `inputs` lies outside. Subnormal `gradients` become zeros.

    >>> FakeQuantWithMinMaxArgsGradient(min=0.0, max=3.0)([1.0, 2.0, 3.0], [-0.5, 3.0, 3.5])
    array([0., 2., 0.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_args_gradient.
    """

    backprops = Out("T", "gradient by the inputs")
    min: float = attr("lower end of the range", default=-6.0)
    max: float = attr("upper end of the range, above `min`", default=6.0)
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)

    def check(self) -> None:
        check_range(self, self.min, self.max)

    @cached_property
    def _ranges(self) -> Ranges:
        return Ranges(self.min, self.max, self.num_bits, self.narrow_range)

    def kernel(self, gradients: Array, inputs: Array, out: Array | None = None) -> Array:
        return _clip(clip_gradient, gradients, inputs, self._ranges, None, out)[0]

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Floats, ...] | None:
        return _element_args(self._ranges, dtype)


class FakeQuantInRangeGradient(FakeQuantGradient, abstract=True):
    """Gradients by the inputs and by the ends of ranges that are inputs."""

    R = dtypes.floating
    backprops_wrt_input = Out("T", "gradient by the inputs")
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    sums: ClassVar[bool] = True  # whether the gradients by the ends are outputs

    def precompute(self, min: Array, max: Array) -> Ranges:
        return Ranges(min, max, self.num_bits, self.narrow_range)

    @property
    def _axis(self) -> int | None:
        """The axis of channels, None where all values have one range."""
        return None

    def _ends(self, sums: Array) -> Array:
        """Sums ``[..., channels]`` in the shape of the ends of the range, behind other dims."""
        return sums[..., 0] if self._axis is None else sums

    def kernel(
        self, gradients: Array, inputs: Array, ranges: Ranges, out: Array | None = None
    ) -> Array | tuple[Array, ...]:
        if not self.sums:
            return _clip(clip_gradient, gradients, inputs, ranges, self._axis, out)[0]
        clipped, sums = _clip(clip_gradient_sums, gradients, inputs, ranges, self._axis, out)
        return clipped, *self._ends(sum_spans(sums))

    def element_args(self, dtype: DType, precomputed: Ranges) -> tuple[Floats, ...] | None:
        return _element_args(precomputed, dtype)


class FakeQuantSumsGradient(FakeQuantInRangeGradient, abstract=True):
    """Gradients by the inputs, and their sums over values outside of the range."""

    @staticmethod
    def element(g: Float, x: Float, low: Float, high: Float, tiny: Float, one: Float, zero: Float) -> Any:
        return (
            g * (one if (low <= x) & (x <= high) & (abs(g) >= tiny) else zero),
            g * (one if x < low else zero),
            g * (one if x > high else zero),
        )


class OneRangeGradient(FakeQuantInRangeGradient, abstract=True):
    """Gradients in one range for all values."""

    gradients = FakeQuantGradient.gradients
    min = In("R", "lower end of the range", shape=())
    max = In("R", "upper end of the range", shape=())


class FakeQuantWithMinMaxVarsGradient(OneRangeGradient, FakeQuantSumsGradient):
    """Gradients of FakeQuantWithMinMaxVars, ``gradients * (nmin <= inputs <= nmax)`` and sums over values outside.

    The ends are those of the nudged range. Where `inputs` is NaN, the gradient counts for none of the three. Subnormal
    `gradients` become zeros. Where `min` and `max` are both 0.0, all gradients pass as they are and the sums are zero.
    Sums are rounded once, from float64; an infinite gradient makes the sums NaN to which it does not belong.

    >>> FakeQuantWithMinMaxVarsGradient()([1.0, 2.0, 3.0], [-0.5, 3.0, 3.5], 0.0, 3.0).backprops_wrt_input
    array([0., 2., 0.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars_gradient.
    """

    backprops_wrt_input = FakeQuantInRangeGradient.backprops_wrt_input
    backprop_wrt_min = Out("R", "sum of the gradients where `inputs` lie below the range", shape=(), reduce=np.add)
    backprop_wrt_max = Out("R", "sum of the gradients where `inputs` lie above the range", shape=(), reduce=np.add)

    def narrowed(self, used: Set[str]) -> Block:
        return OneRangeInputGradient(**self.attrs()) if used <= {"backprops_wrt_input"} else self


class OneRangeInputGradient(OneRangeGradient, abstract=True):
    """FakeQuantWithMinMaxVarsGradient where the sums are not used."""

    sums = False


class RangePerChannelGradient(FakeQuantInRangeGradient, abstract=True):
    """Gradients in a range for each channel."""

    gradients = FakeQuantGradient.gradients
    min = In("R", "lower end of each channel's range", shape=("d",))
    max = In("R", "upper end of each channel's range", shape=("d",))
    axis: int = attr("the axis of channels, counted from the end if negative", default=-1)

    def shape_of(self, gradients: TensorType, inputs: TensorType, min: TensorType, max: TensorType) -> Shape:
        super().shape_of(gradients, inputs, min, max)
        return per_channel_shape(self, self.axis, inputs, min)

    def channel_axis(self, rank: int) -> int:
        return self.axis % rank

    @property
    def _axis(self) -> int:
        return self.axis


class FakeQuantWithMinMaxVarsPerChannelGradient(RangePerChannelGradient, FakeQuantSumsGradient):
    """Gradients of FakeQuantWithMinMaxVarsPerChannel, ``gradients * (nmin <= inputs <= nmax)`` and sums per channel.

    The ends are those of each channel's nudged range, the sums go over all axes but that of channels; all else is as
    for FakeQuantWithMinMaxVarsGradient.

    >>> block = FakeQuantWithMinMaxVarsPerChannelGradient()
    >>> block([[1.0, 2.0], [3.0, 4.0]], [[5.0, 5.0], [-5.0, 5.0]], [0.0, 0.0], [3.0, 6.0]).backprop_wrt_max
    array([1., 0.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars_per_channel_gradient.
    """

    backprops_wrt_input = FakeQuantInRangeGradient.backprops_wrt_input
    backprop_wrt_min = Out("R", "sums where `inputs` lie below their channel's range", shape=("d",), reduce=np.add)
    backprop_wrt_max = Out("R", "sums where `inputs` lie above their channel's range", shape=("d",), reduce=np.add)

    def narrowed(self, used: Set[str]) -> Block:
        return RangePerChannelInputGradient(**self.attrs()) if used <= {"backprops_wrt_input"} else self


class RangePerChannelInputGradient(RangePerChannelGradient, abstract=True):
    """FakeQuantWithMinMaxVarsPerChannelGradient where the sums are not used."""

    sums = False


def _element_args(ranges: Ranges, dtype: DType) -> tuple[Floats, ...] | None:
    """What an element takes where the formula is all there is to it, otherwise None."""
    if dtype not in TINY:
        return None
    low, high, empty = ranges.bounds(dtype)
    return numbers(low, high, TINY[dtype], dtype.type(1), dtype.type(0)) if empty is None else None


def _clip(
    clip: Callable[..., T], gradients: Array, inputs: Array, ranges: Ranges, axis: int | None, out: Array | None
) -> tuple[Array, T]:
    """The gradients clipped, and what ``clip`` gives, `clip_gradient` or `clip_gradient_sums`."""
    g, x = as_compute_dtype(gradients, "C"), as_compute_dtype(inputs, "C")
    result = contiguous_output(gradients, g, out)
    made = clip(g, x, axis, partial(ranges.bounds, x.dtype), result)
    return cast_into(result, gradients.dtype, out), made

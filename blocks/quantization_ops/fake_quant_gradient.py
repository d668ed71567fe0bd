"""The gradient of fake quantization: it passes where the value lies in the range, and moves the range elsewhere."""

from __future__ import annotations

from collections.abc import Set
from functools import cached_property, partial
from typing import Any

import numpy as np

from blocks.kernels.clipped_gradient import in_order, passed, taken
from blocks.kernels.compute_dtype import cast_into, contiguous, in_compute_dtype, workspace
from blocks.kernels.flush_subnormals import TINY
from blocks.kernels.nudged_range import Ranges, check_range, per_channel_shape
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Elementwise


class FakeQuantWithMinMaxArgsGradient(Elementwise):
    """Gradient of FakeQuantWithMinMaxArgs, ``gradients * (nmin <= inputs <= nmax)``.

    The ends are those of the nudged range. NaN in `inputs` lies outside. Subnormal `gradients` become zeros.

    >>> FakeQuantWithMinMaxArgsGradient(min=0.0, max=3.0)([1.0, 2.0, 3.0], [-0.5, 3.0, 3.5])
    array([0., 2., 0.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_args_gradient.
    """

    broadcasts = False
    T = dtypes.floating
    gradients = In("T", "gradient by the outputs of the fake quantization")
    inputs = In("T", "its inputs, same shape as `gradients`")
    backprops = Out("T", "gradient by the inputs")
    min: float = attr("lower end of the range", default=-6.0)
    max: float = attr("upper end of the range, above `min`", default=6.0)
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    reuses = ("gradients", "inputs")

    def check(self) -> None:
        check_range(self, self.min, self.max)

    @cached_property
    def _ranges(self) -> Ranges:
        return Ranges(self.min, self.max, self.num_bits, self.narrow_range)

    def kernel(self, gradients: Array, inputs: Array, out: Array | None = None) -> Any:
        return _gradient(gradients, inputs, self._ranges, None, out)[0]

    def element_args(self, dtype: Any, precomputed: Any) -> tuple[Any, ...] | None:
        return () if dtype in TINY else None

    @property
    def compiled_kernel(self) -> Any:
        return self._by_loops

    def _by_loops(self, gradients: Any, inputs: Any, out: Any = None) -> Any:
        return _gradient(gradients, inputs, self._ranges, None, out, loops=True)[0]

    def workspace(self, *types: Any) -> int:
        return taken(types[1])

    grad = None


class FakeQuantWithMinMaxVarsGradient(Elementwise):
    """Gradients of FakeQuantWithMinMaxVars, ``gradients * (nmin <= inputs <= nmax)`` and the sums of what is outside.

    The ends are those of the nudged range. NaN in `inputs` lies nowhere. Subnormal `gradients` become zeros. Where
    `min` and `max` are both 0.0, all gradients pass as they are and the sums are zero. Sums are rounded once, from
    float64; an infinite gradient makes those NaN that it is no part of.

    >>> FakeQuantWithMinMaxVarsGradient()([1.0, 2.0, 3.0], [-0.5, 3.0, 3.5], 0.0, 3.0).backprops_wrt_input
    array([0., 2., 0.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars_gradient.
    """

    broadcasts = False
    T = dtypes.floating
    R = dtypes.floating
    gradients = In("T", "gradient by the outputs of the fake quantization")
    inputs = In("T", "its inputs, same shape as `gradients`")
    min = In("R", "lower end of the range", shape=())
    max = In("R", "upper end of the range", shape=())
    backprops_wrt_input = Out("T", "gradient by the inputs")
    backprop_wrt_min = Out("R", "sum of the gradients where `inputs` lie below the range", shape=(), reduce=np.add)
    backprop_wrt_max = Out("R", "sum of the gradients where `inputs` lie above the range", shape=(), reduce=np.add)
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    reuses = ("gradients", "inputs")

    def precompute(self, min: Array, max: Array) -> Ranges:
        return Ranges(min, max, self.num_bits, self.narrow_range)

    def narrowed(self, used: Set[str]) -> Block:
        return PassedGradient(**self.attrs()) if used <= {"backprops_wrt_input"} else self

    def kernel(self, gradients: Array, inputs: Array, ranges: Ranges, out: Array | None = None) -> Any:
        passed, totals = _gradient(gradients, inputs, ranges, None, out, sums=True)
        below, above = in_order(totals)
        return passed, below[0], above[0]

    def element_args(self, dtype: Any, precomputed: Ranges) -> tuple[Any, ...] | None:
        return () if dtype in TINY and precomputed.bounds(dtype).blank is None else None

    @property
    def compiled_kernel(self) -> Any:
        return self._by_loops

    def _by_loops(self, gradients: Any, inputs: Any, ranges: Ranges, out: Any = None, tile: int = 0) -> Any:
        passed, totals = _gradient(gradients, inputs, ranges, None, out, sums=True, loops=True, span=tile)
        return passed, totals[:, 0, 0], totals[:, 1, 0]

    def workspace(self, *types: Any) -> int:
        return taken(types[1])

    grad = None


class FakeQuantWithMinMaxVarsPerChannelGradient(Elementwise):
    """Gradients of FakeQuantWithMinMaxVarsPerChannel, ``gradients * (nmin <= inputs <= nmax)`` and sums per channel.

    The ends are those of each channel's nudged range, the sums go over all axes but that of channels; all else is as
    for FakeQuantWithMinMaxVarsGradient.

    >>> block = FakeQuantWithMinMaxVarsPerChannelGradient()
    >>> block([[1.0, 2.0], [3.0, 4.0]], [[5.0, 5.0], [-5.0, 5.0]], [0.0, 0.0], [3.0, 6.0]).backprop_wrt_max
    array([1., 0.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars_per_channel_gradient.
    """

    broadcasts = False
    T = dtypes.floating
    R = dtypes.floating
    gradients = In("T", "gradient by the outputs of the fake quantization")
    inputs = In("T", "its inputs, same shape as `gradients`")
    min = In("R", "lower end of each channel's range", shape=("d",))
    max = In("R", "upper end of each channel's range", shape=("d",))
    backprops_wrt_input = Out("T", "gradient by the inputs")
    backprop_wrt_min = Out("R", "sums where `inputs` lie below their channel's range", shape=("d",), reduce=np.add)
    backprop_wrt_max = Out("R", "sums where `inputs` lie above their channel's range", shape=("d",), reduce=np.add)
    num_bits: int = attr("width of the simulated integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    axis: int = attr("the axis of channels, counted from the end if negative", default=-1)
    reuses = ("gradients", "inputs")

    def shape_of(self, gradients: TensorType, inputs: TensorType, min: TensorType, max: TensorType) -> Any:
        super().shape_of(gradients, inputs, min, max)
        return per_channel_shape(self, self.axis, inputs, min)

    def channel_axis(self, rank: int) -> int:
        return self.axis % rank

    def precompute(self, min: Array, max: Array) -> Ranges:
        return Ranges(min, max, self.num_bits, self.narrow_range)

    def narrowed(self, used: Set[str]) -> Block:
        return PassedGradientPerChannel(**self.attrs()) if used <= {"backprops_wrt_input"} else self

    def kernel(self, gradients: Array, inputs: Array, ranges: Ranges, out: Array | None = None) -> Any:
        passed, totals = _gradient(gradients, inputs, ranges, self.axis, out, sums=True)
        below, above = in_order(totals)
        return passed, below, above

    def element_args(self, dtype: Any, precomputed: Ranges) -> tuple[Any, ...] | None:
        return () if dtype in TINY and precomputed.bounds(dtype).blank is None else None

    @property
    def compiled_kernel(self) -> Any:
        return self._by_loops

    def _by_loops(self, gradients: Any, inputs: Any, ranges: Ranges, out: Any = None, tile: int = 0) -> Any:
        passed, totals = _gradient(gradients, inputs, ranges, self.axis, out, sums=True, loops=True, span=tile)
        return passed, totals[:, 0], totals[:, 1]

    def workspace(self, *types: Any) -> int:
        return taken(types[1])

    grad = None


class PassedGradient(FakeQuantWithMinMaxVarsGradient, abstract=True):
    """What FakeQuantWithMinMaxVarsGradient passes to the input, where nobody asks for the sums."""

    backprop_wrt_min = backprop_wrt_max = None  # type: ignore[assignment]

    @staticmethod
    def element(g: Any, x: Any, low: Any, high: Any, tiny: Any, one: Any, zero: Any) -> Any:
        return g * (one if (low <= x) & (x <= high) & (abs(g) >= tiny) else zero)

    def element_args(self, dtype: Any, precomputed: Ranges) -> tuple[Any, ...] | None:
        if dtype not in TINY:
            return None
        low, high, blank = precomputed.bounds(dtype)
        return (low, high, TINY[dtype], dtype.type(1), dtype.type(0)) if blank is None else None

    def kernel(self, gradients: Array, inputs: Array, ranges: Ranges, out: Array | None = None) -> Any:
        return _gradient(gradients, inputs, ranges, None, out)[0]

    def _by_loops(self, gradients: Any, inputs: Any, ranges: Ranges, out: Any = None) -> Any:
        return _gradient(gradients, inputs, ranges, None, out, loops=True)[0]


class PassedGradientPerChannel(FakeQuantWithMinMaxVarsPerChannelGradient, abstract=True):
    """What FakeQuantWithMinMaxVarsPerChannelGradient passes to the input, where nobody asks for the sums."""

    backprop_wrt_min = backprop_wrt_max = None  # type: ignore[assignment]

    def kernel(self, gradients: Array, inputs: Array, ranges: Ranges, out: Array | None = None) -> Any:
        return _gradient(gradients, inputs, ranges, self.axis, out)[0]

    def _by_loops(self, gradients: Any, inputs: Any, ranges: Ranges, out: Any = None) -> Any:
        return _gradient(gradients, inputs, ranges, self.axis, out, loops=True)[0]


def _gradient(gradients: Any, inputs: Any, ranges: Ranges, axis: int | None, out: Any, **how: Any) -> tuple[Any, Any]:
    """The gradients that pass, and the sums of spans below and above for each channel; for ``how`` see `passed`."""
    g, x = in_compute_dtype(gradients), in_compute_dtype(inputs)
    work = workspace(gradients, g, contiguous(out))
    totals = passed(g, x, axis, partial(ranges.bounds, x.dtype), work, **how)
    return cast_into(work, gradients.dtype, out), totals

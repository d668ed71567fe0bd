"""What quantizers made of other blocks share: where numbers per channel lie, and rounding to whole multiples of a step.

The 16-bit floats are computed with in float32 and rounded once.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from blocks.array_ops.broadcast import SumToLike
from blocks.array_ops.reshape import Reshape, ReshapeLike
from blocks.math_ops.cast import Cast
from blocks.math_ops.extrema import Maximum, Minimum
from blocks.math_ops.rounding import Floor, Rint
from dataflow.core import dtypes
from dataflow.core.block import In, Out, Shape, TensorType, attr
from dataflow.core.composite import Composite
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid, Quantizer
from dataflow.core.shapes import fits, show
from dataflow.core.wire import Wire

VALUES = In("T", "values to quantize, any shape")
ROUNDED = Out("T", "same shape as `x`")


class PerChannel(Composite, abstract=True):
    """Numbers beside values: one for all, or one for each channel along an axis."""

    T: ClassVar[tuple[str, ...]] = dtypes.floating
    R: ClassVar[tuple[str, ...]] = dtypes.floating
    axis: int | None = attr(
        "channels along this axis have a number each, counted from the end if negative; left out: one for all",
        default=None,
    )

    def check_channels(self, port: str, numbers: TensorType, x: TensorType) -> None:
        """Refuse numbers that are not a scalar, or one for each channel."""
        wanted: Shape = () if self.axis is None else x.shape and (x.shape[self.axis_of(x)],)
        if not fits(numbers.shape, wanted):
            reason = "where attr 'axis' is left out" if self.axis is None else f"like dim {self.axis} of {x}"
            raise self.error(f"input '{port}' must have shape {show(wanted)} {reason}, got {show(numbers.shape)}")

    def axis_of(self, x: TensorType) -> int:
        """The axis of channels of a value, counted from the front."""
        if x.shape is None or self.axis is None:
            raise self.error("input 'x' must have a known rank, got none; give its shape")
        rank = len(x.shape)
        if not -rank <= self.axis < rank:
            raise self.error(f"attr 'axis' must lie in [{-rank}, {rank}) for 'x' of rank {rank}, got {self.axis}")
        return self.axis % rank

    def beside(self, numbers: Wire, x: Wire) -> Wire:
        """Numbers, one for all or one per channel, in the dtype and a shape to compute with ``x``."""
        numbers = cast_to(numbers, wide(x).dtype)
        behind = 0 if self.axis in (None, -1) else len(x.shape or ()) - self.axis_of(x.type) - 1
        return Reshape()(numbers, [-1, *[1] * behind]) if behind else numbers

    def total(self, slopes: Wire, numbers: Wire, x: Wire) -> Wire:
        """The sums of slopes, one for each of the numbers, in their shape and dtype."""
        return ReshapeLike()(cast_to(SumToLike()(slopes, self.beside(numbers, x)), numbers.dtype), numbers)


class ToGrid(PerChannel, abstract=True):
    """Values rounded to a grid, with a gradient by convention."""

    num_bits: int = attr("width of the simulated integer", default=8, ge=1, le=16)
    smooth = False
    quantized_as = Quantizer("x")


class ToMultiples(ToGrid, abstract=True):
    """Values rounded to whole multiples of a step, ``clip(rint(x / step), low, high) * step``."""

    @property
    def codes(self) -> tuple[int, int]:
        """The lowest and the highest whole multiple; those of a signed bit are -1 and 1, without 0."""
        return 0, 2**self.num_bits - 1

    def rounded(self, multiples: Wire) -> Wire:
        """Multiples of the step rounded to whole ones between the ends, ties to even; of a signed bit to -1 or 1."""
        low, high = self.codes
        if low < 0 and self.num_bits == 1:
            return sign(multiples)
        made: Wire = Rint()(Minimum()(Maximum()(multiples, float(low)), float(high)))
        return made

    def grid_of(self, step: Array) -> Grid:
        """The grid of the multiples of a step."""
        scale = step.astype(dtypes.compute(step.dtype)).astype(np.float64)
        low, high = self.codes
        return Grid(scale, np.zeros(scale.shape, np.int64), low, high, self.axis, signs=low < 0 and self.num_bits == 1)

    def covering_step(self, low: Array, high: Array) -> Array:
        """The step whose multiples reach from ``low`` to ``high``; from 0.0 on where none is below."""
        lowest, highest = self.codes
        step = high / high.dtype.type(highest)
        return np.asarray(np.maximum(step, low / low.dtype.type(lowest)) if lowest < 0 else step)


class SignedMultiples(ToMultiples, abstract=True):
    """Values rounded to the whole multiples of a step that a signed or an unsigned integer has."""

    signed: bool = attr("simulate a signed integer, else an unsigned one", default=True)

    @property
    def codes(self) -> tuple[int, int]:
        if not self.signed:
            return super().codes
        return (-1, 1) if self.num_bits == 1 else (-(2 ** (self.num_bits - 1)), 2 ** (self.num_bits - 1) - 1)


def sign(x: Wire) -> Wire:
    """-1.0 below 0.0, else 1.0; NaN stays NaN."""
    return Floor()(Minimum()(Maximum()(x, -1.0), 0.5)) * 2.0 + 1.0


def wide(x: Wire) -> Wire:
    """The values in the dtype to compute in."""
    return cast_to(x, dtypes.name_of(dtypes.compute(dtypes.storage(x.dtype))))


def cast_to(x: Wire, dtype: str) -> Wire:
    """The values in a dtype."""
    return x if x.dtype == dtype else Cast(DstT=dtype)(x)

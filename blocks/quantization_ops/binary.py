"""Quantization to one bit: signs, and what a sign is worth."""

from __future__ import annotations

import numpy as np

from blocks.array_ops.reshape import Reshape
from blocks.math_ops.arithmetic import Abs, Sign
from blocks.math_ops.cast import Cast
from blocks.math_ops.reduction import Mean
from blocks.math_ops.select import SelectV2
from blocks.quantization_ops.quantizer_base import ROUNDED, VALUES, PerChannel, cast_to, wide
from dataflow.core import dtypes
from dataflow.core.block import Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid, Quantizer
from dataflow.core.wire import Wire


class BinaryQuantize(PerChannel):
    """Signs times a scale, ``scale if x >= 0 else -scale``.

    The scale is 1, as in BinaryConnect and BinaryNet; or the mean of ``|x|``, as in XNOR-Net, of all values or with
    `axis` of each channel: of all scales the one with the least squared error. NaN stays NaN, and makes the mean NaN.

    The gradient by a sign passes where ``|x| <= 1``; that of the scale is added, as the chain rule has it. A scale that
    is learned is LearnedStepQuantize with ``num_bits=1``.

    >>> BinaryQuantize()([-0.5, 0.0, 1.0])
    array([-0.5,  0.5,  0.5], dtype=float32)

    Source: Courbariaux et al., BinaryConnect, 2015, and BinaryNet, 2016; Rastegari et al., XNOR-Net, 2016.
    """

    found_by = ("binary weights", "one bit", "1 bit", "xnor", "binaryconnect", "sign ste")
    x = VALUES
    y = ROUNDED
    scale: str = attr("what a sign is worth: the mean of the magnitudes, or 1", default="mean", choices=("mean", "one"))
    smooth = False
    quantized_as = Quantizer("x")

    def check(self) -> None:
        if self.scale == "one" and self.axis is not None:
            raise self.error(f"attr 'axis' must be left out where attr 'scale' is one, got {self.axis}")

    def shape_of(self, x: TensorType) -> Shape:
        if self.axis is not None and x.shape is not None:
            self.axis_of(x)
        return x.shape

    def grid(self, x: Array | None) -> Grid | None:
        if self.scale == "one":
            return Grid(np.array(1.0), np.array(0), -1, 1, signs=True)
        if x is None:
            return None
        axis = None if self.axis is None else self.axis % x.ndim
        others = [i for i in range(x.ndim) if i != axis]
        scale = np.asarray(Mean()(np.abs(x.astype(dtypes.compute(x.dtype))), others)).astype(np.float64)
        return Grid(scale, np.zeros(scale.shape, np.int64), -1, 1, axis, signs=True)

    def body(self, x: Wire) -> Wire:
        values = wide(x)
        scale = self._mean(Abs()(values)) if self.scale == "mean" else 1.0
        return cast_to(SelectV2()(values >= 0, scale, SelectV2()(values < 0, -scale, values)), x.dtype)

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        inside: Wire = Cast(DstT=x.dtype)(Abs()(x) <= 1)
        if self.scale == "one":
            return dy * inside
        sign = Cast(DstT=x.dtype)(x >= 0) * 2 - 1
        # the mean of the gradient by each sign is that by the scale, over the number of values
        return dy * Abs()(y) * inside + Sign()(x) * self._mean(dy * sign)

    def _mean(self, values: Wire) -> Wire:
        """The mean of all values; or of each channel, in a shape to compute with the values."""
        if self.axis is None:
            whole: Wire = Mean()(Reshape()(values, [-1]), 0)
            return whole
        axis = self.axis_of(values.type)
        each: Wire = Mean(keep_dims=True)(values, [i for i in range(len(values.shape or ())) if i != axis])
        return each

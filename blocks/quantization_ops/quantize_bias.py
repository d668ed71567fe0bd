"""Biases on the grid of the accumulators that they are added to."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from blocks.math_ops.extrema import Maximum, Minimum
from blocks.math_ops.rounding import Rint
from blocks.quantization_ops.quantizer_base import cast_to
from dataflow.core import dtypes
from dataflow.core.block import In, Out, Shape, TensorType, attr
from dataflow.core.composite import Composite
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid, Quantizer
from dataflow.core.shapes import fits, show
from dataflow.core.wire import Wire


class QuantizeBias(Composite):
    """Round a bias to the grid of the accumulators that it is added to, ``rint(bias / s) * s`` for ``s = sx * sw``.

    A product of codes of inputs, in steps ``sx``, and of weights, in steps ``sw``, is whole in steps ``s``; so is then
    its sum with the bias, which an integer accumulator holds exactly. Ties go to the even multiple; multiples are
    clipped to those of `num_bits`. All is computed in float64 and rounded once. The gradient by `bias` passes straight
    through, and none flows to the steps.

    >>> QuantizeBias()([0.1, -0.3], 0.5, [0.5, 0.125])
    array([ 0.    , -0.3125], dtype=float32)

    Source: Jacob et al., Quantization and Training of Neural Networks for Efficient Inference, 2018, section 2.4.
    """

    found_by = ("bias quantization", "int32 bias", "quantization aware training")
    T: ClassVar[tuple[str, ...]] = dtypes.floating
    R: ClassVar[tuple[str, ...]] = dtypes.floating
    bias = In("T", "one number per output channel")
    input_scale = In("R", "step of the codes of the inputs", shape=())
    weight_scale = In("R", "step of the codes of the weights: a scalar, or one per output channel")
    quantized = Out("T", "same shape as `bias`")
    num_bits: int = attr("width of the accumulator", default=32, ge=2, le=32)
    smooth = False
    quantized_as = Quantizer("bias")

    def shape_of(self, bias: TensorType, input_scale: TensorType, weight_scale: TensorType) -> Shape:
        if not fits(weight_scale.shape, ()) and not fits(weight_scale.shape, bias.shape):
            raise self.error(
                f"input 'weight_scale' must be a scalar or have shape {show(bias.shape)} like 'bias', "
                f"got {show(weight_scale.shape)}"
            )
        return bias.shape

    def grid(self, bias: Array | None, input_scale: Array, weight_scale: Array) -> Grid:
        scale = np.asarray(input_scale.astype(np.float64) * weight_scale.astype(np.float64))
        most = 2 ** (self.num_bits - 1)
        return Grid(scale, np.zeros(scale.shape, np.int64), -most, most - 1, -1 if scale.ndim else None)

    def body(self, bias: Wire, input_scale: Wire, weight_scale: Wire) -> Wire:
        step = cast_to(input_scale, "float64") * cast_to(weight_scale, "float64")
        most = 2.0 ** (self.num_bits - 1)
        codes = Minimum()(Maximum()(Rint()(cast_to(bias, "float64") / step), -most), most - 1)
        return cast_to(codes * step, bias.dtype)

    def grad(self, bias: Wire, input_scale: Wire, weight_scale: Wire, quantized: Wire, dy: Wire) -> Wire:
        return dy

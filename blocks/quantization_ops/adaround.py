"""AdaRound: whether each weight is rounded up or down is learned, by a gate that becomes 0 or 1."""

from __future__ import annotations

from typing import ClassVar

from blocks.array_ops.reshape import Reshape
from blocks.core.sources import StopGradient
from blocks.math_ops.exponential import Log
from blocks.math_ops.extrema import Maximum, Minimum
from blocks.math_ops.reduction import Sum
from blocks.math_ops.rounding import Floor
from blocks.math_ops.sigmoid import Sigmoid
from blocks.quantization_ops.quantizer_base import PerChannel, SignedMultiples, cast_to, wide
from dataflow.core import dtypes
from dataflow.core.block import In, Out, Shape, TensorType, attr
from dataflow.core.composite import Composite
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid, Quantizer
from dataflow.core.shapes import fits, show
from dataflow.core.wire import Wire


class Gate(Composite, abstract=True):
    """The gate of AdaRound, ``h(v) = clip(sigmoid(v) * (zeta - gamma) + gamma, 0, 1)``."""

    zeta: float = attr("upper end of the stretched sigmoid", default=1.1, ge=1.0)
    gamma: float = attr("lower end of the stretched sigmoid", default=-0.1, le=0.0)

    def gate(self, v: Wire) -> Wire:
        """How much of a step each weight goes up."""
        stretched = Sigmoid()(v) * (self.zeta - self.gamma) + self.gamma
        made: Wire = Minimum()(Maximum()(stretched, 0.0), 1.0)
        return made


class AdaRoundWeights(SignedMultiples, Gate):
    """Round each weight up or down by a gate that is learned, ``clip(floor(w / step) + h(v), low, high) * step``.

    The gate ``h(v)`` is ``clip(sigmoid(v) * (zeta - gamma) + gamma, 0, 1)``; where `hard`, 1 if that is at least a half
    and otherwise 0. The gradient is that of the gate, by `v` alone: weights and steps stay as they are. A loss with
    AdaRoundRegularizer drives gates to 0 and 1; AdaRoundStart has the `v` to begin with.

    >>> AdaRoundWeights(num_bits=3, hard=True)([0.6, 0.6, 9.0], 0.5, [-1.0, 1.0, 1.0])
    array([0.5, 1. , 1.5], dtype=float32)

    Source: Nagel et al., Up or Down? Adaptive Rounding for Post-Training Quantization, 2020.
    """

    found_by = ("adaround", "adaptive rounding", "weight rounding", "post-training quantization")
    quantized_as = Quantizer("w")
    w = In("T", "weights, any shape")
    step = In("R", "distance of two levels, above 0: a scalar, or with `axis` one per channel")
    v = In("T", "what the gates follow from, same shape as `w`")
    y = Out("T", "same shape as `w`")
    narrow_range: bool = attr("leave out the lowest level of a signed integer, for as many on each side", default=False)
    hard: bool = attr("round up or down, in place of by as much as the gate says", default=False)

    @property
    def codes(self) -> tuple[int, int]:
        low, high = super().codes
        return low + (self.signed and self.narrow_range), high

    def check(self) -> None:
        if self.signed and self.num_bits == 1:
            raise self.error("attr 'num_bits' must be 2 or more for a signed integer, got 1; a sign is not rounded")

    def shape_of(self, w: TensorType, step: TensorType, v: TensorType) -> Shape:
        self.check_channels("step", step, w)
        if not fits(v.shape, w.shape):
            raise self.error(f"input 'v' must have the shape of 'w', {show(w.shape)}, got {show(v.shape)}")
        return w.shape

    def grid(self, w: Array | None, step: Array, v: Array | None = None) -> Grid | None:
        return self.grid_of(step) if self.hard else None

    def body(self, w: Wire, step: Wire, v: Wire) -> Wire:
        low, high = self.codes
        step = self.beside(StopGradient()(step), w)
        gate = self.gate(wide(v))
        up = cast_to(gate >= 0.5, gate.dtype) if self.hard else gate
        multiples = Floor()(wide(StopGradient()(w)) / step) + up
        return cast_to(Minimum()(Maximum()(multiples, float(low)), float(high)) * step, w.dtype)


class AdaRoundRegularizer(Gate):
    """How far the gates of AdaRoundWeights are from 0 and 1, ``sum(1 - abs(2 * h(v) - 1)**beta)``.

    A large `beta` leaves gates alone that are far from both; it is lowered while they are learned, as from 20 to 2.

    >>> AdaRoundRegularizer()([-3.0, 0.0, 3.0], 2.0)
    array(1., dtype=float32)

    Source: Nagel et al., Up or Down? Adaptive Rounding for Post-Training Quantization, 2020, equation 24.
    """

    found_by = ("adaround", "rounding regularizer")
    T: ClassVar[tuple[str, ...]] = dtypes.floating
    v = In("T", "what the gates follow from, any shape")
    beta = In("T", "exponent, above 1", shape=())
    y = Out("T", "the sum", shape=())

    def body(self, v: Wire, beta: Wire) -> Wire:
        far = abs(2.0 * self.gate(wide(v)) - 1.0) ** wide(beta)
        made: Wire = Sum()(Reshape()(1.0 - far, [-1]), 0)
        return cast_to(made, v.dtype)


class AdaRoundStart(PerChannel, Gate):
    """The `v` with which AdaRoundWeights leaves weights as they are, ``-log((zeta - gamma) / (rest - gamma) - 1)``.

    ``rest`` is ``w / step - floor(w / step)``; the gate ``h(v)`` is as much.

    >>> AdaRoundStart()([0.25, 0.75], 1.0)
    array([-0.88730335,  0.8873031 ], dtype=float32)

    Source: Nagel et al., Up or Down? Adaptive Rounding for Post-Training Quantization, 2020, section 3.
    """

    found_by = ("adaround", "initial rounding")
    w = In("T", "weights, any shape")
    step = In("R", "distance of two levels, above 0: a scalar, or with `axis` one per channel")
    v = Out("T", "same shape as `w`")
    grad = None

    def shape_of(self, w: TensorType, step: TensorType) -> Shape:
        self.check_channels("step", step, w)
        return w.shape

    def body(self, w: Wire, step: Wire) -> Wire:
        multiples = wide(w) / self.beside(step, w)
        rest = multiples - Floor()(multiples)
        return cast_to(-Log()((self.zeta - self.gamma) / (rest - self.gamma) - 1.0), w.dtype)

"""Quantizers whose threshold is trained: where values are clipped, a power of two (TQT) or any number (PACT)."""

from __future__ import annotations

import numpy as np

from blocks.math_ops.rounding import Rint
from blocks.math_ops.select import SelectV2
from blocks.quantization_ops.quantizer_base import ROUNDED, VALUES, SignedMultiples, ToMultiples, cast_to, wide
from blocks.quantization_ops.straight_through import PowerOfTwo
from dataflow.core.block import In, Shape, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid
from dataflow.core.wire import Wire


class TrainedThresholdQuantize(SignedMultiples):
    """Round to multiples of a power of two whose threshold is trained, ``clip(rint(x / step), low, high) * step``.

    ``step`` is ``2**ceil(log2_t) / 2**(num_bits - 1)``, for an unsigned integer ``2**ceil(log2_t) / 2**num_bits``. The
    multiples are those of the integer; those of a signed bit are -1 and 1, by the sign. Ties go to the even multiple;
    NaN stays NaN.

    The gradient by `x` passes where ``rint(x / step)`` is a multiple of the integer; that by `log2_t` is the sum over
    ``step * log(2)`` times ``rint(x / step) - x / step``, and beyond the ends times the multiple there.

    >>> TrainedThresholdQuantize(num_bits=3)([-9.0, 0.6, 1.1, 9.0], 0.7)
    array([-2. ,  0.5,  1. ,  1.5], dtype=float32)

    Source: Jain et al., Trained Quantization Thresholds for Accurate and Efficient Inference, 2019, equations 4 to 8.
    """

    found_by = ("tqt", "trained quantization thresholds", "power-of-two scale", "quantization aware training", "qat")
    x = VALUES
    log2_t = In("R", "logarithm to base 2 of the threshold: a scalar, or with `axis` one per channel")
    y = ROUNDED

    def shape_of(self, x: TensorType, log2_t: TensorType) -> Shape:
        self.check_channels("log2_t", log2_t, x)
        return x.shape

    def grid(self, x: Array | None, log2_t: Array) -> Grid:
        exponents = np.ceil(log2_t.astype(np.float64)) - self._bits
        return self.grid_of(np.asarray(np.exp2(exponents)))

    def covering(self, low: Array, high: Array) -> dict[str, Array]:
        return {"log2_t": np.log2(np.maximum(-low, high) if self.signed else high)}

    def body(self, x: Wire, log2_t: Wire) -> Wire:
        step = self._step(log2_t, x)
        return cast_to(self.rounded(wide(x) / step) * step, x.dtype)

    def grad(self, x: Wire, log2_t: Wire, y: Wire, dy: Wire) -> tuple[Wire, Wire]:
        low, high = self.codes
        step, dy = self._step(log2_t, x), wide(dy)
        v = wide(x) / step
        nearest, whole = Rint()(v), self.rounded(v)
        inside = (nearest >= float(low)) & (nearest <= float(high))
        slopes = dy * SelectV2()(inside, whole - v, whole) * step
        dx = cast_to(SelectV2()(inside, dy, 0), x.dtype)
        return dx, self.total(slopes, log2_t, x) * float(np.log(2))

    @property
    def _bits(self) -> int:
        return self.num_bits - self.signed

    def _step(self, log2_t: Wire, x: Wire) -> Wire:
        step: Wire = PowerOfTwo()(self.beside(log2_t, x) - float(self._bits))
        return step


class PactQuantize(ToMultiples):
    """Round to levels between 0.0 and a threshold that is trained, ``rint(clip(x / step, 0, high)) * step``.

    ``high`` is ``2**num_bits - 1``, ``step`` is ``alpha / high``. Ties go to the even level; NaN stays NaN. `alpha`
    must be above 0.

    The gradient by `x` passes from 0.0 on up to below `alpha`; that by `alpha` is the sum where `x` is `alpha` or more.

    >>> PactQuantize(num_bits=2)([-1.0, 0.4, 1.6, 9.0], 3.0)
    array([0., 0., 2., 3.], dtype=float32)

    Source: Choi et al., PACT: Parameterized Clipping Activation for Quantized Neural Networks, 2018.
    """

    found_by = ("pact", "clipped relu", "learned clipping", "quantization aware training", "qat")
    x = VALUES
    alpha = In("R", "threshold, above 0: a scalar, or with `axis` one per channel")
    y = ROUNDED

    def shape_of(self, x: TensorType, alpha: TensorType) -> Shape:
        self.check_channels("alpha", alpha, x)
        return x.shape

    def grid(self, x: Array | None, alpha: Array) -> Grid:
        given = np.asarray(alpha, np.result_type(alpha.dtype, np.float32))
        return self.grid_of(np.asarray(given / given.dtype.type(self.codes[1])))

    def covering(self, low: Array, high: Array) -> dict[str, Array]:
        return {"alpha": high}

    def body(self, x: Wire, alpha: Wire) -> Wire:
        step = self.beside(alpha, x) / float(self.codes[1])
        return cast_to(self.rounded(wide(x) / step) * step, x.dtype)

    def grad(self, x: Wire, alpha: Wire, y: Wire, dy: Wire) -> tuple[Wire, Wire]:
        wide_x, dy = wide(x), wide(dy)
        above = wide_x >= self.beside(alpha, x)
        inside = (wide_x >= 0.0) & (wide_x < self.beside(alpha, x))
        return cast_to(SelectV2()(inside, dy, 0), x.dtype), self.total(SelectV2()(above, dy, 0), alpha, x)

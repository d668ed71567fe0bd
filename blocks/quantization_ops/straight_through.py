"""Rounding and clipping that gradients pass as if nothing had been done: the parts of quantizers of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.kernels.chunked import in_parts, part_bytes
from blocks.math_ops.extrema import ClipByValue
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.composite import Composite
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Unary
from dataflow.core.wire import Wire

_LIMIT = 1 << 11  # exponents beyond are no different


class RoundSTE(Unary):
    """The nearest whole number, ``rint(x)``, with the gradient of ``x``.

    A half goes to the even neighbour.

    >>> RoundSTE()([0.5, 1.5, -1.2])
    array([ 0.,  2., -1.], dtype=float32)

    Source: Bengio et al., Estimating or Propagating Gradients Through Stochastic Neurons, 2013.
    """

    found_by = ("straight-through estimator", "ste", "quantization aware training")
    ufunc = np.rint
    smooth = False
    monotone = True

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return dy


class ClipSTE(Composite):
    """Values clipped to a range, ``max(min(x, max), min)``, with the gradient of ``x`` beyond the ends too.

    All else is as for ClipByValue; no gradient flows to the ends.

    >>> ClipSTE()([-1.0, 0.5, 3.0], 0.0, 1.0)
    array([0. , 0.5, 1. ], dtype=float32)

    Source: Bengio et al., Estimating or Propagating Gradients Through Stochastic Neurons, 2013.
    """

    found_by = ("straight-through estimator", "ste", "straight-through clamp", "quantization aware training")
    T = dtypes.floating
    x = In("T", "values to clip; broadcasts with the ends")
    min = In("T", "lower end")
    max = In("T", "upper end")
    y = Out("T", "the broadcast shape of all three")
    smooth = False

    def body(self, x: Wire, min: Wire, max: Wire) -> Any:
        return ClipByValue()(x, min, max)

    def grad(self, x: Wire, min: Wire, max: Wire, y: Wire, dy: Wire) -> Wire:
        return dy


class PowerOfTwo(Unary):
    """The power of two for an exponent that is rounded up, ``2**ceil(x)``, with the gradient of ``2**x``.

    Exact; the gradient is that of ``2**x`` where it has this value, ``dy * y * log(2)``.

    >>> PowerOfTwo()([-1.0, 0.0, 2.3])
    array([0.5, 1. , 8. ], dtype=float32)

    Source: Jain et al., Trained Quantization Thresholds, 2019, section 3.
    """

    found_by = ("exp2", "power-of-two scale", "straight-through estimator")
    smooth = False
    monotone = True

    def kernel(self, x: Array, out: Array | None = None) -> Array:
        return in_parts(_powers_of_two, np.empty(x.shape, x.dtype) if out is None else out, x)

    def workspace(self, x: TensorType) -> int:
        return part_bytes(3 * dtypes.compute(dtypes.storage(x.dtype)).itemsize + 5, x)

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire:
        return dy * y * float(np.log(2))


def _powers_of_two(x: Array, out: Array) -> None:
    exponents = np.array(x, dtypes.compute(x.dtype))
    np.ceil(exponents, exponents)
    unknown = np.isnan(exponents)
    steps = np.clip(exponents, -_LIMIT, _LIMIT).astype(np.int32)
    made = np.asarray(np.ldexp(exponents.dtype.type(1), steps))
    np.copyto(made, exponents, where=unknown)
    np.copyto(out, made, casting="unsafe")

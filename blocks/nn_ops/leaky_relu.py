"""LeakyRelu and its gradient."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from blocks.kernels.chunked import tiled
from blocks.kernels.flush_subnormals import Float
from blocks.math_ops.extrema import Maximum
from blocks.math_ops.select import SelectV2
from blocks.nn_ops.activation_base import Activation, FromFeatures, OfBlocks, rounded_once
from dataflow.core.block import attr
from dataflow.core.bounding import monotone
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.ranges import Range
from dataflow.core.wire import Wire


def _slope(alpha: float, dtype: DType) -> float:
    """The slope of a leaky rectifier, rounded to float32 and to this dtype."""
    with np.errstate(over="ignore"):
        return float(np.float32(alpha).astype(dtype))


class LeakyRelu(OfBlocks, Activation):
    """Rectifier that lets a little through, ``features if features > 0 else alpha * features``.

    ``alpha`` is rounded to float32 first, also where the features are float64, and then to their dtype, as in the
    reference.

    >>> LeakyRelu(alpha=0.5)([-1.0, 0.0, 2.0])
    array([-0.5,  0. ,  2. ], dtype=float32)

    Source: tf.nn.leaky_relu.
    """

    found_by = ("activation", "leaky rectifier")
    alpha: float = attr("slope where `features` is negative", default=0.2)

    def bound(self, features: Range) -> Range | None:  # type: ignore[override]
        return monotone(self, [features]) if self.alpha >= 0 else None

    def body(self, features: Wire) -> Wire:
        alpha = _slope(self.alpha, storage(features.dtype))

        def leaky(x: Wire) -> Any:
            return Maximum()(x, x * alpha) if 0 < alpha <= 1 else SelectV2()(x > 0, x, x * alpha)

        return rounded_once(leaky, features)

    def grad(self, features: Wire, activations: Wire, dy: Wire) -> Any:
        return LeakyReluGrad(alpha=self.alpha)(dy, features)


class LeakyReluGrad(FromFeatures):
    """Gradient of LeakyRelu, ``gradients if features > 0 else alpha * gradients``.

    >>> LeakyReluGrad(alpha=0.5)([1.0, 2.0], [-3.0, 3.0])
    array([0.5, 2. ], dtype=float32)

    Source: tf.raw_ops.LeakyReluGrad.
    """

    alpha: float = attr("slope where `features` is negative", default=0.2)

    @staticmethod
    def element(g: Float, x: Float, zero: Float, one: Float, alpha: Float) -> Float:
        return g * (one if x > zero else alpha)

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Any, ...]:
        return dtype.type(0), dtype.type(1), dtype.type(_slope(self.alpha, dtype))

    def kernel(self, *arrays: Array, out: Array | None = None) -> Array:
        step = partial(self.step, _slope(self.alpha, arrays[0].dtype))
        return tiled(step, self.buffers, out, *arrays)

    # a kernel: two passes make the slopes, where blocks would pick them in four
    def step(self, alpha: float, dy: Array, x: Array, out: Array, low: Array) -> None:
        if 0 <= alpha <= 1:
            np.greater(x, 0, low).clip(alpha, 1, low)
            np.multiply(dy, low, out)
        else:
            np.multiply(dy, alpha, low)
            np.copyto(low, dy, where=x > 0)
            np.copyto(out, low)

    def grad(self, gradients: Wire, features: Wire, backprops: Wire, dy: Wire) -> Any:
        return LeakyReluGrad(alpha=self.alpha)(dy, features), None

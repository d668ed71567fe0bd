"""LeakyRelu and its gradient."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from blocks.kernels.chunked import tiled
from blocks.kernels.flush_subnormals import Float
from blocks.nn_ops.activation_base import Activation, FromFeatures
from dataflow.core.block import attr
from dataflow.core.bounding import monotone
from dataflow.core.dtypes import Array, DType
from dataflow.core.ranges import Range
from dataflow.core.wire import Wire


def _slope(alpha: float, dtype: DType) -> float:
    """The slope of a leaky rectifier, rounded to float32 and to this dtype."""
    with np.errstate(over="ignore"):
        return float(np.float32(alpha).astype(dtype))


class LeakyRelu(Activation):
    """Rectifier that lets a little through, ``features if features > 0 else alpha * features``.

    ``alpha`` is rounded to float32 first, also where the features are float64, and then to their dtype, as in the
    reference.

    >>> LeakyRelu(alpha=0.5)([-1.0, 0.0, 2.0])
    array([-0.5,  0. ,  2. ], dtype=float32)

    Source: tf.nn.leaky_relu.
    """

    found_by = ("activation", "leaky rectifier")
    alpha: float = attr("slope where `features` is negative", default=0.2)

    def bound(self, features: Range) -> Range | None:
        return monotone(self, [features]) if self.alpha >= 0 else None

    @staticmethod
    def element(x: Float, zero: Float, alpha: Float) -> Float:
        return x if x > zero else x * alpha

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Any, ...]:
        return dtype.type(0), dtype.type(_slope(self.alpha, dtype))

    def kernel(self, features: Array, out: Array | None = None) -> Array:
        return tiled(partial(self.step, _slope(self.alpha, features.dtype)), self.buffers, out, features)

    def step(self, alpha: float, x: Array, out: Array, low: Array) -> None:
        np.multiply(x, alpha, low)
        if 0 < alpha <= 1:
            np.maximum(x, low, out=out)  # the same for such an alpha, in one pass
        else:
            np.copyto(low, x, where=x > 0)
            np.copyto(out, low)

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

    def kernel(self, gradients: Array, features: Array, out: Array | None = None) -> Array:
        step = partial(self.step, _slope(self.alpha, features.dtype))
        return tiled(step, self.buffers, out, gradients, features)

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

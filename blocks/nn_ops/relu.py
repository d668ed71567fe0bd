"""Relu and Relu6, and their gradients."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from blocks.kernels.chunked import tiled, tiled_bytes
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Elementwise, Unary
from dataflow.core.quantized import Clamp
from dataflow.core.wire import Wire


class Rectifier(Unary, abstract=True):
    """What is positive of a value, up to a ceiling where there is one."""

    T = dtypes.real
    features = In("T", "values, any shape")
    activations = Out("T", "same shape as `features`")


class RectifierGradient(Elementwise, abstract=True):
    """The gradient where the rectifier did not cut, 0 elsewhere."""

    T = dtypes.real
    gradients = In("T", "gradient by the output")
    features = In("T", "what the rectifier took or gave, same shape as `gradients`")
    backprops = Out("T", "gradient by the input, same shape as `gradients`")
    reuses = ("gradients", "features")
    rounds_once = True
    broadcasts = False
    masks: ClassVar[int]

    def passed(self, x: Array) -> Array:
        """Where the rectifier did not cut."""
        raise TypeError(f"{type(self).__name__}: must have a method passed, got none; write one")

    def step(self, dy: Array, x: Array, out: Array) -> None:
        passed: Any = self.passed(x)
        if not np.may_share_memory(dy, out):  # a product with truth values takes longer than with ones and zeros
            np.copyto(out, passed)
            passed = out
        np.multiply(dy, passed, out)

    def kernel(self, gradients: Array, features: Array, out: Array | None = None) -> Array:
        return tiled(self.step, 0, out, gradients, features)

    def workspace(self, gradients: TensorType, features: TensorType) -> int:
        return tiled_bytes(0, gradients, 2, masks=self.masks)


class Relu(Rectifier):
    """Rectifier, ``max(features, 0)``.

    NaN stays NaN.

    >>> Relu()([-1.0, 0.0, 2.0])
    array([0., 0., 2.], dtype=float32)

    Source: tf.nn.relu.
    """

    found_by = ("rectifier", "activation", "rectified linear unit")
    monotone = True
    quantized_as = Clamp("features")
    reuses = ("features",)
    rounds_once = True

    @staticmethod
    def element(x: float, zero: float) -> float:
        return zero if x < zero else x

    def element_args(self, dtype: DType, precomputed: object) -> tuple[Any, ...]:
        return (dtype.type(0),)

    def kernel(self, features: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty_like(features)
        # clip with two bounds is twice as fast as np.maximum with a number
        return features.clip(0, np.iinfo(features.dtype).max if features.dtype.kind in "iu" else np.inf, out)

    def grad(self, features: Wire, activations: Wire, dy: Wire) -> Any:
        return ReluGrad()(dy, activations)


class ReluGrad(RectifierGradient):
    """Gradient of Relu, ``gradients * (features > 0)``.

    >>> ReluGrad()([1.0, 2.0, 3.0], [-1.0, 0.0, 2.0])
    array([0., 0., 3.], dtype=float32)

    Source: tf.raw_ops.ReluGrad.
    """

    masks = 1

    def passed(self, x: Array) -> Array:
        return np.greater(x, 0)

    @staticmethod
    def element(g: float, x: float, zero: float, one: float) -> float:
        return g * (one if x > zero else zero)

    def element_args(self, dtype: DType, precomputed: object) -> tuple[Any, ...]:
        return dtype.type(0), dtype.type(1)

    def grad(self, gradients: Wire, features: Wire, backprops: Wire, dy: Wire) -> Any:
        return ReluGrad()(dy, features), None


class Relu6(Rectifier):
    """Rectifier with a ceiling, ``min(max(features, 0), 6)``.

    NaN stays NaN.

    >>> Relu6()([-1.0, 2.0, 8.0])
    array([0., 2., 6.], dtype=float32)

    Source: tf.nn.relu6.
    """

    found_by = ("rectifier", "activation")
    monotone = True
    quantized_as = Clamp("features", high=6.0)
    reuses = ("features",)
    rounds_once = True

    @staticmethod
    def element(x: float, zero: float, six: float) -> float:
        x = zero if x < zero else x
        return six if x > six else x

    def element_args(self, dtype: DType, precomputed: object) -> tuple[Any, ...]:
        return dtype.type(0), dtype.type(6)

    def kernel(self, features: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty_like(features)
        return features.clip(0, 6, out)

    def grad(self, features: Wire, activations: Wire, dy: Wire) -> Any:
        return Relu6Grad()(dy, activations)


class Relu6Grad(RectifierGradient):
    """Gradient of Relu6, ``gradients * (0 < features < 6)``.

    >>> Relu6Grad()([1.0, 2.0, 3.0], [-1.0, 2.0, 6.0])
    array([0., 2., 0.], dtype=float32)

    Source: tf.raw_ops.Relu6Grad.
    """

    masks = 2

    def passed(self, x: Array) -> Array:
        inside = np.greater(x, 0)
        inside &= x < 6
        return inside

    @staticmethod
    def element(g: float, x: float, zero: float, one: float, six: float) -> float:
        return g * (one if (x > zero) & (x < six) else zero)

    def element_args(self, dtype: DType, precomputed: object) -> tuple[Any, ...]:
        return dtype.type(0), dtype.type(1), dtype.type(6)

    def grad(self, gradients: Wire, features: Wire, backprops: Wire, dy: Wire) -> Any:
        return Relu6Grad()(dy, features), None

"""Rectifiers on quantized numbers: they are clipped, and their range stays."""

from __future__ import annotations

from typing import Any, ClassVar

from blocks.kernels.affine import level_of, saturated
from blocks.kernels.clip import clip
from blocks.kernels.flush_subnormals import Float, scalar
from blocks.kernels.known_numbers import once_per_bits
from dataflow.core.block import Dtype, In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array, limits, storage
from dataflow.core.kinds import Opaque
from dataflow.core.ranges import Range
from dataflow.core.workspace import Kernel, Workspace


class QuantizedRectifier(Opaque, abstract=True):
    """Numbers clipped at those of two values; the range, and so what a number stands for, stays."""

    features = In("out_type", "quantized numbers, any shape, of the dtype `out_type`")
    min_features = In("float32", "value of the lowest number", shape=())
    max_features = In("float32", "value of the highest number", shape=())
    activations = Out("out_type", "same shape as `features`")
    min_activations = Out("float32", "`min_features`", shape=())
    max_activations = Out("float32", "`max_features`", shape=())
    out_type: Dtype = attr("dtype of the numbers", default="quint8", choices=("quint8", "qint32"))
    ceiling: ClassVar[float | None] = None
    reuses = ("features",)
    grad = None

    def shape_of(self, features: TensorType, *others: TensorType) -> Shape:
        return features.shape

    def bound(self, features: Range, *others: Range) -> list[Range] | None:
        known = [other.value for other in others]
        if any(value is None for value in known):
            return None
        low, high = (self.kernel(end, *known)[0] for end in (features.low, features.high))
        return [Range(low, high), *others[-2:]]

    def bind(self, memory: Workspace, *types: TensorType) -> Kernel:
        known = once_per_bits(self._ends)

        def kernel(features: Array, *others: Array, out: Array | None = None) -> tuple[Array, Array, Array]:
            low, high = others[-2:]
            return clip(features, *known(*others), out), low.copy(), high.copy()

        return kernel

    def _ends(self, *others: Array) -> tuple[Any, Any]:
        """The numbers of 0 and of the ceiling, which may be an input, in the dtype."""
        *given, low, high = map(scalar, others)
        ceiling = float(given[0]) if given else self.ceiling
        top = limits(self.out_type)[1] if ceiling is None else self._level(ceiling, low, high)
        dtype = storage(self.out_type)
        return dtype.type(self._level(0.0, low, high)), dtype.type(top)

    def _level(self, value: float, low: Float, high: Float) -> int:
        """The number of a value, in the dtype."""
        return saturated(level_of(value, low, high, self.out_type), self.out_type)


class QuantizedRelu(QuantizedRectifier):
    """Rectifier on quantized numbers, ``max(features, number of 0.0)``.

    Where 0 lies outside of the range the number is the nearest, the lowest or the highest. NaN at an end of the range
    makes it the lowest.

    >>> QuantizedRelu()(np.array([0, 100, 200], np.uint8), -1.0, 1.0).activations
    array([128, 128, 200], dtype=uint8)

    Source: tf.raw_ops.QuantizedRelu.
    """

    found_by = ("integer relu",)


class QuantizedRelu6(QuantizedRectifier):
    """Rectifier with a ceiling on quantized numbers, ``min(max(features, number of 0.0), number of 6.0)``.

    Where 0 or 6 lies outside of the range its number is the nearest, the lowest or the highest. NaN at an end of the
    range makes both the lowest. In ranges so narrow that 6 lies 2**63 steps away (1.7e-16 for quint8, 2.8e-9 for
    qint32) the reference takes the lowest number for 6, and gives it everywhere.

    >>> QuantizedRelu6()(np.array([0, 100, 255], np.uint8), -8.0, 8.0).activations
    array([128, 128, 224], dtype=uint8)

    Source: tf.raw_ops.QuantizedRelu6.
    """

    found_by = ("integer relu6",)
    ceiling = 6.0


class QuantizedReluX(QuantizedRectifier):
    """Rectifier with a given ceiling on quantized numbers, ``min(max(features, number of 0.0), number of max_value)``.

    The rule is that of QuantizedRelu6 with `max_value` in place of 6; a ceiling below 0 gives its own number for all.
    The reference has no kernel for a CPU.

    >>> QuantizedReluX()(np.array([0, 100, 255], np.uint8), 0.5, -1.0, 1.0).activations
    array([128, 128, 192], dtype=uint8)

    Source: tf.raw_ops.QuantizedReluX.
    """

    found_by = ("clipped relu",)
    features = QuantizedRectifier.features
    max_value = In("float32", "the ceiling", shape=())
    min_features = QuantizedRectifier.min_features
    max_features = QuantizedRectifier.max_features

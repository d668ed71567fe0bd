"""Variables: values that are kept from step to step, and their initializers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from blocks.kernels.sampling import truncated_normal, uniform
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Literal, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.errors import listing
from dataflow.core.kinds import Opaque, View
from dataflow.core.random import Key
from dataflow.core.shapes import fits, merge, show
from dataflow.core.typing_rules import OperandType, literal_array

INITIALIZERS = (
    "zeros", "ones", "truncated_normal", "random_uniform",
    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal",
)  # fmt: skip
TRUNCATED = 0.87962566103423978  # the standard deviation of a normal distribution cut off at two standard deviations


class Variable(View):
    """A value that is kept from step to step, ``initvalues`` or what an initializer draws until a block changes it.

    ``glorot_...`` and ``he_...`` scale by the sizes of a layer's weights: the last two dims are its inputs and outputs,
    those before them the window of a convolution. Random values depend on the run's seed and the node's name alone.

    >>> Variable()([0.5, 0.25])
    array([0.5 , 0.25], dtype=float32)

    Source: tf.raw_ops.VariableV2; the initializers are those of tf.keras.initializers.
    """

    found_by = ("weight", "parameter", "state")
    aliases = ("VariableV2",)
    T = dtypes.every
    initvalues = In("T", "the first value; left out, `initializer` makes it or it is given at each run", optional=True)
    ref = Out("dtype", "the value")
    shape: Shape | None = attr("size of each dim; by default that of `initvalues`", default=None)
    dtype: Dtype | None = attr("element type; by default that of `initvalues`", default=None)
    initializer: str | None = attr("how the first value is made", default=None, choices=INITIALIZERS)
    stddev: float = attr("standard deviation for truncated_normal, which is cut off at two of it", default=0.05, ge=0.0)
    limit: float = attr("random_uniform draws from [-limit, limit)", default=0.05, ge=0.0)
    trainable: bool = attr("whether training changes it", default=True)
    feedable = True
    stateful = True
    pure = False

    def operand_types(self, operands: Sequence[Any], type_of: Callable[[Any], TensorType]) -> list[OperandType]:
        (given,) = operands
        if isinstance(given, Literal) and self.dtype is not None:
            return [TensorType.of(literal_array(self, "initvalues", given, self.dtype), self.dtype)]
        (type_,) = types = super().operand_types(operands, type_of)
        if isinstance(type_, TensorType) and self.dtype not in (None, type_.dtype):
            raise self.error(f"input 'initvalues' must be {self.dtype}, got {type_.dtype}; convert it with Cast")
        return types

    def infer(self, *types: TensorType) -> list[TensorType]:
        (given,) = types
        if given is not None and self.initializer is not None:
            raise self.error("must have input 'initvalues' or attr 'initializer', got both")
        if given is None:
            if self.dtype is None or self.shape is None:
                missing = [f"'{name}'" for name in ("dtype", "shape") if getattr(self, name) is None]
                attrs = f"attr{'s' if len(missing) > 1 else ''} {listing(missing, 'and')}"
                raise self.error(f"{attrs} must be given, got nothing; or give input 'initvalues' the first value")
            if self.initializer is not None and not all(isinstance(d, int) for d in self.shape):
                raise self.error(f"attr 'shape' must be sizes for an initializer, got {show(self.shape)}")
            return [TensorType(self.dtype, self.shape)]
        if not fits(given.shape, self.shape):
            raise self.error(f"input 'initvalues' must have shape {show(self.shape)}, got {show(given.shape)}")
        return [TensorType(given.dtype, merge(given.shape, self.shape))]

    def kernel(self, initvalues: Array | None, key: Key | None = None) -> Array:
        if initvalues is not None:
            return initvalues
        if self.initializer is None:
            raise self.error("a value must be fed where neither 'initvalues' nor 'initializer' is given, got none")
        return self.initial_value(key or Key()).astype(dtypes.storage(str(self.dtype)))

    @property
    def makes_value(self) -> bool:
        return self.initializer is not None

    def initial_value(self, key: Key) -> Array:
        """What the initializer gives, in float64; the dtype and shape must be known."""
        shape = tuple(d for d in self.shape or () if isinstance(d, int))
        if self.initializer in ("zeros", "ones"):
            return np.full(shape, float(self.initializer == "ones"))
        if self.initializer == "random_uniform":
            return self.limit * (2 * uniform(key, shape) - 1)
        if self.initializer == "truncated_normal":
            return self.stddev * truncated_normal(key, shape)
        inputs, outputs = fans(shape)
        family, distribution = str(self.initializer).split("_")
        variance = 2 / max(1, inputs + outputs if family == "glorot" else inputs)
        if distribution == "uniform":
            return math.sqrt(3 * variance) * (2 * uniform(key, shape) - 1)
        return math.sqrt(variance) / TRUNCATED * truncated_normal(key, shape)

    grad = None


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Fan-in and fan-out of weights: how many inputs an output sums, and how many outputs an input goes into."""
    if len(shape) < 2:
        return (shape[0],) * 2 if shape else (1, 1)
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


class IsVariableInitialized(Opaque):
    """Whether a variable has a value, ``true``: here each has one from the start.

    >>> IsVariableInitialized()(1.0)
    array(True)

    Source: tf.raw_ops.IsVariableInitialized.
    """

    dtype = dtypes.every
    ref = In("dtype", "a variable", like=True)
    is_initialized = Out("bool", "true", shape=())

    def kernel(self, ref: Array) -> Array:
        return np.array(True)

    grad = None

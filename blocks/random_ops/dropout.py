"""Dropout: values set to zero at random."""

from __future__ import annotations

import numpy as np

from blocks.kernels.sampling import uniform
from blocks.random_ops.seeded_base import SEED
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.random import Key
from dataflow.core.shapes import Shape
from dataflow.core.wire import Wire


class Dropout(Opaque):
    """Values left out at random and the rest scaled up, ``x * mask`` with ``mask`` 0 or ``1 / (1 - rate)``.

    The expected value stays the same. What is left out is 0 even where `x` is infinite or NaN. With a rate of 0, as
    outside of training, the output is `x` itself. No gradient flows to `rate`.

    >>> output, mask = Dropout()([1.0, 2.0, 3.0], 0.0)
    >>> output
    array([1., 2., 3.], dtype=float32)

    Source: tf.nn.dropout.
    """

    found_by = ("regularization", "drop")
    T = dtypes.floating
    x = In("T", "values, any shape")
    rate = In("T", "probability of leaving a value out, in [0, 1)", shape=())
    output = Out("T", "same shape as `x`")
    mask = Out("T", "what each value was multiplied by; same shape as `x`")
    seed: int = attr(SEED, default=0)
    pure = False
    smooth = False  # every node draws a mask of its own, so a call tells nothing about the slope of a node

    def shape_of(self, x: TensorType, rate: TensorType) -> list[Shape]:
        return [x.shape, x.shape]

    def kernel(self, x: Array, rate: Array, key: Key | None = None) -> tuple[Array, Array]:
        probability = float(rate)
        if not 0 <= probability < 1:
            raise self.error(f"input 'rate' must be in [0, 1), got {probability:g}")
        if probability == 0:
            return x.copy(), np.ones(x.shape, x.dtype)
        drawn = "float64" if x.dtype == np.float64 else "float32"
        keep = uniform(key or Key(), x.shape, self.seed, dtype=drawn) >= probability
        zero, scale = x.dtype.type(0), x.dtype.type(1 / (1 - probability))
        return np.where(keep, x * scale, zero), np.where(keep, scale, zero)

    def grad(self, x: Wire, rate: Wire, output: Wire, mask: Wire, dy: Wire, dmask: Wire) -> tuple[Wire, None]:
        return dy * mask, None

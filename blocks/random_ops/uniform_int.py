"""Uniformly distributed whole numbers of a range."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.static_shape import INDEX, sizes
from blocks.random_ops.seeded_base import SHAPE, Seeded
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.random import CHUNK, Key
from dataflow.core.shapes import Shape
from dataflow.core.workspace import Kernel, Workspace


class RandomUniformInt(Seeded, Opaque):
    """Random whole numbers of a range, ``minval <= output < maxval``, all equally likely.

    >>> RandomUniformInt()([3], 7, 8)
    array([7, 7, 7], dtype=int32)

    Source: tf.random.uniform.
    """

    found_by = ("randint",)
    T = Tout = INDEX
    shape = In("T", SHAPE, shape=("rank",), static=True)
    minval = In("Tout", "lowest number", shape=())
    maxval = In("Tout", "end of the range, one above the highest number", shape=())
    output = Out("Tout", "random numbers, of shape `shape`")
    grad = None

    def shape_of(self, shape: TensorType, minval: TensorType, maxval: TensorType) -> Shape:
        return sizes(self, "shape", shape)

    def bind(self, memory: Workspace, shape: TensorType, *ends: TensorType) -> Kernel:
        (made,) = self.infer(shape, *ends)
        dtype, count = dtypes.storage(made.dtype), prod(made.sizes)
        memory.borrowed += min(count, CHUNK) * dtype.itemsize

        def kernel(
            shape: Array, minval: Array, maxval: Array, out: Array | None = None, key: Key | None = None
        ) -> Array:
            low, high = int(minval), int(maxval)
            if low >= high and count:
                raise self.error(f"input 'minval' must be below 'maxval', got {low} and {high}")

            def sample(generator: np.random.Generator, part: Array) -> None:
                part[...] = generator.integers(low, high, part.size, dtype)

            out = np.empty(made.sizes, dtype) if out is None else out
            return (key or Key()).fill(out, sample, self.seed, self.seed2)

        return kernel

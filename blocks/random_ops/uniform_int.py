"""Uniformly distributed whole numbers of a range."""

from __future__ import annotations

from blocks.kernels.sampling import drawn_bytes
from blocks.kernels.static_shape import INDEX, shape_of_value, sizes
from blocks.random_ops.seeded_base import SHAPE, Seeded
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.random import Key
from dataflow.core.shapes import Shape, element_count


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

    def workspace(self, shape: TensorType, minval: TensorType, maxval: TensorType) -> int:
        (made,) = self.infer(shape, minval, maxval)
        each = dtypes.storage(made.dtype).itemsize
        return drawn_bytes(element_count(made.shape) or 0, each, each)

    def kernel(self, shape: Array, minval: Array, maxval: Array, key: Key | None = None) -> Array:
        size, low, high = shape_of_value(self, "shape", shape), int(minval), int(maxval)
        if low >= high:
            if 0 not in size:
                raise self.error(f"input 'minval' must be below 'maxval', got {low} and {high}")
            high = low + 1
        return (key or Key()).draw(
            size, lambda generator, n: generator.integers(low, high, n, minval.dtype), self.seed, self.seed2
        )

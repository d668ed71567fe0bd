"""Standard uniform, normal and truncated normal distributions."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import ClassVar

from blocks.kernels.sampling import normal, truncated_normal, uniform
from blocks.kernels.static_shape import INDEX, sizes
from blocks.random_ops.seeded_base import SHAPE, Seeded
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.random import CHUNK, Key
from dataflow.core.shapes import Shape
from dataflow.core.workspace import Kernel, Workspace


class Drawn(Seeded, Opaque, abstract=True):
    """Independent random numbers of one distribution, drawn by ``draw`` in a given shape."""

    T = INDEX
    shape = In("T", SHAPE, shape=("rank",), static=True)
    output = Out("dtype", "random numbers, of shape `shape`")
    dtype: Dtype = attr("element type", choices=dtypes.floating)
    draw: ClassVar[Callable[..., Array]]
    redraws: ClassVar[bool] = False  # whether some numbers are drawn again
    grad = None

    def shape_of(self, shape: TensorType) -> Shape:
        return sizes(self, "shape", shape)

    def bind(self, memory: Workspace, shape: TensorType) -> Kernel:
        (made,), dtype = self.infer(shape), dtypes.storage(self.dtype)
        exact, chunk = dtypes.compute(dtype), min(prod(made.sizes), CHUNK)
        # those of 16 bits are drawn in other memory; of each that is drawn again if it is far it is seen how far
        memory.borrowed += chunk * (exact.itemsize * (exact != dtype) + (exact.itemsize + 1) * self.redraws)

        def kernel(shape: Array, out: Array | None = None, key: Key | None = None) -> Array:
            return self.draw(key or Key(), made.sizes, self.seed, self.seed2, dtype=self.dtype, out=out)

        return kernel


class RandomUniform(Drawn):
    """Random numbers between 0 and 1, ``0 <= output < 1``, all equally likely.

    Those of 16 bits are drawn in float32 and rounded down.

    >>> RandomUniform(dtype="float32")([2, 3]).shape
    (2, 3)

    Source: tf.random.uniform.
    """

    found_by = ("noise", "rand")
    draw = staticmethod(uniform)


class RandomNormal(Drawn):
    """Random numbers of a standard normal distribution, with density ``exp(-x ** 2 / 2) / sqrt(2 * pi)``.

    Those of 16 bits are drawn in float32 and rounded.

    >>> RandomNormal(dtype="float32")([2, 3]).shape
    (2, 3)

    Source: tf.random.normal.
    """

    found_by = ("gaussian", "noise", "randn")
    aliases = ("RandomStandardNormal", "RandomNormal_ex")
    draw = staticmethod(normal)


class TruncatedNormal(Drawn):
    """Random numbers of a standard normal distribution, drawn again until ``-2 <= output <= 2``.

    Those of 16 bits are drawn in float32 and rounded.

    >>> bool(abs(TruncatedNormal(dtype="float32")([50])).max() <= 2)
    True

    Source: tf.random.truncated_normal.
    """

    found_by = ("initial values", "noise")
    draw, redraws = staticmethod(truncated_normal), True

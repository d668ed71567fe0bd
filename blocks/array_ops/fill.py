"""One value in every element: a number repeated to a shape, zeros and ones."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from blocks.array_ops.broadcast import SumToLike
from blocks.kernels.static_shape import INDEX, sizes
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Elementwise, Opaque
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape
from dataflow.core.wire import Wire

FEW = 1 << 14  # elements up to which all are filled as fast


class Fill(Opaque):
    """One value in every element, ``value`` repeated to the shape ``dims``.

    >>> Fill()([2, 3], 7)
    array([[7, 7, 7],
           [7, 7, 7]], dtype=int32)

    Source: tf.fill.
    """

    found_by = ("full", "constant of a shape")
    T, I = dtypes.every, INDEX
    dims = In("I", "size of each dim of the output", shape=("rank",), static=True)
    value = In("T", "the value to repeat", shape=())
    output = Out("T", "shape `dims`")

    def shape_of(self, dims: TensorType, value: TensorType) -> Shape:
        return sizes(self, "dims", dims)

    def kernel(self, dims: Array, value: Array, out: Array | None = None) -> Array:
        out = np.empty(tuple(dims), value.dtype) if out is None else out
        out[...] = value
        return out

    def grad(self, dims: Wire, value: Wire, output: Wire, dy: Wire) -> tuple[None, Wire]:
        return None, SumToLike()(dy, value)


class FillLike(Elementwise, abstract=True):
    """One value in every element, in the shape and dtype of another array."""

    T: ClassVar[tuple[str, ...]] = dtypes.with_zero
    x = In("T", "any value", like=True)
    y = Out("T", "same shape as `x`")
    grad = None
    number: ClassVar[int]

    def bound(self, x: Range) -> Range:
        return Range(np.array(self.number, x.low.dtype), np.array(self.number, x.low.dtype))

    def kernel(self, x: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty(x.shape, x.dtype)
        if self.number == 0 and out.size > FEW and out.flags.c_contiguous:
            out.reshape(-1).view(np.uint8).fill(0)  # bytes are filled in 0.6 of the time
        else:
            out.fill(self.number)
        return out


class ZerosLike(FillLike):
    """Zeros of the dtype and shape of another value, ``0 * x``.

    >>> ZerosLike()([1.0, 2.0])
    array([0., 0.], dtype=float32)

    Source: tf.zeros_like.
    """

    found_by = ("zeros",)
    number = 0


class OnesLike(FillLike):
    """Ones of the dtype and shape of another value, ``0 * x + 1``.

    >>> OnesLike()([3.0, 2.0])
    array([1., 1.], dtype=float32)

    Source: tf.ones_like.
    """

    found_by = ("ones",)
    T = (*dtypes.number, "bool")
    number = 1

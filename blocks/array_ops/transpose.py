"""Transposition: axes in another order."""

from __future__ import annotations

from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import View
from dataflow.core.shapes import Shape, show
from dataflow.core.wire import Wire


class Transpose(View):
    """Axes in another order, ``y.shape[i] == x.shape[perm[i]]``.

    >>> Transpose()([[1, 2, 3]], [1, 0])
    array([[1],
           [2],
           [3]], dtype=int32)

    Source: tf.transpose.
    """

    found_by = ("permute", "swap axes")
    T, I = dtypes.every, INDEX
    x = In("T", "values, any shape")
    perm = In("I", "the axis of `x` that each axis of `y` is; may count from the end", shape=("rank",), static=True)
    y = Out("T", "`x` with its axes in the order of `perm`")

    def shape_of(self, x: TensorType, perm: TensorType) -> Shape:
        if perm.value is None:
            return x.shape and (None,) * len(x.shape)
        order = self.order(perm.value, x.shape)
        return tuple(None if x.shape is None else x.shape[i] for i in order)

    def order(self, perm: Array, shape: Shape) -> list[int]:
        """The permutation in numbers from 0; BlockError where it is none of this shape's axes."""
        rank = len(perm) if shape is None else len(shape)
        order = [int(p) + rank * (p < 0) for p in perm]
        if sorted(order) != list(range(rank)):
            of = "" if shape is None else f" of {show(shape)}"
            raise self.error(f"input 'perm' must name each of the {rank} axes{of} once, got {perm.tolist()}")
        return order

    def kernel(self, x: Array, perm: Array) -> Array:
        return x.transpose(perm)

    def grad(self, x: Wire, perm: Wire, y: Wire, dy: Wire) -> Wire:
        if perm.type.value is None:
            raise self.error("input 'perm' must be known before the run to have a gradient, got a computed value")
        order = self.order(perm.type.value, x.shape)
        return Transpose()(dy, [order.index(i) for i in range(len(order))])

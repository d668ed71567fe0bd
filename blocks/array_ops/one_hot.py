"""One-hot vectors of indices."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.chunked import TILE, cut
from blocks.kernels.gather_scatter import largest
from blocks.kernels.index_loops import put_along
from blocks.kernels.sums_by_index import computes
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape
from dataflow.core.workspace import Kernel, Workspace


class OneHot(Opaque):
    """A vector per index, ``output[i, j] = on_value if indices[i] == j else off_value``.

    An index outside ``[0, depth)`` gives a vector of ``off_value`` alone.

    >>> OneHot()([2, 0, -1], 3, 1.0, 0.0)
    array([[0., 0., 1.],
           [1., 0., 0.],
           [0., 0., 0.]], dtype=float32)

    Source: tf.one_hot.
    """

    found_by = ("encode labels", "dummy variables")
    T, TI = dtypes.every, ("uint8", "int8", "int32", "int64")
    indices = In("TI", "where each vector has its `on_value`, any shape")
    depth = In("int32", "length of the vectors", shape=(), static=True)
    on_value = In("T", "value at the index", shape=())
    off_value = In("T", "value everywhere else", shape=())
    output = Out("T", "the shape of `indices` with a dim of size `depth` put in at `axis`")
    axis: int = attr("where the new dim stands; -1 is the last place", default=-1, ge=-1)
    grad = None

    def shape_of(self, indices: TensorType, depth: TensorType, *values: TensorType) -> Shape:
        size = None if depth.value is None else int(depth.value)
        if size is not None and size < 0:
            raise self.error(f"input 'depth' must be at least 0, got {size}")
        if indices.shape is None:
            return None
        rank = len(indices.shape)
        if self.axis > rank:
            raise self.error(f"attr 'axis' must lie in [-1, {rank}] for 'indices' of rank {rank}, got {self.axis}")
        position = rank if self.axis == -1 else self.axis
        return (*indices.shape[:position], size, *indices.shape[position:])

    def bound(self, indices: Range, depth: Range, on_value: Range, off_value: Range) -> Range:
        return on_value.joined(off_value)

    def bind(self, memory: Workspace, indices: TensorType, depth: TensorType, *values: TensorType) -> Kernel:
        (made,), size = self.infer(indices, depth, *values), int(depth.value)
        position = len(indices.sizes) if self.axis == -1 else self.axis
        outer, inner = prod(indices.sizes[:position]), prod(indices.sizes[position:])
        if memory.compiled and computes(storage(made.dtype)):

            def put(indices: Array, depth: Array, on_value: Array, off_value: Array, out: Array | None = None) -> Array:
                out = np.empty(made.sizes, on_value.dtype) if out is None else out
                out[...] = off_value
                put_along(indices.reshape(outer, inner), on_value.reshape(1), out.reshape(outer, size, inner))
                return out

            return put
        at_once = min(outer, max(1, TILE // max(inner, 1)))
        first = np.arange(at_once)[:, None] * (size * inner) + np.arange(inner)  # where vectors begin
        numbers = memory.array(first.size, np.int64).reshape(first.shape)
        memory.kept += first.nbytes
        memory.borrowed += (2 * 8 + 3) * first.size  # where some indices are outside

        def kernel(indices: Array, depth: Array, on_value: Array, off_value: Array, out: Array | None = None) -> Array:
            out = np.empty(made.sizes, on_value.dtype) if out is None else out
            out[...] = off_value
            vectors, given = out.reshape(outer, size * inner), indices.reshape(outer, inner)
            for part in cut(outer, at_once):
                index = given[part]
                place = numbers[: len(index)]
                if inner > 1:
                    np.multiply(index, inner, place, dtype=np.int64)
                np.add(place if inner > 1 else index, first[: len(index)], place)
                if index.size and largest(index) >= size:
                    place = place[(index >= 0) & (index < size)]
                vectors[part].reshape(-1)[place] = on_value
            return out

        return kernel

"""The index of the largest element along an axis."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.chunked import TILE, parts
from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape, axes_of, show
from dataflow.core.workspace import Kernel, Workspace

SHORT = 64  # elements of a row, of which all are looked at as fast as one of each


class ArgMax(Opaque):
    """Index of the largest element along an axis, the first where several are equal, ``argmax(input)``.

    NaN counts as smaller than every number; in TensorFlow's CPU kernel the lowest finite number counts as small as NaN
    and -inf.

    >>> ArgMax()([[1.0, 3.0, 3.0], [5.0, 0.0, 2.0]], 1)
    array([1, 0])

    Source: tf.math.argmax.
    """

    found_by = ("index of the largest", "predicted class")
    T, I = (*dtypes.real, *dtypes.quantized, "bool"), ("int16", *INDEX)
    input = In("T", "values to compare")
    dimension = In("I", "the axis, counted from the end if negative", shape=(), static=True)
    output = Out("output_type", "`input` without the axis")
    output_type: Dtype = attr("dtype of the index", default="int64", choices=("int16", "uint16", "int32", "int64"))
    grad = None

    def shape_of(self, input: TensorType, dimension: TensorType) -> Shape:
        if input.shape is None:
            return None
        if dimension.value is None:
            return (None,) * max(len(input.shape) - 1, 0)
        try:
            (axis,) = axes_of(dimension.value, len(input.shape))
        except ValueError as error:
            raise self.error(f"input 'dimension' {error}") from None
        if input.shape[axis] == 0:
            raise self.error(f"input 'input' must have elements along axis {axis}, got shape {show(input.shape)}")
        return tuple(d for i, d in enumerate(input.shape) if i != axis)

    def bound(self, input: Range, dimension: Range) -> Range | None:
        if input.shape is None or dimension.value is None:
            return None
        size = input.shape[int(dimension.value)]
        dtype = dtypes.storage(self.output_type)
        return Range(np.array(0, dtype), np.array(size - 1, dtype)) if isinstance(size, int) else None

    def bind(self, memory: Workspace, input: TensorType, dimension: TensorType) -> Kernel:
        (axis,), (made,) = axes_of(dimension.value, len(input.sizes)), self.infer(input, dimension)
        size, given, dtype = input.sizes[axis], storage(input.dtype), storage(made.dtype)
        floating, order = given.kind not in "iub", (*(i for i in range(len(input.sizes)) if i != axis), axis)
        count = min(prod(input.sizes), max(TILE, size))
        replaced = floating * (1 + max(given.itemsize, 4))  # a mask, and a copy without NaN
        memory.borrowed += count * (given.itemsize + replaced) + 3 * 8 * count // size

        def largest(rows: Array, index: Array) -> Array:
            if size < SHORT:  # one number tells
                return np.maximum.reduce(rows, None)
            return np.take_along_axis(rows, index[..., None], -1)

        def kernel(input: Array, dimension: Array, out: Array | None = None) -> Array:
            out = np.empty(made.sizes, dtype) if out is None else out
            for rows, index in parts(max(TILE // size, 1), out, input.transpose(order)):
                found = rows.argmax(-1)
                if floating and np.isnan(largest(rows, found)).any():  # NumPy takes a NaN for the largest
                    found = np.where(np.isnan(rows), -np.inf, rows).argmax(-1)
                index[...] = found
            return out

        return kernel

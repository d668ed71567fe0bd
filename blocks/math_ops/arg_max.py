"""The index of the largest element along an axis."""

from __future__ import annotations

import numpy as np

from blocks.kernels.chunked import TILE, parts
from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape, axes_of, element_count, show


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

    def kernel(self, input: Array, dimension: Array) -> Array:
        rows = input if dimension in (-1, input.ndim - 1) else np.moveaxis(input, int(dimension), -1)
        made = np.empty(rows.shape[:-1], dtypes.storage(self.output_type))
        for part, index in parts(max(TILE // rows.shape[-1], 1), made, rows):
            index[...] = _arg_max(part)
        return made

    def workspace(self, input: TensorType, dimension: TensorType) -> int:
        size = input.sizes[int(dimension.value)]
        given = dtypes.storage(input.dtype)
        replaced = 0 if given.kind in "iub" else 1 + max(given.itemsize, 4)  # a mask, and a copy without NaN
        count = min(element_count(input.shape) or 0, max(TILE, size))
        return count * (given.itemsize + replaced) + 3 * 8 * count // size


def _arg_max(rows: Array) -> Array:
    """The index of the largest element of each row, NaN left out."""
    index = np.argmax(rows, -1, keepdims=True)
    if rows.dtype.kind not in "iub":
        # NumPy takes a NaN for the largest
        largest = np.take_along_axis(rows, index, -1)
        if np.isnan(largest).any():
            index = np.argmax(np.where(np.isnan(rows), -np.inf, rows), -1, keepdims=True)
    return index[..., 0]

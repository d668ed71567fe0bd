"""Gradients of pooling over windows of unequal sizes."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.fractional_windows import (
    areas,
    bounds,
    max_windows,
    own_rows,
    shared_rows,
    spread_windows,
    windows_scratch,
)
from blocks.kernels.sliding_windows import shaped
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Opaque
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes
from dataflow.core.shapes import Shape, fits, show

OVERLAPPING = "whether a window takes in the first row and column of the next"
NUMBERS = ("float32", "float64", "int32", "int64")


class FractionalGradient(Opaque, abstract=True):
    """A gradient of pooling over windows that begin where two sequences say."""

    T = NUMBERS
    overlapping: bool = attr(OVERLAPPING, default=False)

    def require_sequences(self, rows: Array, columns: Array, shape: tuple[int, ...]) -> None:
        """Raise BlockError unless windows begin one after the other and end on the image of this shape."""
        for side, begins, size in (("row", rows, shape[1]), ("col", columns, shape[2])):
            if not (len(begins) > 1 and begins[0] >= 0 and begins[-1] <= size and (np.diff(begins) > 0).all()):
                raise self.error(
                    f"input '{side}_pooling_sequence' must rise from 0 or more to at most {size}, "
                    f"got {show(tuple(begins))}"
                )

    def require_shape(self, port: str, given: TensorType, image: Shape, rows: Shape, columns: Shape) -> None:
        """Raise BlockError unless the value at ``port`` has an element per window of the image."""
        batch, _, _, channels = (None,) * 4 if image is None else image
        lengths = (max(n[0] - 1, 0) if n and isinstance(n[0], int) else None for n in (rows, columns))
        wanted = (batch, *lengths, channels)
        if not fits(given.shape, wanted):
            raise self.error(f"input '{port}' must have shape {show(wanted)}, got {show(given.shape)}")


class FractionalAvgPoolGrad(FractionalGradient):
    """Gradient of FractionalAvgPool by its input, ``sum(out_backprop / count of the windows it is in)``.

    Added in float64, window after window, and rounded once; of integers the sum is rounded towards 0.

    >>> back = FractionalAvgPoolGrad()
    >>> back([1, 1, 3, 1], [[[[10.0], [20.0]]]], [0, 1], [0, 2, 3]).ravel()
    array([ 5.,  5., 20.], dtype=float32)

    Source: tf.raw_ops.FractionalAvgPoolGrad.
    """

    orig_input_tensor_shape = In("int64", "shape of the input of the FractionalAvgPool", shape=(4,), static=True)
    out_backprop = In("T", "gradient by its output")
    row_pooling_sequence = In("int64", "the rows it gave", shape=("rows",))
    col_pooling_sequence = In("int64", "the columns it gave", shape=("columns",))
    output = Out("T", "gradient by its input")

    def shape_of(
        self, orig_input_tensor_shape: TensorType, out_backprop: TensorType, rows: TensorType, columns: TensorType
    ) -> Shape:
        if orig_input_tensor_shape.value is None:
            return (None,) * 4
        shape = tuple(map(int, orig_input_tensor_shape.value))
        if min(shape) < 0:
            raise self.error(f"input 'orig_input_tensor_shape' must be sizes of at least 0, got {show(shape)}")
        self.require_shape("out_backprop", out_backprop, shape, rows.shape, columns.shape)
        return shape

    def kernel(
        self, orig_input_tensor_shape: Array, out_backprop: Array, rows: Array, columns: Array, out: Array | None = None
    ) -> Array:
        shape = tuple(map(int, orig_input_tensor_shape))
        self.require_sequences(rows, columns, shape)
        number = areas(rows, columns, shape, self.overlapping).astype(np.float64)
        dx = np.empty(shape, out_backprop.dtype) if out is None else out
        down = [own_rows(rows)]
        along = [own_rows(columns)]
        if self.overlapping:  # the window before comes first: another order is rounded otherwise
            down.insert(0, shared_rows(rows, shape[1]))
            along.insert(0, shared_rows(columns, shape[2]))
        with scratch(*self.scratch_arrays(shape, out_backprop.shape)) as (quotients, between, result, *buffers):
            lines = between.reshape(len(along), len(number), *shape[2:])
            total = shaped(result, shape[1:])
            for dy, image in zip(out_backprop, dx, strict=True):
                per_pixel = np.divide(dy, number, shaped(quotients, dy.shape))
                lines.fill(0)
                total.fill(0)
                for places, line in zip(along, lines, strict=True):
                    spread_windows(per_pixel, 1, places, line, buffers)
                for places in down:
                    for line in lines:
                        spread_windows(line, 0, places, total, buffers)
                np.copyto(image, total, casting="unsafe")
        return dx

    def workspace(
        self, orig_input_tensor_shape: TensorType, out_backprop: TensorType, rows: TensorType, columns: TensorType
    ) -> int:
        shape: Any = self.shape_of(orig_input_tensor_shape, out_backprop, rows, columns)
        return 0 if None in shape else scratch_bytes(*self.scratch_arrays(shape, out_backprop.sizes))

    def scratch_arrays(self, shape: tuple[int, ...], made: tuple[int, ...]) -> list[ArraySpec]:
        """Memory for gradients per pixel, spread along columns, then along rows, and to spread some at a time."""
        f64 = np.dtype(np.float64)
        lines = made[1] * prod(shape[2:])
        sizes = (prod(made[1:]), (1 + self.overlapping) * lines, prod(shape[1:]), lines, lines)
        return [((size,), f64) for size in sizes]


class FractionalMaxPoolGrad(FractionalGradient):
    """Gradient of FractionalMaxPool by its input, ``sum(out_backprop of the windows whose largest element it is)``.

    The first of equals gets all of it.

    >>> back = FractionalMaxPoolGrad()
    >>> back([[[[1.0], [2.0], [3.0]]]], [[[[2.0], [3.0]]]], [[[[10.0], [20.0]]]], [0, 1], [0, 2, 3]).ravel()
    array([ 0., 10., 20.], dtype=float32)

    Source: tf.raw_ops.FractionalMaxPoolGrad.
    """

    orig_input = In("T", "input of the FractionalMaxPool", shape=("batch", "rows", "columns", "channels"))
    orig_output = In("T", "its output")
    out_backprop = In("T", "gradient by its output")
    row_pooling_sequence = In("int64", "the rows it gave", shape=("row_ends",))
    col_pooling_sequence = In("int64", "the columns it gave", shape=("column_ends",))
    output = Out("T", "gradient by its input")

    def shape_of(
        self,
        orig_input: TensorType,
        orig_output: TensorType,
        out_backprop: TensorType,
        rows: TensorType,
        columns: TensorType,
    ) -> Shape:
        for port, given in (("orig_output", orig_output), ("out_backprop", out_backprop)):
            self.require_shape(port, given, orig_input.shape, rows.shape, columns.shape)
        return (None,) * 4 if orig_input.shape is None else orig_input.shape

    def kernel(
        self,
        orig_input: Array,
        orig_output: Array,
        out_backprop: Array,
        rows: Array,
        columns: Array,
        out: Array | None = None,
    ) -> Array:
        shape, made, dtype = orig_input.shape, orig_output.shape[1:], orig_input.dtype
        self.require_sequences(rows, columns, shape)
        dx = np.empty(shape, dtype) if out is None else out
        dx.fill(0)
        with scratch(*self.scratch_arrays(shape, orig_output.shape, dtype)) as (
            indices,
            masks,
            corners,
            largest,
            *buffers,
        ):
            index, offset = indices.reshape(2, *made)
            pending, equal = masks.reshape(2, *made)
            for x, y, dy, image in zip(orig_input, orig_output, out_backprop, dx, strict=True):
                top = max_windows(x, rows, columns, self.overlapping, largest.reshape(made), buffers)
                if not np.equal(y, top, equal).all():
                    raise self.error(
                        "input 'orig_output' must be what FractionalMaxPool gives for 'orig_input' and these windows, "
                        "got other numbers"
                    )
                pending.fill(True)
                index[...] = np.arange(made[2])
                for down, along in self.elements(shape, rows, columns):
                    lines = x.take(down, 0, shaped(buffers[0], (made[0], *shape[2:])), "clip")
                    np.equal(y, lines.take(along, 1, shaped(buffers[1], made), "clip"), equal)
                    np.bitwise_and(equal, pending, equal)
                    np.bitwise_xor(pending, equal, pending)
                    place = np.add((down * shape[2])[:, None], along, corners)
                    np.add(index, np.multiply(equal, np.multiply(place, shape[3], place)[..., None], offset), index)
                # a window without numbers gives to its first element
                place = np.add((rows[:-1] * shape[2])[:, None], columns[:-1], corners)
                np.add(index, np.multiply(pending, np.multiply(place, shape[3], place)[..., None], offset), index)
                np.add.at(image.reshape(-1), index.reshape(-1), dy.reshape(-1))
        return dx

    def elements(self, shape: tuple[int, ...], rows: Array, columns: Array) -> list[tuple[Array, Array]]:
        """For each element of a window the row and the column that it lies on; a smaller window has its last twice."""
        top, bottom = bounds(rows, shape[1], self.overlapping)
        left, right = bounds(columns, shape[2], self.overlapping)
        high, wide = int(max(bottom - top)), int(max(right - left))
        return [
            (np.minimum(top + i, bottom - 1), np.minimum(left + j, right - 1))
            for i, j in product(range(high), range(wide))
        ]

    def workspace(
        self,
        orig_input: TensorType,
        orig_output: TensorType,
        out_backprop: TensorType,
        rows: TensorType,
        columns: TensorType,
    ) -> int:
        dtype = dtypes.storage(orig_input.dtype)
        return scratch_bytes(*self.scratch_arrays(orig_input.sizes, orig_output.sizes, dtype))

    @staticmethod
    def scratch_arrays(shape: tuple[int, ...], made: tuple[int, ...], dtype: DType) -> list[ArraySpec]:
        """Memory for indices and offsets in them, for masks, for places, for the largest elements, and to reduce."""
        size, windows = prod(made[1:]), made[1:3]
        own: list[ArraySpec] = [((2 * size,), np.int64), ((2 * size,), np.bool_), (windows, np.int64), ((size,), dtype)]
        return own + windows_scratch(shape[1:], windows, shape[3], dtype)

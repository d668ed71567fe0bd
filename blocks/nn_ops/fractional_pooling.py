"""Pooling over windows of unequal sizes, drawn at random so that their number is any part of that of the pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from blocks.array_ops.shape_ops import Shape as ShapeOf
from blocks.math_ops.reduction import rounded, wide
from blocks.nn_ops.fractional_windows import Words, areas, bounds, divided, folded, sequence, spread, tops
from blocks.nn_ops.sliding import first
from dataflow.block import In, Out, Tensor, TensorType, attr
from dataflow.keys import Key
from dataflow.kinds import Opaque
from dataflow.shapes import Shape, fits, show

OVERLAPPING = "whether a window takes in the first row and column of the next"
NUMBERS = ("float32", "float64", "int32", "int64")


class FractionalPooling(Opaque, abstract=True):
    """Windows whose number is that of the pixels divided by ``pooling_ratio``."""

    T = NUMBERS
    value = In("T", "images [batch, rows, columns, channels]", shape=("batch", "rows", "columns", "channels"))
    output = Out("T", "images with a pixel per window")
    row_pooling_sequence = Out("int64", "the row in which each window begins, and the number of rows")
    col_pooling_sequence = Out("int64", "the column in which each window begins, and the number of columns")
    pooling_ratio: Tensor = attr("pixels per window for each dim, at least 1; that of batch and channel is 1")
    pseudo_random: bool = attr("whether sizes of windows follow each other nearly evenly", default=False)
    overlapping: bool = attr(OVERLAPPING, default=False)
    deterministic: bool = attr("whether each run draws the same windows", default=False)
    seed: int = attr("decides the windows where `deterministic`", default=0)
    seed2: int = attr("decides them too; where both are 0, that of the run does", default=0)
    pure = False

    def check(self) -> None:
        ratio = self.pooling_ratio
        if (
            ratio.shape != (4,)
            or ratio.dtype.kind not in "fiu"
            or not (ratio >= 1).all()
            or not np.isfinite(ratio).all()
        ):
            raise self.error(f"attr 'pooling_ratio' must be 4 numbers of at least 1, got {ratio.tolist()}")
        if ratio[0] != 1 or ratio[3] != 1:
            raise self.error(f"attr 'pooling_ratio' must be 1 in the batch and channel dims, got {ratio.tolist()}")
        if not self.deterministic and (self.seed or self.seed2):
            raise self.error(f"attr 'deterministic' must be true for seeds, got seeds {self.seed} and {self.seed2}")

    def shape_of(self, value: TensorType) -> list[Shape]:
        batch, rows, columns, channels = (None,) * 4 if value.shape is None else value.shape
        made = [self.windows(size, axis) for axis, size in ((1, rows), (2, columns))]
        lengths = [n + 1 if isinstance(n, int) else None for n in made]
        return [(batch, *made, channels), *((n,) for n in lengths)]

    def windows(self, size: Any, axis: int) -> Any:
        """How many windows there are along an axis of so many pixels."""
        if not isinstance(size, int):
            return None
        number = math.floor(np.float32(size) / np.float32(self.pooling_ratio[axis]))
        if number < 1:
            raise self.error(
                f"input 'value' must have at least {self.pooling_ratio[axis]:g} pixels in dim {axis}, got {size}"
            )
        return number

    def sequences(self, shape: tuple[int, ...], key: Any) -> tuple[Any, Any]:
        """Where windows begin, for rows and columns."""
        seeds = [self.seed, self.seed2]
        if not any(seeds):
            key = key or Key()
            # without the step each draws the same
            generator = (Key(key.seed, key.node) if self.deterministic else key).generator()
            seeds = generator.integers(1 << 63, size=2).tolist()
        words = Words(*seeds)
        rows, columns = (sequence(shape[a], self.windows(shape[a], a), words, self.pseudo_random) for a in (1, 2))
        return rows, columns


class FractionalAvgPool(FractionalPooling):
    """Mean of each window of unequal size, ``sum(window) / count``; that of integers is cut towards 0.

    The windows of given seeds are those of the reference.

    >>> pool = FractionalAvgPool(pooling_ratio=[1.0, 1.0, 1.5, 1.0], deterministic=True, seed=1)
    >>> means, _, columns = pool([[[[1.0], [2.0], [3.0], [4.0], [5.0]]]])
    >>> means.ravel(), columns
    (array([1.5, 3.5, 5. ], dtype=float32), array([0, 2, 4, 5]))

    Source: tf.nn.fractional_avg_pool.
    """

    def kernel(self, value: Any, key: Any = None) -> Any:
        rows, columns = self.sequences(value.shape, key)
        total = folded(np.add, 0, value.astype(wide(value.dtype)), 1, rows, self.overlapping)
        total = folded(np.add, 0, total, 2, columns, self.overlapping)
        means = divided(total, areas(rows, columns, value.shape, self.overlapping))
        return means.astype(value.dtype), rows, columns

    def grad(self, value: Any, output: Any, rows: Any, columns: Any, dy: Any, drows: Any, dcolumns: Any) -> Any:
        backward = FractionalAvgPoolGrad(overlapping=self.overlapping)
        return backward(ShapeOf(out_type="int64")(value), dy, rows, columns)


class FractionalMaxPool(FractionalPooling):
    """Largest element of each window of unequal size, ``max(window)``.

    The windows of given seeds are those of the reference. NaN is passed over; a window without numbers, or with none
    but -inf, gives the lowest finite one.

    >>> pool = FractionalMaxPool(pooling_ratio=[1.0, 1.0, 1.5, 1.0], deterministic=True, seed=1)
    >>> largest, _, columns = pool([[[[1.0], [2.0], [3.0], [4.0], [5.0]]]])
    >>> largest.ravel(), columns
    (array([2., 4., 5.], dtype=float32), array([0, 2, 4, 5]))

    Source: tf.nn.fractional_max_pool.
    """

    def kernel(self, value: Any, key: Any = None) -> Any:
        rows, columns = self.sequences(value.shape, key)
        return tops(value, rows, columns, self.overlapping), rows, columns

    def grad(self, value: Any, output: Any, rows: Any, columns: Any, dy: Any, drows: Any, dcolumns: Any) -> Any:
        backward = FractionalMaxPoolGrad(overlapping=self.overlapping)
        return backward(value, output, dy, rows, columns)


class FractionalBack(Opaque, abstract=True):
    """A gradient of pooling over windows that begin where two sequences say."""

    T = NUMBERS
    overlapping: bool = attr(OVERLAPPING, default=False)

    def require_sequences(self, rows: Any, columns: Any, shape: tuple[int, ...]) -> None:
        """An error unless windows begin one after the other and end on the image of this shape."""
        for side, begins, size in (("row", rows, shape[1]), ("col", columns, shape[2])):
            if not (len(begins) > 1 and begins[0] >= 0 and begins[-1] <= size and (np.diff(begins) > 0).all()):
                raise self.error(
                    f"input '{side}_pooling_sequence' must rise from 0 or more to at most {size}, "
                    f"got {show(tuple(begins))}"
                )

    def require_shape(self, port: str, given: TensorType, image: Shape, rows: Shape, columns: Shape) -> None:
        """An error unless the value at ``port`` has an element per window of the image."""
        batch, _, _, channels = (None,) * 4 if image is None else image
        lengths = (max(n[0] - 1, 0) if n and isinstance(n[0], int) else None for n in (rows, columns))
        wanted = (batch, *lengths, channels)
        if not fits(given.shape, wanted):
            raise self.error(f"input '{port}' must have shape {show(wanted)}, got {show(given.shape)}")


class FractionalAvgPoolGrad(FractionalBack):
    """Gradient of FractionalAvgPool by its input, ``sum(out_backprop / count of the windows it is in)``.

    Added in float64 and rounded once; of integers the sum is cut towards 0.

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

    def kernel(self, orig_input_tensor_shape: Any, out_backprop: Any, rows: Any, columns: Any, out: Any = None) -> Any:
        shape = tuple(map(int, orig_input_tensor_shape))
        self.require_sequences(rows, columns, shape)
        shares = out_backprop / areas(rows, columns, shape, self.overlapping).astype(np.float64)
        across = spread(shares, shape[2], 2, columns, self.overlapping)
        return rounded(spread(across, shape[1], 1, rows, self.overlapping), out_backprop.dtype, out)


class FractionalMaxPoolGrad(FractionalBack):
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
        self, orig_input: Any, orig_output: Any, out_backprop: Any, rows: Any, columns: Any, out: Any = None
    ) -> Any:
        x, shape = orig_input, orig_input.shape
        self.require_sequences(rows, columns, shape)
        if not np.array_equal(orig_output, tops(x, rows, columns, self.overlapping)):
            raise self.error(
                "input 'orig_output' must be what FractionalMaxPool gives for 'orig_input' and these windows, "
                "got other numbers"
            )
        top, bottom = bounds(rows, shape[1], self.overlapping)
        left, right = bounds(columns, shape[2], self.overlapping)
        high, across = int(max(bottom - top)), int(max(right - left))

        def failed() -> Iterator[tuple[Any, Any]]:
            for i, j in product(range(high), range(across)):
                # a smaller window has its last pixels again, which were tried before
                down, along = np.minimum(top + i, bottom - 1), np.minimum(left + j, right - 1)
                yield ..., x[:, down[:, None], along] != orig_output

        found = first(orig_output.shape, high * across, failed()).astype(np.intp)
        found[found == high * across] = 0  # a window without numbers
        image, channel = np.arange(shape[0])[:, None, None, None], np.arange(shape[3])
        place = image, top[:, None, None] + found // across, left[:, None] + found % across, channel
        total = np.zeros(shape, x.dtype)
        np.add.at(total, place, out_backprop)
        return rounded(total, x.dtype, out)

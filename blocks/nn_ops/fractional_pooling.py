"""Pooling over windows of unequal sizes, drawn at random, so that images shrink by a factor that is no integer."""

from __future__ import annotations

import math
from functools import partial
from math import prod
from typing import Any

import numpy as np

from blocks.array_ops.shape import Shape as ShapeOf
from blocks.kernels import fractional_loops
from blocks.kernels.chunked import cut
from blocks.kernels.fractional_loops import Pool
from blocks.kernels.fractional_windows import areas, at_once, divide, max_windows, places, reduce_windows, sequences
from blocks.kernels.sliding_windows import lowest, shaped
from blocks.nn_ops.fractional_pooling_gradient import NUMBERS, OVERLAPPING, FractionalAvgPoolGrad, FractionalMaxPoolGrad
from dataflow.core import dtypes
from dataflow.core.block import In, Out, Tensor, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.kinds import Opaque
from dataflow.core.random import Key
from dataflow.core.scratch import ArraySpec
from dataflow.core.shapes import Dim, Shape
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


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
    pure, draws = False, True

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

    def bind(self, memory: Workspace, value: TensorType) -> Kernel:
        (made, *_), shape, dtype = self.infer(value), value.sizes, storage(value.dtype)
        pool = self.bind_pool(memory, shape, made.sizes, dtype)

        def kernel(value: Array, out: Array | None = None, key: Key | None = None) -> tuple[Array, Array, Array]:
            rows, columns = self.sequences(shape, key)
            out = np.empty(made.sizes, dtype) if out is None else out
            pool(value, rows, columns, out)
            return out, rows, columns

        return kernel

    def bind_pool(self, memory: Workspace, shape: tuple[int, ...], made: tuple[int, ...], dtype: DType) -> Pool:
        """What pools images of this shape and dtype over windows that are given."""
        exact, least = self.compiled(dtype)
        if fractional_loops.pays(memory, shape, dtype) and (least is None or prod(shape) <= fractional_loops.MOST):
            return fractional_loops.bind_pool(memory, shape, made, self.overlapping, (dtype, exact), least)
        return partial(self.pool, memory.arrays(*self.arrays_for(shape, made, dtype)))

    def compiled(self, dtype: DType) -> tuple[DType, Any]:
        """For a compiled loop the dtype to compute in, and the least number where the largest is looked for."""
        raise TypeError(f"{type(self).__name__}: must have a method compiled, got none; write one")

    def arrays_for(self, shape: tuple[int, ...], made: tuple[int, ...], dtype: DType) -> list[ArraySpec]:
        """The memory to work in."""
        raise TypeError(f"{type(self).__name__}: must have a method arrays_for, got none; write one")

    def pool(self, buffers: list[Array], value: Array, rows: Array, columns: Array, out: Array) -> None:
        """Pool over windows that begin in these rows and columns, into ``out``."""
        raise TypeError(f"{type(self).__name__}: must have a method pool, got none; write one")

    def windows(self, size: Dim, axis: int) -> int | None:
        """How many windows there are along an axis of this size."""
        if not isinstance(size, int):
            return None
        number = math.floor(np.float32(size) / np.float32(self.pooling_ratio[axis]))
        if number < 1:
            raise self.error(
                f"input 'value' must have at least {self.pooling_ratio[axis]:g} pixels in dim {axis}, got {size}"
            )
        return number

    def sequences(self, shape: tuple[int, ...], key: Key | None) -> tuple[Array, Array]:
        """Where windows begin, for rows and columns."""
        seeds = self.seed, self.seed2
        if not any(seeds):
            key = key or Key()
            # without the step each draws the same
            generator = (Key(key.seed, key.node) if self.deterministic else key).generator()
            seeds = tuple(generator.integers(1 << 63, size=2).tolist())
        windows = self.windows(shape[1], 1) or 0, self.windows(shape[2], 2) or 0
        rows, columns = sequences(shape[1:3], windows, seeds, self.pseudo_random)
        return rows.copy(), columns.copy()


class FractionalAvgPool(FractionalPooling):
    """Mean of each window of unequal size, ``sum(window) / count``; that of integers is rounded towards 0.

    The windows of given seeds are those of the reference.

    >>> pool = FractionalAvgPool(pooling_ratio=[1.0, 1.0, 1.5, 1.0], deterministic=True, seed=1)
    >>> means, _, columns = pool([[[[1.0], [2.0], [3.0], [4.0], [5.0]]]])
    >>> means.ravel(), columns
    (array([1. , 2.5, 4.5], dtype=float32), array([0, 1, 3, 5]))

    Source: tf.nn.fractional_avg_pool.
    """

    def pool(self, buffers: list[Array], value: Array, rows: Array, columns: Array, out: Array) -> None:
        batch, height, width, channels = shape = value.shape
        number = areas(rows, columns, shape, self.overlapping)
        # a row and a column of zeros, which smaller windows take in
        down = places(rows, height, self.overlapping, beyond=height)
        along = places(columns, width, self.overlapping, beyond=width)
        copy, result, between, buffer = buffers
        for part in cut(batch, at_once(shape)):
            images = shaped(copy, (len(value[part]), height + 1, width + 1, channels))
            images[:, :height, :width] = value[part]
            images[:, height] = 0
            images[:, :, width] = 0
            lines = shaped(between, (*out[part].shape[:2], *images.shape[2:]))
            total = shaped(result, out[part].shape)
            reduce_windows(np.add, images, 1, down, lines, buffer)
            reduce_windows(np.add, lines, 2, along, total, buffer)
            np.add(total, 0, total)  # no zero is negative
            np.copyto(out[part], divide(total, number, buffer), casting="unsafe")

    def compiled(self, dtype: DType) -> tuple[DType, Any]:
        return dtypes.accumulate(dtype), None

    def arrays_for(self, shape: tuple[int, ...], made: tuple[int, ...], dtype: DType) -> list[ArraySpec]:
        """Memory for images and their means in the dtype to add in, and for adding."""
        exact, count = dtypes.accumulate(dtype), at_once(shape)
        lines = made[1] * (shape[2] + 1) * shape[3]
        sizes = prod(size + 1 for size in shape[1:3]) * shape[3], prod(made[1:]), lines, lines
        return [((count * size,), exact) for size in sizes]

    def grad(self, value: Wire, output: Wire, rows: Wire, columns: Wire, dy: Wire, drows: Wire, dcolumns: Wire) -> Any:
        backward = FractionalAvgPoolGrad(overlapping=self.overlapping)
        return backward(ShapeOf(out_type="int64")(value), dy, rows, columns)


class FractionalMaxPool(FractionalPooling):
    """Largest element of each window of unequal size, ``max(window)``.

    The windows of given seeds are those of the reference. NaN is ignored; a window without numbers, or with none
    but -inf, gives the lowest finite one.

    >>> pool = FractionalMaxPool(pooling_ratio=[1.0, 1.0, 1.5, 1.0], deterministic=True, seed=1)
    >>> largest, _, columns = pool([[[[1.0], [2.0], [3.0], [4.0], [5.0]]]])
    >>> largest.ravel(), columns
    (array([1., 3., 5.], dtype=float32), array([0, 1, 3, 5]))

    Source: tf.nn.fractional_max_pool.
    """

    def pool(self, buffers: list[Array], value: Array, rows: Array, columns: Array, out: Array) -> None:
        down = places(rows, value.shape[1], self.overlapping)
        along = places(columns, value.shape[2], self.overlapping)
        for part in cut(len(value), at_once(value.shape)):
            max_windows(value[part], down, along, out[part], *buffers)

    def compiled(self, dtype: DType) -> tuple[DType, Any]:
        return dtype, lowest(dtype)

    def arrays_for(self, shape: tuple[int, ...], made: tuple[int, ...], dtype: DType) -> list[ArraySpec]:
        """Memory for images reduced along their rows, and for the rows that this takes at a time."""
        return [((at_once(shape) * made[1] * prod(shape[2:]),), dtype)] * 2

    def grad(self, value: Wire, output: Wire, rows: Wire, columns: Wire, dy: Wire, drows: Wire, dcolumns: Wire) -> Any:
        backward = FractionalMaxPoolGrad(overlapping=self.overlapping)
        return backward(value, output, dy, rows, columns)

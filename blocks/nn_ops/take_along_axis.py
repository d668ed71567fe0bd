"""Elements put into rows by their index and taken from them: the gradient of ranking, and its own gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.chunked import cut
from blocks.kernels.rowwise import rows_at_once
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Shape, agree, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

INDEX = ("int16", "int32", "int64")
PLACES = 8  # bytes of a place in NumPy's own dtype


class PutAlongLast(Opaque):
    """Zeros with values put into each row, ``zeros[..., indices] = values``; the gradient of TopK.

    >>> PutAlongLast()([0.0, 0.0, 0.0], [2, 0], [5.0, 7.0])
    array([7., 0., 5.], dtype=float32)

    Source: numpy.put_along_axis.
    """

    T, I = dtypes.floating, INDEX
    like = In("T", "a value of the shape to make; the last dim is a row", like=True)
    indices = In("I", "where in the row to put each value, no place twice")
    values = In("T", "the values, same shape as `indices`")
    output = Out("T", "same shape as `like`")

    def shape_of(self, like: TensorType, indices: TensorType, values: TensorType) -> Shape:
        _check_rows(self, "indices", "like", indices.shape, like.shape)
        _check_rows(self, "values", "indices", values.shape, indices.shape, whole=True)
        return like.shape

    def bind(self, memory: Workspace, like: TensorType, indices: TensorType, values: TensorType) -> Kernel:
        dtype, size = storage(like.dtype), like.sizes[-1]
        parts = _bind_places(memory, indices, size)

        def kernel(like: Array, indices: Array, values: Array, out: Array | None = None) -> Array:
            _check_places(self, indices, size)
            out = np.empty(like.shape, dtype) if out is None else out
            out[...] = 0
            made, given = out.reshape(-1), values.reshape(-1)
            for rows, elements, places in parts(indices):
                made[rows][places] = given[elements]
            return out

        return kernel

    def grad(self, like: Wire, indices: Wire, values: Wire, output: Wire, dy: Wire) -> Any:
        return None, None, TakeAlongLast()(dy, indices)


class TakeAlongLast(Opaque):
    """Elements picked from each row, ``input[..., indices]``; undoes PutAlongLast.

    >>> TakeAlongLast()([[1.0, 2.0], [3.0, 4.0]], [[1], [0]])
    array([[2.],
           [3.]], dtype=float32)

    Source: numpy.take_along_axis.
    """

    found_by = ("gather along axis",)
    T, I = dtypes.floating, INDEX
    input = In("T", "values with at least one dim; the last is a row")
    indices = In("I", "where in the row to take from, no place twice")
    output = Out("T", "same shape as `indices`")

    def shape_of(self, input: TensorType, indices: TensorType) -> Shape:
        _check_rows(self, "indices", "input", indices.shape, input.shape)
        return indices.shape

    def bind(self, memory: Workspace, input: TensorType, indices: TensorType) -> Kernel:
        dtype, size = storage(input.dtype), input.sizes[-1]
        parts = _bind_places(memory, indices, size)

        def kernel(input: Array, indices: Array, out: Array | None = None) -> Array:
            _check_places(self, indices, size)
            out = np.empty(indices.shape, dtype) if out is None else out
            made, given = out.reshape(-1), input.reshape(-1)
            for rows, elements, places in parts(indices):
                given[rows].take(places, out=made[elements], mode="clip")
            return out

        return kernel

    def grad(self, input: Wire, indices: Wire, output: Wire, dy: Wire) -> Any:
        return PutAlongLast()(input, indices, dy)


def _check_rows(block: Opaque, port: str, like: str, shape: Shape, wanted: Shape, whole: bool = False) -> None:
    """Raise BlockError unless both shapes are equal, but for the last dim unless ``whole``."""
    if shape is None or wanted is None:
        return
    if not wanted:
        raise block.error(f"input '{like}' must have at least one dim, got a scalar")
    end = None if whole else -1
    if len(shape) != len(wanted) or not all(map(agree, shape[:end], wanted[:end])):
        but = "" if whole else " but for the last dim"
        raise block.error(f"input '{port}' must have the shape of '{like}', {show(wanted)},{but} got {show(shape)}")


def _bind_places(
    memory: Workspace, indices: TensorType, size: int
) -> Callable[[Array], Iterator[tuple[slice, slice, Array]]]:
    """What gives, for some rows of so many elements at a time, these elements, those of the indices, and their places.

    All are counted as if the rows, or for places these rows, were one.
    """
    *outer, width = indices.sizes
    count = prod(outer)
    at_once = min(count, rows_at_once((count, width))) if width else 0
    flat = memory.array(at_once * width, np.int64).reshape(at_once, width)
    first = np.arange(at_once, dtype=np.int64)[:, None]
    first *= size
    memory.kept += first.nbytes
    memory.borrowed += PLACES * min(flat.size, np.getbufsize())  # NumPy's own

    def parts(indices: Array) -> Iterator[tuple[slice, slice, Array]]:
        rows = indices.reshape(count, width)
        for part in cut(count if width else 0, at_once):
            number = part.stop - part.start
            places = np.add(rows[part], first[:number], flat[:number])
            yield (
                slice(part.start * size, part.stop * size),
                slice(part.start * width, part.stop * width),
                places.reshape(-1),
            )

    return parts


def _check_places(block: Opaque, indices: Array, size: int) -> None:
    """Raise BlockError where an index is not below the size of a row."""
    if indices.size and not 0 <= indices.min() <= indices.max() < size:
        raise block.error(f"input 'indices' must lie in [0, {size}), got {indices.min()} to {indices.max()}")

"""Elements put into rows by their index and taken from them: the gradient of ranking, and its own gradient."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from blocks.kernels.rowwise import rows_at_once
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Shape, agree, show
from dataflow.core.wire import Wire

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

    def kernel(self, like: Array, indices: Array, values: Array, out: Array | None = None) -> Array:
        _check_places(self, indices, like.shape[-1])
        if out is None:
            out = np.empty(like.shape, like.dtype)
        out[...] = 0
        if indices.size:
            made, places = out.reshape(-1, like.shape[-1]), indices.reshape(-1, indices.shape[-1])
            given, step = values.reshape(places.shape), rows_at_once(places.shape)
            for start in range(0, len(places), step):
                part = slice(start, start + step)
                np.put_along_axis(made[part], places[part].astype(np.int64, copy=False), given[part], 1)
        return out

    def workspace(self, like: TensorType, indices: TensorType, values: TensorType) -> int:
        return _places_bytes(indices)

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

    def kernel(self, input: Array, indices: Array, out: Array | None = None) -> Array:
        _check_places(self, indices, input.shape[-1])
        taken = np.empty(indices.shape, input.dtype) if out is None else out
        if taken.size:
            made, places = taken.reshape(-1, indices.shape[-1]), indices.reshape(-1, indices.shape[-1])
            given, step = input.reshape(-1, input.shape[-1]), rows_at_once(places.shape)
            for start in range(0, len(places), step):
                part = slice(start, start + step)
                made[part] = np.take_along_axis(given[part], places[part].astype(np.int64, copy=False), 1)
        return taken

    def workspace(self, input: TensorType, indices: TensorType) -> int:
        rows = _rows_at_once(indices)
        return _places_bytes(indices) + rows * int(dtypes.storage(input.dtype).itemsize)

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


def _rows_at_once(indices: TensorType) -> int:
    """How many places are worked on at once."""
    shape = indices.sizes
    matrix = prod(shape[:-1]), shape[-1]
    return min(matrix[0], rows_at_once(matrix)) * matrix[1]


def _places_bytes(indices: TensorType) -> int:
    """The memory that NumPy takes for places: a copy in its own dtype, the numbers of their rows, and its buffer."""
    places = _rows_at_once(indices)
    rows = places // max(indices.sizes[-1], 1)
    return PLACES * (places * (indices.dtype != "int64") + rows + min(places, np.getbufsize()))


def _check_places(block: Opaque, indices: Array, size: int) -> None:
    """Raise BlockError where an index is not below the size of a row."""
    if indices.size and not 0 <= indices.min() <= indices.max() < size:
        raise block.error(f"input 'indices' must lie in [0, {size}), got {indices.min()} to {indices.max()}")

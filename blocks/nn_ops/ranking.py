"""The largest elements of each row, and whether one is among them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from blocks.math_ops.rooms import Room, rooms, rooms_bytes
from blocks.math_ops.tiling import TILE, compute_dtype
from dataflow import dtypes
from dataflow.block import Dtype, In, Out, TensorType, attr
from dataflow.kinds import Opaque
from dataflow.shapes import agree, show

INDEX = ("int16", "int32", "int64")
FEW = 16  # elements that are found faster one by one than by sorting
PLACES = 8  # bytes of a place in NumPy's own dtype


class InTopK(Opaque):
    """Whether the target is among the ``k`` largest of its row, ``sum(predictions > predictions[target]) < k``.

    Targets equal to the last of these are among them too. False where the target is no class, and where any prediction
    of the row is NaN or infinite.

    >>> InTopK(k=2)([[0.1, 0.3, 0.6], [0.5, 0.4, 0.1]], [1, 2])
    array([ True, False])

    Source: tf.math.in_top_k.
    """

    T = INDEX[1:]
    predictions = In("float32", "a row of numbers per example", shape=("N", "classes"))
    targets = In("T", "the class of each example", shape=("N",))
    precision = Out("bool", "whether the class is among the largest", shape=("N",))
    k: int = attr("how many of the largest to look at; none are, if below 1")
    grad = None

    def kernel(self, predictions: Any, targets: Any, out: Any = None) -> Any:
        among = np.empty(targets.shape, np.bool_) if out is None else out
        rows, classes = predictions.shape
        at_once = _at_once(predictions.shape)
        with rooms(*self.rooms(predictions.shape)) as (zeros, larger):
            for start in range(0, rows, at_once):
                given, target = predictions[start : start + at_once], targets[start : start + at_once]
                known = (target >= 0) & (target < classes)
                if classes:
                    wanted = given[np.arange(len(given)), np.where(known, target, 0)][:, None]
                    # 0 * x is 0 for all but NaN and infinities
                    known &= np.add.reduce(np.multiply(given, 0, zeros[: len(given)]), 1) == 0
                    known &= np.count_nonzero(np.greater(given, wanted, larger[: len(given)]), 1) < self.k
                among[start : start + at_once] = known
        return among

    def workspace(self, predictions: TensorType, targets: TensorType) -> int:
        shape: Any = predictions.shape
        return rooms_bytes(*self.rooms(shape)) + PLACES * min(shape[0], _at_once(shape))

    @staticmethod
    def rooms(shape: tuple[int, int]) -> list[Room]:
        """Memory for zeros and for what is larger than the target."""
        made = min(shape[0], _at_once(shape)), shape[1]
        return [(made, np.float32), (made, np.bool_)]


class TopK(Opaque):
    """The ``k`` largest elements of each row and their places, ``sort(input)[:k]``.

    Of equal elements the first comes first. NaN counts as smaller than every number. The order is always descending;
    ``sorted=False`` only says that it does not matter.

    >>> TopK()([1.0, 4.0, 2.0, 4.0], 3)
    TopKOutputs(values=array([4., 4., 2.], dtype=float32), indices=array([1, 3, 2], dtype=int32))

    Source: tf.math.top_k.
    """

    aliases = ("TopKV2",)
    T, Tk = dtypes.real, INDEX
    input = In("T", "values with at least one dim; the last is a row")
    k = In("Tk", "how many, at most the size of a row", shape=(), static=True)
    values = Out("T", "`input` with `k` elements in the last dim")
    indices = Out("index_type", "where in the row each stood, same shape as `values`")
    sorted: bool = attr("largest first", default=True)
    index_type: Dtype = attr("dtype of the places", default="int32", choices=INDEX)

    def shape_of(self, input: TensorType, k: TensorType) -> Any:
        if input.shape == ():
            raise self.error("input 'input' must have at least one dim, got a scalar")
        if k.value is not None:
            self.count(int(k.value), None if input.shape is None else input.shape[-1])
        return input.shape and (*input.shape[:-1], None if k.value is None else int(k.value))

    def count(self, k: int, size: Any) -> int:
        """``k``; an error where a row has not so many elements."""
        if k < 0 or (isinstance(size, int) and k > size):
            most = f"at most {size}, the size of a row of 'input'" if k > 0 else "at least 0"
            raise self.error(f"input 'k' must be {most}, got {k}")
        return k

    def kernel(self, input: Any, k: Any) -> Any:
        k, (*outer, size) = self.count(int(k), input.shape[-1]), input.shape
        values, indices = np.empty((*outer, k), input.dtype), np.empty((*outer, k), self.index_type)
        if not values.size:
            return values, indices
        given, tops, places = input.reshape(-1, size), values.reshape(-1, k), indices.reshape(-1, k)
        at_once = _at_once(given.shape)
        with rooms(*self.rooms(given.shape, input.dtype, k)) as space:
            for start in range(0, len(given), at_once):
                part = slice(start, start + at_once)
                x, place = given[part], places[part]
                work = [room[: len(x)] for room in space]
                if k > FEW or not _picked(x, work[0], place):
                    place[...] = _sorted(x, k, *work)
                tops[part] = np.take_along_axis(x, place, 1)
        return values, indices

    def workspace(self, input: TensorType, k: TensorType) -> int:
        if k.value is None or 0 in input.shape:  # type: ignore[operator]
            return 0
        *outer, size = input.shape  # type: ignore[misc]
        shape, number = (prod(outer), size), int(k.value)
        rows = min(shape[0], _at_once(shape))
        dtype = dtypes.storage(input.dtype)
        places = rows * size if 4 * number >= size else rows * number * 4
        unordered = rows * size * (dtype.kind not in "iu")
        return rooms_bytes(*self.rooms(shape, dtype, number)) + PLACES * places + unordered

    @staticmethod
    def rooms(shape: tuple[int, int], dtype: Any, k: int) -> list[Room]:
        """Memory for two matrices in the dtype to compare in, and for masks where rows are not sorted."""
        made = min(shape[0], _at_once(shape)), shape[1]
        exact, mask = compute_dtype(dtype), made if 4 * k < shape[1] else (made[0], 0)
        return [(made, exact), (made, exact), (mask, np.bool_), (mask, np.bool_)]

    def grad(self, input: Any, k: Any, values: Any, indices: Any, dy: Any, dindices: Any) -> Any:
        return PutAlongLast()(input, indices, dy)


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

    def shape_of(self, like: TensorType, indices: TensorType, values: TensorType) -> Any:
        _check_rows(self, "indices", "like", indices.shape, like.shape)
        _check_rows(self, "values", "indices", values.shape, indices.shape, whole=True)
        return like.shape

    def kernel(self, like: Any, indices: Any, values: Any, out: Any = None) -> Any:
        _check_places(self, indices, like.shape[-1])
        if out is None:
            out = np.empty(like.shape, like.dtype)
        out[...] = 0
        if indices.size:
            made, places = out.reshape(-1, like.shape[-1]), indices.reshape(-1, indices.shape[-1])
            given, at_once = values.reshape(places.shape), _at_once(places.shape)
            for start in range(0, len(places), at_once):
                part = slice(start, start + at_once)
                np.put_along_axis(made[part], places[part].astype(np.int64, copy=False), given[part], 1)
        return out

    def workspace(self, like: TensorType, indices: TensorType, values: TensorType) -> int:
        return _places_bytes(indices)

    def grad(self, like: Any, indices: Any, values: Any, output: Any, dy: Any) -> Any:
        return None, None, TakeAlongLast()(dy, indices)


class TakeAlongLast(Opaque):
    """Elements picked from each row, ``input[..., indices]``; undoes PutAlongLast.

    >>> TakeAlongLast()([[1.0, 2.0], [3.0, 4.0]], [[1], [0]])
    array([[2.],
           [3.]], dtype=float32)

    Source: numpy.take_along_axis.
    """

    T, I = dtypes.floating, INDEX
    input = In("T", "values with at least one dim; the last is a row")
    indices = In("I", "where in the row to take from, no place twice")
    output = Out("T", "same shape as `indices`")

    def shape_of(self, input: TensorType, indices: TensorType) -> Any:
        _check_rows(self, "indices", "input", indices.shape, input.shape)
        return indices.shape

    def kernel(self, input: Any, indices: Any, out: Any = None) -> Any:
        _check_places(self, indices, input.shape[-1])
        taken = np.empty(indices.shape, input.dtype) if out is None else out
        if taken.size:
            made, places = taken.reshape(-1, indices.shape[-1]), indices.reshape(-1, indices.shape[-1])
            given, at_once = input.reshape(-1, input.shape[-1]), _at_once(places.shape)
            for start in range(0, len(places), at_once):
                part = slice(start, start + at_once)
                made[part] = np.take_along_axis(given[part], places[part].astype(np.int64, copy=False), 1)
        return taken

    def workspace(self, input: TensorType, indices: TensorType) -> int:
        rows = _rows_at_once(indices)
        return _places_bytes(indices) + rows * dtypes.storage(input.dtype).itemsize

    def grad(self, input: Any, indices: Any, output: Any, dy: Any) -> Any:
        return PutAlongLast()(input, indices, dy)


def _at_once(shape: tuple[int, int]) -> int:
    """How many rows to work on at once: few enough to stay in the cache."""
    return max(1, TILE // max(1, shape[1]))


def _picked(x: Any, room: Any, places: Any) -> bool:
    """The places of the largest elements of each row, found one after the other; false where that does not work."""
    np.copyto(room, x)
    floats = room.dtype.kind == "f"
    if floats and np.isnan(np.maximum.reduce(room, None)):
        return False
    lowest, rows = -np.inf if floats else np.iinfo(room.dtype).min, np.arange(len(x))
    for i in range(places.shape[1]):
        place = room.argmax(1)
        if (room[rows, place] == lowest).any():  # it may have been picked before
            return False
        places[:, i] = place
        room[rows, place] = lowest
    return True


def _sorted(x: Any, k: int, copy: Any, spare: Any, below: Any, equal: Any) -> Any:
    """The places of the ``k`` largest elements of each row, in their order; of equal ones the first comes first."""
    order, spare = _falling(x, copy, spare)
    if not below.size:
        return np.argsort(order, 1, kind="stable")[:, :k]
    np.copyto(spare, order)
    spare.partition(k - 1, 1)
    last = spare[:, k - 1 : k]
    np.less(order, last, below)
    np.equal(order, last, equal)
    room = k - np.count_nonzero(below, 1)
    for row in np.flatnonzero(np.count_nonzero(equal, 1) > room):
        equal[row, np.flatnonzero(equal[row])[room[row] :]] = False  # only the first have room
    places = np.nonzero(np.bitwise_or(below, equal, below))[1].reshape(-1, k)
    return np.take_along_axis(places, np.argsort(np.take_along_axis(order, places, 1), 1, kind="stable"), 1)


def _falling(x: Any, copy: Any, spare: Any) -> tuple[Any, Any]:
    """Whole numbers that are smaller where ``x`` is larger, and largest where it is NaN; and the other room as such."""
    if copy.dtype.kind in "iu":
        return np.invert(x, copy), spare
    np.copyto(copy, x)
    np.add(copy, 0, copy)  # no zero is negative
    unordered = np.isnan(copy) if np.isnan(np.maximum.reduce(copy, None)) else None
    info = np.iinfo(f"i{copy.itemsize}")
    bits, spare = copy.view(info.dtype), spare.view(info.dtype)
    np.bitwise_and(np.right_shift(bits, info.bits - 1, spare), info.max, spare)
    np.invert(np.bitwise_xor(bits, spare, bits), bits)
    if unordered is not None:
        np.copyto(bits, info.max, where=unordered)
    return bits, spare


def _check_rows(block: Opaque, port: str, like: str, shape: Any, wanted: Any, whole: bool = False) -> None:
    """An error unless both shapes have as many dims, and equal ones but perhaps the last."""
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
    shape: Any = indices.shape
    matrix = prod(shape[:-1]), shape[-1]
    return min(matrix[0], _at_once(matrix)) * matrix[1]


def _places_bytes(indices: TensorType) -> int:
    """What NumPy takes for so many places: its own dtype, and its buffer."""
    places = _rows_at_once(indices)
    return PLACES * (places * (indices.dtype != "int64") + min(places, np.getbufsize()))


def _check_places(block: Opaque, indices: Any, size: int) -> None:
    if indices.size and not 0 <= indices.min() <= indices.max() < size:
        raise block.error(f"input 'indices' must lie in [0, {size}), got {indices.min()} to {indices.max()}")

"""The largest elements of each row, and whether one is among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.math_ops.reduction import rounded
from dataflow import dtypes
from dataflow.block import Dtype, In, Out, TensorType, attr
from dataflow.kinds import Opaque
from dataflow.shapes import agree, show

INDEX = ("int16", "int32", "int64")


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
        classes = predictions.shape[1]
        known = (targets >= 0) & (targets < classes)
        if classes:
            target = np.take_along_axis(predictions, np.where(known, targets, 0)[:, None], 1)
            # 0 * x is 0 for all but NaN and infinities
            known &= np.add.reduce(0 * predictions, 1) == 0
            known &= np.count_nonzero(predictions > target, 1) < self.k
        return rounded(known, known.dtype, out)


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
        k, (*rows, size) = self.count(int(k), input.shape[-1]), input.shape
        if k == 0 or 0 in rows:
            return np.empty((*rows, k), input.dtype), np.empty((*rows, k), self.index_type)
        order = _falling(input)
        if 4 * k < size:
            places = _first(order, k)
            order = np.take_along_axis(order, places, -1)
            places = np.take_along_axis(places, np.argsort(order, -1, kind="stable"), -1)
        else:
            places = np.argsort(order, -1, kind="stable")[..., :k]
        return np.take_along_axis(input, places, -1), places.astype(self.index_type)

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
        np.put_along_axis(out, indices.astype(np.int64), values, -1)
        return out

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

    def kernel(self, input: Any, indices: Any) -> Any:
        _check_places(self, indices, input.shape[-1])
        return np.take_along_axis(input, indices.astype(np.int64), -1)

    def grad(self, input: Any, indices: Any, output: Any, dy: Any) -> Any:
        return PutAlongLast()(input, indices, dy)


def _falling(x: Any) -> Any:
    """Whole numbers that are smaller where ``x`` is larger, and largest where it is NaN."""
    if x.dtype.kind in "iu":
        return ~x
    x = np.asarray(x + 0, x.dtype)  # no zero is negative
    bits = x.view(f"i{x.itemsize}")
    info = np.iinfo(bits.dtype)
    order = ~(bits ^ ((bits >> info.bits - 1) & info.max))
    return np.where(np.isnan(x), info.max, order)


def _first(order: Any, k: int) -> Any:
    """Places of the ``k`` smallest of each row, from left to right; of equal ones the first."""
    last = np.partition(order, k - 1, -1)[..., k - 1 : k]
    below, equal = order < last, order == last
    room = k - np.count_nonzero(below, -1, keepdims=True)
    taken = below | (equal & (np.cumsum(equal, -1) <= room))
    return np.nonzero(taken)[-1].reshape(*order.shape[:-1], k)


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


def _check_places(block: Opaque, indices: Any, size: int) -> None:
    if indices.size and not 0 <= indices.min() <= indices.max() < size:
        raise block.error(f"input 'indices' must lie in [0, {size}), got {indices.min()} to {indices.max()}")

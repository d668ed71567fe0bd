"""The largest elements of each row, and whether one is among them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import numpy as np

from blocks.kernels import top_k_loops
from blocks.kernels.chunked import cut
from blocks.kernels.rowwise import rows_at_once
from blocks.nn_ops.take_along_axis import INDEX, PLACES, PutAlongLast
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Dim, Shape
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

FEW = 16  # elements that are found faster one by one than by sorting or in a heap
FEW_CLASSES = 32  # in a row, up to which rows are compared side by side
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))  # that loops compile for, beside integers
SAMPLES, PART = 1 << 12, 16  # elements of a long row that tell which part of it is large, and how small that must be
LONG_ROW = 256  # classes from which on a compiled loop looks whether it may leave a row
BEGIN = 32  # classes that most often tell that a target is not among the largest


class InTopK(Opaque):
    """Whether the target is among the ``k`` largest of its row, ``sum(predictions > predictions[target]) < k``.

    Targets equal to the last of these are among them too. False where the target is no class, and where any prediction
    of the row is NaN or infinite.

    >>> InTopK(k=2)([[0.1, 0.3, 0.6], [0.5, 0.4, 0.1]], [1, 2])
    array([ True, False])

    Source: tf.math.in_top_k.
    """

    found_by = ("top k accuracy",)
    T = INDEX[1:]
    predictions = In("float32", "a row of numbers per example", shape=("N", "classes"))
    targets = In("T", "the class of each example", shape=("N",))
    precision = Out("bool", "whether the class is among the largest", shape=("N",))
    k: int = attr("how many of the largest to look at; none are, if below 1")
    grad = None

    def bind(self, memory: Workspace, predictions: TensorType, targets: TensorType) -> Kernel:
        rows, classes = predictions.sizes
        if memory.compiled and classes:
            among = top_k_loops.in_long_rows if classes > LONG_ROW else top_k_loops.in_short_rows
            return partial(self._by_loop, among)
        begin = BEGIN if classes >= 4 * BEGIN else classes
        at_once, whole = (min(rows, rows_at_once((rows, width))) for width in (begin, classes))
        larger = memory.array(max(at_once * begin, whole * classes), np.bool_)
        wanted = memory.array(at_once, np.float32)
        places, first = memory.array(at_once, np.int64), np.arange(at_once) * classes
        memory.kept += first.nbytes
        memory.borrowed += 3 * PLACES * at_once + 4 * classes * whole * (begin < classes)
        unsigned = f"u{dtypes.storage(targets.dtype).itemsize}"
        counter = np.uint8 if classes < FEW_CLASSES else np.uint16 if classes < 1 << 16 else np.int64

        def few_above(x: Array, than: Array) -> Array:
            """Whether fewer than k numbers of each row are larger than that of the row."""
            made = larger[: x.size]
            if counter is np.uint8:  # NumPy is slow with short rows
                found = np.greater(x.T, than, made.reshape(x.shape[::-1]))
                return np.asarray(np.add.reduce(found.view(np.uint8), 0, counter) < self.k)
            found = np.greater(x, than[:, None], made.reshape(x.shape))
            return np.asarray(np.add.reduce(found.view(np.uint8), 1, counter) < self.k)

        def look(x: Array, target: Array, among: Array) -> None:
            own, place = wanted[: len(x)], places[: len(x)]
            np.less(target.view(unsigned), classes, among)  # what is below 0 is large
            x.reshape(-1).take(np.add(first[: len(x)], target, place), out=own, mode="clip")
            among &= few_above(x[:, :begin], own)
            if begin == classes:
                among &= finite(x)
                return
            left = np.flatnonzero(among)  # of most others the first classes were enough
            for part in cut(len(left), whole):
                rows = x[left[part]]
                among[left[part]] = few_above(rows, own[left[part]]) & finite(rows)

        def finite(x: Array) -> Any:
            if not x.size or (np.maximum.reduce(x, None) < np.inf and np.minimum.reduce(x, None) > -np.inf):
                return True
            return np.logical_and.reduce(np.isfinite(x, larger[: x.size].reshape(x.shape)), 1)

        def kernel(predictions: Array, targets: Array, out: Array | None = None) -> Array:
            among = np.empty(rows, np.bool_) if out is None else out
            if not classes:
                among[...] = False
                return among
            for part in cut(rows, at_once):
                look(predictions[part], targets[part], among[part])
            return among

        return kernel

    def _by_loop(
        self, loop: Callable[..., None], predictions: Array, targets: Array, out: Array | None = None
    ) -> Array:
        among = np.empty(len(targets), np.bool_) if out is None else out
        loop(predictions, targets, self.k, among)
        return among


class TopK(Opaque):
    """The ``k`` largest elements of each row and their places, ``sort(input)[:k]``.

    Of equal elements the first comes first. NaN counts as smaller than every number. The order is always descending;
    ``sorted=False`` only says that it does not matter.

    >>> TopK()([1.0, 4.0, 2.0, 4.0], 3)
    TopKOutputs(values=array([4., 4., 2.], dtype=float32), indices=array([1, 3, 2], dtype=int32))

    Source: tf.math.top_k.
    """

    found_by = ("largest values", "sort")
    aliases = ("TopKV2",)
    T, Tk = dtypes.real, INDEX
    input = In("T", "values with at least one dim; the last is a row")
    k = In("Tk", "how many, at most the size of a row", shape=(), static=True)
    values = Out("T", "`input` with `k` elements in the last dim")
    indices = Out("index_type", "where in the row each stood, same shape as `values`")
    sorted: bool = attr("largest first", default=True)
    index_type: Dtype = attr("dtype of the places", default="int32", choices=INDEX)

    def shape_of(self, input: TensorType, k: TensorType) -> Shape:
        if input.shape == ():
            raise self.error("input 'input' must have at least one dim, got a scalar")
        if k.value is not None:
            self.count(int(k.value), None if input.shape is None else input.shape[-1])
        return input.shape and (*input.shape[:-1], None if k.value is None else int(k.value))

    def count(self, k: int, size: Dim) -> int:
        """``k``; BlockError where a row has fewer elements."""
        if k < 0 or (isinstance(size, int) and k > size):
            most = f"at most {size}, the size of a row of 'input'" if k > 0 else "at least 0"
            raise self.error(f"input 'k' must be {most}, got {k}")
        return k

    def bind(self, memory: Workspace, input: TensorType, k: TensorType) -> Kernel:
        number, (*outer, size) = int(k.value), input.sizes
        dtype, count = storage(input.dtype), prod(outer)
        at_once = min(count, rows_at_once((count, size)))
        sorts, long = 4 * number >= size, count == 1 and _is_long(size, number)
        if memory.compiled and number > FEW and not sorts and not long and (dtype.kind in "iu" or dtype in FLOATS):
            return partial(self._by_loop, count, number)
        mask = 0 if sorts else size
        two = [memory.array(at_once * size, dtypes.compute(dtype)).reshape(at_once, size) for _ in range(2)]
        space = [*two, *(memory.array(at_once * mask, np.bool_).reshape(at_once, mask) for _ in range(2))]
        places = at_once * (size if sorts else number * 4)
        if long:
            places = max(places, 2 * size // PART)  # those of some, and these themselves
        memory.borrowed += PLACES * places + at_once * size * (sorts and dtype.kind not in "iu")

        def look(x: Array, top: Array, place: Array) -> None:
            work = [buffer[: len(x)] for buffer in space]
            some = _some(x, number, work[2]) if long else None
            if some is not None:
                work = [buffer[:, : len(some)] for buffer in work]
                place[...] = some[_sort(x[:, some], number, *work)]
            elif number > FEW or not _pick(x, work[0], place):
                place[...] = _sort(x, number, *work)
            top[...] = np.take_along_axis(x, place, 1)

        def kernel(input: Array, k: Array, out: Array | None = None) -> tuple[Array, Array]:
            values = np.empty((*outer, number), dtype) if out is None else out
            indices = np.empty((*outer, number), self.index_type)
            if values.size:
                given, tops, places = (a.reshape(count, a.shape[-1]) for a in (input, values, indices))
                for part in cut(count, at_once):
                    look(given[part], tops[part], places[part])
            return values, indices

        return kernel

    def _by_loop(
        self, count: int, number: int, input: Array, k: Array, out: Array | None = None
    ) -> tuple[Array, Array]:
        values = np.empty((*input.shape[:-1], number), input.dtype) if out is None else out
        indices = np.empty(values.shape, self.index_type)
        if values.size:
            given, tops, places = (a.reshape(count, a.shape[-1]) for a in (input, values, indices))
            top_k_loops.find_largest(given, tops, places)
        return values, indices

    def grad(self, input: Wire, k: Wire, values: Wire, indices: Wire, dy: Wire, dindices: Wire) -> Any:
        return PutAlongLast()(input, indices, dy)


def _is_long(size: int, k: int) -> bool:
    """Whether it is worth while to leave out the smaller ones first."""
    return size >= 1 << 16 and size >= 64 * k


def _some(x: Array, k: int, mask: Array) -> Array | None:
    """The places of a small part of a long row that has its ``k`` largest elements; None where none is found."""
    every = x.shape[1] // SAMPLES
    sample = x[0, ::every].astype(dtypes.compute(x.dtype))
    rank = len(sample) - 2 * k // every - FEW
    sample.partition(rank)
    large = np.greater_equal(x, sample[rank], mask)  # nowhere if that is NaN
    return np.flatnonzero(large) if k <= np.count_nonzero(large) <= x.shape[1] // PART else None


def _pick(x: Array, buffer: Array, places: Array) -> bool:
    """The places of the largest elements of each row, found one after the other; False where that does not work."""
    np.copyto(buffer, x)
    floats = buffer.dtype.kind == "f"
    if floats and np.isnan(np.maximum.reduce(buffer, None)):
        return False
    lowest, rows = -np.inf if floats else np.iinfo(buffer.dtype).min, np.arange(len(x))
    for i in range(places.shape[1]):
        place = buffer.argmax(1)
        if (buffer[rows, place] == lowest).any():  # it may have been picked before
            return False
        places[:, i] = place
        buffer[rows, place] = lowest
    return True


def _sort(x: Array, k: int, copy: Array, buffer: Array, below: Array, equal: Array) -> Array:
    """The places of the ``k`` largest elements of each row, in their order; of equal ones the first comes first."""
    order, buffer = _descending_keys(x, copy, buffer, below if below.size else None)
    if not below.size:
        return np.argsort(order, 1, kind="stable")[:, :k]
    np.copyto(buffer, order)
    buffer.partition(k - 1, 1)
    last = buffer[:, k - 1 : k]
    np.less(order, last, below)
    np.equal(order, last, equal)
    left = k - np.count_nonzero(below, 1)
    for row in np.flatnonzero(np.count_nonzero(equal, 1) > left):
        equal[row, np.flatnonzero(equal[row])[left[row] :]] = False  # only the first are among the largest
    places = np.nonzero(np.bitwise_or(below, equal, below))[1].reshape(-1, k)
    return np.take_along_axis(places, np.argsort(np.take_along_axis(order, places, 1), 1, kind="stable"), 1)


def _descending_keys(x: Array, copy: Array, buffer: Array, mask: Array | None) -> tuple[Array, Array]:
    """Integers that are smaller where ``x`` is larger, largest where it is NaN; and the buffer in their dtype."""
    if copy.dtype.kind in "iu":
        return np.invert(x, copy), buffer
    np.copyto(copy, x)
    np.add(copy, 0, copy)  # no zero is negative
    unordered = np.isnan(copy, mask) if np.isnan(np.maximum.reduce(copy, None)) else None
    info = np.iinfo(f"i{copy.itemsize}")
    bits, buffer = copy.view(info.dtype), buffer.view(info.dtype)
    np.bitwise_and(np.right_shift(bits, info.bits - 1, buffer), info.max, buffer)
    np.invert(np.bitwise_xor(bits, buffer, bits), bits)
    if unordered is not None:
        np.copyto(bits, info.max, where=unordered)
    return bits, buffer

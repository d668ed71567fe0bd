"""Slices as Python writes them, with steps, new dims and dims left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from blocks.array_ops.shape import Shape as ShapeOf
from blocks.kernels.static_shape import INDEX, sizes
from blocks.math_ops.cast import Cast
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Rearrange, View
from dataflow.core.shapes import Dim, Shape, fits, show
from dataflow.core.wire import Wire

_BEGIN = In("Index", "first index in each dim", shape=("n",), static=True)
_END = In("Index", "index behind the last in each dim", shape=("n",), static=True)
_STRIDES = In("Index", "step in each dim; below 0 goes backwards from `begin` to `end`", shape=("n",), static=True)


class Strided(Block, abstract=True):
    """A slice as Python writes it, or its gradient: what the numbers and masks mean."""

    begin_mask: int = attr("bits of the numbers of `begin` to ignore: from the first element on", default=0)
    end_mask: int = attr("bits of the numbers of `end` to ignore: up to the last element", default=0)
    ellipsis_mask: int = attr("the bit that stands for ``...``, as many whole dims as are left", default=0)
    new_axis_mask: int = attr("bits that put in a new dim of size 1", default=0)
    shrink_axis_mask: int = attr("bits that take one element and leave out its dim", default=0)

    def check(self) -> None:
        if self.ellipsis_mask & (self.ellipsis_mask - 1):
            raise self.error(f"attr 'ellipsis_mask' must have at most one bit, got {self.ellipsis_mask}")

    def slicing(self, rank: int, numbers: Sequence[Sequence[int] | None], count: int) -> list[Any]:
        """A NumPy index for each dim of the input, and None for each new one.

        numbers : the lists begin, end and strides, or None for each that is not known yet.
        count : how many numbers each of the lists has.
        """
        bits = range(count)
        new = [i for i in bits if self.new_axis_mask >> i & 1 and not self.ellipsis_mask >> i & 1]
        dots = next((i for i in bits if self.ellipsis_mask >> i & 1), count)
        used = count - len(new) - (dots < count)
        if used > rank:
            raise self.error(f"input 'begin' must index at most {rank} dims, as many as 'input' has, got {used}")
        index: list[Any] = []
        for i in range(max(count, dots + 1)):
            if i == dots:
                index.extend([slice(None)] * (rank - used))
            else:
                index.append(None if i in new else self._one(i, numbers))
        return index

    def _one(self, i: int, numbers: Sequence[Sequence[int] | None]) -> Any:
        first, last, step = (None if each is None else each[i] for each in numbers)
        if step == 0:
            raise self.error(f"input 'strides' must not be 0, got 0 at {i}")
        if self.shrink_axis_mask >> i & 1:
            if step is not None and step < 0:
                raise self.error(f"input 'strides' must be positive where one element is taken, got {step} at {i}")
            return _Element(first)
        whole_begin, whole_end = self.begin_mask >> i & 1, self.end_mask >> i & 1
        if step is None or (first is None and not whole_begin) or (last is None and not whole_end):
            return _UNKNOWN
        return slice(None if whole_begin else first, None if whole_end else last, step)

    def sliced(self, shape: tuple[Dim, ...], index: list[Any]) -> tuple[Dim, ...]:
        """The shape that the index gives."""
        dims = iter(enumerate(shape))
        result: list[Dim] = []
        for each in index:
            if each is None:
                result.append(1)
                continue
            axis, size = next(dims)
            if isinstance(each, _Element):
                if isinstance(size, int) and each.position is not None and not -size <= each.position < size:
                    raise self.error(
                        f"input 'begin' must lie in [{-size}, {size}) for dim {axis} of {show(shape)}, "
                        f"got {each.position}"
                    )
            elif each is _UNKNOWN:
                result.append(None)
            elif isinstance(size, int):
                result.append(len(range(*each.indices(size))))
            else:
                result.append(size if each in (slice(None), slice(None, None, 1), slice(0, None, 1)) else None)
        return tuple(result)

    def known(
        self, begin: TensorType, end: TensorType, strides: TensorType
    ) -> tuple[list[list[int] | None], int | None]:
        """The entries as lists, None where not known, and how many there are of each."""
        counts = [t.shape[0] for t in (begin, end, strides) if t.shape is not None]
        count = next((n for n in counts if isinstance(n, int)), None)
        return [None if t.value is None else t.value.tolist() for t in (begin, end, strides)], count

    def numpy_index(self, shape: tuple[int, ...], begin: Array, end: Array, strides: Array) -> tuple[Any, ...]:
        """The index by which NumPy takes the slice."""
        index = self.slicing(len(shape), (begin.tolist(), end.tolist(), strides.tolist()), len(begin))
        self.sliced(shape, index)
        # the dots keep a value without dims an array
        return (*(each.position if isinstance(each, _Element) else each for each in index), ...)


class _Element:
    """One element of a dim, which is left out of the result."""

    def __init__(self, position: int | None):
        self.position = position


_UNKNOWN = object()


class StridedSlice(Strided, View):
    """Every n-th element of each dim, ``input[begin[0] : end[0] : strides[0], ...]``.

    Numbers below 0 count from the end and those outside are moved to the border, as in Python. Bit ``i`` of a mask is
    about entry ``i`` of ``begin``, ``end`` and ``strides``.

    >>> StridedSlice()([1, 2, 3, 4, 5], [1], [5], [2])
    array([2, 4], dtype=int32)
    >>> StridedSlice(begin_mask=2, end_mask=2, shrink_axis_mask=1)([[1, 2, 3], [4, 5, 6]], [1, 0], [2, 0], [1, -1])
    array([6, 5, 4], dtype=int32)

    Source: tf.strided_slice.
    """

    found_by = ("index", "slice", "crop", "[:]")
    T, Index = dtypes.every, ("int16", *INDEX)
    input = In("T", "values to take from")
    begin, end, strides = _BEGIN, _END, _STRIDES
    output = Out("T", "the elements taken")

    def shape_of(self, input: TensorType, begin: TensorType, end: TensorType, strides: TensorType) -> Shape:
        numbers, count = self.known(begin, end, strides)
        if input.shape is None or count is None:
            return None
        return self.sliced(input.shape, self.slicing(len(input.shape), numbers, count))

    def kernel(self, input: Array, begin: Array, end: Array, strides: Array) -> Array:
        shown = input[self.numpy_index(input.shape, begin, end, strides)]
        return np.array(shown) if (strides < 0).any() else shown

    def copies(self, *types: TensorType) -> bool:
        strides = types[-1].value
        return strides is not None and bool((strides < 0).any())

    def grad(self, input: Wire, begin: Wire, end: Wire, strides: Wire, output: Wire, dy: Wire) -> Wire:
        if begin.dtype == "int16":
            begin, end, strides = (Cast(DstT="int32")(n) for n in (begin, end, strides))
        shape = ShapeOf(out_type=begin.dtype)(input)
        return StridedSliceGrad(**self.attrs())(shape, begin, end, strides, dy)


class StridedSliceGrad(Strided, Rearrange):
    """Gradient of StridedSlice, ``output[begin[0] : end[0] : strides[0], ...] = dy`` on zeros.

    >>> StridedSliceGrad()([5], [1], [5], [2], [1.0, 2.0])
    array([0., 1., 0., 2., 0.], dtype=float32)

    Source: tf.raw_ops.StridedSliceGrad.
    """

    T, Index = dtypes.with_zero, INDEX
    shape = In("Index", "shape of what was sliced", shape=("rank",), static=True)
    begin, end, strides = _BEGIN, _END, _STRIDES
    dy = In("T", "gradient by the slice")
    output = Out("T", "`dy` where the slice was taken, 0 elsewhere")

    def shape_of(
        self, shape: TensorType, begin: TensorType, end: TensorType, strides: TensorType, dy: TensorType
    ) -> Shape:
        whole = sizes(self, "shape", shape)
        numbers, count = self.known(begin, end, strides)
        if whole is not None and count is not None:
            part = self.sliced(whole, self.slicing(len(whole), numbers, count))
            if not fits(dy.shape, part):
                raise self.error(f"input 'dy' must have shape {show(part)}, that of the slice, got {show(dy.shape)}")
        return whole

    def kernel(
        self, shape: Array, begin: Array, end: Array, strides: Array, dy: Array, out: Array | None = None
    ) -> Array:
        if out is None:
            out = np.zeros(shape.tolist(), dy.dtype)
        else:
            out[...] = 0
        out[self.numpy_index(out.shape, begin, end, strides)] = dy
        return out

    def grad(
        self, shape: Wire, begin: Wire, end: Wire, strides: Wire, dy: Wire, output: Wire, ddy: Wire
    ) -> tuple[None, None, None, None, Wire]:
        return None, None, None, None, StridedSlice(**self.attrs())(ddy, begin, end, strides)

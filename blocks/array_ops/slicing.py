"""Slices, concatenation and padding with zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from blocks.array_ops.reshape import ExpandDims, ReshapeLike, Squeeze
from blocks.array_ops.shape import Shape as ShapeOf
from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Rearrange, View
from dataflow.core.shapes import Dim, Shape, agree, show
from dataflow.core.wire import Wire


def part_like(dy: Wire, begin: Wire | list[int], like: Wire) -> Wire:
    """The part of ``dy`` from ``begin`` on that has the shape of ``like``."""
    if like.type.known:
        return Slice()(dy, begin, list(like.type.sizes))
    size = ShapeOf(out_type=getattr(begin, "dtype", "int32"))(like)
    return ReshapeLike()(Slice()(dy, begin, size), like)


class Concat(Rearrange):
    """Values one after the other along an axis, ``[*values[0], *values[1], ...]`` for axis 0.

    >>> Concat()([[1, 2], [3]], 0)
    array([1, 2, 3], dtype=int32)

    Source: tf.concat.
    """

    found_by = ("concatenate", "join", "cat")
    aliases = ("ConcatV2",)
    T, I = dtypes.every, INDEX
    values = In("T", "values of one rank that differ at most in their size along `axis`", many=True)
    axis = In("I", "the axis to join along, counted from the end if negative", static=True)
    output = Out("T", "the values joined; its size along `axis` is the sum of theirs")

    def shape_of(self, values: tuple[TensorType, ...], axis: TensorType) -> Shape:
        known = [(i, v.shape) for i, v in enumerate(values) if v.shape is not None]
        if not known:
            return None
        first, result = known[0][0], list(known[0][1])
        for i, shape in known[1:]:
            if len(shape) != len(result):
                raise self.error(
                    f"input 'values[{i}]' must have rank {len(result)} like 'values[{first}]', got shape {show(shape)}"
                )
        if axis.value is None:
            return (None,) * len(result)
        along = self.along(axis.value, len(result))
        for i, shape in known[1:]:
            for dim, (a, b) in enumerate(zip(result, shape, strict=True)):
                if dim != along and not agree(a, b):
                    raise self.error(
                        f"input 'values[{i}]' must have size {a} in dim {dim} like 'values[{first}]', got {show(shape)}"
                    )
                result[dim] = b if isinstance(b, int) or a is None else a
        parts = [None if v.shape is None else v.shape[along] for v in values]
        known_sizes = [p for p in parts if isinstance(p, int)]
        result[along] = sum(known_sizes) if len(known_sizes) == len(parts) else parts[0] if len(parts) == 1 else None
        return tuple(result)

    def along(self, axis: Array, rank: int) -> int:
        """The axis as a number from 0."""
        if axis.size != 1:
            raise self.error(f"input 'axis' must be one number, got {axis.tolist()}")
        number = int(axis.item())
        if rank == 0:
            raise self.error("input 'values' must have at least one dim to join along, got scalars; use ExpandDims")
        if not -rank <= number < rank:
            raise self.error(f"input 'axis' must lie in [{-rank}, {rank}) for values of rank {rank}, got {number}")
        return number % rank

    def kernel(self, values: Sequence[Array], axis: Array, out: Array | None = None) -> Array:
        return np.concatenate(values, axis.item(), out)

    def grad(self, values: Sequence[Wire], axis: Wire, output: Wire, dy: Wire) -> tuple[list[Wire], None]:
        if axis.type.value is None or output.shape is None:
            raise self.error("input 'axis' and the rank must be known before the run to have a gradient")
        rank = len(output.shape)
        along = self.along(axis.type.value, rank)
        begin: Any = [0] * rank
        parts = []
        for value in values:
            parts.append(part_like(dy, begin, value))
            size = value.shape and value.shape[along]
            if isinstance(begin, list) and isinstance(size, int):
                begin = [b + size * (i == along) for i, b in enumerate(begin)]
            elif value is not values[-1]:
                begin = ShapeOf()(value) * [int(i == along) for i in range(rank)] + begin
        return parts, None


class Slice(View):
    """A block of elements, ``input[begin[0] : begin[0] + size[0], ...]``.

    >>> Slice()([[1, 2, 3], [4, 5, 6]], [0, 1], [-1, 2])
    array([[2, 3],
           [5, 6]], dtype=int32)

    Source: tf.slice.
    """

    found_by = ("crop", "part")
    T, I = dtypes.every, INDEX
    input = In("T", "values to take from")
    begin = In("I", "the first index in each dim", shape=("rank",), static=True)
    size = In("I", "how many elements in each dim; -1 takes all that are left", shape=("rank",), static=True)
    output = Out("T", "the part, of shape `size`")

    def shape_of(self, input: TensorType, begin: TensorType, size: TensorType) -> Shape:
        rank = next((n for n in (input.rank, *(t.shape[0] for t in (begin, size) if t.shape)) if n is not None), None)
        if not isinstance(rank, int):
            return None
        for port, given in (("begin", begin), ("size", size)):
            if given.value is not None and len(given.value) != rank:
                raise self.error(f"input '{port}' must have one number per dim, {rank}, got {given.value.tolist()}")
        dims = (None,) * rank if input.shape is None else input.shape
        starts = [None] * rank if begin.value is None else begin.value.tolist()
        counts = [None] * rank if size.value is None else size.value.tolist()
        return tuple(map(self._dim, range(rank), dims, starts, counts))

    def _dim(self, dim: int, whole: Dim, start: int | None, count: int | None) -> Dim:
        if start is not None and (start < 0 or (isinstance(whole, int) and start > whole)):
            limit = f"lie in [0, {whole}]" if isinstance(whole, int) else "be at least 0"
            raise self.error(f"input 'begin' must {limit} in dim {dim}, got {start}")
        left = whole - start if isinstance(whole, int) and start is not None else whole if start == 0 else None
        if count is not None and (count < -1 or (isinstance(left, int) and count > left)):
            limit = f"lie in [0, {left}]" if isinstance(left, int) else "be at least 0"
            raise self.error(f"input 'size' must {limit} in dim {dim}, or be -1 for the rest, got {count}")
        return left if count == -1 else count

    def kernel(self, input: Array, begin: Array, size: Array) -> Array:
        # the numbers may come from the run, and NumPy would cut silently where they lie outside
        self.shape_of(*map(TensorType.of, (input, begin, size)))
        ends = [None if n < 0 else b + n for b, n in zip(begin.tolist(), size.tolist(), strict=True)]
        index: Any = (*map(slice, begin.tolist(), ends), ...)  # the dots keep a value without dims an array
        return input[index]

    def grad(self, input: Wire, begin: Wire, size: Wire, output: Wire, dy: Wire) -> Wire:
        rows = self._paddings(input.shape, begin.type.value, size.type.value)
        if rows is None:
            sizes = ShapeOf(out_type=begin.dtype)
            left = sizes(input) - sizes(output) - begin
            rows = Concat()([ExpandDims()(begin, 1), ExpandDims()(left, 1)], 1)
        if rows == []:
            return dy
        padded = Pad()(dy, rows)
        return padded if padded.type.same_shape(input.type) else ReshapeLike()(padded, input)

    @staticmethod
    def _paddings(shape: Shape, begin: Array | None, size: Array | None) -> list[list[int]] | None:
        """How many elements are left out before and after the part in each dim; None where it depends on the run."""
        if begin is None or size is None:
            return None
        rows = []
        for dim, before, count in zip(shape or (None,) * len(begin), begin.tolist(), size.tolist(), strict=True):
            if count != -1 and not isinstance(dim, int):
                return None
            rows.append([before, dim - before - count if isinstance(dim, int) and count != -1 else 0])
        return rows


class Pad(Rearrange):
    """Zeros around a value, ``paddings[i]`` of them before and after it in dim ``i``.

    >>> Pad()([1, 2], [[1, 2]])
    array([0, 1, 2, 0, 0], dtype=int32)

    Source: tf.raw_ops.Pad.
    """

    found_by = ("zero padding", "border")
    T, I = dtypes.with_zero, INDEX
    input = In("T", "values, any shape")
    paddings = In("I", "number of zeros before and after, one row per dim", shape=("rank", 2), static=True)
    output = Out("T", "`input` with the zeros around it")

    def shape_of(self, input: TensorType, paddings: TensorType) -> Shape:
        if paddings.value is None:
            rank = input.rank if paddings.shape is None or input.shape is not None else paddings.shape[0]
            return (None,) * rank if isinstance(rank, int) else None
        rows = paddings.value.tolist()
        if input.shape is not None and len(rows) != len(input.shape):
            raise self.error(f"input 'paddings' must have one row for each of {len(input.shape)} dims, got {rows}")
        if any(n < 0 for row in rows for n in row):
            raise self.error(f"input 'paddings' must be at least 0, got {rows}")
        dims = (None,) * len(rows) if input.shape is None else input.shape
        return tuple(
            d + sum(row) if isinstance(d, int) else None if any(row) else d for d, row in zip(dims, rows, strict=True)
        )

    def kernel(self, input: Array, paddings: Array, out: Array | None = None) -> Array:
        rows = paddings.tolist()
        if out is None:
            out = np.zeros([n + sum(row) for n, row in zip(input.shape, rows, strict=True)], input.dtype)
        else:
            out[...] = 0
        out[tuple(slice(row[0], row[0] + n) for n, row in zip(input.shape, rows, strict=True))] = input
        return out

    def grad(self, input: Wire, paddings: Wire, output: Wire, dy: Wire) -> Wire:
        if paddings.type.value is not None:
            return part_like(dy, paddings.type.value[:, 0].tolist(), input)
        return part_like(dy, Squeeze(axis=(1,))(Slice()(paddings, [0, 0], [-1, 1])), input)

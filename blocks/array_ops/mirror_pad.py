"""Padding with mirror images, and its gradient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import ClassVar

import numpy as np

from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque, Rearrange
from dataflow.core.shapes import Dim, Shape
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

MODES = ("REFLECT", "SYMMETRIC")
Index = tuple[slice, ...]


class Mirror(Block, abstract=True):
    """Mirror padding or its gradient: how wide borders are, and which elements they mirror."""

    mode: str = attr(
        "REFLECT leaves the outermost element out of the mirror image, SYMMETRIC repeats it", choices=MODES
    )

    Tpaddings = INDEX
    input = In("T", "values, any shape")
    paddings = In("Tpaddings", "width of the border before and after, one row per dim", shape=("rank", 2), static=True)
    adds: ClassVar[bool]  # whether the borders are in the output, or else in the input

    def shape_of(self, input: TensorType, paddings: TensorType) -> Shape:
        count = paddings.shape and paddings.shape[0]
        rank = count if input.rank is None else input.rank
        if isinstance(count, int) and count != rank:
            raise self.error(f"input 'paddings' must have one row for each of {rank} dims, got {count}")
        rows = [] if paddings.value is None else paddings.value.tolist()
        if any(n < 0 for row in rows for n in row):
            raise self.error(f"input 'paddings' must be at least 0, got {rows}")
        if input.shape is None or paddings.value is None:
            return (None,) * rank if isinstance(rank, int) else None
        return tuple(self._size(axis, *pair) for axis, pair in enumerate(zip(input.shape, rows, strict=True)))

    def _size(self, axis: int, given: Dim, row: list[int]) -> Dim:
        """The size of the output's dim; an error where a border is wider than what it mirrors."""
        if not isinstance(given, int):
            return None if any(row) else given
        result = given + sum(row) if self.adds else given - sum(row)
        inner = given if self.adds else result
        if max(row) > max(inner - self.skipped, 0):
            raise self.error(
                f"input 'paddings' must be at most {max(inner - self.skipped, 0)} in dim {axis} of size {inner} "
                f"in mode {self.mode}, got {row}"
            )
        return result

    @property
    def skipped(self) -> int:
        """How many elements at the end of the inside have no mirror image."""
        return int(self.mode == "REFLECT")

    def images(
        self, axes: Iterable[int], sizes: Sequence[int], rows: Sequence[Sequence[int]]
    ) -> Iterator[tuple[Index, Index]]:
        """Pairs of indices into the padded value: a border along one of the axes, and what it is the mirror image of.

        Dims before that of a border have theirs, those behind it not. ``sizes`` are without any.
        """
        inner = _inner(sizes, rows)
        for axis in axes:
            size, (before, after) = sizes[axis], rows[axis]
            first, last = before + self.skipped, before + size - self.skipped
            lead, rest = (slice(None),) * axis, inner[axis + 1 :]
            if before:
                yield (*lead, slice(0, before), *rest), (*lead, _back(first, first + before), *rest)
            if after:
                yield (*lead, slice(before + size, None), *rest), (*lead, _back(last - after, last), *rest)


def _inner(sizes: Sequence[int], rows: Sequence[Sequence[int]]) -> Index:
    """The index of what lies within borders."""
    return tuple(slice(before, before + size) for size, (before, _) in zip(sizes, rows, strict=True))


def _back(start: int, stop: int) -> slice:
    """The elements from one on to before another, the last of them first."""
    return slice(stop - 1, start - 1 if start else None, -1)


class MirrorPad(Mirror, Rearrange):
    """Mirror images around a value, ``output[before - i] = output[before + i]`` in mode REFLECT.

    >>> MirrorPad(mode="REFLECT")([1, 2, 3], [[2, 1]])
    array([3, 2, 1, 2, 3, 2], dtype=int32)
    >>> MirrorPad(mode="SYMMETRIC")([1, 2, 3], [[2, 1]])
    array([2, 1, 1, 2, 3, 3], dtype=int32)

    Source: tf.pad.
    """

    found_by = ("reflect", "symmetric padding")
    T = dtypes.every
    output = Out("T", "`input` with the border around it")
    adds = True

    def bind(self, memory: Workspace, input: TensorType, paddings: TensorType) -> Kernel:
        (made,), rows = self.infer(input, paddings), paddings.value.tolist()
        dtype, inner = storage(made.dtype), _inner(input.sizes, rows)
        moves = list(self.images(range(len(rows)), input.sizes, rows))
        # NumPy copies a border where source and target are interleaved
        largest = 0
        for axis, row in enumerate(rows):
            before, behind = prod(made.sizes[:axis]), prod(input.sizes[axis + 1 :])
            largest = max(largest, max(row) * before * behind * (before > 1))
        memory.borrowed += largest * dtype.itemsize

        def kernel(input: Array, paddings: Array, out: Array | None = None) -> Array:
            out = np.empty(made.sizes, dtype) if out is None else out
            out[inner] = input
            for border, mirrored in moves:
                out[border] = out[mirrored]
            return out

        return kernel

    def grad(self, input: Wire, paddings: Wire, output: Wire, dy: Wire) -> Wire:
        return MirrorPadGrad(mode=self.mode)(dy, paddings)


class MirrorPadGrad(Mirror, Opaque):
    """Gradient of MirrorPad, ``output[i] += input[before - i]``: borders folded back in.

    >>> MirrorPadGrad(mode="REFLECT")([1, 2, 3, 4, 5, 6], [[2, 1]])
    array([ 3, 12,  6], dtype=int32)

    Source: tf.raw_ops.MirrorPadGrad.
    """

    T = dtypes.number
    input = In("T", "gradient by the padded value")
    output = Out("T", "gradient by what was padded: `input` without the border")
    adds = False

    def bind(self, memory: Workspace, input: TensorType, paddings: TensorType) -> Kernel:
        (made,), rows = self.infer(input, paddings), paddings.value.tolist()
        dtype, exact = storage(input.dtype), dtypes.compute(storage(input.dtype))  # rounded once, at the end
        folded = memory.array(prod(input.sizes), exact).reshape(input.sizes)
        images = self.images(reversed(range(len(rows))), made.sizes, rows)
        folds = [(folded[mirrored], folded[border]) for border, mirrored in images]
        inner = folded[_inner(made.sizes, rows)]

        def kernel(input: Array, paddings: Array, out: Array | None = None) -> Array:
            np.copyto(folded, input)
            for mirrored, border in folds:
                np.add(mirrored, border, mirrored)
            out = np.empty(made.sizes, dtype) if out is None else out
            np.copyto(out, inner, casting="unsafe")
            return out

        return kernel

    def grad(self, input: Wire, paddings: Wire, output: Wire, dy: Wire) -> Wire:
        return MirrorPad(mode=self.mode)(dy, paddings)

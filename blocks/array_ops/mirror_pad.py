"""Padding with mirror images, and its gradient."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import ClassVar

import numpy as np

from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque, Rearrange
from dataflow.core.shapes import Dim, Shape, element_count
from dataflow.core.wire import Wire

MODES = ("REFLECT", "SYMMETRIC")


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

    def images(self, axis: int, row: list[int], size: int) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
        """Pairs of indices along an axis: a border, and what it is the mirror image of."""
        before, after = row
        first, last = before + self.skipped, before + size - self.skipped
        lead = (slice(None),) * axis
        yield (*lead, slice(0, before)), (*lead, slice(first, first + before))
        yield (*lead, slice(before + size, None)), (*lead, slice(last - after, last))


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

    def workspace(self, input: TensorType, paddings: TensorType) -> int:
        """A copy of the largest border: NumPy makes one where source and target are interleaved."""
        (made,) = self.infer(input, paddings)
        if paddings.value is None or not made.known:
            return 0
        largest = 0
        for axis, row in enumerate(paddings.value.tolist()):
            before, behind = prod(made.sizes[:axis]), prod(input.sizes[axis + 1 :])
            largest = max(largest, max(row) * before * behind * (before > 1))
        return largest * dtypes.storage(made.dtype).itemsize

    def kernel(self, input: Array, paddings: Array, out: Array | None = None) -> Array:
        dims = list(zip(input.shape, paddings.tolist(), strict=True))
        if out is None:
            out = np.empty([size + sum(row) for size, row in dims], input.dtype)
        inner = tuple(slice(before, before + size) for size, (before, _) in dims)
        out[inner] = input
        for axis, (size, row) in enumerate(dims):
            # dims before this one have their borders already, those behind it not yet
            rest = inner[axis + 1 :]
            for border, mirrored in self.images(axis, row, size):
                out[(*border, *rest)] = np.flip(out[(*mirrored, *rest)], axis)
        return out

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

    def kernel(self, input: Array, paddings: Array) -> Array:
        folded = np.array(input, dtypes.compute(input.dtype))  # rounded once, at the end
        for axis, row in reversed(list(enumerate(paddings.tolist()))):
            size = input.shape[axis] - sum(row)
            for border, mirrored in self.images(axis, row, size):
                folded[mirrored] += np.flip(folded[border], axis)
            folded = folded[(slice(None),) * axis + (slice(row[0], row[0] + size),)]
        return np.ascontiguousarray(folded, input.dtype).reshape(folded.shape)  # a scalar comes out with a dim

    def workspace(self, input: TensorType, paddings: TensorType) -> int:
        given = dtypes.storage(input.dtype)
        return (element_count(input.shape) or 0) * dtypes.compute(given).itemsize

    def grad(self, input: Wire, paddings: Wire, output: Wire, dy: Wire) -> Wire:
        return MirrorPad(mode=self.mode)(dy, paddings)

"""Values repeated and rolled along axes."""

from __future__ import annotations

import numpy as np

from blocks.array_ops.reshape import Reshape
from blocks.array_ops.shape import Shape as ShapeOf
from blocks.array_ops.split import Stack
from blocks.kernels.static_shape import INDEX
from blocks.math_ops.reduction import Sum
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Rearrange
from dataflow.core.shapes import Shape, show
from dataflow.core.wire import Wire


class Tile(Rearrange):
    """Copies side by side, ``output[i] = input[i % size]`` along each axis.

    >>> Tile()([[1, 2]], [2, 2])
    array([[1, 2, 1, 2],
           [1, 2, 1, 2]], dtype=int32)

    Source: tf.tile.
    """

    found_by = ("repeat",)
    T, Tmultiples = dtypes.every, INDEX
    input = In("T", "value to repeat")
    multiples = In("Tmultiples", "number of copies along each dim", shape=("rank",), static=True)
    output = Out("T", "each dim as many times as long as `multiples` says")

    def shape_of(self, input: TensorType, multiples: TensorType) -> Shape:
        count = multiples.shape and multiples.shape[0]
        if isinstance(count, int) and input.shape is not None and count != len(input.shape):
            raise self.error(
                f"input 'multiples' must have a number for each of {len(input.shape)} dims, got {count} of them"
            )
        if multiples.value is None or input.shape is None:
            rank = count if input.shape is None else len(input.shape)
            return (None,) * rank if isinstance(rank, int) else None
        times = multiples.value.tolist()
        if any(n < 0 for n in times):
            raise self.error(f"input 'multiples' must be at least 0, got {times}")
        pairs = zip(input.shape, times, strict=True)
        return tuple(0 if n == 0 else d * n if isinstance(d, int) else d if n == 1 else None for d, n in pairs)

    def kernel(self, input: Array, multiples: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty([d * n for d, n in zip(input.shape, multiples.tolist(), strict=True)], input.dtype)
        if out.size:
            interleaved = [n for pair in zip(multiples.tolist(), input.shape, strict=True) for n in pair]
            out.reshape(interleaved)[...] = input.reshape([n for d in input.shape for n in (1, d)])
        return out

    def grad(self, input: Wire, multiples: Wire, output: Wire, dy: Wire) -> Wire:
        rank = input.type.rank if input.shape is not None else multiples.shape and multiples.shape[0]
        if not isinstance(rank, int):
            raise self.error("input 'input' must have a known rank to have a gradient, got an unknown one")
        if rank == 0:
            return dy
        interleaved = Stack(axis=1)([multiples, ShapeOf(out_type=multiples.dtype)(input)])
        return Sum()(Reshape()(dy, Reshape()(interleaved, [2 * rank])), list(range(0, 2 * rank, 2)))


class Roll(Rearrange):
    """Elements moved along axes, those pushed out coming in at the other end, ``output[i] = input[i - shift]``.

    An axis that comes twice is moved by both shifts.

    >>> Roll()([1, 2, 3, 4, 5], 2, 0)
    array([4, 5, 1, 2, 3], dtype=int32)

    Source: tf.roll.
    """

    found_by = ("shift", "rotate")
    T, Tshift, Taxis = dtypes.every, INDEX, INDEX
    input = In("T", "values to move, at least one dim")
    shift = In("Tshift", "how far to move, towards the end where positive: a number, or one per axis")
    axis = In("Taxis", "the axis to move along, counted from the end if negative: a number, or several")
    output = Out("T", "same shape as `input`")

    def shape_of(self, input: TensorType, shift: TensorType, axis: TensorType) -> Shape:
        if input.shape == ():
            raise self.error("input 'input' must have at least one dim, got a scalar")
        for port, given in (("shift", shift), ("axis", axis)):
            if given.shape is not None and len(given.shape) > 1:
                raise self.error(f"input '{port}' must be a number or a vector, got shape {show(given.shape)}")
        if shift.known and axis.known and (shift.shape or (1,)) != (axis.shape or (1,)):
            raise self.error(f"input 'shift' must have a number per axis, {show(axis.shape)}, got {show(shift.shape)}")
        return input.shape

    def kernel(self, input: Array, shift: Array, axis: Array) -> Array:
        axes = axis.reshape(-1).tolist()
        if wrong := [a for a in axes if not -input.ndim <= a < input.ndim]:
            raise self.error(
                f"input 'axis' must lie in [{-input.ndim}, {input.ndim}) for a value of rank {input.ndim}, "
                f"got {wrong[0]}"
            )
        return np.roll(input, shift.reshape(-1).tolist(), axes)

    def grad(self, input: Wire, shift: Wire, axis: Wire, output: Wire, dy: Wire) -> Wire:
        return Roll()(dy, -shift, axis)

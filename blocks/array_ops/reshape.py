"""The same elements under another shape."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from blocks.kernels.reshaped_range import reshaped
from blocks.kernels.static_shape import INDEX, sizes
from dataflow.core import dtypes
from dataflow.core.block import In, Ints, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import View
from dataflow.core.ranges import Range
from dataflow.core.shapes import Dim, agree, axes_of, element_count, show
from dataflow.core.wire import Wire


class Reshape(View):
    """The same elements in the same order under another shape, ``tensor`` with shape ``shape``.

    One size may be -1: it becomes whatever keeps the number of elements. Beside a size of 0, where any size would, it
    is computed from the dims that are not 0.

    >>> Reshape()([1, 2, 3, 4], [2, -1])
    array([[1, 2],
           [3, 4]], dtype=int32)

    Source: tf.reshape.
    """

    found_by = ("view", "flatten")
    T, I = dtypes.every, INDEX
    tensor = In("T", "values, any shape")
    shape = In("I", "shape of the output; one size may be -1", shape=("rank",), static=True)
    output = Out("T", "shape `shape`")

    def shape_of(self, tensor: TensorType, shape: TensorType) -> Shape:
        if shape.value is None:
            return sizes(self, "shape", shape)
        return self.target(tensor.shape, tuple(map(int, shape.value)))

    def target(self, given: Shape, wanted: tuple[int, ...]) -> tuple[Dim, ...]:
        """The wanted shape with -1 replaced, by None where the given shape leaves it open."""
        if any(n < -1 for n in wanted) or wanted.count(-1) > 1:
            raise self.error(f"input 'shape' must be sizes, at most one of them -1, got {list(wanted)}")
        fixed = prod(n for n in wanted if n > 0)
        unknown = [None] if given is None else [d for d in given if not isinstance(d, int)]
        known = prod(d for d in given or () if isinstance(d, int) and (d or 0 not in wanted))
        # a name stays itself where all the other sizes cancel out: [N, 28, 28] to [-1, 784] is [N, 784]
        rest = (unknown[0] if len(unknown) == 1 and given and known == fixed else None) if unknown else known // fixed
        result = tuple(rest if n == -1 else n for n in wanted)
        if not unknown and element_count(result) != (count := element_count(given)):
            raise self.error(f"input 'shape' must keep the {count} elements of {show(given)}, got {list(wanted)}")
        return result

    def bound(self, tensor: Range, shape: Range) -> Range | None:
        value = shape.value
        return reshaped(tensor, None if value is None else self.shape_of(tensor.type_of(), shape.type_of()))

    def kernel(self, tensor: Array, shape: Array) -> Array:
        target: Any = self.target(tensor.shape, tuple(shape.tolist()))
        return tensor.reshape(target)

    def grad(self, tensor: Wire, shape: Wire, output: Wire, dy: Wire) -> Wire:
        return ReshapeLike()(dy, tensor)


class ReshapeLike(View):
    """The same elements in another shape, ``input`` reshaped to the shape of ``like``.

    >>> ReshapeLike()([1.0, 2.0], [[0.0], [0.0]])
    array([[1.],
           [2.]], dtype=float32)

    Source: numpy.reshape.
    """

    T = dtypes.every
    input = In("T", "values, any shape")
    like = In("T", "a value of the shape to take, with as many elements as `input`", like=True)
    output = Out("T", "same shape as `like`")

    def shape_of(self, input: TensorType, like: TensorType) -> Shape:
        given, wanted = element_count(input.shape), element_count(like.shape)
        if given is not None and wanted is not None and given != wanted:
            raise self.error(
                f"input 'input' must have as many elements as 'like', {show(like.shape)}, got {show(input.shape)}"
            )
        return like.shape

    def bound(self, input: Range, like: Range) -> Range:
        return reshaped(input, like.shape)

    def kernel(self, input: Array, like: Array) -> Array:
        return input.reshape(like.shape)

    def grad(self, input: Wire, like: Wire, output: Wire, dy: Wire) -> tuple[Wire, None]:
        return ReshapeLike()(dy, input), None


class Squeeze(View):
    """Without dims of size 1, ``input`` with these dims left out of its shape.

    >>> Squeeze(axis=[0])([[[1], [2]]])
    array([[1],
           [2]], dtype=int32)

    Source: tf.squeeze.
    """

    found_by = ("remove a dim",)
    T = dtypes.every
    input = In("T", "values, any shape")
    output = Out("T", "`input` without the dims")
    axis: Ints = attr("dims to leave out, counted from the end if negative; empty: all of size 1", default=())

    def shape_of(self, input: TensorType) -> Shape:
        if input.shape is None:
            return None
        if not self.axis:
            return tuple(d for d in input.shape if d != 1) if input.known else None
        try:
            axes = axes_of(np.asarray(self.axis), len(input.shape))
        except ValueError as error:
            raise self.error(f"attr 'axis' {error}") from None
        if wrong := [a for a in axes if not agree(input.shape[a], 1)]:
            raise self.error(f"input 'input' must have size 1 in dim {wrong[0]}, got shape {show(input.shape)}")
        return tuple(d for i, d in enumerate(input.shape) if i not in axes)

    def kernel(self, input: Array) -> Array:
        return np.squeeze(input, self.axis or None)

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Wire:
        return ReshapeLike()(dy, input)


class ExpandDims(View):
    """With one more dim of size 1, ``input`` with 1 put into its shape before position ``axis``.

    >>> ExpandDims()([1, 2], -1)
    array([[1],
           [2]], dtype=int32)

    Source: tf.expand_dims.
    """

    found_by = ("unsqueeze", "new axis", "add a dim")
    T, I = dtypes.every, INDEX
    input = In("T", "values, any shape")
    axis = In("I", "position of the new dim in the output, counted from the end if negative", static=True)
    output = Out("T", "`input` with the new dim")

    def shape_of(self, input: TensorType, axis: TensorType) -> Shape:
        if axis.value is not None and axis.value.size != 1:
            raise self.error(f"input 'axis' must be one number, got {axis.value.tolist()}")
        if input.shape is None or axis.value is None:
            return None if input.shape is None else (None,) * (len(input.shape) + 1)
        rank, position = len(input.shape), int(axis.value.item())
        if not -rank - 1 <= position <= rank:
            raise self.error(
                f"input 'axis' must lie in [{-rank - 1}, {rank}] for a value of rank {rank}, got {position}"
            )
        position %= rank + 1
        return (*input.shape[:position], 1, *input.shape[position:])

    def kernel(self, input: Array, axis: Array) -> Array:
        return np.expand_dims(input, axis.item())

    def grad(self, input: Wire, axis: Wire, output: Wire, dy: Wire) -> Wire:
        return ReshapeLike()(dy, input)

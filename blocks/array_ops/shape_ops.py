"""Other shapes for the same elements, one value repeated into a shape, and what a shape is."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from blocks.array_ops.like import ReshapeLike, SumToLike
from dataflow.core import dtypes
from dataflow.core.block import Block, Dtype, In, Ints, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque, View
from dataflow.core.shapes import agree, axes_of, show
from dataflow.core.wire import Wire

INDEX = ("int32", "int64")


def sizes(block: Block, port: str, given: TensorType) -> Any:
    """The shape that a static port holds; unknown dims where it is computed later, None if its length is unknown."""
    if given.value is None:
        return None if given.shape is None or not isinstance(given.shape[0], int) else (None,) * given.shape[0]
    numbers = tuple(map(int, given.value))
    if any(n < 0 for n in numbers):
        raise block.error(f"input '{port}' must be sizes of at least 0, got {list(numbers)}")
    return numbers


class Fill(Opaque):
    """One value in every element, ``value`` repeated to the shape ``dims``.

    >>> Fill()([2, 3], 7)
    array([[7, 7, 7],
           [7, 7, 7]], dtype=int32)

    Source: tf.fill.
    """

    T, I = dtypes.every, INDEX
    dims = In("I", "size of each dim of the output", shape=("rank",), static=True)
    value = In("T", "the value to repeat", shape=())
    output = Out("T", "shape `dims`")

    def shape_of(self, dims: TensorType, value: TensorType) -> Any:
        return sizes(self, "dims", dims)

    def kernel(self, dims: Array, value: Array, out: Array | None = None) -> Any:
        out = np.empty(tuple(dims), value.dtype) if out is None else out
        out[...] = value
        return out

    def grad(self, dims: Wire, value: Wire, output: Wire, dy: Wire) -> Any:
        return None, SumToLike()(dy, value)


class BroadcastTo(View):
    """The input repeated along new dims and dims of size 1, ``input`` broadcast to ``shape``.

    >>> BroadcastTo()([1, 2], [2, 2])
    array([[1, 2],
           [1, 2]], dtype=int32)

    Source: tf.broadcast_to.
    """

    T, I = dtypes.every, INDEX
    input = In("T", "values to repeat")
    shape = In("I", "shape of the output; dims of `input` equal its last ones or are 1", shape=("rank",), static=True)
    output = Out("T", "shape `shape`")

    def shape_of(self, input: TensorType, shape: TensorType) -> Any:
        target = sizes(self, "shape", shape)
        if target is None or input.shape is None:
            return target
        rank = len(input.shape)
        pairs = zip(input.shape, target[len(target) - rank :], strict=False)
        if len(target) < rank or any(a != 1 and not agree(a, b) for a, b in pairs):
            raise self.error(f"input 'shape' must be one that {show(input.shape)} broadcasts to, got {show(target)}")
        return target

    def kernel(self, input: Array, shape: Array) -> Any:
        return np.broadcast_to(input, tuple(shape))

    def grad(self, input: Wire, shape: Wire, output: Wire, dy: Wire) -> Any:
        return SumToLike()(dy, input)


class Reshape(View):
    """The same elements in the same order under another shape, ``tensor`` with shape ``shape``.

    One size may be -1: it becomes whatever keeps the number of elements. Beside a size of 0, where any size would, it
    is computed from the dims that are not 0.

    >>> Reshape()([1, 2, 3, 4], [2, -1])
    array([[1, 2],
           [3, 4]], dtype=int32)

    Source: tf.reshape.
    """

    T, I = dtypes.every, INDEX
    tensor = In("T", "values, any shape")
    shape = In("I", "shape of the output; one size may be -1", shape=("rank",), static=True)
    output = Out("T", "shape `shape`")

    def shape_of(self, tensor: TensorType, shape: TensorType) -> Any:
        if shape.value is None:
            return sizes(self, "shape", shape)
        return self.target(tensor.shape, tuple(map(int, shape.value)))

    def target(self, given: Any, wanted: tuple[int, ...]) -> Any:
        """The wanted shape with -1 replaced; the new dim is unknown where the given shape leaves it open."""
        if any(n < -1 for n in wanted) or wanted.count(-1) > 1:
            raise self.error(f"input 'shape' must be sizes, at most one of them -1, got {list(wanted)}")
        fixed = prod(n for n in wanted if n > 0)
        unknown = [None] if given is None else [d for d in given if not isinstance(d, int)]
        known = prod(d for d in given or () if isinstance(d, int) and (d or 0 not in wanted))
        # a name stays itself where all the other sizes cancel out: [N, 28, 28] to [-1, 784] is [N, 784]
        rest = (unknown[0] if len(unknown) == 1 and given and known == fixed else None) if unknown else known // fixed
        result = tuple(rest if n == -1 else n for n in wanted)
        if not unknown and prod(result) != prod(given):
            raise self.error(f"input 'shape' must keep the {prod(given)} elements of {show(given)}, got {list(wanted)}")
        return result

    def kernel(self, tensor: Array, shape: Array) -> Any:
        return tensor.reshape(self.target(tensor.shape, tuple(shape.tolist())))

    def grad(self, tensor: Wire, shape: Wire, output: Wire, dy: Wire) -> Any:
        return ReshapeLike()(dy, tensor)


class Squeeze(View):
    """Without dims of size 1, ``input`` with these dims left out of its shape.

    >>> Squeeze(axis=[0])([[[1], [2]]])
    array([[1],
           [2]], dtype=int32)

    Source: tf.squeeze.
    """

    T = dtypes.every
    input = In("T", "values, any shape")
    output = Out("T", "`input` without the dims")
    axis: Ints = attr("dims to leave out, counted from the end if negative; empty: all of size 1", default=())

    def shape_of(self, input: TensorType) -> Any:
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

    def kernel(self, input: Array) -> Any:
        return np.squeeze(input, self.axis or None)

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Any:
        return ReshapeLike()(dy, input)


class ExpandDims(View):
    """With one more dim of size 1, ``input`` with 1 put into its shape before position ``axis``.

    >>> ExpandDims()([1, 2], -1)
    array([[1],
           [2]], dtype=int32)

    Source: tf.expand_dims.
    """

    T, I = dtypes.every, INDEX
    input = In("T", "values, any shape")
    axis = In("I", "position of the new dim in the output, counted from the end if negative", static=True)
    output = Out("T", "`input` with the new dim")

    def shape_of(self, input: TensorType, axis: TensorType) -> Any:
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

    def kernel(self, input: Array, axis: Array) -> Any:
        return np.expand_dims(input, axis.item())

    def grad(self, input: Wire, axis: Wire, output: Wire, dy: Wire) -> Any:
        return ReshapeLike()(dy, input)


class Transpose(View):
    """Axes in another order, ``y.shape[i] == x.shape[perm[i]]``.

    >>> Transpose()([[1, 2, 3]], [1, 0])
    array([[1],
           [2],
           [3]], dtype=int32)

    Source: tf.transpose.
    """

    T, I = dtypes.every, INDEX
    x = In("T", "values, any shape")
    perm = In("I", "the axis of `x` that each axis of `y` is; may count from the end", shape=("rank",), static=True)
    y = Out("T", "`x` with its axes in the order of `perm`")

    def shape_of(self, x: TensorType, perm: TensorType) -> Any:
        if perm.value is None:
            return x.shape and (None,) * len(x.shape)
        order = self.order(perm.value, x.shape)
        return tuple(None if x.shape is None else x.shape[i] for i in order)

    def order(self, perm: Any, shape: Any) -> list[int]:
        """The permutation in numbers from 0; an error where it is none of this shape's axes."""
        rank = len(perm) if shape is None else len(shape)
        order = [int(p) + rank * (p < 0) for p in perm]
        if sorted(order) != list(range(rank)):
            of = "" if shape is None else f" of {show(shape)}"
            raise self.error(f"input 'perm' must name each of the {rank} axes{of} once, got {perm.tolist()}")
        return order

    def kernel(self, x: Array, perm: Array) -> Any:
        return x.transpose(perm)

    def grad(self, x: Wire, perm: Wire, y: Wire, dy: Wire) -> Any:
        if perm.type.value is None:
            raise self.error("input 'perm' must be known before the run to have a gradient, got a computed value")
        order = self.order(perm.type.value, x.shape)
        return Transpose()(dy, [order.index(i) for i in range(len(order))])


class Shape(Opaque):
    """Size of each dim, ``input.shape``.

    >>> Shape()([[1.0, 2.0, 3.0]])
    array([1, 3], dtype=int32)

    Source: tf.shape.
    """

    T = dtypes.every
    input = In("T", "values, any shape", like=True)
    output = Out("out_type", "a vector with one size per dim of `input`")
    out_type: Dtype = attr("dtype of the sizes", default="int32", choices=INDEX)
    grad = None

    def shape_of(self, input: TensorType) -> Any:
        return (input.rank,)

    def infer(self, *types: Any) -> list[TensorType]:
        (output,), (given,) = super().infer(*types), types
        return [_numbers(self, given.shape, output) if given.known else output]

    def kernel(self, input: Array) -> Any:
        return np.array(input.shape, dtypes.storage(self.out_type))


class Rank(Opaque):
    """Number of dims, ``len(input.shape)``.

    >>> Rank()([[1.0, 2.0, 3.0]])
    array(2, dtype=int32)

    Source: tf.rank.
    """

    T = dtypes.every
    input = In("T", "values, any shape", like=True)
    output = Out("int32", "the number", shape=())
    grad = None

    def infer(self, *types: Any) -> list[TensorType]:
        (output,), (given,) = super().infer(*types), types
        return [output if given.rank is None else _numbers(self, given.rank, output)]

    def kernel(self, input: Array) -> Any:
        return np.array(input.ndim, np.int32)


class Size(Opaque):
    """Number of elements, ``prod(input.shape)``.

    >>> Size()([[1.0, 2.0, 3.0]])
    array(3, dtype=int32)

    Source: tf.size.
    """

    T = dtypes.every
    input = In("T", "values, any shape", like=True)
    output = Out("out_type", "the number", shape=())
    out_type: Dtype = attr("dtype of the number", default="int32", choices=INDEX)
    grad = None

    def infer(self, *types: Any) -> list[TensorType]:
        (output,), (given,) = super().infer(*types), types
        return [_numbers(self, prod(given.shape), output) if given.known else output]

    def kernel(self, input: Array) -> Any:
        return np.array(prod(input.shape), dtypes.storage(self.out_type))


def _numbers(block: Block, value: Any, output: TensorType) -> TensorType:
    """The output with its value, so that what is computed from it can be checked before the run."""
    try:
        return TensorType(output.dtype, output.shape, np.array(value, dtypes.storage(output.dtype)))
    except OverflowError:
        raise block.error(f"input 'input' must have sizes that fit {output.dtype}, got {value}; use int64") from None

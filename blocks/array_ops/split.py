"""A value split into several, and several stacked along a new axis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from blocks.array_ops.slicing import Concat
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Rearrange
from dataflow.core.ports import Signature
from dataflow.core.shapes import Dim, Shape, fits, merge, show
from dataflow.core.wire import Wire

MOST_PARTS = 1 << 16  # each is an output, with a name and a type


class Parts(Rearrange, abstract=True):
    """A value cut along an axis into as many outputs as an attr says, ``output_0``, ``output_1`` and so on.

    A subclass declares one output port, which stands for all, and ``count``. The ports that there are belong to the
    instance: its own signature hides that of the class, which a graph, a call and the reverse pass then never see.
    The result of a call is a tuple, also where it holds one part or none.
    """

    def count(self) -> int:
        """The number of outputs."""
        raise TypeError(f"{type(self).__name__}: must have a method count, got none; write one")

    def check(self) -> None:
        declared = type(self).signature
        (port,) = declared.outputs.values()
        # by __dict__, as the attrs are set, because a block is frozen
        self.__dict__["signature"] = Signature(declared.inputs, _ports(port, self.count()), declared.attrs)

    def pack(self, values: Sequence[Any]) -> Any:
        return super().pack(values) if len(values) > 1 else tuple(values)

    def along(self, port: str, axis: Array | int, rank: int) -> int:
        """The axis as a number from 0."""
        number = int(axis)
        if not -rank <= number < rank:
            raise self.error(f"{port} must lie in [{-rank}, {rank}) for a value of rank {rank}, got {number}")
        return number % rank


@cache
def _ports(declared: Out, count: int) -> dict[str, Out]:
    ports = {f"output_{i}": Out(declared.dtype, f"part {i}: {declared.doc}") for i in range(count)}
    for name, port in ports.items():
        port.name = name
    return ports


def _copies(parts: Sequence[Array]) -> Array | tuple[Array, ...]:
    """Copies of the parts, as a kernel returns them: one alone is not in a tuple."""
    copies = tuple(map(np.array, parts))
    return copies[0] if len(copies) == 1 else copies


class Split(Parts):
    """Equal parts along an axis, ``value[:n], value[n : 2 * n], ...`` for axis 0.

    The outputs are ``output_0``, ``output_1`` and so on; a call gives a tuple.

    >>> Split(num_split=2)(0, [1, 2, 3, 4])
    SplitOutputs(output_0=array([1, 2], dtype=int32), output_1=array([3, 4], dtype=int32))

    Source: tf.split.
    """

    found_by = ("chunk", "divide into parts")
    T = dtypes.every
    axis = In("int32", "the axis to cut, counted from the end if negative", shape=(), static=True)
    value = In("T", "value to cut, of a size along the axis that `num_split` divides")
    output = Out("T", "one of the equal parts")
    num_split: int = attr("number of parts", ge=1, le=MOST_PARTS)

    def count(self) -> int:
        return self.num_split

    def shape_of(self, axis: TensorType, value: TensorType) -> list[Shape]:
        return [self._part(axis, value)] * self.num_split

    def _part(self, axis: TensorType, value: TensorType) -> Shape:
        if value.shape is None or axis.value is None:
            return None if value.shape is None else (None,) * len(value.shape)
        along = self.along("input 'axis'", axis.value, len(value.shape))
        size = value.shape[along]
        if isinstance(size, int) and size % self.num_split:
            raise self.error(
                f"input 'value' must have a size along axis {along} that num_split={self.num_split} divides, "
                f"got shape {show(value.shape)}"
            )
        part = size // self.num_split if isinstance(size, int) else size if self.num_split == 1 else None
        return (*value.shape[:along], part, *value.shape[along + 1 :])

    def kernel(self, axis: Array, value: Array) -> Array | tuple[Array, ...]:
        return _copies(np.split(value, self.num_split, int(axis)))

    def grad(self, axis: Wire, value: Wire, *parts: Wire) -> tuple[None, Wire]:
        return None, Concat()(list(parts[self.num_split :]), axis)


class SplitV(Parts):
    """Parts of given sizes along an axis, ``value[:s0], value[s0 : s0 + s1], ...`` for axis 0.

    The outputs are ``output_0``, ``output_1`` and so on; a call gives a tuple.

    >>> SplitV(num_split=2)([1, 2, 3, 4], [1, -1], 0)
    SplitVOutputs(output_0=array([1], dtype=int32), output_1=array([2, 3, 4], dtype=int32))

    Source: tf.split.
    """

    T, Tlen = dtypes.every, ("int8", "int32", "int64")
    value = In("T", "value to cut")
    size_splits = In("Tlen", "size of each part; one may be -1 and takes what is left", shape=("num",), static=True)
    axis = In("int32", "the axis to cut, counted from the end if negative", shape=(), static=True)
    output = Out("T", "one of the parts")
    num_split: int = attr("number of parts", ge=1, le=MOST_PARTS)

    def count(self) -> int:
        return self.num_split

    def shape_of(self, value: TensorType, size_splits: TensorType, axis: TensorType) -> list[Shape]:
        wanted = size_splits.shape and size_splits.shape[0]
        if isinstance(wanted, int) and wanted != self.num_split:
            raise self.error(f"input 'size_splits' must have num_split={self.num_split} sizes, got {wanted}")
        if value.shape is None or axis.value is None:
            return [None if value.shape is None else (None,) * len(value.shape)] * self.num_split
        along = self.along("input 'axis'", axis.value, len(value.shape))
        parts: list[Dim] = [None] * self.num_split
        if size_splits.value is not None:
            parts = self.sizes(size_splits.value.tolist(), value.shape[along])
        return [(*value.shape[:along], part, *value.shape[along + 1 :]) for part in parts]

    def sizes(self, wanted: Sequence[int], whole: Dim) -> list[Dim]:
        """The sizes with -1 replaced, by None where the whole is not known."""
        fixed = sum(n for n in wanted if n > 0)
        left_open = wanted.count(-1)
        if any(n < -1 for n in wanted) or left_open > 1:
            raise self.error(f"input 'size_splits' must be sizes, at most one of them -1, got {list(wanted)}")
        if isinstance(whole, int) and (fixed > whole or (not left_open and fixed < whole)):
            raise self.error(f"input 'size_splits' must add up to {whole}, the size of 'value', got {list(wanted)}")
        return [(whole - fixed if isinstance(whole, int) else None) if n == -1 else n for n in wanted]

    def kernel(self, value: Array, size_splits: Array, axis: Array) -> Array | tuple[Array, ...]:
        along = self.along("input 'axis'", axis, value.ndim)
        sizes: list[Any] = self.sizes(size_splits.tolist(), value.shape[along])
        ends = np.cumsum(sizes)
        return _copies(np.split(value, ends[:-1], along))

    def grad(self, value: Wire, size_splits: Wire, axis: Wire, *parts: Wire) -> Wire:
        return Concat()(list(parts[self.num_split :]), axis)


class Unstack(Parts):
    """The slices of an axis one by one, ``value[0], value[1], ...`` for axis 0.

    The outputs are ``output_0``, ``output_1`` and so on; a call gives a tuple.

    >>> Unstack(num=2)([[1, 2], [3, 4]])
    UnstackOutputs(output_0=array([1, 2], dtype=int32), output_1=array([3, 4], dtype=int32))

    Source: tf.unstack.
    """

    found_by = ("unbind",)
    aliases = ("Unpack",)
    T = dtypes.every
    value = In("T", "value to take apart, of size `num` along the axis")
    output = Out("T", "one of the slices, without the axis")
    num: int = attr("number of slices", ge=0, le=MOST_PARTS)
    axis: int = attr("the axis that they lie along, counted from the end if negative", default=0)

    def count(self) -> int:
        return self.num

    def shape_of(self, value: TensorType) -> list[Shape]:
        if value.shape is None:
            return [None] * self.num
        along = self.along("attr 'axis'", self.axis, len(value.shape))
        if isinstance(value.shape[along], int) and value.shape[along] != self.num:
            raise self.error(f"attr 'num' must be the size of axis {along} of {show(value.shape)}, got {self.num}")
        return [(*value.shape[:along], *value.shape[along + 1 :])] * self.num

    def infer(self, *types: TensorType) -> list[TensorType]:
        if not self.num:
            self.shape_of(*types)  # no output asks for it
        return super().infer(*types)

    def kernel(self, value: Array) -> Array | tuple[Array, ...]:
        return _copies(list(np.moveaxis(value, self.axis, 0)))

    def grad(self, value: Wire, *slices: Wire) -> Wire:
        return Stack(axis=self.axis)(list(slices[self.num :]))


class Stack(Rearrange):
    """Values of one shape along a new axis, ``[values[0], values[1], ...]`` for axis 0.

    >>> Stack()([[1, 2], [3, 4]])
    array([[1, 2],
           [3, 4]], dtype=int32)

    Source: tf.stack.
    """

    found_by = ("join along a new axis",)
    aliases = ("Pack",)
    T = dtypes.every
    values = In("T", "values, all of one shape", many=True)
    output = Out("T", "the values along the new axis")
    axis: int = attr("place of the new axis, counted from the end if negative", default=0)

    def shape_of(self, values: tuple[TensorType, ...]) -> Shape:
        shape = None
        for i, given in enumerate(values):
            if not fits(given.shape, shape):
                raise self.error(f"input 'values[{i}]' must have shape {show(shape)} like 'values[0]', got {given}")
            shape = merge(shape, given.shape)
        if shape is None:
            return None
        rank = len(shape) + 1
        if not -rank <= self.axis < rank:
            raise self.error(
                f"attr 'axis' must lie in [{-rank}, {rank}) for values of rank {rank - 1}, got {self.axis}"
            )
        position = self.axis % rank
        return (*shape[:position], len(values), *shape[position:])

    def kernel(self, values: Sequence[Array], out: Array | None = None) -> Array:
        return np.stack(values, self.axis, out)

    def grad(self, values: Sequence[Wire], output: Wire, dy: Wire) -> tuple[list[Wire]]:
        return (list(Unstack(num=len(values), axis=self.axis)(dy)),)

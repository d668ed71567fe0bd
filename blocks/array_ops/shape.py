"""Shapes as values: the size of each dim, the number of dims and the number of elements."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import Block, Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Dim


class Shape(Opaque):
    """Size of each dim, ``input.shape``.

    >>> Shape()([[1.0, 2.0, 3.0]])
    array([1, 3], dtype=int32)

    Source: tf.shape.
    """

    found_by = ("size of dims",)
    T = dtypes.every
    input = In("T", "values, any shape", like=True)
    output = Out("out_type", "a vector with one size per dim of `input`")
    out_type: Dtype = attr("dtype of the sizes", default="int32", choices=INDEX)
    grad = None

    def shape_of(self, input: TensorType) -> tuple[Dim]:
        return (input.rank,)

    def infer(self, *types: TensorType) -> list[TensorType]:
        (output,), (given,) = super().infer(*types), types
        return [_with_value(self, given.sizes, output) if given.known else output]

    def kernel(self, input: Array) -> Array:
        return np.array(input.shape, dtypes.storage(self.out_type))


class Rank(Opaque):
    """Number of dims, ``len(input.shape)``.

    >>> Rank()([[1.0, 2.0, 3.0]])
    array(2, dtype=int32)

    Source: tf.rank.
    """

    found_by = ("ndim", "number of dims")
    T = dtypes.every
    input = In("T", "values, any shape", like=True)
    output = Out("int32", "the number", shape=())
    grad = None

    def infer(self, *types: TensorType) -> list[TensorType]:
        (output,), (given,) = super().infer(*types), types
        return [output if given.rank is None else _with_value(self, given.rank, output)]

    def kernel(self, input: Array) -> Array:
        return np.array(input.ndim, np.int32)


class Size(Opaque):
    """Number of elements, ``prod(input.shape)``.

    >>> Size()([[1.0, 2.0, 3.0]])
    array(3, dtype=int32)

    Source: tf.size.
    """

    found_by = ("number of elements", "numel")
    T = dtypes.every
    input = In("T", "values, any shape", like=True)
    output = Out("out_type", "the number", shape=())
    out_type: Dtype = attr("dtype of the number", default="int32", choices=INDEX)
    grad = None

    def infer(self, *types: TensorType) -> list[TensorType]:
        (output,), (given,) = super().infer(*types), types
        return [_with_value(self, prod(given.sizes), output) if given.known else output]

    def kernel(self, input: Array) -> Array:
        return np.array(prod(input.shape), dtypes.storage(self.out_type))


def _with_value(block: Block, value: int | tuple[int, ...], output: TensorType) -> TensorType:
    """The type of the output with its value, so that what is computed from it can be checked before the run."""
    try:
        return TensorType(output.dtype, output.shape, np.array(value, dtypes.storage(output.dtype)))
    except OverflowError:
        raise block.error(f"input 'input' must have sizes that fit {output.dtype}, got {value}; use int64") from None

"""Matrix products, alone and in batches."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import ClassVar

import numpy as np

from blocks.array_ops.broadcast import SumToLike
from blocks.kernels import integer_product
from blocks.kernels.casting import cast_into
from blocks.kernels.integer_way import expected, told
from blocks.kernels.matrix_product import bind_matmul
from blocks.kernels.product_ranges import matrices_range
from blocks.math_ops.conjugate import conj
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Contraction
from dataflow.core.quantized import Product
from dataflow.core.ranges import Range
from dataflow.core.registry import blocks
from dataflow.core.shapes import Shape, fits, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

UNUSED = "has no effect; TensorFlow sets it on products that belong to a gradient"
Bound = Callable[[Array, Array, Array | None], Array]


def bind_product(memory: Workspace, left: TensorType, right: TensorType) -> Bound:
    """The matrix product, as ``(left, right, out)``; 16-bit floats are multiplied in float32 and rounded once."""
    made, dtype = _product_shape(left.sizes, right.sizes), storage(left.dtype)
    if left.dtype in dtypes.integer:
        how = expected(prod(made[:-1]), left, right)
        memory.borrowed += integer_product.matmul_bytes(left.sizes, right.sizes, how)

        def integers(left: Array, right: Array, out: Array | None) -> Array:
            out = np.empty(made, dtype) if out is None else out
            integer_product.matmul(left, right, out)
            return out

        return integers
    exact = dtypes.compute(dtype)
    product = bind_matmul(left.sizes, right.sizes, exact)
    if exact == dtype:
        return product
    wide = [memory.array(prod(sizes), exact).reshape(sizes) for sizes in (left.sizes, right.sizes, made)]

    def widened(left: Array, right: Array, out: Array | None) -> Array:
        np.copyto(wide[0], left)
        np.copyto(wide[1], right)
        return cast_into(product(*wide), dtype, np.empty(made, dtype) if out is None else out)

    return widened


def _product_shape(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    return (*np.broadcast_shapes(left[:-2], right[:-2]), left[-2], right[-1])


def product_remark(left: TensorType, right: TensorType) -> str:
    """What a plan says of the product of integers of these types."""
    if left.dtype not in dtypes.integer:
        return ""
    made = _product_shape(left.sizes, right.sizes)
    if integer_product.is_tiny(made, left.sizes[-1]):
        return "by NumPy's own loops, as there is little to multiply"
    return told(prod(made[:-1]), left, right)


def turned(type_: TensorType, is_turned: bool) -> TensorType:
    """The type of matrices, each transposed if it is given the other way round."""
    if not is_turned:
        return type_
    *lead, rows, columns = type_.sizes
    value = None if type_.value is None else type_.value.swapaxes(-1, -2)
    return TensorType(type_.dtype, (*lead, columns, rows), value)


class MatMul(Contraction):
    """Matrix product, ``a @ b``.

    Integers wrap around.

    >>> MatMul()([[1.0, 2.0]], [[3.0], [4.0]])
    array([[11.]], dtype=float32)

    Source: tf.linalg.matmul.
    """

    found_by = ("dot", "matrix multiply", "matrix product", "dense", "fully connected", "linear layer")
    T = ("bfloat16", "float16", "float32", "float64", "int32", "int64", *dtypes.unsigned, *dtypes.complexes)
    a = In("T", "left matrix, [m, k]")
    b = In("T", "right matrix, [k, n]")
    product = Out("T", "[m, n]")
    transpose_a: bool = attr("`a` is given as [k, m]", default=False)
    transpose_b: bool = attr("`b` is given as [n, k]", default=False)
    grad_a: bool = attr(UNUSED, default=False)
    grad_b: bool = attr(UNUSED, default=False)

    @property
    def quantized_as(self) -> Product:
        return Product("a", "b", axis=int(not self.transpose_b), summed=int(self.transpose_b))

    @property
    def on_codes(self) -> Block:
        return blocks["IntegerMatMul"](transpose_a=self.transpose_a, transpose_b=self.transpose_b)

    def shape_of(self, a: TensorType, b: TensorType) -> Shape:
        left, right = "k m" if self.transpose_a else "m k", "n k" if self.transpose_b else "k n"
        shape = self.contracted(f"{left}, {right} -> m n", a, b)
        return (None, None) if shape is None else shape

    def bound(self, a: Range, b: Range) -> Range | None:
        return matrices_range(a, b, (self.transpose_a, self.transpose_b))

    def bind(self, memory: Workspace, a: TensorType, b: TensorType) -> Kernel:
        product, ta, tb = bind_product(memory, *self.factors(a, b)), self.transpose_a, self.transpose_b

        def kernel(a: Array, b: Array, out: Array | None = None) -> Array:
            return product(a.T if ta else a, b.T if tb else b, out)

        return kernel

    def remark(self, a: TensorType, b: TensorType) -> str:
        return product_remark(*self.factors(a, b))

    def factors(self, a: TensorType, b: TensorType) -> tuple[TensorType, TensorType]:
        """The types of the matrices that are multiplied."""
        return turned(a, self.transpose_a), turned(b, self.transpose_b)

    def grad(self, a: Wire, b: Wire, product: Wire, dy: Wire) -> tuple[Wire, Wire]:
        ta, tb, a, b = self.transpose_a, self.transpose_b, conj(a), conj(b)
        da = _matmul(b, dy, tb, True) if ta else _matmul(dy, b, False, not tb)
        db = _matmul(dy, a, True, ta) if tb else _matmul(a, dy, not ta, False)
        return da, db


def _matmul(a: Wire, b: Wire, transpose_a: bool, transpose_b: bool) -> Wire:
    return MatMul(transpose_a=transpose_a, transpose_b=transpose_b)(a, b)


class BatchMatMul(Contraction):
    """Matrix products, one for each index of the leading dims, ``x[i] @ y[i]``.

    Integers wrap around.

    >>> BatchMatMul()([[[1.0, 2.0]], [[3.0, 4.0]]], [[[1.0], [1.0]], [[2.0], [2.0]]])
    array([[[ 3.]],
    <BLANKLINE>
           [[14.]]], dtype=float32)

    Source: tf.raw_ops.BatchMatMul.
    """

    found_by = ("dot", "matrix multiply", "bmm", "attention")
    T: ClassVar[tuple[str, ...]] = (*dtypes.floating, *dtypes.signed[2:], *dtypes.complexes)
    x = In("T", "left matrices, [..., m, k]")
    y = In("T", "right matrices, [..., k, n], with the leading dims of `x`")
    output = Out("T", "[..., m, n]")
    adj_x: bool = attr("each matrix of `x` is given as [k, m], and conjugated if complex", default=False)
    adj_y: bool = attr("each matrix of `y` is given as [n, k], and conjugated if complex", default=False)
    grad_x: bool = attr(UNUSED, default=False)
    grad_y: bool = attr(UNUSED, default=False)

    same_leading = True

    @property
    def quantized_as(self) -> Product:
        return Product("x", "y", *((-2, -1) if self.adj_y else (-1, -2)))

    @property
    def on_codes(self) -> Block:
        return blocks["IntegerMatMul"](transpose_a=self.adj_x, transpose_b=self.adj_y)

    def shape_of(self, x: TensorType, y: TensorType) -> Shape:
        left, right = "k m" if self.adj_x else "m k", "n k" if self.adj_y else "k n"
        shape = self.contracted(f"... {left}, ... {right} -> ... m n", x, y)
        if self.same_leading and x.shape is not None and not fits(x.shape[:-2], y.shape and y.shape[:-2]):
            raise self.error(
                f"input 'y' must have the leading dims of 'x', {show(x.shape[:-2])}, got shape {show(y.shape)}; "
                "BatchMatMulV2 lets them broadcast"
            )
        return shape

    def bound(self, x: Range, y: Range) -> Range | None:
        return matrices_range(x, y, (self.adj_x, self.adj_y))

    def bind(self, memory: Workspace, x: TensorType, y: TensorType) -> Kernel:
        product = bind_product(memory, *self.factors(x, y))
        left, right = (_bind_adjoint(memory, t, is_adj) for t, is_adj in ((x, self.adj_x), (y, self.adj_y)))

        def kernel(x: Array, y: Array, out: Array | None = None) -> Array:
            return product(left(x), right(y), out)

        return kernel

    def remark(self, x: TensorType, y: TensorType) -> str:
        return product_remark(*self.factors(x, y))

    def factors(self, x: TensorType, y: TensorType) -> tuple[TensorType, TensorType]:
        """The types of the matrices that are multiplied."""
        return turned(x, self.adj_x), turned(y, self.adj_y)

    def grad(self, x: Wire, y: Wire, output: Wire, dy: Wire) -> tuple[Wire, Wire]:
        ax, ay, block = self.adj_x, self.adj_y, type(self)
        by_x = block(adj_x=ay, adj_y=True)(y, dy) if ax else block(adj_y=not ay)(dy, y)
        by_y = block(adj_x=True, adj_y=ax)(dy, x) if ay else block(adj_x=not ax)(x, dy)
        return by_x, by_y


class BatchMatMulV2(BatchMatMul):
    """Matrix products, one for each index of the leading dims, which broadcast, ``x[i] @ y[i]``.

    Integers wrap around.

    >>> BatchMatMulV2()([[[1.0, 2.0]], [[3.0, 4.0]]], [[1.0], [1.0]])
    array([[[3.]],
    <BLANKLINE>
           [[7.]]], dtype=float32)

    Source: tf.linalg.matmul.
    """

    found_by = ("dot", "matrix multiply", "bmm", "attention")
    T = (*MatMul.T, "int16")
    x = In("T", "left matrices, [..., m, k]")
    y = In("T", "right matrices, [..., k, n]; the leading dims broadcast with those of `x`")
    same_leading = False

    def grad(self, x: Wire, y: Wire, output: Wire, dy: Wire) -> tuple[Wire, Wire]:
        by_x, by_y = super().grad(x, y, output, dy)
        return SumToLike()(by_x, x), SumToLike()(by_y, y)


def _bind_adjoint(memory: Workspace, of: TensorType, is_adjoint: bool) -> Callable[[Array], Array]:
    """What gives matrices, or if that is asked for each of them transposed and conjugated."""
    if not is_adjoint:
        return lambda x: x
    if of.dtype not in dtypes.complexes:
        return lambda x: x.swapaxes(-1, -2)
    conjugated = memory.array(prod(of.sizes), storage(of.dtype)).reshape(of.sizes)
    return lambda x: np.conj(x, conjugated).swapaxes(-1, -2)

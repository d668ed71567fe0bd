"""Inverses and Cholesky factors of matrices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from blocks.kernels.casting import as_compute_dtype
from blocks.kernels.matrix_product import leading_parts, share
from blocks.math_ops.matmul import BatchMatMulV2
from dataflow.core import dtypes
from dataflow.core.blas import one_thread
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Shape, agree, show
from dataflow.core.wire import Wire


class SquareMatrices(Opaque, abstract=True):
    """Square matrices made of square matrices of the same size."""

    T = ("float16", "float32", "float64", *dtypes.complexes)
    input = In("T", "square matrices, [..., m, m]")
    output = Out("T", "same shape as `input`")

    def shape_of(self, input: TensorType) -> Shape:
        shape = input.shape
        if shape is not None and (len(shape) < 2 or not agree(shape[-1], shape[-2])):
            raise self.error(f"input 'input' must be square matrices, [..., m, m], got shape {show(shape)}")
        return shape


def by_lapack(call: Callable[[Array], Array], matrices: Array) -> Array:
    """A function of LAPACK called on each matrix by a single thread, in float32 for float16."""
    matrices, size = as_compute_dtype(matrices), matrices.shape[-1]
    places = leading_parts(matrices.shape[:-2], matrices.itemsize * size**3)
    if len(places) == 1:
        with one_thread:
            return call(matrices)
    out = np.empty_like(matrices, order="C")

    def part(at: tuple[int | slice, ...]) -> None:
        out[at] = call(matrices[at])

    share(places, part)
    return out


def adjoint_of(matrices: Array) -> Array:
    """The matrices transposed, and conjugated if complex."""
    transposed = np.swapaxes(matrices, -1, -2)
    return np.conj(transposed) if matrices.dtype.kind == "c" else transposed


class MatrixInverse(SquareMatrices):
    """Inverse of each matrix, ``output @ input == identity``.

    A matrix without inverse is an error; one that nearly has none gives large numbers.

    >>> MatrixInverse()([[2.0, 0.0], [0.0, 4.0]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)

    Source: tf.linalg.inv.
    """

    found_by = ("inv", "invert")
    adjoint: bool = attr("invert the transposed matrices, conjugated if complex", default=False)

    def kernel(self, input: Array) -> Array:
        matrices = adjoint_of(input) if self.adjoint else input
        try:
            return by_lapack(np.linalg.inv, matrices).astype(input.dtype, copy=False)
        except np.linalg.LinAlgError:
            raise self.error("input 'input' must be matrices with an inverse, got a singular one") from None

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Wire:
        adjoint = self.adjoint
        right = BatchMatMulV2(adj_x=adjoint, adj_y=not adjoint)(dy, output)
        return -BatchMatMulV2(adj_x=not adjoint)(output, right)


class Cholesky(SquareMatrices):
    """Lower triangular factor of each matrix, ``output @ adjoint(output) == input``.

    Only the lower triangle of ``input`` is read. A matrix that is not positive definite is an error.

    >>> Cholesky()([[4.0, 2.0], [2.0, 5.0]])
    array([[2., 0.],
           [1., 2.]], dtype=float32)

    Source: tf.linalg.cholesky.
    """

    found_by = ("factorization", "decomposition")
    # the gradient is that by a matrix that stays symmetric, while a single element here moves alone
    smooth = False
    input = In("T", "symmetric, if complex Hermitian, positive definite matrices, [..., m, m]")
    output = Out("T", "same shape as `input`; above the diagonal 0")

    def kernel(self, input: Array) -> Array:
        try:
            return by_lapack(np.linalg.cholesky, input).astype(input.dtype, copy=False)
        except np.linalg.LinAlgError:
            raise self.error("input 'input' must be positive definite matrices, got one that is not") from None

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Wire:
        inverse = MatrixInverse()(output)
        middle = HalfTriangle()(BatchMatMulV2(adj_x=True)(output, dy))
        product = BatchMatMulV2()(BatchMatMulV2(adj_x=True)(inverse, middle), inverse)
        return HermitianPart()(product)


class HalfTriangle(SquareMatrices):
    """Lower triangle of each matrix with its diagonal halved, ``tril(input) - diagonal(input) / 2``.

    >>> HalfTriangle()([[2.0, 3.0], [4.0, 6.0]])
    array([[1., 0.],
           [4., 3.]], dtype=float32)

    Source: the gradient of tf.linalg.cholesky.
    """

    def kernel(self, input: Array) -> Array:
        lower = np.tril(input)
        np.einsum("...ii->...i", lower)[...] *= input.dtype.type(0.5)
        return lower

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Wire:
        return HalfTriangle()(dy)


class HermitianPart(SquareMatrices):
    """Mean of each matrix and its adjoint, ``(input + adjoint(input)) / 2``.

    >>> HermitianPart()([[1.0, 3.0], [5.0, 1.0]])
    array([[1., 4.],
           [4., 1.]], dtype=float32)

    Source: the gradient of tf.linalg.cholesky.
    """

    def kernel(self, input: Array, out: Array | None = None) -> Array:
        total = np.add(input, adjoint_of(input), out)
        return np.multiply(total, input.dtype.type(0.5), total)

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Wire:
        return HermitianPart()(dy)

"""Scatter: changes to rows or slices of a variable by index, where every update of an index counts."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from blocks.kernels.casting import cast_into
from blocks.kernels.gather_scatter import POLICIES, bind_places, check_indices, scatter_shape
from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Update
from dataflow.core.shapes import Shape, fits, show
from dataflow.core.workspace import Kernel, Workspace


def update_rows(ufunc: np.ufunc, rows: Array, numbers: Array, updates: Array) -> None:
    """``rows[numbers] = ufunc(rows[numbers], updates)``, one update after the other where a number comes twice."""
    seen = np.zeros(len(rows), bool)
    seen[numbers] = True
    if np.count_nonzero(seen) == numbers.size:
        rows[numbers] = ufunc(rows[numbers], updates)
        return
    width = rows.shape[1]
    elements = numbers.astype(np.int64)[:, None] * width + np.arange(width)  # several times as fast as `at` by rows
    ufunc.at(rows.reshape(-1), elements.reshape(-1), updates.reshape(-1))


def divide_rows(rows: Array, numbers: Array, updates: Array) -> None:
    """`update_rows` by the quotient, which of integers is rounded toward zero."""
    if rows.dtype.kind == "u":
        update_rows(np.floor_divide, rows, numbers, updates)
    elif rows.dtype.kind != "i":
        update_rows(np.divide, rows, numbers, updates)
    else:
        # absolute values and signs separately: rounding the former down is rounding toward zero; that of the lowest
        # number is unsigned
        unsigned = f"u{rows.dtype.itemsize}"
        sizes, negative = np.abs(rows).view(unsigned), rows < 0
        update_rows(np.floor_divide, sizes, numbers, np.abs(updates).view(unsigned))
        update_rows(np.logical_xor, negative, numbers, updates < 0)
        np.negative(sizes, out=sizes, where=negative)
        rows[...] = sizes.view(rows.dtype)


class Scatter(Update, abstract=True):
    """Changes rows of a variable by index, with ``ufunc(row, update)``, or writes over them where it is None."""

    ufunc: ClassVar[Any] = None
    T: ClassVar[tuple[str, ...]] = dtypes.number
    Tindices = INDEX
    ref = In("T", "the variable, of one dim or more")
    indices = In("Tindices", "numbers of the rows to change, any shape")
    updates = In("T", "a row for each index, of shape `indices.shape + ref.shape[1:]`; or one number for all")
    output_ref = Out("T", "the variable's next value")
    assigns = {"ref": "output_ref"}
    grad = None

    def shape_of(self, ref: TensorType, indices: TensorType, updates: TensorType) -> list[Shape]:
        if ref.shape == ():
            raise self.error("input 'ref' must have at least one dim, got a scalar")
        if ref.shape is not None and indices.shape is not None and updates.shape != ():
            wanted = indices.shape + ref.shape[1:]
            if not fits(updates.shape, wanted):
                raise self.error(
                    f"input 'updates' must have shape {show(wanted)} or be one number, got {show(updates.shape)}"
                )
        return [ref.shape]

    def bind(self, memory: Workspace, ref: TensorType, indices: TensorType, updates: TensorType) -> Kernel:
        form = ref.sizes[0], math.prod(ref.sizes[1:])
        size, dtype = (math.prod(indices.sizes), form[1]), storage(ref.dtype)

        def kernel(ref: Array, indices: Array, updates: Array, out: Array | None = None) -> Array:
            check_indices(self, "indices", indices, form[0], "the rows of 'ref'")
            out = ref.copy() if out is None else cast_into(ref, dtype, out)
            given = updates.reshape(size) if updates.ndim else np.broadcast_to(updates, size)
            self.change(out.reshape(form), indices.reshape(-1), given)
            return out

        return kernel

    def change(self, rows: Array, numbers: Array, updates: Array) -> None:
        if self.ufunc is None:
            rows[numbers] = updates
        else:
            update_rows(self.ufunc, rows, numbers, updates)


class ScatterAdd(Scatter):
    """Add to rows of a variable, ``ref[indices] += updates``.

    >>> ScatterAdd()([1.0, 2.0, 3.0], [0, 2, 2], [10.0, 20.0, 30.0])
    array([11.,  2., 53.], dtype=float32)

    Source: tf.raw_ops.ScatterAdd.
    """

    ufunc = np.add


class ScatterSub(Scatter):
    """Subtract from rows of a variable, ``ref[indices] -= updates``.

    >>> ScatterSub()([1.0, 2.0, 3.0], [0, 2, 2], [10.0, 20.0, 30.0])
    array([ -9.,   2., -47.], dtype=float32)

    Source: tf.raw_ops.ScatterSub.
    """

    ufunc = np.subtract


class ScatterMul(Scatter):
    """Multiply rows of a variable, ``ref[indices] *= updates``.

    >>> ScatterMul()([1.0, 2.0, 3.0], [0, 2, 2], [10.0, 20.0, 30.0])
    array([  10.,    2., 1800.], dtype=float32)

    Source: tf.raw_ops.ScatterMul.
    """

    ufunc = np.multiply


class ScatterDiv(Scatter):
    """Divide rows of a variable, ``ref[indices] /= updates``; integers are rounded toward zero.

    An integer divided by zero is an error; a float gives an infinity or NaN.

    >>> ScatterDiv()([1.0, 2.0, 3.0], [0, 2, 2], [2.0, 4.0, 3.0])
    array([0.5 , 2.  , 0.25], dtype=float32)

    Source: tf.raw_ops.ScatterDiv.
    """

    def change(self, rows: Array, numbers: Array, updates: Array) -> None:
        if rows.dtype.kind in "iu" and not updates.all():
            raise self.error("input 'updates' must not be 0 where integers are divided, got 0")
        divide_rows(rows, numbers, updates)


class ScatterUpdate(Scatter):
    """Write over rows of a variable, ``ref[indices] = updates``.

    Where an index comes twice the last of its rows stays.

    >>> ScatterUpdate()([1.0, 2.0, 3.0], [0, 2, 2], [10.0, 20.0, 30.0])
    array([10.,  2., 30.], dtype=float32)

    Source: tf.raw_ops.ScatterUpdate.
    """

    T = dtypes.every


class ScatterNd(Scatter, abstract=True):
    """Changes elements or slices of a variable that tuples of indices address."""

    ref = In("T", "the variable, of one dim or more")
    indices = In("Tindices", "places: the last dim has a number for each of the first dims of `ref`, for one or more")
    updates = In("T", "a slice for each place, of shape `indices.shape[:-1] + ref.shape[indices.shape[-1]:]`")
    bad_indices_policy: str = attr(
        "IGNORE leaves out places that are not there; else they are an error", default="", choices=POLICIES
    )

    def shape_of(self, ref: TensorType, indices: TensorType, updates: TensorType) -> list[Shape]:
        return [scatter_shape(self, "ref", ref, indices, updates)]

    def bind(self, memory: Workspace, ref: TensorType, indices: TensorType, updates: TensorType) -> Kernel:
        depth, dtype = indices.sizes[-1], storage(ref.dtype)
        form = math.prod(ref.sizes[:depth]), math.prod(ref.sizes[depth:])
        places = bind_places(memory, self, "indices", indices, ref.sizes, self.bad_indices_policy)
        size = math.prod(indices.sizes[:-1]), form[1]

        def kernel(ref: Array, indices: Array, updates: Array, out: Array | None = None) -> Array:
            numbers, fine = places(indices)
            slices = updates.reshape(size)
            out = ref.copy() if out is None else cast_into(ref, dtype, out)
            self.change(out.reshape(form), numbers, slices if fine is None else slices[fine])
            return out

        return kernel


class ScatterNdAdd(ScatterNd):
    """Add to elements or slices of a variable, ``ref[indices] += updates``.

    >>> ScatterNdAdd()([[1.0, 2.0], [3.0, 4.0]], [[0, 1], [1, 0], [0, 1]], [10.0, 20.0, 30.0])
    array([[ 1., 42.],
           [23.,  4.]], dtype=float32)

    Source: tf.raw_ops.ScatterNdAdd.
    """

    ufunc = np.add


class ScatterNdSub(ScatterNd):
    """Subtract from elements or slices of a variable, ``ref[indices] -= updates``.

    >>> ScatterNdSub()([[1.0, 2.0], [3.0, 4.0]], [[0, 1], [1, 0], [0, 1]], [10.0, 20.0, 30.0])
    array([[  1., -38.],
           [-17.,   4.]], dtype=float32)

    Source: tf.raw_ops.ScatterNdSub.
    """

    ufunc = np.subtract


class ScatterNdUpdate(ScatterNd):
    """Write over elements or slices of a variable, ``ref[indices] = updates``.

    Where a place comes twice the last of its slices stays.

    >>> ScatterNdUpdate()([[1.0, 2.0], [3.0, 4.0]], [[0], [0]], [[5.0, 6.0], [7.0, 8.0]])
    array([[7., 8.],
           [3., 4.]], dtype=float32)

    Source: tf.raw_ops.ScatterNdUpdate.
    """

    T = dtypes.every

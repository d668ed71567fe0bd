"""Gather and scatter by tuples of indices: values taken from, put at and added at their places."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

import numpy as np

from blocks.array_ops.fill import ZerosLike
from blocks.array_ops.reshape import Reshape
from blocks.kernels.casting import cast_into
from blocks.kernels.gather_scatter import (
    ANY_INDEX,
    POLICIES,
    POLICY,
    gather_shape,
    in_bounds,
    in_bounds_bytes,
    index_arrays,
    scatter_shape,
    sum_rows_by_index,
    sum_rows_bytes,
)
from blocks.kernels.static_shape import INDEX, sizes
from blocks.math_ops.cast import Cast
from blocks.math_ops.reduction import Sum
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque, Rearrange
from dataflow.core.shapes import Shape, element_count, fits, nbytes, show
from dataflow.core.wire import Wire


class GatherNd(Rearrange):
    """Slices addressed by tuples of indices, ``output[i] = params[tuple(indices[i])]``.

    >>> GatherNd()([[1, 2], [3, 4]], [[0, 1], [1, 0]])
    array([2, 3], dtype=int32)

    Source: tf.gather_nd.
    """

    found_by = ("index", "take")
    Tparams, Tindices = dtypes.with_zero, ANY_INDEX
    params = In("Tparams", "values to take from")
    indices = In("Tindices", "the last dim holds the tuples, one number for each of the first dims of `params`")
    output = Out("Tparams", "the shape of `indices` without its last dim, then that of a slice")
    bad_indices_policy: str = attr(f"{POLICY}; it is 0 then", default="", choices=POLICIES)

    def shape_of(self, params: TensorType, indices: TensorType) -> Shape:
        return gather_shape(self, "params", params.shape, indices.shape)

    def kernel(self, params: Array, indices: Array) -> Array:
        if indices.shape[-1] == 0:  # every tuple is the place of the whole value
            return np.array(np.broadcast_to(params, (*indices.shape[:-1], *params.shape)))
        fine = in_bounds(self, "indices", indices, params.shape, self.bad_indices_policy)
        if fine.all():
            index: Any = (*index_arrays(indices), ...)
            return np.asarray(params[index])
        gathered = np.zeros((*fine.shape, *params.shape[indices.shape[-1] :]), params.dtype)
        gathered[fine] = params[index_arrays(indices[fine])]
        return gathered

    def workspace(self, params: TensorType, indices: TensorType) -> int:
        (made,) = self.infer(params, indices)
        found = in_bounds_bytes(indices)
        if self.bad_indices_policy != "IGNORE":
            return found
        return found + nbytes(indices) + nbytes(made)  # those that lie in bounds, and the slices that they address

    def grad(self, params: Wire, indices: Wire, output: Wire, dy: Wire) -> Wire:
        return TensorScatterAdd(bad_indices_policy=self.bad_indices_policy)(ZerosLike()(params), indices, dy)


class TensorScatter(Opaque, abstract=True):
    """A copy of a value, changed at the places that tuples of indices address."""

    Tindices: ClassVar[tuple[str, ...]] = ANY_INDEX
    T: ClassVar[tuple[str, ...]] = dtypes.every
    tensor = In("T", "the value to start from")
    indices = In("Tindices", "the last dim holds the tuples, one number for each of the first dims of `tensor`")
    updates = In("T", "a slice for each tuple")
    output = Out("T", "same shape as `tensor`")
    bad_indices_policy: str = attr(POLICY, default="", choices=POLICIES)
    reuses = ("tensor",)

    def shape_of(self, tensor: TensorType, indices: TensorType, updates: TensorType) -> Shape:
        return scatter_shape(self, "tensor", tensor, indices, updates)

    def kernel(self, tensor: Array, indices: Array, updates: Array, out: Array | None = None) -> Array:
        fine = in_bounds(self, "indices", indices, tensor.shape, self.bad_indices_policy)
        if not fine.all():
            indices, updates = indices[fine], updates[fine]
        if out is None:
            out = np.array(tensor)
        else:
            cast_into(tensor, tensor.dtype, out)
        if updates.size:
            self.write(out, index_arrays(indices), updates)
        return out

    def workspace(self, tensor: TensorType, indices: TensorType, updates: TensorType) -> int:
        found = in_bounds_bytes(indices)
        return found if self.bad_indices_policy != "IGNORE" else found + nbytes(indices) + nbytes(updates)

    def write(self, out: Array, places: tuple[Array, ...], updates: Array) -> None:
        """Change the copy."""
        raise TypeError(f"{type(self).__name__}: must have a method write, got none; write one")


class TensorScatterUpdate(TensorScatter):
    """A copy with slices replaced, ``output = tensor; output[tuple(indices[i])] = updates[i]``.

    Where a tuple comes twice the last of its slices stays.

    >>> TensorScatterUpdate()([1, 2, 3, 4], [[2], [0]], [30, 10])
    array([10,  2, 30,  4], dtype=int32)

    Source: tf.tensor_scatter_nd_update.
    """

    found_by = ("set by index",)
    Tindices = (*ANY_INDEX, "uint16")

    def write(self, out: Array, places: tuple[Array, ...], updates: Array) -> None:
        out[places] = updates

    def grad(self, tensor: Wire, indices: Wire, updates: Wire, output: Wire, dy: Wire) -> tuple[Wire, None, Wire]:
        policy = self.bad_indices_policy
        by_updates = GatherNd(bad_indices_policy=policy)(dy, _signed(indices))
        return TensorScatterUpdate(bad_indices_policy=policy)(dy, indices, ZerosLike()(updates)), None, by_updates


class TensorScatterAdd(TensorScatter):
    """A copy with slices added, ``output = tensor; output[tuple(indices[i])] += updates[i]``.

    Slices for the same place are added in float64 and rounded once.

    >>> TensorScatterAdd()([1, 2, 3], [[2], [0], [2]], [10, 20, 30])
    array([21,  2, 43], dtype=int32)

    Source: tf.tensor_scatter_nd_add.
    """

    T = dtypes.number

    def write(self, out: Array, places: tuple[Array, ...], updates: Array) -> None:
        shape = out.shape[: len(places)]
        index = np.ravel_multi_index(places, shape).reshape(-1)
        different, sums = sum_rows_by_index(index, updates.reshape(len(index), -1))
        where = np.unravel_index(different, shape)
        out[where] = out[where] + sums.reshape(len(different), *out.shape[len(places) :])

    def workspace(self, tensor: TensorType, indices: TensorType, updates: TensorType) -> int:
        count = prod(indices.sizes[:-1])
        width = (element_count(updates.shape) or 0) // max(count, 1)
        depth = indices.sizes[-1]
        sums = sum_rows_bytes(count, width, updates.dtype)
        # each place, the sum that belongs there, and what it becomes
        added = count * (2 * 8 + 8 * depth) + 2 * max(sums - 6 * 8 * count, 0)
        return super().workspace(tensor, indices, updates) + max(sums, added)

    def grad(self, tensor: Wire, indices: Wire, updates: Wire, output: Wire, dy: Wire) -> tuple[Wire, None, Wire]:
        return dy, None, GatherNd(bad_indices_policy=self.bad_indices_policy)(dy, indices)


class SparseToDense(Opaque):
    """A full value from a few of its elements, ``dense[tuple(sparse_indices[i])] = sparse_values[i]``.

    With ``validate_indices`` the places must be in order, the last dim fastest, and none may come twice; without it
    the last value for a place stays. A place outside is an error.

    >>> SparseToDense()([[0, 1], [1, 2]], [2, 3], [5, 6], 0)
    array([[0, 5, 0],
           [0, 0, 6]], dtype=int32)

    Source: tf.raw_ops.SparseToDense.
    """

    found_by = ("scatter",)
    T, Tindices = dtypes.every, INDEX
    sparse_indices = In("Tindices", "a row of numbers per place; for one dim also a vector, for one place a number")
    output_shape = In("Tindices", "shape of the output", shape=("rank",), static=True)
    sparse_values = In("T", "a value per place, or one for all")
    default_value = In("T", "the value of all other elements", shape=())
    dense = Out("T", "shape `output_shape`")
    validate_indices: bool = attr("whether places must be in order and different", default=True)

    def shape_of(
        self, sparse_indices: TensorType, output_shape: TensorType, sparse_values: TensorType, _: TensorType
    ) -> Shape:
        shape = sizes(self, "output_shape", output_shape)
        given, values = sparse_indices.shape, sparse_values.shape
        if given is not None:
            if len(given) > 2:
                raise self.error(f"input 'sparse_indices' must have at most two dims, got {show(given)}")
            width = given[1] if len(given) == 2 else 1
            if shape is not None and isinstance(width, int) and width != len(shape):
                raise self.error(
                    f"input 'sparse_indices' must have {len(shape)} numbers per place, like 'output_shape', got {width}"
                )
            if values and not fits(values, given[:1] or (1,)):
                raise self.error(
                    f"input 'sparse_values' must be one value or {(given[:1] or (1,))[0]}, got shape {show(values)}"
                )
        if values is not None and len(values) > 1:
            raise self.error(f"input 'sparse_values' must be a vector or a number, got shape {show(values)}")
        return shape

    def kernel(self, sparse_indices: Array, output_shape: Array, sparse_values: Array, default_value: Array) -> Array:
        shape = tuple(output_shape.tolist())
        rows = sparse_indices.reshape(-1, len(shape)) if shape else sparse_indices.reshape(len(sparse_indices), 0)
        in_bounds(self, "sparse_indices", rows, shape)
        dense = np.full(shape, default_value)
        if self.validate_indices and len(rows) > 1:
            index = np.ravel_multi_index(index_arrays(rows), shape) if shape else np.zeros(len(rows), np.int64)
            wrong = np.flatnonzero(index[1:] <= index[:-1])
            if len(wrong):
                i = int(wrong[0]) + 1
                why = "again" if index[i] == index[i - 1] else f"after {rows[i - 1].tolist()}"
                raise self.error(
                    f"input 'sparse_indices' must be in order and different, got {rows[i].tolist()} {why} in row {i}; "
                    "validate_indices=False allows it"
                )
        if len(rows):
            dense[index_arrays(rows)] = sparse_values
        return dense

    def grad(
        self, sparse_indices: Wire, output_shape: Wire, values: Wire, default: Wire, dense: Wire, dy: Wire
    ) -> tuple[None, None, Wire, Wire]:
        rank = output_shape.shape and output_shape.shape[0]
        if not isinstance(rank, int):
            raise self.error("input 'output_shape' must have a known length to have a gradient, got an unknown one")
        by_values = GatherNd()(dy, Reshape()(sparse_indices, [-1, rank]))
        by_default = Sum()(dy, list(range(rank))) - Sum()(by_values, 0)
        return None, None, by_values, by_default


def _signed(indices: Wire) -> Wire:
    """The indices in a dtype that GatherNd takes."""
    return Cast(DstT="int32")(indices) if indices.dtype == "uint16" else indices

"""Gather and scatter by tuples of indices: values taken from, put at and added at their places."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import ClassVar

import numpy as np

from blocks.array_ops.fill import ZerosLike
from blocks.array_ops.reshape import Reshape
from blocks.kernels.casting import cast_into
from blocks.kernels.gather_scatter import (
    ANY_INDEX,
    POLICIES,
    POLICY,
    bind_places,
    gather_shape,
    scatter_shape,
)
from blocks.kernels.index_loops import put
from blocks.kernels.static_shape import INDEX, sizes
from blocks.kernels.sums_by_index import FEW, bind_add_rows, computes
from blocks.math_ops.cast import Cast
from blocks.math_ops.reduction import Sum
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.kinds import Opaque, Rearrange
from dataflow.core.shapes import Shape, fits, nbytes, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

Writer = Callable[[Array, Array, Array], None]


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

    def bind(self, memory: Workspace, params: TensorType, indices: TensorType) -> Kernel:
        (made,), dtype = self.infer(params, indices), storage(params.dtype)
        if indices.sizes[-1] == 0:  # every tuple is the place of the whole value

            def repeated(params: Array, indices: Array, out: Array | None = None) -> Array:
                out = np.empty(made.sizes, dtype) if out is None else out
                out[...] = params
                return out

            return repeated
        places = bind_places(memory, self, "indices", indices, params.sizes, self.bad_indices_policy)
        outer, limits = indices.sizes[:-1], params.sizes[: indices.sizes[-1]]
        inner = params.sizes[indices.sizes[-1] :]
        memory.borrowed += nbytes(made)  # the slices, if some are left out or `out` is given

        def take(params: Array, numbers: Array, out: Array | None = None) -> Array:
            if params.flags.c_contiguous and numbers.size:
                return np.asarray(params.reshape(prod(limits), *inner).take(numbers, 0, out, "clip"))
            return cast_into(params[np.unravel_index(numbers, limits)], dtype, out)

        def kernel(params: Array, indices: Array, out: Array | None = None) -> Array:
            numbers, fine = places(indices)
            if fine is None:
                return take(params, numbers.reshape(outer), out)
            gathered = np.empty(made.sizes, dtype) if out is None else out
            gathered[...] = 0
            gathered[fine.reshape(outer)] = take(params, numbers)
            return gathered

        return kernel

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

    def bind(self, memory: Workspace, tensor: TensorType, indices: TensorType, updates: TensorType) -> Kernel:
        places = bind_places(memory, self, "indices", indices, tensor.sizes, self.bad_indices_policy)
        if self.bad_indices_policy == "IGNORE":
            memory.borrowed += nbytes(updates)
        depth, dtype = indices.sizes[-1], storage(tensor.dtype)
        inner, count = tensor.sizes[depth:], prod(tensor.sizes[:depth])
        write = self.bind_write(memory, (count, prod(inner)), prod(indices.sizes[:-1]), dtype)

        def kernel(tensor: Array, indices: Array, updates: Array, out: Array | None = None) -> Array:
            numbers, fine = places(indices)
            slices = updates.reshape(-1, *inner) if updates.size else updates
            if fine is not None:
                slices = slices[fine]
            out = np.array(tensor) if out is None else cast_into(tensor, dtype, out)
            if slices.size:
                write(out.reshape(count, *inner), numbers, slices)
            return out

        return kernel

    def bind_write(self, memory: Workspace, form: tuple[int, int], count: int, dtype: DType) -> Writer:
        """What changes a copy in slices, ``form`` of them by their elements, by their numbers, at most so many."""
        raise TypeError(f"{type(self).__name__}: must have a method bind_write, got none; write one")


class TensorScatterUpdate(TensorScatter):
    """A copy with slices replaced, ``output = tensor; output[tuple(indices[i])] = updates[i]``.

    Where a tuple comes twice the last of its slices stays.

    >>> TensorScatterUpdate()([1, 2, 3, 4], [[2], [0]], [30, 10])
    array([10,  2, 30,  4], dtype=int32)

    Source: tf.tensor_scatter_nd_update.
    """

    found_by = ("set by index",)
    Tindices = (*ANY_INDEX, "uint16")

    def bind_write(self, memory: Workspace, form: tuple[int, int], count: int, dtype: DType) -> Writer:
        return _put

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

    def bind_write(self, memory: Workspace, form: tuple[int, int], count: int, dtype: DType) -> Writer:
        add, width = bind_add_rows(memory, form[0], count, form[1], dtype), form[1]
        return lambda out, numbers, slices: add(out.reshape(form), numbers, slices.reshape(-1, width))

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

    def bind(
        self, memory: Workspace, sparse_indices: TensorType, output_shape: TensorType, *values: TensorType
    ) -> Kernel:
        shape = tuple(output_shape.value.tolist())
        count = sparse_indices.sizes[0] if sparse_indices.sizes else 1
        rows = TensorType(sparse_indices.dtype, (count, len(shape)))
        places = bind_places(memory, self, "sparse_indices", rows, shape)
        memory.borrowed += count
        compiled = memory.compiled and count > FEW and computes(storage(values[0].dtype))
        limits, done = np.array(shape, np.int64), memory.array(1, np.int64)

        def kernel(
            sparse_indices: Array, output_shape: Array, sparse_values: Array, default_value: Array,
            out: Array | None = None,
        ) -> Array:  # fmt: skip
            given = sparse_indices.reshape(rows.sizes)
            dense = np.empty(shape, default_value.dtype) if out is None else out
            dense[...] = default_value
            if compiled:
                put(given, limits, sparse_values.reshape(-1), self.validate_indices, dense.reshape(-1), done)
                if done[0] == count:  # else what is wrong is told below
                    return dense
            numbers, _ = places(given)
            if self.validate_indices and count > 1:
                self._require_order(given, numbers)
            if count:
                dense.reshape(-1)[numbers] = sparse_values
            return dense

        return kernel

    def _require_order(self, rows: Array, places: Array) -> None:
        """Raise BlockError unless the places rise, one after the other."""
        wrong = places[1:] <= places[:-1]
        if wrong.any():
            i = int(wrong.argmax()) + 1
            why = "again" if places[i] == places[i - 1] else f"after {rows[i - 1].tolist()}"
            raise self.error(
                f"input 'sparse_indices' must be in order and different, got {rows[i].tolist()} {why} in row {i}; "
                "validate_indices=False allows it"
            )

    def grad(
        self, sparse_indices: Wire, output_shape: Wire, values: Wire, default: Wire, dense: Wire, dy: Wire
    ) -> tuple[None, None, Wire, Wire]:
        rank = output_shape.shape and output_shape.shape[0]
        if not isinstance(rank, int):
            raise self.error("input 'output_shape' must have a known length to have a gradient, got an unknown one")
        by_values = GatherNd()(dy, Reshape()(sparse_indices, [-1, rank]))
        by_default = Sum()(dy, list(range(rank))) - Sum()(by_values, 0)
        return None, None, by_values, by_default


def _put(out: Array, numbers: Array, updates: Array) -> None:
    out[numbers] = updates


def _signed(indices: Wire) -> Wire:
    """The indices in a dtype that GatherNd takes."""
    return Cast(DstT="int32")(indices) if indices.dtype == "uint16" else indices

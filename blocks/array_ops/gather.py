"""Gather: slices taken from a value by index, and its gradient."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.gather_scatter import ANY_INDEX, check_indices, sum_rows_by_index, sum_rows_bytes
from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque, Rearrange
from dataflow.core.shapes import Dim, Shape, agree, element_count, fits, nbytes, show
from dataflow.core.wire import Wire


class Gather(Rearrange):
    """Slices of the first axis by index, ``output[i] = params[indices[i]]``.

    An index outside the axis is an error, also where ``validate_indices`` is off.

    >>> Gather()([[1, 2], [3, 4], [5, 6]], [2, 0])
    array([[5, 6],
           [1, 2]], dtype=int32)

    Source: tf.gather.
    """

    found_by = ("index", "take", "embedding", "lookup")
    Tparams, Tindices = dtypes.every, INDEX
    params = In("Tparams", "values to take from, at least one dim")
    indices = In("Tindices", "positions on the first axis of `params`, any shape")
    output = Out("Tparams", "the shape of `indices`, then that of a slice")
    validate_indices: bool = attr("has no effect: indices are always checked", default=True)

    def shape_of(self, params: TensorType, indices: TensorType) -> Shape:
        if params.shape == ():
            raise self.error("input 'params' must have at least one dim, got a scalar")
        return None if params.shape is None or indices.shape is None else (*indices.shape, *params.shape[1:])

    def kernel(self, params: Array, indices: Array, out: Array | None = None) -> Array:
        check_indices(self, "indices", indices, len(params), "axis 0 of 'params'")
        return np.asarray(np.take(params, indices, 0, out, "clip"))

    def workspace(self, params: TensorType, indices: TensorType) -> int:
        return _index_bytes(indices)

    def grad(self, params: Wire, indices: Wire, output: Wire, dy: Wire) -> Wire:
        return GatherGrad()(dy, indices, 0, params)


class Batched(Block, abstract=True):
    """A gather or its gradient with leading batch dims, which go together, and the axis behind them."""

    batch_dims: int = attr("number of leading dims that go together; from the rank of `indices` if negative", default=0)

    def batch(self, params: tuple[Dim, ...], indices: tuple[Dim, ...]) -> int:
        """The number of batch dims, which are the same in both shapes."""
        rank = len(indices)
        batch = self.batch_dims + rank * (self.batch_dims < 0)
        if not 0 <= batch <= rank or batch >= len(params):
            raise self.error(
                f"attr 'batch_dims' must leave 'params' a dim to take along and lie in [{-rank}, {rank}], the rank of "
                f"'indices', got {self.batch_dims}"
            )
        if not all(map(agree, params[:batch], indices[:batch])):
            raise self.error(
                f"input 'indices' must have the batch dims of 'params', {show(params[:batch])}, got {show(indices)}"
            )
        return batch

    def along(self, axis: Array, rank: int, batch: int) -> int:
        """The axis as a number from 0."""
        along = int(axis)
        if not -rank <= along < rank:
            raise self.error(f"input 'axis' must lie in [{-rank}, {rank}) for a value of rank {rank}, got {along}")
        along %= rank
        if along < batch:
            raise self.error(f"input 'axis' must come after the {batch} batch dims, got {int(axis)}")
        return along


class GatherV2(Batched, Rearrange):
    """Slices of one axis by index, ``output[..., i, ...] = params[..., indices[i], ...]``.

    With ``batch_dims`` the leading dims of ``params`` and ``indices`` go together, and each batch has indices of its
    own. An index outside the axis is an error.

    >>> GatherV2()([[1, 2, 3], [4, 5, 6]], [2, 0], 1)
    array([[3, 1],
           [6, 4]], dtype=int32)
    >>> GatherV2(batch_dims=1)([[1, 2, 3], [4, 5, 6]], [[2], [0]], 1)
    array([[3],
           [4]], dtype=int32)

    Source: tf.gather.
    """

    found_by = ("index", "take", "embedding", "lookup")
    Tparams, Tindices, Taxis = dtypes.every, ANY_INDEX, INDEX
    params = In("Tparams", "values to take from, at least one dim")
    indices = In("Tindices", "positions on the axis of `params`, any shape")
    axis = In("Taxis", "the axis to take along, counted from the end if negative", shape=(), static=True)
    output = Out("Tparams", "the shape of `params` with that of `indices`, less the batch dims, for the axis")

    def shape_of(self, params: TensorType, indices: TensorType, axis: TensorType) -> Shape:
        if params.shape == ():
            raise self.error("input 'params' must have at least one dim, got a scalar")
        if params.shape is None or indices.shape is None:
            return None
        rank, batch = len(params.shape), self.batch(params.shape, indices.shape)
        if axis.value is None:
            return (*params.shape[:batch], *(None,) * (rank + len(indices.shape) - 2 * batch - 1))
        along = self.along(axis.value, rank, batch)
        return (*params.shape[:along], *indices.shape[batch:], *params.shape[along + 1 :])

    def kernel(self, params: Array, indices: Array, axis: Array, out: Array | None = None) -> Array:
        batch = self.batch(params.shape, indices.shape)
        along = self.along(axis, params.ndim, batch)
        check_indices(self, "indices", indices, params.shape[along], f"axis {along} of 'params'")
        if not batch:
            return np.asarray(np.take(params, indices, along, out, "clip"))
        rows, index, between = _rows(params, indices, along, batch)
        gathered = np.take(rows, index, 0, mode="clip")
        shape = (*params.shape[:batch], *indices.shape[batch:], *params.shape[batch:along], *params.shape[along + 1 :])
        result = np.moveaxis(gathered.reshape(shape), range(indices.ndim, indices.ndim + between), range(batch, along))
        if out is None:
            return np.ascontiguousarray(result)
        out[...] = result
        return out

    def workspace(self, params: TensorType, indices: TensorType, axis: TensorType) -> int:
        batch = self.batch(params.sizes, indices.sizes)
        if not batch:
            return _index_bytes(indices)
        (made,) = self.infer(params, indices, axis)
        moved = self.along(axis.value, len(params.sizes), batch) > batch
        # positions within batches and over all of them, and what is gathered before its axes are moved
        return 2 * 8 * (element_count(indices.shape) or 0) + nbytes(made) + nbytes(params) * moved

    def grad(self, params: Wire, indices: Wire, axis: Wire, output: Wire, dy: Wire) -> Wire:
        return GatherGrad(batch_dims=self.batch_dims)(dy, indices, axis, params)


class GatherGrad(Batched, Opaque):
    """Gradient of GatherV2, ``dx[..., indices[i], ...] += dy[..., i, ...]`` on zeros.

    Slices for the same index are added in float64 and rounded once.

    >>> GatherGrad()([1.0, 2.0, 4.0], [1, 0, 1], 0, [0.0, 0.0, 0.0])
    array([2., 5., 0.], dtype=float32)

    Source: the gradient of tf.gather.
    """

    T, Tindices, Taxis = dtypes.number, ANY_INDEX, INDEX
    dy = In("T", "gradient by the output of the GatherV2")
    indices = In("Tindices", "positions that it took")
    axis = In("Taxis", "the axis along which it took them", shape=(), static=True)
    params = In("T", "the value that it took them from", like=True)
    dx = Out("T", "gradient by `params`")

    def shape_of(self, dy: TensorType, indices: TensorType, axis: TensorType, params: TensorType) -> Shape:
        gathered = GatherV2(batch_dims=self.batch_dims).shape_of(params, indices, axis)
        if not fits(dy.shape, gathered):
            raise self.error(f"input 'dy' must have shape {show(gathered)}, got {show(dy.shape)}")
        return params.shape

    def kernel(self, dy: Array, indices: Array, axis: Array, params: Array) -> Array:
        batch = self.batch(params.shape, indices.shape)
        along = self.along(axis, params.ndim, batch)
        check_indices(self, "indices", indices, params.shape[along], f"axis {along} of 'params'")
        if not dy.size:
            return np.zeros(params.shape, dy.dtype)
        lead, between, behind = map(prod, (params.shape[:batch], params.shape[batch:along], params.shape[along + 1 :]))
        count, size = prod(indices.shape[batch:]), params.shape[along]
        rows = dy.reshape(lead, between, count, behind).swapaxes(1, 2).reshape(lead * count, between * behind)
        places, sums = sum_rows_by_index(_flat(indices, lead, count, size), rows)
        dx = np.zeros((lead * size, between * behind), dy.dtype)
        dx[places] = sums
        dx = dx.reshape(lead, size, between, behind).swapaxes(1, 2)
        return np.ascontiguousarray(dx).reshape(params.shape)

    def workspace(self, dy: TensorType, indices: TensorType, axis: TensorType, params: TensorType) -> int:
        count, size = element_count(indices.shape) or 0, element_count(dy.shape) or 0
        first = self.along(axis.value, len(params.sizes), self.batch(params.sizes, indices.sizes))
        copied = prod(params.sizes[:first]) > 1
        copies = (nbytes(dy) + nbytes(params)) * copied  # slices made rows, and the way back
        return sum_rows_bytes(count, size // max(count, 1), dy.dtype) + copies

    def grad(self, dy: Wire, indices: Wire, axis: Wire, params: Wire, dx: Wire, ddx: Wire) -> Wire:
        return GatherV2(batch_dims=self.batch_dims)(ddx, indices, axis)


def _rows(params: Array, indices: Array, along: int, batch: int) -> tuple[Array, Array, int]:
    """The slices of all batches as one list, the positions in it, and the number of dims between batch and axis."""
    lead = prod(params.shape[:batch])
    moved = np.moveaxis(params, along, batch)
    rows = moved.reshape(lead * moved.shape[batch], *moved.shape[batch + 1 :])
    count = prod(indices.shape[batch:])
    return rows, _flat(indices, lead, count, moved.shape[batch]), along - batch


def _index_bytes(indices: TensorType) -> int:
    """What NumPy takes for indices in its own dtype."""
    return 8 * (element_count(indices.shape) or 0) * (indices.dtype != "int64")


def _flat(indices: Array, lead: int, count: int, size: int) -> Array:
    """The positions of all batches in their slices as one list."""
    return (indices.reshape(lead, count) + np.arange(lead, dtype=np.int64)[:, None] * size).reshape(-1)

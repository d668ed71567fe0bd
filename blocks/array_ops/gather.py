"""Gather: slices taken from a value by index, and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from blocks.kernels.gather_scatter import ANY_INDEX, check_indices
from blocks.kernels.static_shape import INDEX
from blocks.kernels.sums_by_index import bind_add_rows
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque, Rearrange
from dataflow.core.shapes import Dim, Shape, agree, fits, nbytes, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


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

    def bind(self, memory: Workspace, params: TensorType, indices: TensorType) -> Kernel:
        return _bind_take(memory, self, params, indices, 0)

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

    def bind(self, memory: Workspace, params: TensorType, indices: TensorType, axis: TensorType) -> Kernel:
        batch = self.batch(params.sizes, indices.sizes)
        along = self.along(axis.value, len(params.sizes), batch)
        if not batch:
            return _bind_take(memory, self, params, indices, along)
        size, lead, between = params.sizes[along], prod(params.sizes[:batch]), along - batch
        inner = *params.sizes[batch:along], *params.sizes[along + 1 :]
        index = _bind_flat(memory, indices, lead, size)
        (made,), dtype, rank = self.infer(params, indices, axis), storage(params.dtype), len(indices.sizes)
        gathered = memory.array(prod(made.sizes), dtype).reshape(*indices.sizes, *inner)
        result = np.moveaxis(gathered, range(rank, rank + between), range(batch, along))
        slices = gathered.reshape(prod(indices.sizes), *inner)
        memory.borrowed += nbytes(params) * (along > batch)

        def kernel(params: Array, indices: Array, axis: Array, out: Array | None = None) -> Array:
            check_indices(self, "indices", indices, size, f"axis {along} of 'params'")
            rows = np.moveaxis(params, along, batch).reshape(lead * size, *inner)
            np.take(rows, index(indices), 0, slices, "clip")
            out = np.empty(made.sizes, dtype) if out is None else out
            np.copyto(out, result)
            return out

        return kernel

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

    def bind(
        self, memory: Workspace, dy: TensorType, indices: TensorType, axis: TensorType, params: TensorType
    ) -> Kernel:
        batch = self.batch(params.sizes, indices.sizes)
        along = self.along(axis.value, len(params.sizes), batch)
        lead, between, behind = map(prod, (params.sizes[:batch], params.sizes[batch:along], params.sizes[along + 1 :]))
        count, size, dtype = prod(indices.sizes[batch:]), params.sizes[along], storage(dy.dtype)
        index = _bind_flat(memory, indices, lead, size)
        given, width = (lead, between, count, behind), between * behind
        moved = memory.array(prod(params.sizes) * (between > 1), dtype).reshape(lead * size * (between > 1), width)
        add_rows = bind_add_rows(memory, lead * size, lead * count, width, dtype)
        memory.borrowed += nbytes(dy) * (between > 1)

        def kernel(dy: Array, indices: Array, axis: Array, params: Array, out: Array | None = None) -> Array:
            check_indices(self, "indices", indices, size, f"axis {along} of 'params'")
            out = np.empty(params.shape, dtype) if out is None else out
            dx = moved if between > 1 else out.reshape(lead * size, width)
            dx[...] = 0
            if dy.size:
                rows = dy.reshape(given).swapaxes(1, 2).reshape(lead * count, width)
                add_rows(dx, index(indices), rows)
            if between > 1:
                slices = dx.reshape(lead, size, between, behind).swapaxes(1, 2)
                np.copyto(out.reshape(slices.shape), slices)
            return out

        return kernel

    def grad(self, dy: Wire, indices: Wire, axis: Wire, params: Wire, dx: Wire, ddx: Wire) -> Wire:
        return GatherV2(batch_dims=self.batch_dims)(ddx, indices, axis)


def _bind_take(memory: Workspace, block: Block, params: TensorType, indices: TensorType, axis: int) -> Kernel:
    """What takes slices of one axis by index."""
    size, what = params.sizes[axis], f"axis {axis} of 'params'"
    memory.borrowed += 8 * prod(indices.sizes) * (indices.dtype != "int64")  # indices in NumPy's own dtype

    def kernel(params: Array, indices: Array, *_: Array, out: Array | None = None) -> Array:
        check_indices(block, "indices", indices, size, what)
        return np.asarray(np.take(params, indices, axis, out, "clip"))

    return kernel


def _bind_flat(memory: Workspace, indices: TensorType, lead: int, size: int) -> Callable[[Array], Array]:
    """What makes indices, of ``lead`` batches with so many slices each, positions in all slices as one list."""
    count = prod(indices.sizes) // max(lead, 1)
    offsets = np.arange(lead, dtype=np.int64)[:, None]
    offsets *= size
    memory.kept += offsets.nbytes
    flat = memory.array(lead * count, np.int64)
    return lambda given: np.add(given.reshape(lead, count), offsets, flat.reshape(lead, count)).reshape(-1)

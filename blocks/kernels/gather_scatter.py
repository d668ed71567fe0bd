"""What gathers and scatters share: indices checked against shapes, and rows summed by index."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.chunked import TILE, part_bytes, parts
from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import Block, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.shapes import Shape, fits, show
from dataflow.core.workspace import Workspace

ANY_INDEX = ("int16", *INDEX)
FEW = 16  # rows per sum up to which adding them in turns costs less than np.add.reduceat
POLICIES = ("", "DEFAULT", "ERROR", "IGNORE")
POLICY = "what an index outside does: IGNORE leaves its slice out, all others make it an error"


def check_indices(block: Block, port: str, indices: Array, limit: int, what: str) -> None:
    """Raise an error that names the first index outside ``[0, limit)``."""
    if indices.size and (indices.min() < 0 or indices.max() >= limit):
        place = np.argwhere((indices < 0) | (indices >= limit))[0]
        where = f"{port}{''.join(f'[{i}]' for i in place)}"
        raise block.error(f"input '{port}' must lie in [0, {limit}) for {what}, got {where} = {indices[tuple(place)]}")


def sum_rows_by_index(index: Array, rows: Array) -> tuple[Array, Array]:
    """The distinct numbers of a non-empty index ``[n]``, and the sum of the rows ``[n, width]`` of each, in float64."""
    order = np.argsort(index, kind="stable")
    ordered = index[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    counts = np.diff(np.append(starts, len(order)))
    dtype = dtypes.accumulate(rows.dtype)
    if counts.max() > FEW:
        return ordered[starts], np.add.reduceat(rows[order].astype(dtype, copy=False), starts, 0, dtype)
    # the first row of each number, then the second of those that have one, and so on: far faster where few have many
    sums = rows[order[starts]].astype(dtype, copy=False)
    for turn in range(1, counts.max()):
        more = np.flatnonzero(counts > turn)
        sums[more] += rows[order[starts[more] + turn]]
    return ordered[starts], sums


def sum_rows_bytes(count: int, width: int, dtype: str) -> int:
    """What `sum_rows_by_index` takes at most, with what it gives, for ``count`` rows of this dtype."""
    given = dtypes.storage(dtype)
    return count * (6 * 8 + 1 + width * int(given.itemsize + dtypes.accumulate(given).itemsize))


def gather_shape(block: Block, of: str, shape: Shape, indices: Shape) -> Shape:
    """The shape of what tuples of indices address: ``indices`` without its last dim, then that of a slice."""
    if indices == ():
        raise block.error("input 'indices' must have at least one dim, got a scalar")
    if shape is None or indices is None or not isinstance(indices[-1], int):
        return None
    if indices[-1] > len(shape):
        raise block.error(
            f"input 'indices' must have at most {len(shape)} numbers per place in '{of}' of shape {show(shape)}, "
            f"got {indices[-1]}"
        )
    return (*indices[:-1], *shape[indices[-1] :])


def scatter_shape(block: Block, of: str, given: TensorType, indices: TensorType, updates: TensorType) -> Shape:
    """The shape of what is changed; an error where tuples of indices or updates do not fit it."""
    if given.shape == ():
        raise block.error(f"input '{of}' must have at least one dim, got a scalar")
    wanted = gather_shape(block, of, given.shape, indices.shape)
    if indices.shape is not None and indices.shape[-1] == 0:
        raise block.error("input 'indices' must have at least one number per place, got none")
    if not fits(updates.shape, wanted):
        raise block.error(f"input 'updates' must have shape {show(wanted)}, got {show(updates.shape)}")
    return given.shape


def bind_in_bounds(
    memory: Workspace, block: Block, port: str, indices: TensorType, shape: tuple[int, ...], policy: str | None = None
) -> Callable[[Array], Array | None]:
    """What tells of tuples of indices which of them lie in the shape, None for all.

    It raises an error that names the first outside, unless the policy is IGNORE.
    """
    *outer, depth = indices.sizes
    limits, least = np.array(shape[:depth], np.int64), min(shape[:depth], default=0)
    step = max(TILE // max(depth, 1), 1)
    memory.borrowed += prod(outer) + part_bytes(4, indices)

    def in_bounds(indices: Array) -> Array | None:
        if not indices.size or (indices.min() >= 0 and indices.max() < least):
            return None
        outside = np.empty(outer, np.bool_)
        for tuples, wrong in parts(step, outside, indices):
            wrong[...] = ((tuples < 0) | (tuples >= limits)).any(-1)
        if not outside.any():
            return None
        if policy == "IGNORE":
            return np.logical_not(outside, outside)
        place = np.argwhere(outside)[0] if outside.ndim else ()
        where = f"{port}{''.join(f'[{i}]' for i in place)}"
        got = indices[tuple(place)].tolist()
        way_out = "" if policy is None else "; bad_indices_policy='IGNORE' leaves it out"
        raise block.error(
            f"input '{port}' must lie below {limits.tolist()} and not below 0, got {where} = {got}{way_out}"
        )

    return in_bounds


def index_arrays(indices: Array) -> tuple[Any, ...]:
    """Tuples of indices as NumPy takes them: an array per dim."""
    return tuple(np.moveaxis(indices, -1, 0))

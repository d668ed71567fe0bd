"""What gathers and scatters share: indices checked against shapes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from blocks.kernels.chunked import TILE, part_bytes, parts
from blocks.kernels.static_shape import INDEX
from dataflow.core.block import Block, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.shapes import Shape, fits, nbytes, show
from dataflow.core.workspace import Workspace

ANY_INDEX = ("int16", *INDEX)
POLICIES = ("", "DEFAULT", "ERROR", "IGNORE")
Places = tuple[Array, Array | None]  # numbers of slices, and of which tuples they are, if not of all
POLICY = "what an index outside does: IGNORE leaves its slice out, all others make it an error"


def check_indices(block: Block, port: str, indices: Array, limit: int, what: str) -> None:
    """Raise an error that names the first index outside ``[0, limit)``."""
    if indices.size and largest(indices) >= limit:
        place = np.argwhere((indices < 0) | (indices >= limit))[0]
        where = f"{port}{''.join(f'[{i}]' for i in place)}"
        raise block.error(f"input '{port}' must lie in [0, {limit}) for {what}, got {where} = {indices[tuple(place)]}")


def largest(indices: Array) -> int:
    """The largest of some indices, where those below 0 count as large."""
    found: int = indices.view(f"u{indices.itemsize}").max()
    return found


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


def bind_places(
    memory: Workspace, block: Block, port: str, indices: TensorType, shape: tuple[int, ...], policy: str | None = None
) -> Callable[[Array], Places]:
    """What makes tuples of indices numbers of the slices that they address, and tells which of them lie in the shape.

    It raises an error that names the first outside, unless the policy is IGNORE: then the numbers are of those inside.
    """
    *outer, depth = indices.sizes
    limits, count = shape[:depth], prod(outer)
    numbers = memory.array(count * (depth > 0), np.int64)
    if policy == "IGNORE":
        memory.borrowed += count + part_bytes(4, indices) + nbytes(indices)

    def places(indices: Array) -> Places:
        rows = indices.reshape(count, depth)
        columns, fine = rows.T, None
        if count and any(largest(c) >= limit for c, limit in zip(columns, limits, strict=True)):
            fine = inside(rows)
            columns = rows[fine].T
        made = numbers[: columns.shape[1]] if depth else np.zeros(len(rows), np.int64)
        for axis, column in enumerate(columns):
            if axis:
                np.multiply(made, limits[axis], made)
                np.add(made, column, made)
            else:
                np.copyto(made, column)
        return made, fine

    def inside(rows: Array) -> Array:
        fine = np.empty(count, np.bool_)
        for tuples, right in parts(max(TILE // max(depth, 1), 1), fine, rows):
            right[...] = ((tuples >= 0) & (tuples < limits)).all(-1)
        if policy == "IGNORE":
            return fine
        place = np.unravel_index(np.argmin(fine), outer)
        where = f"{port}{''.join(f'[{i}]' for i in place)}"
        way_out = "" if policy is None else "; bad_indices_policy='IGNORE' leaves it out"
        raise block.error(
            f"input '{port}' must lie below {list(limits)} and not below 0, "
            f"got {where} = {rows[np.argmin(fine)].tolist()}{way_out}"
        )

    return places

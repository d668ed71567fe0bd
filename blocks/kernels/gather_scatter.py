"""What gathers and scatters share: indices checked against shapes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.chunked import TILE, part_bytes, parts
from blocks.kernels.static_shape import INDEX
from dataflow.core.block import Block, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.shapes import Shape, fits, show
from dataflow.core.workspace import Workspace

ANY_INDEX = ("int16", *INDEX)
POLICIES = ("", "DEFAULT", "ERROR", "IGNORE")
POLICY = "what an index outside does: IGNORE leaves its slice out, all others make it an error"


def check_indices(block: Block, port: str, indices: Array, limit: int, what: str) -> None:
    """Raise an error that names the first index outside ``[0, limit)``."""
    if indices.size and (indices.min() < 0 or indices.max() >= limit):
        place = np.argwhere((indices < 0) | (indices >= limit))[0]
        where = f"{port}{''.join(f'[{i}]' for i in place)}"
        raise block.error(f"input '{port}' must lie in [0, {limit}) for {what}, got {where} = {indices[tuple(place)]}")


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
    if policy == "IGNORE":
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

"""Kernels run chunk by chunk: intermediate results stay in the cache, and take no more memory for large arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.half import convert, convert_bytes
from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array
from dataflow.core.scratch import one_array_bytes, scratch
from dataflow.core.shapes import broadcast, element_count

TILE = 1 << 17  # elements to work on at a time
LONG_TILE = 1 << 20  # elements to work on at a time where no buffer is needed
SMALL = 1 << 14  # elements up to which new memory costs less than to borrow some


def tiled(step: Callable[..., Any], buffers: int, out: Array | None, *arrays: Array, widen: bool = True) -> Array:
    """``step(*arrays, out, *buffers)`` done tile by tile; ``out`` is made if it is None, and returned.

    The arrays have one shape. ``buffers`` is the number of arrays of the shape of a tile that the step works in. The
    16-bit floats are given to the step in float32 unless ``widen`` is false, and what it writes is rounded once.
    """
    if out is None:
        out = np.empty(arrays[0].shape, arrays[0].dtype)
    if out.itemsize > 2 and out.size <= (SMALL if buffers else LONG_TILE):
        if out.size:
            step(*arrays, out, *[np.empty(out.shape, out.dtype) for _ in range(buffers)])
        return out
    dtype = dtypes.compute(out.dtype) if widen else out.dtype
    narrow = out.dtype != dtype
    buffers += (len(arrays) + 1) * narrow
    tile = TILE if buffers else LONG_TILE
    with scratch(((buffers, min(out.size, tile)), dtype)) as (space,):
        for *given, result in pieces(tile, *arrays, out):
            work = [row[: result.size].reshape(result.shape) for row in space]
            if not narrow:
                step(*given, result, *work)
                continue
            for copy, array in zip(work, given, strict=False):
                convert(array, copy)
            step(*work)
            convert(work[len(given)], result)
    return out


def tiled_bytes(buffers: int, like: TensorType, arrays: int, widen: bool = True, masks: int = 0) -> int:
    """What `tiled` takes beside its arrays and its result, for values of a known type.

    masks : the number of boolean arrays that the step makes.
    """
    given = dtypes.storage(like.dtype)
    dtype, size = dtypes.compute(given) if widen else given, element_count(like.shape) or 0
    buffers += (arrays + 1) * (given != dtype)
    tile = min(size, TILE if buffers else LONG_TILE)
    nbytes = buffers * tile * int(dtype.itemsize)
    beside = max(masks * tile, convert_bytes(like, "float32") if given != dtype else 0)  # one after the other
    return beside + (nbytes if size <= SMALL and given.itemsize > 2 else one_array_bytes(nbytes))


def cut(size: int, step: int) -> Iterator[slice]:
    """Slices of ``step`` elements that make up ``size`` of them; the last one may be shorter."""
    for start in range(0, size, max(step, 1)):
        yield slice(start, min(start + step, size))


def in_parts(step: Callable[..., Any], out: Array, *arrays: Array, size: int = TILE) -> Array:
    """``step(*arrays, out)`` part by part, for arrays that broadcast to the shape of ``out``, which is returned."""
    for given in parts(size, out, *arrays):
        step(*given)
    return out


def part_bytes(each: int, *types: TensorType, size: int = TILE) -> int:
    """What `in_parts` takes for values of known types that broadcast, at ``each`` bytes for an element."""
    return each * min(element_count(broadcast(*[t.shape for t in types])) or 0, size)


def parts(size: int, out: Array, *arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Arrays, and ``out`` to whose shape they broadcast, as views of parts of at most ``size`` elements.

    An array may have more dims behind those of ``out``.
    """
    if out.size <= size:
        if out.size:
            yield (*arrays, out)
        return
    if out.ndim > 1 and all(a.flags.c_contiguous and a.shape in (out.shape, ()) for a in (out, *arrays)):
        arrays, out = tuple(a.reshape(-1) if a.ndim else a for a in arrays), out.reshape(-1)
    rows = size // prod(out.shape[1:])
    for start in range(0, len(out), max(rows, 1)):
        cut = [a if a.ndim < out.ndim or len(a) == 1 else a[start : start + max(rows, 1)] for a in arrays]
        if rows:
            yield (*cut, out[start : start + rows])
        else:
            yield from parts(size, out[start], *[a if a.ndim < out.ndim else a[0] for a in cut])


def pieces(size: int, *arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Arrays of one shape, as views of parts of at most ``size`` elements."""
    first = arrays[0]
    if first.size <= size:
        if first.size:
            yield arrays
        return
    if first.ndim > 1 and all(a.flags.c_contiguous for a in arrays):
        arrays = tuple(a.reshape(-1) for a in arrays)
    rows = size // prod(arrays[0].shape[1:])
    if rows:
        for start in range(0, len(arrays[0]), rows):
            yield tuple([a[start : start + rows] for a in arrays])
    else:
        for each in zip(*arrays, strict=True):
            yield from pieces(size, *each)

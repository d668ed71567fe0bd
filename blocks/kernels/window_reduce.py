"""The elements of each window reduced to one, and a value per window added to all its elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from blocks.kernels import spread_loops
from blocks.kernels.sliding_windows import (
    Bands,
    Slides,
    converted,
    counts,
    divide,
    in_bands,
    is_partition,
    larger_axes,
    larger_number,
    shaped,
    taps_along,
)
from blocks.kernels.window_loops import Reduce, bind_loop
from blocks.kernels.windows import Span, valid_slices
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec
from dataflow.core.workspace import Workspace

Move = Callable[[Array, Array], Array]  # from an array to another one, which it returns

# -- from elements to windows ---------------------------------------------------------------------------------------


def bind_mean(
    memory: Workspace, shape: tuple[int, ...], slides: Slides, storage: DType, dtype: DType | None = None
) -> Move:
    """The mean of each window, as ``(x, out)``, for an input of this shape and dtype.

    ``dtype`` is the one to compute in, where it is another than that of `dtypes.compute`.
    """
    bands, dtype = in_bands(shape, slides), dtype or dtypes.compute(storage)
    loop = bind_loop(memory, bands, dtype)
    if loop is not None:
        return _by_bands(memory, bands, storage, dtype, loop, storage.kind in "iu")
    partials = memory.arrays(*partial_scratch(bands, dtype))

    def mean(x: Array, slides: Slides, out: Array) -> None:
        reduce_band(np.add, 0, x, slides, out, partials)
        divide(out, slides)

    return _by_bands(memory, bands, storage, dtype, mean)


def bind_largest(memory: Workspace, shape: tuple[int, ...], slides: Slides, storage: DType, least: float) -> Move:
    """The largest number of each window, at least ``least``, as ``(x, out)``, for an input of this shape and dtype.

    NaN is no number. Of zeros of both signs the last one that is looked at is taken.
    """
    bands, dtype = in_bands(shape, slides), dtypes.compute(storage)
    loop = bind_loop(memory, bands, dtype, least)
    if loop is not None:
        return _by_bands(memory, bands, storage, dtype, loop)
    partials = memory.arrays(*partial_scratch(bands, dtype))

    def largest(x: Array, slides: Slides, out: Array) -> None:
        reduce_band(np.maximum, least, x, slides, out, partials)
        if not np.minimum.reduce(out, None) >= least:  # there is a NaN or -inf
            reduce_band(larger_number, least, x, slides, out, partials)
            if least > -np.inf:
                np.fmax(out, out.dtype.type(least), out=out)

    return _by_bands(memory, bands, storage, dtype, largest)


def _by_bands(
    memory: Workspace, bands: Bands, storage: DType, dtype: DType, reduce: Reduce, converts: bool = False
) -> Move:
    """What reduces one band after the other, in the dtype to compute in; ``reduce`` may convert elements by itself."""
    narrow = storage != dtype
    copy, result = memory.arrays(
        ((prod(bands.input) * (narrow and not converts),), dtype), ((prod(bands.output) * narrow,), dtype)
    )

    def move(x: Array, out: Array) -> Array:
        for band in bands.bands if out.size else ():
            part, target = x[band.input] if converts else converted(x[band.input], copy), out[band.output]
            made = target if target.dtype == dtype else shaped(result, target.shape)
            reduce(part, band.slides, made)
            if made is not target:
                np.copyto(target, made, casting="unsafe")
        return out

    return move


def partial_scratch(bands: Bands, dtype: DType) -> list[ArraySpec]:
    """Memory for what is reduced along some of the axes only."""
    return _between(bands.input, bands.output, larger_axes(bands.slides), dtype)


def _between(before: tuple[int, ...], after: tuple[int, ...], axes: list[int], dtype: DType) -> list[ArraySpec]:
    """Memory for what lies between two shapes where one axis after the other changes its size."""
    sizes, shape = [], list(before)
    for axis in axes[:-1]:
        shape[axis] = after[axis]
        sizes.append(prod(shape))
    return [((size,), dtype) for size in sizes]


def reduce_band(
    ufunc: Callable[..., object], start: Any, x: Array, slides: Slides, out: Array, partials: Sequence[Array]
) -> None:
    """The elements of each window of one band reduced into ``out``, along one axis after the other."""
    axes, along = larger_axes(slides), dict(slides)
    if not axes:
        np.copyto(out, x)
    for i, axis in enumerate(axes):
        shape = (*x.shape[:axis], along[axis].out, *x.shape[axis + 1 :])
        target = out if i == len(axes) - 1 else shaped(partials[i], shape)
        _reduce_along(axis, ufunc, start, x, along[axis], target)
        x = target


def _reduce_along(axis: int, ufunc: Callable[..., object], start: Any, x: Array, span: Span, out: Array) -> None:
    pair, others = taps_along(axis, span)
    if pair:
        ufunc(x[pair[0]], x[pair[1]], out=out)
    else:
        out.fill(start)
    for positions, elements in others:
        view = out[positions]
        ufunc(view, x[elements], out=view)


# -- from windows to elements ---------------------------------------------------------------------------------------


def bind_spread(memory: Workspace, shape: tuple[int, ...], slides: Slides, storage: DType) -> Move:
    """A value per window divided by the number of its elements and added to all of them.

    As ``(dy, out)``, for a result of this shape and dtype.
    """
    loop = spread_loops.bind_loop(memory, shape, slides, storage)
    if loop is not None:
        return loop
    bands, partition = _spread_bands(shape, slides, storage), is_partition(slides)
    values, copy, *partials = memory.arrays(*_spread_scratch(bands, storage))

    def spread(dy: Array, out: Array) -> Array:
        if not dy.size or not partition:
            out.fill(0)
        for band in bands.bands if dy.size and out.size else ():
            part, target = dy[band.output], out[band.input]
            x = shaped(values, part.shape)
            for place, number in counts(x.ndim, band.slides):
                np.divide(part[place], x.dtype.type(number), x[place])
            made = target if target.dtype == x.dtype else shaped(copy, target.shape)
            if made is not target:
                made.fill(0)
            for i, (axis, span) in enumerate(reversed(band.slides)):
                last = i == len(band.slides) - 1
                into = made if last else shaped(partials[i], (*x.shape[:axis], span.size, *x.shape[axis + 1 :]))
                if not last:
                    into.fill(0)
                _spread_along(axis, x, span, into)
                x = into
            if made is not target:
                np.copyto(target, made, casting="unsafe")
        return out

    return spread


def _spread_bands(shape: tuple[int, ...], slides: Slides, storage: DType) -> Bands:
    return in_bands(shape, slides, whole=storage != dtypes.compute(storage))


def _spread_scratch(bands: Bands, storage: DType) -> list[ArraySpec]:
    """Memory for the values per element of a window, for the result in the dtype to compute in, and for partials."""
    dtype = dtypes.compute(storage)
    axes = [axis for axis, _ in reversed(bands.slides)]
    own = [((n,), dtype) for n in (prod(bands.output), prod(bands.input) * (storage != dtype))]
    return own + _between(bands.output, bands.input, axes, dtype)


def _spread_along(axis: int, dy: Array, span: Span, into: Array) -> None:
    """Each value added to the elements of its window in memory that holds zeros, or is written only once."""
    before = (slice(None),) * axis
    for offset in range(span.known[1]):
        positions, elements = valid_slices(span, offset)
        view, part = into[(*before, elements)], dy[(*before, positions)]
        if span.stride >= span.extent:
            np.copyto(view, part)
        else:
            np.add(view, part, out=view)

"""The elements of each window reduced to one, and a value per window added to all its elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.sliding_windows import Bands, Index, Slides, converted, in_bands, is_partition, shaped
from blocks.kernels.windows import Span, valid_slices
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec
from dataflow.core.workspace import Workspace

Move = Callable[[Array, Array], Array]  # from an array to another one, which it returns

# -- from elements to windows ---------------------------------------------------------------------------------------


def bind_reduce(
    memory: Workspace,
    ufunc: np.ufunc,
    start: Any,
    shape: tuple[int, ...],
    slides: Slides,
    storage: DType,
    finalize: Callable[[Array, Slides], None] | None = None,
    dtype: DType | None = None,
) -> Move:
    """The elements of each window reduced by a ufunc, beginning with ``start``, and finalized in place.

    As ``(x, out)``, for an input of this shape and dtype. ``dtype`` is the one to compute in, where it is another than
    that of `dtypes.compute`.
    """
    bands = in_bands(shape, slides)
    copy, result, *partials = memory.arrays(*_reduce_scratch(bands, storage, dtype))

    def reduce(x: Array, out: Array) -> Array:
        for band in bands.bands if out.size else ():
            part, target = converted(x[band.input], copy), out[band.output]
            made = target if target.dtype == part.dtype else shaped(result, target.shape)
            reduce_band(ufunc, start, part, band.slides, made, partials)
            if finalize is not None:
                finalize(made, band.slides)
            if made is not target:
                np.copyto(target, made, casting="unsafe")
        return out

    return reduce


def _reduce_scratch(bands: Bands, storage: DType, dtype: DType | None) -> list[ArraySpec]:
    """Memory for copies of input and output in the dtype to compute in, and for `partial_scratch`."""
    dtype = dtype or dtypes.compute(storage)
    sizes = (prod(bands.input), prod(bands.output)) if storage != dtype else (0, 0)
    return [*(((size,), dtype) for size in sizes), *partial_scratch(bands, dtype)]


def partial_scratch(bands: Bands, dtype: DType) -> list[ArraySpec]:
    """Memory for what is reduced along some of the axes only."""
    return _between(bands.input, bands.output, _axes(bands.slides), dtype)


def _between(before: tuple[int, ...], after: tuple[int, ...], axes: list[int], dtype: DType) -> list[ArraySpec]:
    """Memory for what lies between two shapes where one axis after the other changes its size."""
    sizes, shape = [], list(before)
    for axis in axes[:-1]:
        shape[axis] = after[axis]
        sizes.append(prod(shape))
    return [((size,), dtype) for size in sizes]


def _axes(slides: Slides) -> list[int]:
    """The axes along which the window is larger than an element, or skips some."""
    return [axis for axis, span in slides if span.kernel != 1 or span.stride != 1]


def reduce_band(ufunc: np.ufunc, start: Any, x: Array, slides: Slides, out: Array, partials: Sequence[Array]) -> None:
    """The elements of each window of one band reduced into ``out``, along one axis after the other."""
    axes, along = _axes(slides), dict(slides)
    if not axes:
        np.copyto(out, x)
    for i, axis in enumerate(axes):
        shape = (*x.shape[:axis], along[axis].out, *x.shape[axis + 1 :])
        target = out if i == len(axes) - 1 else shaped(partials[i], shape)
        _reduce_along(axis, ufunc, start, x, along[axis], target)
        x = target


def _reduce_along(axis: int, ufunc: np.ufunc, start: Any, x: Array, span: Span, out: Array) -> None:
    pair, others = _taps_along(axis, span)
    if pair:
        ufunc(x[pair[0]], x[pair[1]], out=out)
    else:
        out.fill(start)
    for positions, elements in others:
        view = out[positions]
        ufunc(view, x[elements], out=view)


@lru_cache(maxsize=256)
def _taps_along(axis: int, span: Span) -> tuple[list[Index], list[tuple[Index, Index]]]:
    """The elements of the first two taps that all windows have, if there are such; positions and elements of others."""
    before = (slice(None),) * axis
    taps = [
        ((*before, at), (*before, elements)) for at, elements in (valid_slices(span, i) for i in range(span.known[1]))
    ]
    everywhere = [tap for tap in taps if tap[0][-1] == slice(0, span.out)][:2]
    if len(everywhere) < 2:
        return [], taps
    return [elements for _, elements in everywhere], [tap for tap in taps if tap not in everywhere]


# -- from windows to elements ---------------------------------------------------------------------------------------


def bind_spread(
    memory: Workspace,
    shape: tuple[int, ...],
    slides: Slides,
    storage: DType,
    per_element: Callable[[Array, Slides, Array], None],
) -> Move:
    """What ``per_element(dy, slides, buffer)`` makes of a value per window, added to all its elements.

    As ``(dy, out)``, for a result of this shape and dtype.
    """
    bands, partition = _spread_bands(shape, slides, storage), is_partition(slides)
    values, copy, *partials = memory.arrays(*_spread_scratch(bands, storage))

    def spread(dy: Array, out: Array) -> Array:
        if not dy.size or not partition:
            out.fill(0)
        for band in bands.bands if dy.size and out.size else ():
            part, target = dy[band.output], out[band.input]
            x = shaped(values, part.shape)
            per_element(part, band.slides, x)
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

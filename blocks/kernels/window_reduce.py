"""The elements of each window folded into one, and a value per window spread over its elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.sliding_windows import Bands, Slides, copied, covering, in_bands, shaped
from blocks.kernels.windows import seen
from dataflow.core import dtypes
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes


def fold_bytes(shape: tuple[int, ...], slides: Slides, given: Any) -> int:
    """What `fold` takes for an input of this shape and dtype."""
    bands = in_bands(shape, slides)
    return scratch_bytes(*_fold_scratch(bands, given)) if prod(bands.made) else 0


def _fold_scratch(bands: Bands, given: Any) -> list[ArraySpec]:
    """Memory for copies of input and output in the dtype to compute in, and for what is folded along some axes only."""
    dtype = dtypes.compute(given)
    sizes = (prod(bands.seen), prod(bands.made)) if given != dtype else (0, 0)
    return [*(((size,), dtype) for size in sizes), *between(bands, dtype)]


def between(bands: Bands, dtype: Any) -> list[ArraySpec]:
    """Memory for what is folded along some axes only."""
    return _between(bands.seen, bands.made, _active(bands.slides), dtype)


def _between(given: tuple[int, ...], made: tuple[int, ...], axes: list[int], dtype: Any) -> list[ArraySpec]:
    """Memory for what lies between two shapes where one axis after the other changes its size."""
    sizes, shape = [], list(given)
    for axis in axes[:-1]:
        shape[axis] = made[axis]
        sizes.append(prod(shape))
    return [((size,), dtype) for size in sizes]


def _active(slides: Slides) -> list[int]:
    return [axis for axis, span in slides if span.kernel != 1 or span.stride != 1]


def fold(
    ufunc: np.ufunc, start: Any, x: Any, slides: Slides, out: Any, finish: Callable[[Any, Slides], None] | None = None
) -> Any:
    """The elements of each window folded by a ufunc, beginning with ``start``, and finished in place; in ``out``."""
    bands = in_bands(x.shape, slides)
    if not out.size:
        return out
    with scratch(*_fold_scratch(bands, x.dtype)) as (copy, result, *spare):
        for band in bands.bands:
            part, target = copied(x[band.seen], copy), out[band.made]
            made = target if target.dtype == part.dtype else shaped(result, target.shape)
            fold_band(ufunc, start, part, band.slides, made, spare)
            if finish is not None:
                finish(made, band.slides)
            if made is not target:
                np.copyto(target, made, casting="unsafe")
    return out


def fold_band(ufunc: np.ufunc, start: Any, x: Any, slides: Slides, out: Any, spare: Sequence[Any]) -> None:
    """The same for one band, along one axis after the other."""
    axes, along = _active(slides), dict(slides)
    if not axes:
        np.copyto(out, x)
    for i, axis in enumerate(axes):
        shape = (*x.shape[:axis], along[axis].out, *x.shape[axis + 1 :])
        target = out if i == len(axes) - 1 else shaped(spare[i], shape)
        _fold_along(axis, ufunc, start, x, along[axis], target)
        x = target


def _fold_along(axis: int, ufunc: np.ufunc, start: Any, x: Any, span: Any, out: Any) -> None:
    pair, met = _met(axis, span)
    if pair:
        ufunc(x[pair[0]], x[pair[1]], out=out)
    else:
        out.fill(start)
    for positions, elements in met:
        view = out[positions]
        ufunc(view, x[elements], out=view)


@lru_cache(maxsize=256)
def _met(axis: int, span: Any) -> tuple[list[Any], list[tuple[Any, Any]]]:
    """Two elements that all windows have, if there are such, and the others with the positions where they are met."""
    before = (slice(None),) * axis
    met = [((*before, there), (*before, elements)) for there, elements in (seen(span, i) for i in range(span.kernel))]
    everywhere = [m for m in met if m[0][-1] == slice(0, span.out)][:2]
    if len(everywhere) < 2:
        return [], met
    return [elements for _, elements in everywhere], [m for m in met if m not in everywhere]


def spread_bytes(shape: tuple[int, ...], slides: Slides, given: Any) -> int:
    """What `spread` takes for a result of this shape and dtype."""
    bands = _spread_bands(shape, slides, given)
    return scratch_bytes(*_spread_scratch(bands, given)) if prod(bands.made) else 0


def _spread_bands(shape: tuple[int, ...], slides: Slides, given: Any) -> Bands:
    return in_bands(shape, slides, whole=given != dtypes.compute(given))


def _spread_scratch(bands: Bands, given: Any) -> list[ArraySpec]:
    """Memory for the shares of a band, for the result in the dtype to compute in, and for what is spread in part."""
    dtype = dtypes.compute(given)
    axes = [axis for axis, _ in reversed(bands.slides)]
    own = [((n,), dtype) for n in (prod(bands.made), prod(bands.seen) * (given != dtype))]
    return own + _between(bands.made, bands.seen, axes, dtype)


def spread(dy: Any, slides: Slides, out: Any, share: Callable[[Any, Slides, Any], None]) -> Any:
    """What ``share(dy, slides, buffer)`` makes of a value per window, added to all its elements; in ``out``."""
    bands = _spread_bands(out.shape, slides, dy.dtype)
    if not dy.size or not covering(slides):
        out.fill(0)
    if not dy.size or not out.size:
        return out
    with scratch(*_spread_scratch(bands, dy.dtype)) as (shares, copy, *spare):
        for band in bands.bands:
            part, target = dy[band.made], out[band.seen]
            x = shaped(shares, part.shape)
            share(part, band.slides, x)
            made = target if target.dtype == x.dtype else shaped(copy, target.shape)
            if made is not target:
                made.fill(0)
            for i, (axis, span) in enumerate(reversed(band.slides)):
                last = i == len(band.slides) - 1
                into = made if last else shaped(spare[i], (*x.shape[:axis], span.size, *x.shape[axis + 1 :]))
                if not last:
                    into.fill(0)
                _spread_along(axis, x, span, into)
                x = into
            if made is not target:
                np.copyto(target, made, casting="unsafe")
    return out


def _spread_along(axis: int, dy: Any, span: Any, into: Any) -> None:
    """Each value added to the elements of its window in memory that has zeros, or is not met twice."""
    before = (slice(None),) * axis
    for offset in range(span.kernel):
        positions, elements = seen(span, offset)
        view, part = into[(*before, elements)], dy[(*before, positions)]
        if span.stride >= span.extent:
            np.copyto(view, part)
        else:
            np.add(view, part, out=view)

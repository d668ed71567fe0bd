"""The first element of each window that equals its largest one, and values moved between windows and these elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from blocks.kernels.sliding_windows import (
    Bands,
    Index,
    Slides,
    converted,
    in_bands,
    is_disjoint,
    is_float,
    is_partition,
    shaped,
    valid_taps,
)
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec
from dataflow.core.workspace import Workspace

# index in the window, positions, the elements there, the mask to write to
Test = Callable[[tuple[int, ...], Index, Index, Array], object]


class Selected(NamedTuple):
    """An element of the window by its number: its valid positions, the elements there, and where it is selected."""

    number: int
    positions: Index
    elements: Index
    mask: Array


# -- finding --------------------------------------------------------------------------------------------------------


def first_argmax(
    shape: tuple[int, ...],
    masks: Sequence[Array],
    slides: Slides,
    is_largest: Test,
    is_largest_if_first: Test | None = None,
) -> Iterator[Selected]:
    """For each element of the window, in which windows of ``shape`` it is the first that is the largest.

    ``masks`` are `argmax_scratch`. An element for which ``is_largest_if_first`` holds counts as the largest where it is
    the first of its window that lies on the input.
    """
    pending, unmet, first, *held = (shaped(mask, shape) for mask in masks)
    pending.fill(True)
    unmet.fill(True)
    for number, (index, positions, elements) in enumerate(valid_taps(len(shape), slides)):
        mask, wanted = held[number % len(held)][positions], pending[positions]
        is_largest(index, positions, elements, mask)
        if is_largest_if_first is not None:
            new, anyway = unmet[positions], first[positions]
            is_largest_if_first(index, positions, elements, anyway)
            np.bitwise_and(anyway, new, anyway)
            np.bitwise_or(mask, anyway, mask)
            new.fill(False)
        np.bitwise_and(mask, wanted, mask)
        np.bitwise_xor(wanted, mask, wanted)
        yield Selected(number, positions, elements, mask)


def argmax_scratch(bands: Bands, held: int) -> list[ArraySpec]:
    """Memory for `first_argmax`, where the masks of ``held`` elements of the window are used at a time."""
    return [((prod(bands.output),), np.bool_)] * (3 + held)


def equals(x: Array, y: Array) -> Test:
    """Whether an element is what its window has in ``y``."""
    return lambda _, positions, elements, mask: np.equal(x[elements], y[positions], mask)


def unordered(x: Array) -> Test | None:
    """Whether an element is NaN; None where none is."""
    if not is_float(x.dtype) or not np.isnan(np.maximum.reduce(x, None)):
        return None
    return lambda _, positions, elements, mask: np.isnan(x[elements], mask)


def has_negative_zero(x: Array) -> bool:
    """Whether there is a -0.0, of which the bits are those of the lowest integer."""
    bits = np.dtype(f"i{x.itemsize}")
    return is_float(x.dtype) and np.minimum.reduce(x.view(bits), None) == np.iinfo(bits).min


def masked(values: Array, mask: Array, out: Array) -> Array:
    """The values where the mask is true, 0 elsewhere, even where a value is NaN or infinite; in ``out``."""
    bits = f"u{values.itemsize}"
    np.multiply(values.view(bits), mask, out.view(bits))
    return out


# -- from windows to elements ---------------------------------------------------------------------------------------

Extra = Callable[[Bands], list[ArraySpec]]  # memory that selecting takes
Select = Callable[..., Iterable[Selected]]  # from a band and that memory


def bind_scatter(
    memory: Workspace, shape: tuple[int, ...], slides: Slides, dtype: DType, masks: int, extra: Extra
) -> Callable[[Array, Array, Select], Array]:
    """A value per window added to the elements that ``select(band, *extra buffers)`` gives, 0 elsewhere.

    As ``(dy, out, select)``, for a result of this shape and dtype. ``masks`` is how many are held for each window.
    Values are added in the order in which elements are given.
    """
    bands, once, partition = _bands(shape, slides, dtype, masks), is_disjoint(slides), is_partition(slides)
    copy, result, product, *buffers = memory.arrays(*_scatter_scratch(bands, dtype), *extra(bands))

    def scatter(dy: Array, out: Array, select: Select) -> Array:
        if not dy.size or not partition:
            out.fill(0)
        for band in bands.bands if dy.size and out.size else ():
            values, target = converted(dy[band.output], copy), out[band.input]
            made = target if target.dtype == values.dtype else shaped(result, target.shape)
            if made is not target:
                made.fill(0)
            part = None if once else shaped(product, values.shape)
            for _, positions, elements, mask in select(band, *buffers):
                if part is None:
                    masked(values[positions], mask, made[elements])
                else:
                    view = made[elements]
                    np.add(view, masked(values[positions], mask, part[positions]), out=view)
            if made is not target:
                np.copyto(target, made, casting="unsafe")
        return out

    return scatter


def _bands(shape: tuple[int, ...], slides: Slides, dtype: DType, masks: int) -> Bands:
    return in_bands(shape, slides, weight=2 + masks / dtype.itemsize, whole=dtype != dtypes.compute(dtype))


def _scatter_scratch(bands: Bands, dtype: DType) -> list[ArraySpec]:
    """Memory for copies of values and result in the dtype to compute in, and for values that are added."""
    exact = dtypes.compute(dtype)
    narrow, windows = dtype != exact, prod(bands.output)
    sizes = windows * narrow, prod(bands.input) * narrow, 0 if is_disjoint(bands.slides) else windows
    return [((size,), exact) for size in sizes]


# -- from elements to windows ---------------------------------------------------------------------------------------


def gather(x: Array, selected: Iterable[Selected], out: Array, buffer: Array) -> None:
    """For each window the element that was selected, 0 where none was; in ``out``."""
    out.fill(0)
    for _, positions, elements, mask in selected:
        view = out[positions]
        np.add(view, masked(x[elements], mask, buffer[positions]), out=view)


def copy_scratch(bands: Bands, dtype: DType) -> list[ArraySpec]:
    """Memory for copies of the input of a band and of a value per window in the dtype to compute in."""
    exact = dtypes.compute(dtype)
    return [((prod(shape) * (dtype != exact),), exact) for shape in (bands.input, bands.output)]

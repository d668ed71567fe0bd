"""Which element of a window passes a test, and values moved between windows and the elements that were found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.sliding_windows import Bands, Slides, apart, copied, covering, in_bands, is_float, overlaps, shaped
from dataflow.core import dtypes
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes

Test = Callable[[Any, Any, Any, Any], Any]  # index in the window, positions, the elements there, the mask to write to
Found = tuple[int, Any, Any, Any]  # number of an element of the window, positions, elements, and where it was found


class Search:
    """Finds the first element of each window that passes a test, in memory for one band at a time."""

    def __init__(self, shape: tuple[int, ...], masks: Iterable[Any]):
        self.left, self.fresh, self.buffer, *self.masks = (shaped(mask, shape) for mask in masks)

    @staticmethod
    def scratch_arrays(bands: Bands, kept: int) -> list[ArraySpec]:
        """Memory to search in, where what was found is kept for so many elements of the window."""
        return [((prod(bands.made),), np.bool_)] * (3 + kept)

    def found(self, slides: Slides, test: Test, sure: Test | None = None) -> Iterator[Found]:
        """For each element of the window where it is the first that passes.

        The first element of a window that lies on the input is found anyway where ``sure`` says so.
        """
        self.left.fill(True)
        self.fresh.fill(True)
        for number, (index, positions, elements) in enumerate(overlaps(self.left.ndim, slides)):
            mask, left = self.masks[number % len(self.masks)][positions], self.left[positions]
            test(index, positions, elements, mask)
            if sure is not None:
                fresh, buffer = self.fresh[positions], self.buffer[positions]
                sure(index, positions, elements, buffer)
                np.bitwise_and(buffer, fresh, buffer)
                np.bitwise_or(mask, buffer, mask)
                fresh.fill(False)
            np.bitwise_and(mask, left, mask)
            np.bitwise_xor(left, mask, left)
            yield number, positions, elements, mask


def equals(x: Any, y: Any) -> Test:
    """Whether an element is what its window has in ``y``."""
    return lambda _, positions, elements, mask: np.equal(x[elements], y[positions], mask)


def unordered(x: Any) -> Test | None:
    """Whether an element is NaN; None where none is."""
    if not is_float(x.dtype) or not np.isnan(np.maximum.reduce(x, None)):
        return None
    return lambda _, positions, elements, mask: np.isnan(x[elements], mask)


def kept(values: Any, mask: Any, out: Any) -> Any:
    """The values where the mask is true, 0 elsewhere, whatever stands there."""
    bits = f"u{values.itemsize}"
    np.multiply(values.view(bits), mask, out.view(bits))
    return out


# -- from windows to elements ---------------------------------------------------------------------------------------

Extra = Callable[[Bands], list[ArraySpec]]  # memory that finding takes


def put(dy: Any, slides: Slides, out: Any, masks: int, extra: Extra, find: Callable[..., Iterable[Found]]) -> Any:
    """A value per window added to the elements that ``find(band, *extra buffers)`` gives, zeros elsewhere; in ``out``.

    ``masks`` is how many are held for each window. Added is in the order in which the elements are found.
    """
    if not dy.size or not covering(slides):
        out.fill(0)
    if not dy.size or not out.size:
        return out
    bands, alone = _bands(out.shape, slides, dy.dtype, masks), apart(slides)
    with scratch(*_scratch_arrays(bands, dy.dtype), *extra(bands)) as (copy, result, product, *space):
        for band in bands.bands:
            values, target = copied(dy[band.made], copy), out[band.seen]
            made = target if target.dtype == values.dtype else shaped(result, target.shape)
            if made is not target:
                made.fill(0)
            part = None if alone else shaped(product, values.shape)
            for _, positions, elements, mask in find(band, *space):
                if part is None:
                    kept(values[positions], mask, made[elements])
                else:
                    view = made[elements]
                    np.add(view, kept(values[positions], mask, part[positions]), out=view)
            if made is not target:
                np.copyto(target, made, casting="unsafe")
    return out


def put_bytes(shape: tuple[int, ...], slides: Slides, dtype: Any, masks: int, extra: Extra) -> int:
    """What `put` takes for a result of this shape and dtype."""
    bands = _bands(shape, slides, dtype, masks)
    return scratch_bytes(*_scratch_arrays(bands, dtype), *extra(bands)) if prod(bands.made) and prod(shape) else 0


def _bands(shape: tuple[int, ...], slides: Slides, dtype: Any, masks: int) -> Bands:
    return in_bands(shape, slides, weight=2 + masks / int(dtype.itemsize), whole=dtype != dtypes.compute(dtype))


def _scratch_arrays(bands: Bands, dtype: Any) -> list[ArraySpec]:
    """Memory for copies of values and result in the dtype to compute in, and for values that are added."""
    exact = dtypes.compute(dtype)
    narrow, made = dtype != exact, prod(bands.made)
    sizes = made * narrow, prod(bands.seen) * narrow, 0 if apart(bands.slides) else made
    return [((size,), exact) for size in sizes]


# -- from elements to windows ---------------------------------------------------------------------------------------


def take(x: Any, found: Iterable[Found], out: Any, buffer: Any) -> None:
    """For each window the element that was found, 0 where none was."""
    out.fill(0)
    for _, positions, elements, mask in found:
        view = out[positions]
        np.add(view, kept(x[elements], mask, buffer[positions]), out=view)


def copies(bands: Bands, dtype: Any) -> list[ArraySpec]:
    """Memory for copies of what a band sees and of a value per window in the dtype to compute in."""
    exact = dtypes.compute(dtype)
    return [((prod(shape) * (dtype != exact),), exact) for shape in (bands.seen, bands.made)]

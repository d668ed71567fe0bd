"""Which elements of a window lie on its input, and the ranges of what becomes of windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from blocks.kernels.windows import Padding, Span
from dataflow.core import dtypes
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape, TensorType

_MOST_BOXES = 1000

Box = tuple[slice, ...]


def boxes(over: Sequence[Span], paddings: Sequence[Padding]) -> list[Box]:
    """The parts of a window that lie on the input, each once; none where there are too many.

    On a dim whose size is not known these are all that there may be.
    """
    found = [*product(*(_parts(s, padding) for s, padding in zip(over, paddings, strict=True)))]
    return found if len(found) <= _MOST_BOXES else []


def _parts(over: Span, padding: Padding) -> list[slice]:
    kernel = int(over.kernel or 0)
    if not isinstance(over.size, int) or not isinstance(over.out, int):
        if padding in ("VALID", (0, 0)):
            return [slice(0, kernel)]
        return [slice(first, last) for first in range(kernel) for last in range(first + 1, kernel + 1)]
    starts = np.arange(over.out) * over.stride - over.before
    first = np.clip(-(starts // over.dilation), 0, kernel)
    last = np.clip(-((starts - over.size) // over.dilation), 0, kernel)
    return [slice(int(a), int(b)) for a, b in sorted(set(zip(first.tolist(), last.tolist(), strict=True)))]


def by_channel(range: Range, channel: int | None) -> Range:
    """The range with ends for each index along one axis, or along none, the same along all others."""
    shape: Shape = tuple(n if i == channel else None for i, n in enumerate(range.shape or ()))
    return range.fitted(TensorType(dtypes.name_of(range.low.dtype), shape))


def averaged(range: Range, count: int | None) -> Range:
    """The range of means of elements, as floats of the dtype add up; of at most ``count`` of them."""
    dtype = dtypes.name_of(range.low.dtype)
    compute = dtypes.compute(range.low.dtype)
    with np.errstate(all="ignore"):
        size = np.maximum(abs(range.low.astype(np.float64)), abs(range.high.astype(np.float64)))
        slack = size * ((count or 2**24) + 2) * float(np.finfo(compute).eps) + float(np.finfo(compute).tiny)
        low, high = range.low.astype(np.float64) - slack, range.high.astype(np.float64) + slack
    stored = dtypes.storage(dtype)
    return Range(dtypes.rounded(low, stored), dtypes.rounded(high, stored))

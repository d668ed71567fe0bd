"""The range of the same elements under another shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.ranges import Range
from dataflow.core.shapes import Dim, Shape, TensorType, element_count


def reshaped(given: Range, shape: Shape) -> Range:
    """The range under another shape.

    Where the last dims of both shapes have as many elements, and the ends are the same all along the dims before them,
    each element keeps its ends.
    """
    if given.shape is not None and shape is not None and given.low.size > 1:
        for first in range(given.low.ndim):
            count, last = element_count(given.shape[first:]), None
            if count:
                last = next((k for k in range(len(shape) + 1) if element_count(shape[k:]) == count), None)
            if last is not None and prod(given.low.shape[:first]) == 1:
                return _behind(given, first, last, shape)
    return given.fitted(TensorType(dtypes.name_of(given.low.dtype), shape and (None,) * len(shape)))


def _behind(given: Range, first: int, last: int, shape: Sequence[Dim]) -> Range:
    """The range whose dims from ``first`` on become those from ``last`` on."""
    inner: Any = (given.shape or ())[first:]
    wanted: Any = (*[1] * last, *shape[last:])

    def change(end: Array) -> Array:
        return np.broadcast_to(end.reshape(end.shape[first:]), inner).reshape(wanted)

    return Range(change(given.low), change(given.high), units=given.units and given.units.map(change))

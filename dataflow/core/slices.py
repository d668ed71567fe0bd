"""An index as Python writes it, ``x[0, ..., None, 1:9:2]``, as the numbers and masks of the block StridedSlice."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as whole
from types import EllipsisType
from typing import SupportsIndex, TypeAlias

import numpy as np

from dataflow.core.dtypes import Array

Index: TypeAlias = "SupportsIndex | slice | EllipsisType | None"


_LIMIT = 1 << 62


def strided(given: Sequence[Index]) -> tuple[list[Array], dict[str, int]]:
    """Begin, end and strides, each an int64 array with an element per entry, and the masks by name.

    Raises ValueError where an entry can be none.
    """
    if sum(each is Ellipsis for each in given) > 1:
        raise ValueError("an index must have ... once at most, got it twice; write : for single dims")
    rows: list[tuple[int, int, int]] = []
    masks = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0)
    for i, each in enumerate(given or (Ellipsis,)):
        if each is Ellipsis:
            masks["ellipsis_mask"] = 1 << i
            rows.append((0, 0, 1))
        elif each is None:
            masks["new_axis_mask"] |= 1 << i
            rows.append((0, 1, 1))
        elif isinstance(each, slice):
            masks["begin_mask"] |= (each.start is None) << i
            masks["end_mask"] |= (each.stop is None) << i
            rows.append((_number(each.start, 0), _number(each.stop, 0), _number(each.step, 1)))
        else:
            masks["shrink_axis_mask"] |= 1 << i
            rows.append((_number(each), _number(each) + 1, 1))
    return [np.array(column, np.int64) for column in zip(*rows, strict=True)], {n: m for n, m in masks.items() if m}


def _number(given: object, missing: int = 0) -> int:
    if given is None:
        return missing
    try:
        number = whole(given if not isinstance(given, bool | np.bool_) else "a mask")  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(
            f"an index must be whole numbers, slices, ... and None, got a {type(given).__name__}; "
            "choose elements by a list or a wire with blocks.GatherV2, by a condition with blocks.SelectV2"
        ) from None
    if abs(number) >= _LIMIT:
        raise ValueError(f"an index must fit 64 bits, got {number}")
    return number

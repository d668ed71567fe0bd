"""Which elements of its source a view shows: only where they keep their order may a run go past the view by tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dataflow.core.dtypes import storage
from dataflow.core.shapes import TensorType, element_count


def shape_of_step(step: Any, types: Sequence[TensorType], constants: Mapping[int, Any]) -> tuple[int, ...] | None:
    """`shape_in_order` of a step that makes a view; None too where that depends on values which are not known yet."""
    source, *others = step.reads
    if source is None or any(other is not None and other not in constants for other in others):
        return None
    before, after = (element_count(types[slot].shape) for slot in (source, step.writes[0]))
    if before is None or after is None or not 0 < before <= after:  # elements are left out, or added up
        return None
    return shape_in_order(step.block, types[source], [None if other is None else constants[other] for other in others])


def shape_in_order(block: Any, source: TensorType, others: Sequence[Any]) -> tuple[int, ...] | None:
    """The shape under which all elements of the source, in their order, broadcast to what the view shows.

    That of the view itself where it shows each element once. None where elements are left out, stand in another order,
    or are not shown but copied. The kernel is asked itself: it makes its view of memory that nobody looks at.
    """
    try:
        shape: Any = source.shape
        probe = np.empty(shape, storage(source.dtype))
        with np.errstate(all="ignore"):
            view = block.kernel(probe, *others)
    except Exception:  # too large, or refused by the kernel: the run will say so
        return None
    same_start = view.__array_interface__["data"][0] == probe.__array_interface__["data"][0]
    if not same_start or view.dtype != probe.dtype:
        return None
    once = view[tuple(slice(None if stride else 1) for stride in view.strides)]
    return once.shape if once.size == probe.size and once.flags.c_contiguous else None

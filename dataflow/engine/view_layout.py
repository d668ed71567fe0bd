"""How views lie on the memory of their sources: a run may look through a view where elements keep their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dataflow.core.block import Block
from dataflow.core.dtypes import Array, storage
from dataflow.core.shapes import TensorType, element_count

if TYPE_CHECKING:
    from dataflow.engine.steps import Step


def source_shape_in_step(
    step: Step, types: Sequence[TensorType], constants: Mapping[int, Array]
) -> tuple[int, ...] | None:
    """`source_shape_in_view` of a step that makes a view; None too where that depends on values of the run."""
    source, *others = step.reads
    if not isinstance(source, int):
        return None
    values: list[Array | None] = []
    for other in others:
        if other is not None and other not in constants:
            return None
        values.append(constants[other] if isinstance(other, int) else None)
    before, after = (element_count(types[slot].shape) for slot in (source, step.writes[0]))
    if before is None or after is None or not 0 < before <= after:  # elements are left out, or added up
        return None
    return source_shape_in_view(step.block, types[source], values)


def source_shape_in_view(block: Block, source: TensorType, others: Sequence[Array | None]) -> tuple[int, ...] | None:
    """The shape in which all elements of the source, in their order, broadcast to the view that the block makes.

    That of the view itself where it shows each element once. None where elements are left out, stand in another order,
    or are copied. ``others`` are the values of the other inputs. The kernel is run, on memory that is never read.
    """
    try:
        probe = np.empty(source.sizes, storage(source.dtype))
        with np.errstate(all="ignore"):
            view = block.kernel(probe, *others)
    except Exception:  # too large, or refused by the kernel: the run will say so
        return None
    same_start = view.__array_interface__["data"][0] == probe.__array_interface__["data"][0]
    if not same_start or view.dtype != probe.dtype:
        return None
    once = view[tuple(slice(None if stride else 1) for stride in view.strides)]
    return once.shape if once.size == probe.size and once.flags.c_contiguous else None

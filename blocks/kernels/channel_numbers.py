"""Numbers of which there is one for all values, or one for each channel along an axis that an attr names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from blocks.kernels.casting import cast_into
from blocks.kernels.channel_rows import ROW, layouts
from blocks.kernels.chunked import parts
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array, DType
from dataflow.core.shapes import element_count

TILE = 1 << 15  # elements to work on at a time: as int64 numbers they stay in the cache


def by_channel(
    step: Callable[..., None], x: Array, numbers: Sequence[Array], axis: int | None, dtype: DType, out: Array | None
) -> Array:
    """``step(x, *numbers, out)`` part by part, in rows in which the numbers broadcast; the result is of ``dtype``."""
    result = out if out is not None and out.flags.c_contiguous else np.empty(x.shape, dtype)
    flat_x, flat_result = np.ascontiguousarray(x).reshape(-1), result.reshape(-1)
    cuts = layouts(x.shape, axis) if axis is not None and any(n.ndim for n in numbers) else [(slice(None), None)]
    for part, layout in cuts:
        rows = (-1,) if layout is None else layout.shape
        spread = [layout.spread(n) if layout is not None and n.ndim else n for n in numbers]
        for piece in parts(TILE, flat_result[part].reshape(rows), flat_x[part].reshape(rows), *spread):
            step(*piece)
    return cast_into(result, dtype, out)


def by_channel_bytes(each: int, given: TensorType, *numbers: TensorType) -> int:
    """What `by_channel` takes where the step takes ``each`` bytes for an element.

    Numbers of channels are spread over a row, and so is what a step makes of them: at most as large as int64 twice.
    """
    rows = sum(max(ROW, *t.sizes) for t in numbers if t.known and t.rank)
    return each * min(element_count(given.shape) or 0, TILE) + 16 * rows

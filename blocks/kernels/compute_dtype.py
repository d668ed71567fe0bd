"""The dtype to compute in, the memory to do it in, and what was computed as it was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.shapes import element_count


def in_compute_dtype(x: Any) -> Any:
    """The floats in the dtype to compute in."""
    dtype = dtypes.compute(x.dtype)
    return x if x.dtype == dtype else x.astype(dtype, order="C")


def copied_bytes(given: TensorType, most: int | None = None) -> int:
    """What `in_compute_dtype` takes for a value of known type, for so many elements at most."""
    dtype, count = dtypes.compute(dtypes.storage(given.dtype)), element_count(given.shape) or 0
    return 0 if dtype == dtypes.storage(given.dtype) else min(count, most or count) * int(dtype.itemsize)


def workspace(given: Any, x: Any, out: Any) -> Any:
    """Where to compute in the dtype of ``x``: ``out`` if it has that, or ``x`` if it is a copy of what was given."""
    if out is not None and out.dtype == x.dtype:
        return out
    return np.empty(x.shape, x.dtype) if x is given else x


def contiguous(out: Any) -> Any:
    """``out`` if its elements may be seen as a flat row, otherwise None."""
    return out if out is None or out.flags.c_contiguous else None


def cast_into(value: Any, dtype: np.dtype[Any], out: Any) -> Any:
    """What was computed, in ``out`` where there is one, otherwise in the dtype."""
    if out is None:
        return np.asarray(value, dtype)
    if value is not out:
        np.copyto(out, value, casting="unsafe")
    return out

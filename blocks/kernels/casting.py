"""Arrays in the dtype to compute in, memory for the result, and results cast to the dtype asked for."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array, DType
from dataflow.core.shapes import element_count


def as_compute_dtype(x: Array, order: Literal["K", "C"] = "K") -> Array:
    """The array itself, or a float32 copy of one of 16-bit floats."""
    dtype = dtypes.compute(x.dtype)
    return x if x.dtype == dtype else x.astype(dtype, order)


def copied_bytes(given: TensorType, most: int | None = None) -> int:
    """What `as_compute_dtype` takes for a value of known type, for ``most`` elements at most."""
    dtype, count = dtypes.compute(dtypes.storage(given.dtype)), element_count(given.shape) or 0
    return 0 if dtype == dtypes.storage(given.dtype) else min(count, most or count) * int(dtype.itemsize)


def contiguous_output(given: Array, x: Array, out: Array | None) -> Array:
    """Contiguous memory for a result in the shape and dtype of ``x``, which is what was given in its compute dtype.

    It is ``out`` where that fits, ``x`` where that is a copy, and otherwise new.
    """
    if out is not None and out.dtype == x.dtype and out.flags.c_contiguous:
        return out
    return np.empty(x.shape, x.dtype) if x is given else x


def cast_into(value: Any, dtype: DType, out: Array | None) -> Array:
    """The value cast into ``out`` where there is one, otherwise an array of the dtype."""
    if out is None:
        return np.asarray(value, dtype)
    if value is not out:
        out[...] = value
    return out

"""Subnormal numbers as zeros of their sign, in float32 and float64, as in the reference's processor mode."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core.dtypes import Array

Float = np.floating[Any]
Floats = Array | Float  # the operators are several times faster on NumPy's scalars than on arrays without dims

TINY = {np.dtype(t): np.finfo(t).tiny for t in (np.float32, np.float64)}  # the smallest numbers that are not subnormal
SUBNORMAL = {dtype: np.nextafter(tiny, dtype.type(0)) for dtype, tiny in TINY.items()}  # the largest that are


def flush(x: Floats, out: Array | None = None) -> Any:
    """The values with subnormals turned into zeros of their sign; float16 and bfloat16 keep theirs.

    A scalar gives a scalar.
    """
    if x.dtype not in TINY:
        return x
    size: Any = abs(x)
    normal = size >= TINY[x.dtype]
    return x * normal if out is None else np.multiply(x, normal, out)  # the operator is faster on scalars


def scalar(x: Array) -> Float:
    """The one value of an array."""
    value: Float = x.reshape(-1)[0]
    return value

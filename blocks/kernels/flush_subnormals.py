"""Subnormal numbers: in float32 and float64 they count as zeros of their sign, as in the reference's processor mode."""

from __future__ import annotations

from typing import Any

import numpy as np

TINY = {np.dtype(t): np.finfo(t).tiny for t in (np.float32, np.float64)}  # the smallest numbers that are not subnormal
SUBNORMAL = {dtype: np.nextafter(tiny, dtype.type(0)) for dtype, tiny in TINY.items()}  # the largest that are


def flushed(x: Any, out: Any = None) -> Any:
    """The values with subnormals turned into zeros of their sign; float16 and bfloat16 keep theirs."""
    if x.dtype not in TINY:
        return x
    normal = abs(x) >= TINY[x.dtype]
    return x * normal if out is None else np.multiply(x, normal, out)  # the operator is faster on scalars

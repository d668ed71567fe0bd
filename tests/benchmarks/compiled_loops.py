"""Fake quantization as a loop that Numba compiles, called on arrays that are there: what remains is the loop alone."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from .names import LOOP
from .peers.with_numpy import NumPy
from .timing import Run


def loops(op: str, *arrays: Any) -> dict[str, Run]:
    """The loop of an op, if it has one and Numba is there."""
    if op not in ("fake_quant", "fake_quant_gradient") or not find_spec("numba"):
        return {}
    *values, low, high = arrays
    scale, bottom, top, zero = map(np.float32, NumPy().nudged(low, high))
    out, forward, gradient = np.empty_like(values[0]), *_compiled()
    if op == "fake_quant":
        return {LOOP: lambda: forward(values[0], bottom, top, scale, zero - np.float32(0.5), out)}
    return {LOOP: lambda: gradient(*values, bottom, top, out)}


@cache
def _compiled() -> tuple[Any, Any]:
    import numba

    @numba.njit(error_model="numpy")
    def forward(x: Any, bottom: Any, top: Any, scale: Any, zero: Any, out: Any) -> Any:
        for i in range(x.size):
            clipped = min(max(x[i], bottom), top)
            out[i] = np.floor((clipped - bottom) / scale - zero) * scale
        return out

    @numba.njit(error_model="numpy")
    def gradient(g: Any, x: Any, bottom: Any, top: Any, out: Any) -> Any:
        below, above = 0.0, 0.0
        for i in range(x.size):
            small, large = x[i] < bottom, x[i] > top
            out[i] = np.float32(0) if small or large else g[i]
            if small:
                below += g[i]
            if large:
                above += g[i]
        return out, np.float32(below), np.float32(above)

    return forward, gradient

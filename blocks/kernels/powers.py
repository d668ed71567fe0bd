"""Powers by one rule: NumPy has short cuts for some exponents where they are one number, and others in each version."""

from __future__ import annotations

from typing import Any

import numpy as np

MANTISSA = {"bfloat16": 7, "float16": 10, "float32": 23, "float64": 52}  # bits


def power(x: Any, y: Any, out: Any = None) -> Any:
    """``x ** y``, for the exponents in ``EXACT`` rounded correctly; ``out`` must not be memory of the other two."""
    if x.dtype.kind in "iuc":
        return np.power(x, y, out)
    if y.size == 1 and y.ndim <= x.ndim:
        exact = EXACT.get(float(y.flat[0]))
        if exact is None:
            return np.power(x, y, out)
        return exact(x, np.empty(x.shape, x.dtype) if out is None else out)
    z = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype) if out is None else out
    np.power(x, y, z)
    mantissas = y.view(f"u{y.itemsize}") << (y.itemsize * 8 - MANTISSA[y.dtype.name])
    if y.size and not mantissas.min():  # there is a power of 2, or 0: one look instead of one for each
        for exponent, exact in EXACT.items():
            if (there := y == exponent).any():
                exact(x, z, there)
    return z


def power_bytes(size: int, itemsize: int) -> int:
    """What `power` takes for a result of so many elements."""
    return (itemsize + 3) * size


def _inverse(x: Any, out: Any, where: Any = True) -> Any:
    return np.reciprocal(x, out=out, where=where)


def _one(x: Any, out: Any, where: Any = True) -> Any:
    np.copyto(out, 1, where=where)
    return out


def _root(x: Any, out: Any, where: Any = True) -> Any:
    """The square root, but of negative zero and infinity what powers with other fractions are."""
    np.sqrt(x, out=out, where=where)
    np.add(out, 0, out=out, where=where)
    if (endless := x == -np.inf).any():
        np.copyto(out, np.inf, where=endless & where)
    return out


def _same(x: Any, out: Any, where: Any = True) -> Any:
    np.copyto(out, x, where=where)
    return out


def _square(x: Any, out: Any, where: Any = True) -> Any:
    return np.square(x, out=out, where=where)


EXACT = {-1.0: _inverse, 0.0: _one, 0.5: _root, 1.0: _same, 2.0: _square}

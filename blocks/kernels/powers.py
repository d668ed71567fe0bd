"""Powers by one rule: NumPy has short cuts for some exponents that are scalars, and other ones in each version."""

from __future__ import annotations

import numpy as np

from dataflow.core.dtypes import Array

MANTISSA = {"bfloat16": 7, "float16": 10, "float32": 23, "float64": 52}  # bits


def power(x: Array, y: Array, out: Array | None = None) -> Array:
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
    """What `power` takes for a result of ``size`` elements."""
    return (itemsize + 3) * size


def reciprocal(x: Array, out: Array | None = None, where: Array | bool = True) -> Array:
    """``1 / x``: of real numbers by division, which gives the same bits and of which NumPy has longer vectors."""
    if x.dtype.kind == "c":
        return np.reciprocal(x, out=out, where=where)
    return np.divide(1, x, out=out, where=where)


def _one(x: Array, out: Array, where: Array | bool = True) -> Array:
    np.copyto(out, 1, where=where)
    return out


def _root(x: Array, out: Array, where: Array | bool = True) -> Array:
    """The square root, but of -0.0 and -inf what other fractional powers give."""
    np.sqrt(x, out=out, where=where)
    np.add(out, 0, out=out, where=where)
    if (infinite := x == -np.inf).any():
        np.copyto(out, np.inf, where=infinite & where)
    return out


def _same(x: Array, out: Array, where: Array | bool = True) -> Array:
    np.copyto(out, x, where=where)
    return out


def _square(x: Array, out: Array, where: Array | bool = True) -> Array:
    return np.square(x, out=out, where=where)


EXACT = {-1.0: reciprocal, 0.0: _one, 0.5: _root, 1.0: _same, 2.0: _square}

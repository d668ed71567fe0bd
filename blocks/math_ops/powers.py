"""Powers by one rule: NumPy has short cuts for some exponents where they are one number, and others in each version."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow import dtypes


def power(x: Any, y: Any, out: Any = None) -> Any:
    """``x ** y``, for the exponents in ``EXACT`` rounded correctly; ``out`` must not be memory of the other two."""
    if out is None:
        out = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype)
    if x.dtype.name not in dtypes.floating:
        return np.power(x, y, out)
    if y.size == 1 and (exact := EXACT.get(float(y.flat[0]))):
        exact(x, out, True)
        return out
    np.power(x, y, out)
    if y.size > 1:
        for exponent, exact in EXACT.items():
            if (there := y == exponent).any():
                exact(x, out, there)
    return out


def _inverse(x: Any, out: Any, where: Any) -> None:
    np.reciprocal(x, out=out, where=where)


def _one(x: Any, out: Any, where: Any) -> None:
    np.copyto(out, 1, where=where)


def _root(x: Any, out: Any, where: Any) -> None:
    """The square root, but of negative zero and infinity what powers with other fractions are."""
    np.sqrt(x, out=out, where=where)
    np.add(out, 0, out=out, where=where)
    if (endless := (x == -np.inf)).any():
        np.copyto(out, np.inf, where=endless & where)


def _same(x: Any, out: Any, where: Any) -> None:
    np.copyto(out, x, where=where)


def _square(x: Any, out: Any, where: Any) -> None:
    np.square(x, out=out, where=where)


EXACT = {-1.0: _inverse, 0.0: _one, 0.5: _root, 1.0: _same, 2.0: _square}

"""Equality of arrays: bit for bit, or up to the rounding of a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core.dtypes import Array, as_real

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def same(a: ArrayLike, b: ArrayLike) -> bool:
    """Whether two values have the same dtype, shape and bits; all NaNs are equal."""
    a, b = np.asarray(a), np.asarray(b)
    if (a.dtype, a.shape) != (b.dtype, b.shape):
        return False
    if a.tobytes() == b.tobytes():
        return True
    a, b = as_real(a), as_real(b)
    bits = f"V{a.dtype.itemsize}"
    equal = np.ascontiguousarray(a).view(bits) == np.ascontiguousarray(b).view(bits)
    return bool(np.all(equal.reshape(a.shape) | (_nan(a) & _nan(b))))


def _nan(a: Array) -> Any:
    return a != a if a.dtype.kind in "fV" else np.zeros(a.shape, bool)


def near(a: ArrayLike, b: ArrayLike) -> bool:
    """Whether two values have the same dtype and shape, and are equal up to the rounding of a sum."""
    a, b = np.asarray(a), np.asarray(b)
    if (a.dtype, a.shape) != (b.dtype, b.shape) or a.dtype.kind not in "fcV":
        return same(a, b)
    wide = np.dtype(np.complex128 if a.dtype.kind == "c" else np.float64)
    loose = {2: 5e-2, 4: 1e-5, 8: 1e-12}[a.dtype.itemsize // (2 if a.dtype.kind == "c" else 1)]
    return np.allclose(a.astype(wide), b.astype(wide), rtol=loose, atol=loose, equal_nan=True)

"""Numbers in another dtype: rounded to the nearest where it is floating, else exactly as they are or refused."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import cropped


class ConversionError(ValueError):
    """A value that cannot be converted; the message continues the name of a port, attr or input.

    index : of the element that is wrong, where one is.
    """

    index: tuple[int, ...] = ()


def cast_to(found: Array, dtype: str) -> Array:
    """The numbers of an array in another dtype, rounded to the nearest where it is floating.

    Raises ConversionError, with the index of the first one, where the dtype cannot hold a number.
    """
    target = dtypes.storage(dtype)
    if found.dtype == target:
        return found
    if not found.size:
        return np.empty(found.shape, target)
    wrong: Any = True
    if dtype == "bool":
        hint = "write true or false"
    elif found.dtype == bool:
        hint = "write a number"
    elif found.dtype.kind == "c" and target.kind != "c":
        hint = "take its real part"
    else:
        whole = target.kind in "iu" or dtype in dtypes.narrow_integers
        made, wrong, hint = _whole(found, dtype) if whole else _rounded(found, target)
        if wrong is False:
            return made
    at = np.broadcast_to(wrong, found.shape).reshape(-1).argmax()
    index = tuple(map(int, np.unravel_index(at, found.shape)))
    first = found[index]
    shown = cropped(repr(first if found.dtype == object else first.item()))
    refused = ConversionError(f"must be {dtype}, got {shown}; {hint}")
    refused.index = index
    raise refused


def _whole(found: Array, dtype: str) -> tuple[Array, Any, str]:
    """The numbers in an integer dtype, a mask of those it cannot hold (False: none), and what to do about them."""
    low, high = dtypes.limits(dtype)
    if found.dtype.kind not in "iuO":
        found = found.astype(np.float64)
        broken = found != np.floor(found)
        if broken.any():
            return found, broken, "write a whole number"
    if low <= found.min() and found.max() < high + 1:  # in floating numbers the highest one is rounded
        return found.astype(dtypes.storage(dtype)), False, ""
    return found, (found < low) | (found >= high + 1), f"it holds {low} to {high}"


def _rounded(found: Array, target: np.dtype[Any]) -> tuple[Array, Any, str]:
    """The nearest numbers of a floating dtype, a mask of those too large for it (False: none), and what to do."""
    try:
        with np.errstate(all="ignore"):
            found = found.astype(np.float64) if found.dtype == object else found
            made = dtypes.rounded(found, target)
    except OverflowError:
        return found, True, "it holds no number as large"
    if dtypes.name_of(target) in dtypes.narrow_floats:
        return _narrowed(found, made)
    if np.isfinite(made).all():
        return made, False, ""
    lost = np.isinf(made) & ~np.isinf(found)
    return made, lost if lost.any() else False, "it holds no number as large"


def _narrowed(found: Array, made: Array) -> tuple[Array, Any, str]:
    """The same for a format that may lack zero, infinity or NaN, and may take what is too large for its largest."""
    back, most = dtypes.widened(made), dtypes.finite_ends(made.dtype)[1]
    found = np.asarray(found, np.float64)
    finite = np.isfinite(found)
    lost = np.where(finite, np.isnan(back) | (np.abs(found) > most), np.isnan(back) != np.isnan(found))
    lost |= np.isinf(found) & ~np.isinf(back)
    name = dtypes.name_of(made.dtype)
    held = f"it holds {'powers of two' if name not in dtypes.with_zero else 'numbers'} up to {most:g}"
    return made, lost if lost.any() else False, held

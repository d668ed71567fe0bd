"""Dtype names, the arrays that store them, and the sets that blocks accept.

A dtype is its name. Quantized types (``quint8``) are stored as plain NumPy integers; a plain integer array is taken for
its quantized twin where a port asks for one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import ml_dtypes
import numpy as np

DType = np.dtype[Any]
Array = np.ndarray[Any, np.dtype[Any]]

floating = ("bfloat16", "float16", "float32", "float64")
signed = ("int8", "int16", "int32", "int64")
unsigned = ("uint8", "uint16", "uint32", "uint64")
integer = signed + unsigned
quantized = ("qint8", "quint8", "qint16", "quint16", "qint32")
codes = (*signed[:3], *unsigned[:2], *quantized)  # what numbers of a grid are stored in
complexes = ("complex64", "complex128")
real = floating + integer
number = real + complexes
every = (*number, *quantized, "bool")

_STORAGE = {name: np.dtype(name) for name in (*floating[1:], *integer, *complexes, "bool")}
_STORAGE["bfloat16"] = np.dtype(ml_dtypes.bfloat16)
_STORAGE |= {name: np.dtype(name.replace("q", "")) for name in quantized}
_TWIN = {name.replace("q", ""): name for name in quantized}
_COMPUTE = {_STORAGE[name]: np.dtype(np.float32) for name in ("bfloat16", "float16")}
_ALIASES = {"half": "float16", "float": "float32", "double": "float64", "int": "int32"}


def canonical(name: str) -> str | None:
    """The dtype's own name for any of its spellings (``DT_HALF``, ``half``, ``float16``), or None."""
    name = name.removeprefix("DT_").lower()
    name = _ALIASES.get(name, name)
    return name if name in _STORAGE else None


def storage(name: str) -> np.dtype[Any]:
    """The NumPy dtype that arrays of this dtype have."""
    return _STORAGE[name]


@cache  # NumPy makes the name anew each time
def name_of(dtype: np.dtype[Any]) -> str:
    """The name of an array's dtype; text, objects and the like get NumPy's name, which no port accepts."""
    return dtype.name


def fit(name: str, accepted: tuple[str, ...]) -> str | None:
    """``name``, or its quantized twin, if accepted; else None."""
    if name in accepted:
        return name
    twin = _TWIN.get(name)
    return twin if twin in accepted else None


def limits(name: str) -> tuple[int, int]:
    """Lowest and highest value of an integer or quantized dtype."""
    info = np.iinfo(_STORAGE[name])
    return int(info.min), int(info.max)


def compute(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which a kernel works: float32 for the 16-bit floats, otherwise the same."""
    return _COMPUTE.get(dtype, dtype)


def accumulate(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which sums and products are kept until they are rounded once, at the end."""
    return dtype if dtype.kind in "iub" else np.dtype(np.complex128 if dtype.kind == "c" else np.float64)


def as_real(array: Array) -> Array:
    """The real and imaginary parts of complex numbers, one after the other in a row; other arrays as they are."""
    if array.dtype.kind != "c":
        return array
    return np.ascontiguousarray(array).reshape(-1).view(array.real.dtype)


def native_order(array: Array) -> Array:
    """The array in the byte order of this machine."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def rounded(array: Array, dtype: DType) -> Array:
    """The nearest numbers of a floating dtype to real ones; infinity where they are too large."""
    with np.errstate(over="ignore", under="ignore"):
        if dtype != _STORAGE["bfloat16"] or array.dtype != np.float64:
            return array.astype(dtype)
        # ml_dtypes rounds to float32 first; what that loses is kept in its last bit, so that it is not lost twice
        near = array.astype(np.float32)
        near = np.where(np.abs(near) > np.abs(array), np.nextafter(near, np.float32(0)), near)
        near.view(np.uint32)[...] |= (near != array) & ~np.isnan(array)
        return near.astype(dtype)


def contiguous(given: Array | tuple[Array, ...] | None) -> Any:
    """An array, or each of several, in rows without gaps; copied where it is not."""
    if isinstance(given, tuple):
        return tuple(map(contiguous, given))
    return given if given is None or given.flags.c_contiguous else np.ascontiguousarray(given)

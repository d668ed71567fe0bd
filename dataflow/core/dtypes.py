"""Dtype names, the arrays that store them, and the sets that blocks accept.

A dtype is its name. Quantized types (``quint8``) are stored as plain NumPy integers; a plain integer array is taken for
its quantized twin where a port asks for one.
"""

from __future__ import annotations

import re
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
complexes = ("complex64", "complex128")
real = floating + integer
number = real + complexes
# formats of storage: blocks convert and move them, and compute in none; those of floats by their exponent and mantissa
narrow_integers = ("int2", "int4", "uint2", "uint4")
narrow_floats = (
    "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu",
)  # fmt: skip
narrow = narrow_integers + narrow_floats
whole = integer + quantized + narrow_integers
codes = (*signed[:3], *unsigned[:2], *quantized, *narrow_integers)  # what numbers of a grid are stored in
every = (*number, *quantized, "bool", *narrow)
with_zero = tuple(name for name in every if name != "float8_e8m0fnu")  # which has powers of two alone

_STORAGE = {name: np.dtype(name) for name in (*floating[1:], *integer, *complexes, "bool")}
_STORAGE["bfloat16"] = np.dtype(ml_dtypes.bfloat16)
_STORAGE |= {name: np.dtype(name.replace("q", "")) for name in quantized}
_STORAGE |= {name: np.dtype(getattr(ml_dtypes, name)) for name in narrow}
_TWIN = {name.replace("q", ""): name for name in quantized}
_COMPUTE = {_STORAGE[name]: np.dtype(np.float32) for name in ("bfloat16", "float16")}
_WIDER = {_STORAGE[name]: np.dtype(np.float32) for name in ("bfloat16", *narrow_floats)}
_WIDER |= {_STORAGE[name]: np.dtype(f"{name[:-1]}8") for name in narrow_integers}
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


@cache
def limits(name: str) -> tuple[int, int]:
    """Lowest and highest value of an integer or quantized dtype."""
    info_of: Any = ml_dtypes.iinfo if name in narrow_integers else np.iinfo
    info = info_of(_STORAGE[name])
    return int(info.min), int(info.max)


def float_limits(name: str) -> tuple[float, float]:
    """Lowest and highest finite value of a floating dtype, narrow ones included."""
    info: Any = ml_dtypes.finfo(_STORAGE[name])  # type: ignore[no-untyped-call]
    return float(info.min), float(info.max)


def bits(dtype: DType) -> int:
    """The bits of an element that count: fewer than those it is stored in for formats of less than a byte."""
    name = name_of(dtype)
    return int(re.sub(r"\D*(\d+).*", r"\1", name)) if name in narrow else 8 * dtype.itemsize


def finite_ends(dtype: DType) -> tuple[float, float]:
    """The lowest and the highest finite number of a floating dtype."""
    info: Any = ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]
    return float(info.min), float(info.max)


def widened(array: Array) -> Array:
    """The numbers of a dtype that NumPy lacks in one that it has and that holds them all; other arrays as they are."""
    wide = _WIDER.get(array.dtype)
    return array if wide is None else array.astype(wide)


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
    """The nearest numbers of a floating dtype to real ones, rounded once, halves to the even one.

    What is too large for it becomes infinity; NaN in float8_e4m3fn and float8_e8m0fnu, which have none; and the largest
    number in the formats of 4 and 6 bits, which have neither.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        array = widened(array)
        if dtype not in _WIDER:
            return array.astype(dtype)
        if array.dtype.kind in "iu" and array.dtype.itemsize > 2:  # which ml_dtypes rounds to float32 first
            array = array.astype(np.float64)
        if array.dtype != np.float64:
            return array.astype(dtype)
        # so it does with these; what that loses is kept in the last bit, so that it is not lost twice
        near = array.astype(np.float32)
        near = np.where(np.abs(near) > np.abs(array), np.nextafter(near, np.float32(0)), near)
        near.view(np.uint32)[...] |= (near != array) & ~np.isnan(array)
        return near.astype(dtype)

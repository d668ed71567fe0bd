"""Arrays to ask with: shapes of every kind, and for each dtype the values at which functions go wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import ml_dtypes
import numpy as np

FLOATS = ("float32", "float64", "float16", "bfloat16")
SIGNED = ("int32", "int64", "int8", "int16")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
REAL = FLOATS + SIGNED + UNSIGNED
NUMBER = REAL + COMPLEX
EVERY = (*NUMBER, "bool")

SHAPES = ((), (0,), (1,), (5,), (2, 0, 3), (2, 1, 3, 2))
PAIRS = (((), ()), ((0,), (1,)), ((3, 4), (3, 4)), ((2, 1, 3), (4, 1)), ((5,), ()), ((1,), (1, 1)), ((2, 0), (2, 1)))


def stored(dtype: str) -> np.dtype[Any]:
    return np.dtype(getattr(ml_dtypes, dtype, dtype))


def wide(dtype: str) -> bool:
    """Whether gradients in this dtype are worth recording: those of 16 bits are mostly rounding."""
    return dtype in ("float32", "float64", *COMPLEX)


def label(*shapes: tuple[int, ...]) -> str:
    return "_".join("x".join(map(str, shape)) or "scalar" for shape in shapes)


def numbers(random: np.random.Generator, dtype: str, shape: Any, scale: float = 3.0) -> Any:
    """Random values of one size: around zero, but for unsigned integers and bool."""
    x: Any = random.normal(size=shape) * scale
    if dtype in COMPLEX:
        x = x + 1j * random.normal(size=shape) * scale
    elif dtype == "bool":
        x = x > 0
    elif dtype in UNSIGNED:
        x = abs(x) * 3
    elif dtype in SIGNED:
        x = x * 3
    return np.asarray(x).astype(stored(dtype))


def apart(random: np.random.Generator, dtype: str, shape: Any) -> Any:
    """Random values none of which is near zero."""
    x: Any = random.uniform(0.5, 9, shape) + 0.5 * (dtype not in FLOATS + COMPLEX)
    x = x if dtype in UNSIGNED else x * random.choice([-1, 1], shape)
    x = x + 1j * random.uniform(0.5, 2, shape) if dtype in COMPLEX else x
    return np.asarray(x).astype(stored(dtype))


def distinct(random: np.random.Generator, dtype: str, shape: Any) -> Any:
    """Values in random order with no two equal."""
    count = int(np.prod(shape))
    return (random.permutation(count).reshape(shape) + (0 if dtype in UNSIGNED else -(count // 2))).astype(
        stored(dtype)
    )


def special(dtype: str, subnormal: bool = True) -> Any:
    """The values at the edges of a dtype: limits, zeros, NaN, infinities, halves."""
    kind = stored(dtype)
    if dtype == "bool":
        return np.array([False, True])
    if dtype in SIGNED + UNSIGNED:
        info = np.iinfo(kind)
        return np.array(
            [*{info.min, info.max, info.max - 1, max(info.min, -1), max(info.min, -7), 0, 1, 2, 7, 100}], kind
        )
    if dtype in COMPLEX:
        return np.array([0, 1, -1, 1j, -1j, 2 + 3j, -2.5 - 0.5j, 1e-3 + 1e3j], kind)
    limits = ml_dtypes.finfo(kind)  # type: ignore[no-untyped-call]
    tiny, largest, eps = (float(v) for v in (limits.tiny, limits.max, limits.eps))
    plain = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.0, 2.5, -2.5, 3.0, 1 - eps / 2, 1 + eps, 1 / eps + 1, -7.3]
    edges = [np.inf, -np.inf, np.nan, largest, -largest, tiny, -tiny]
    return np.array([*plain, *edges, *([tiny / 3, -tiny / 3] if subnormal else [])]).astype(kind)


def pairs(random: np.random.Generator, dtypes: Iterable[str], draw: Any = apart) -> Iterator[tuple[str, str, Any, Any]]:
    """Name, dtype and two arrays that broadcast: every shape in float32 and float64, one shape in the others."""
    for dtype in dtypes:
        for a, b in PAIRS if dtype in ("float32", "float64", "int32") else PAIRS[3:4]:
            yield f"{dtype}_{label(a, b)}", dtype, draw(random, dtype, a), draw(random, dtype, b)


def singles(random: np.random.Generator, dtypes: Iterable[str], draw: Any = apart) -> Iterator[tuple[str, str, Any]]:
    """Name, dtype and an array: every shape in float32, one shape in the others."""
    for dtype in dtypes:
        for shape in SHAPES if dtype == "float32" else SHAPES[-1:]:
            yield f"{dtype}_{label(shape)}", dtype, draw(random, dtype, shape)

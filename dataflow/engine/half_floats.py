"""Numbers of 16-bit floats as they are in float32, and back: by their bits, which are all that a compiled loop has.

What is rounded has the bits that NumPy and ml_dtypes give it, but for those of NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

import numpy as np

from dataflow.core.dtypes import DType, name_of, storage
from dataflow.engine import jit
from dataflow.engine.elements import written

BITS = np.dtype(np.uint16)
HALVES = frozenset(map(storage, ("float16", "bfloat16")))


def half(dtype: DType | None) -> str:
    """The name of a 16-bit float; empty for other dtypes."""
    return name_of(dtype) if dtype in HALVES and dtype is not None else ""


def from_float16(half: np.uint16) -> np.float32:
    """The number that has these bits."""
    size = np.int32(np.int32(half & 0x7FFF) << 13)
    # a subnormal number is counted from 2**-14 on
    small = np.float32(np.int32(size + 0x38800000).view(np.float32) - np.float32(2.0**-14)).view(np.int32)
    number = np.int32(size + (0x70000000 if size >= 0x0F800000 else 0x38000000))
    number = small if size < 0x00800000 else number
    return np.uint32(np.uint32(number) | np.uint32(np.uint32(half & 0x8000) << 16)).view(np.float32)


def to_float16(number: np.float32) -> np.uint16:
    """The bits of the nearest number."""
    given = np.float32(number).view(np.int32)
    size = np.int32(given & 0x7FFFFFFF)
    finite = size if size < 0x47800000 else np.int32(0x47800000)  # 2**16, which becomes infinity
    # beside one half the last bit stands where that of a subnormal float16 does
    small = np.int32(np.float32(np.int32(finite).view(np.float32) + np.float32(0.5)).view(np.int32) - 0x3F000000)
    normal = np.int32(np.int32(finite - 0x37FFF001 + (np.int32(finite >> 13) & 1)) >> 13)
    made = small if finite < 0x38800000 else normal
    made = np.int32(0x7E00) if size > 0x7F800000 else made
    return np.uint16(np.int32(made | (np.int32(given >> 16) & 0x8000)))


# the same, but for the bits of NaN, where the processor has instructions for it
BY_PROCESSOR = """
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def from_float16(_, half):
    def generate(context, builder, signature, args):
        return builder.fpext(builder.bitcast(args[0], ir.HalfType()), ir.FloatType())

    return types.float32(types.uint16), generate


@intrinsic
def to_float16(_, number):
    def generate(context, builder, signature, args):
        return builder.bitcast(builder.fptrunc(args[0], ir.HalfType()), ir.IntType(16))

    return types.uint16(types.float32), generate
"""


def from_bfloat16(half: np.uint16) -> np.float32:
    """The number that has these bits."""
    return np.uint32(np.uint32(half) << 16).view(np.float32)


def to_bfloat16(number: np.float32) -> np.uint16:
    """The bits of the nearest number."""
    given = np.float32(number).view(np.uint32)
    high = np.uint32(given >> 16)
    made = np.uint32(np.uint32(given + np.uint32(0x7FFF + (high & 1))) >> 16)
    return np.uint16(np.uint32(high | 0x40) if number != number else made)


def conversions(names: Set[str]) -> list[str]:
    """The text of the functions from and to these 16-bit floats, to be compiled."""
    functions: list[Callable[..., Any]] = []
    if "bfloat16" in names:
        functions += [from_bfloat16, to_bfloat16]
    if "float16" in names and not jit.converts_halves():
        functions += [from_float16, to_float16]
    texts = [f"@njit({jit.OPTIONS})\n{written(each, each.__name__)}" for each in functions]
    return [BY_PROCESSOR, *texts] if "float16" in names and jit.converts_halves() else texts

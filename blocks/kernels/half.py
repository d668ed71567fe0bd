"""Conversion between float16 and float32 by whole passes over bits, where NumPy goes number by number."""

from __future__ import annotations

import numpy as np

from blocks.kernels.clip import clip
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array
from dataflow.core.shapes import element_count

PART = 1 << 16  # elements to work on at a time: what is made on the way stays in the cache
FEW = 1 << 12  # elements up to which NumPy's own conversion takes less time
HALF, SINGLE = np.dtype(np.float16), np.dtype(np.float32)
_EXPONENT = np.int16(0x7C00)  # of an infinity or NaN of float16
_PLACES = np.array(0x8FFFE000, np.uint32).view(np.int32)[()]  # where the bits of a float16 stand in a float32
_REBIAS = np.float32(2.0**112)  # by which these are too small
_LEAST, _MOST = np.int32(0x38800000), np.int32(0x47000000)  # 2**-14 and 2**15 as bits: the first and last exponent
_TO_LAST_BIT = np.int32(13 << 23)  # a float32 that has so much more in its exponent ends where a float16 does
_OFFSET = np.uint16(0xF800)  # the exponent of such a number, as the bits of a float16


def convert(x: Array, out: Array) -> Array:
    """Write the numbers of an array in the dtype of another one, as ``np.copyto`` does."""
    pair = {x.dtype, out.dtype}
    if pair != {HALF, SINGLE} or out.size <= FEW or not (x.flags.c_contiguous and out.flags.c_contiguous):
        np.copyto(out, x, casting="unsafe")
    else:
        step, numbers, made = _narrow if out.dtype == HALF else _widen, x.reshape(-1), out.reshape(-1)
        for start in range(0, made.size, PART):
            step(numbers[start : start + PART], made[start : start + PART])
    return out


def convert_bytes(given: TensorType, dtype: str) -> int:
    """What `convert` takes for a value of known type on its way to a dtype."""
    return 10 * min(element_count(given.shape) or 0, PART) if {given.dtype, dtype} == {"float16", "float32"} else 0


def _widen(x: Array, out: Array) -> None:
    bits, wide = x.view(np.int16), out.view(np.int32)
    np.copyto(wide, bits)
    np.left_shift(wide, 13, wide)
    np.bitwise_and(wide, _PLACES, wide)
    np.multiply(out, _REBIAS, out)
    exponents = np.bitwise_and(bits, _EXPONENT)
    if np.maximum.reduce(exponents) == _EXPONENT:
        np.copyto(out, x, where=exponents == _EXPONENT)


def _narrow(x: Array, out: Array) -> None:
    # a power of two is added whose last bit stands where that of the float16 does: so the sum is rounded as that is
    power = np.bitwise_and(x.view(np.int32), np.int32(0x7F800000))
    large = np.maximum.reduce(power) > _MOST
    clip(power, _LEAST, _MOST, power)
    np.add(power, _TO_LAST_BIT, power)
    total = np.absolute(x)
    np.add(total, power.view(np.float32), total)
    np.right_shift(power, 13, power)
    np.add(power, total.view(np.int32), power)
    bits = out.view(np.uint16)
    np.copyto(bits, power, casting="unsafe")
    np.subtract(bits, _OFFSET, bits)
    np.bitwise_or(bits, np.bitwise_and(x.view(np.uint16)[1::2], np.uint16(0x8000)), bits)
    if large:
        far = ~(np.absolute(x, total) < 65504)
        out[far] = x[far]

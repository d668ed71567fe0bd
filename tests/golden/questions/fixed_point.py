"""What to ask about codes with a scale and a zero point, and about integers rescaled by a multiplier and a shift."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import asking
from .asking import Question, asks
from .inputs import label

HIGHEST = 2**31


@asks("FixedPointRequantize")
def requantized(random: np.random.Generator) -> Iterator[Question]:
    """The double rounding of TensorFlow Lite; multipliers have 24 bits, as many as its scales."""
    for shift in (1, 12, 20, 28, 30, 31, 32, 33, 36, 40, 45, 55, 62):
        for kind, multiplier in {"power": 1 << 30, "any": int(random.integers(1 << 23, 1 << 24)) << 7}.items():
            for out_type, zero_point in (("int8", int(random.integers(-128, 128))), ("int16", 0)):
                near = [((2 * code + 1) << shift) // (2 * multiplier) + d for code in range(-20, 20) for d in (0, 1)]
                bits = random.integers(1, 32, 40 * asking.size)
                spread = np.concatenate([random.integers(-(2**bits), 2**bits), near, [-HIGHEST, HIGHEST - 1, 0]])
                # where the shift is to the left the kernel lets numbers overflow
                room = (HIGHEST >> max(31 - shift, 0)) - 1
                yield Question(
                    f"{kind}_{shift}_{out_type}",
                    {"out_type": out_type, "rounding": "tflite_double"},
                    {
                        "input": np.clip(spread, -room - 1, room).astype(np.int32),
                        "multiplier": np.int32(multiplier),
                        "shift": np.int32(shift),
                        "zero_point": np.int32(zero_point),
                    },
                )


SHAPES = [((200,), None), ((7, 30), None), ((6, 5), 0), ((6, 5), -1), ((2, 3, 4, 5), 1), ((2, 3, 4, 5), 3)]


def numbers_of(
    random: np.random.Generator, shape: tuple[int, ...], axis: int | None, symmetric: bool
) -> dict[str, Any]:
    """A scale and a zero point, or one for each channel."""
    channels = () if axis is None else shape[axis]
    zero_point = np.zeros(channels) if symmetric else random.integers(-20, 90, channels)
    return {
        "scale": np.asarray(random.uniform(0.01, 0.2, channels)).astype(np.float32),
        "zero_point": np.asarray(zero_point).astype(np.int32),
    }


@asks("QuantizeLinear")
def quantized(random: np.random.Generator) -> Iterator[Question]:
    """Random numbers: at halves that are exact the two rules differ."""
    for (shape, axis), out_type in itertools.product(SHAPES, ("int8", "uint8", "int16")):
        if axis is not None and out_type == "uint8":
            continue  # which that has no kernel for
        given = numbers_of(random, shape, axis, out_type == "int16")
        x = random.normal(size=shape).astype(np.float32) * np.float32(8)
        attrs = {"out_type": out_type} | ({} if axis is None else {"axis": axis})
        yield Question(f"{out_type}_{label(shape)}_{axis}", attrs, {"x": x, **given})


@asks("DequantizeLinear")
def dequantized(random: np.random.Generator) -> Iterator[Question]:
    for (shape, axis), dtype in itertools.product(SHAPES, ("int8", "uint8", "int16")):
        if axis is not None and dtype == "int16":
            continue  # which that has no kernel for
        info = np.iinfo(dtype)
        x = random.integers(info.min, info.max, shape, endpoint=True).astype(dtype)
        attrs = {} if axis is None else {"axis": axis}
        given = numbers_of(random, shape, axis, dtype == "int16")
        yield Question(f"{dtype}_{label(shape)}_{axis}", attrs, {"x": x, **given})

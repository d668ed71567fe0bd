"""What to ask about integers that are rescaled by a multiplier and a shift."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import asking
from .asking import Question, asks

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

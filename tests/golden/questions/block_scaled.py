"""What to ask torchao about formats with a scale for each group: MX and NVFP4."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import label

MX = ("float8_e4m3fn", "float8_e5m2", "float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn")
POWERS = "float8_e8m0fnu"


def spread(random: np.random.Generator, shape: Any, decades: float = 2.0) -> Any:
    """Numbers of many sizes, so that some elements of a group are small and subnormal in its format."""
    return (random.normal(size=shape) * 10.0 ** random.uniform(-decades, decades, shape)).astype(np.float32)


@asks("BlockScaleQuantize", torch=True)
def block_scaled(random: np.random.Generator) -> Iterator[Question]:
    for element in MX:
        settings = {"element_format": element, "scale_format": POWERS, "group": 32, "axis": -1}
        yield Question(f"{element}", settings, {"x": spread(random, (6, 96))}, slopes=True)
        for size in (1e-30, 1e-6, 1.0, 1e6, 1e30):
            x = spread(random, (2, 64), 1) * np.float32(size)
            yield Question(f"{element}_{size}", settings, {"x": x})
        # halves between elements, under every scale that the largest of the group asks for
        ties = np.resize(np.arange(0, 16, 0.0625) * random.choice([-1, 1], 256), (8, 32)).astype(np.float32)
        yield Question(f"{element}_ties", settings, {"x": ties * 2.0 ** np.arange(-4, 4, dtype=np.float32)[:, None]})
        special = spread(random, (3, 32))
        special[0, 3], special[1], special[2] = np.nan, 0.0, -0.0
        yield Question(f"{element}_special", settings, {"x": special})
        for shape, axis, group in (
            ((5,), 0, 32),
            ((2, 70), -1, 32),
            ((7, 3), 0, 4),
            ((2, 9, 5), 1, 8),
            ((3, 2, 6), -3, 2),
        ):
            given = {**settings, "axis": axis, "group": group}
            yield Question(f"{element}_{label(shape)}_{axis}", given, {"x": spread(random, shape)})
    for axis, shape in ((-1, (4, 80)), (0, (40, 3)), (1, (2, 33, 2))):
        settings = {"element_format": "float4_e2m1fn", "scale_format": "float8_e4m3fn", "group": 16, "axis": axis}
        x = spread(random, shape, 1) * np.float32(5)
        yield Question(f"nvfp4_{axis}", settings, {"x": x})
        scale = np.float32(np.abs(x).max() / (448 * 6))
        yield Question(f"nvfp4_relative_{axis}", settings, {"x": x, "tensor_scale": scale}, slopes=axis == -1)

"""What to ask about arithmetic and functions of one and two values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .asking import Question, asks

SHAPES = [((), ()), ((0,), (1,)), ((3, 4), (3, 4)), ((2, 1, 3), (4, 1)), ((5,), ())]


def pairs(random: np.random.Generator, *dtypes: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name and two arrays that broadcast, away from zero, of every shape and dtype."""
    for dtype in dtypes:
        for a, b in SHAPES:
            x, y = (random.uniform(0.5, 9, shape) * random.choice([-1, 1], shape) for shape in (a, b))
            yield f"{dtype}_{'x'.join(map(str, a))}_{'x'.join(map(str, b))}", x.astype(dtype), y.astype(dtype)


@asks("Add", "AddV2", "Sub", "Mul", "SquaredDifference")
def arithmetic(random: np.random.Generator) -> Iterator[Question]:
    for name, x, y in pairs(random, "float32", "float64", "int32"):
        yield Question(name, {}, {"x": x, "y": y}, slopes=x.dtype.kind == "f")


@asks("Exp", "Sigmoid", "Tanh", ulps=4)
def smooth(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64"):
        x = np.concatenate([random.normal(size=20) * 3, [0.0, -0.0, 88.0, -87.0, np.inf, -np.inf, np.nan]]).astype(
            dtype
        )
        yield Question(f"{dtype}_values", {}, {"x": x})
        for shape in ((), (0,), (2, 1, 3)):
            x = random.normal(size=shape).astype(dtype)
            yield Question(f"{dtype}_{'x'.join(map(str, shape))}", {}, {"x": x}, slopes=True)

"""What to ask about exponentials, logarithms, powers, roots and the functions of their kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import COMPLEX, FLOATS, SIGNED, apart, label, numbers, pairs, singles, special, stored, wide


def function(
    random: np.random.Generator, values: dict[str, Any], positive: bool = False, name: str = "x"
) -> Iterator[Question]:
    """Special values, those that matter for the function, and every shape; complex ones without the special values."""
    for dtype in FLOATS:
        x = np.concatenate([special(dtype), np.array(values[dtype]).astype(stored(dtype)), numbers(random, dtype, 60)])
        yield Question(f"{dtype}_special", {}, {name: x})

    def drawn(random: np.random.Generator, dtype: str, shape: Any) -> Any:
        x = numbers(random, dtype, shape, 1.0)
        return abs(x) + x.dtype.type(0.1) if positive and dtype in FLOATS else x

    for case, dtype, x in singles(random, (*FLOATS, *COMPLEX), drawn):
        yield Question(case, {}, {name: x}, slopes=wide(dtype))
    for dtype in COMPLEX:
        yield Question(f"{dtype}_plane", {}, {name: numbers(random, dtype, 40, 1.0)})  # short of the poles


def around(*ends: float) -> list[float]:
    """Where a function leaves the numbers that its dtype has, and its neighbourhood."""
    return [sign * end * factor for end in ends for factor in (0.5, 0.98, 0.999, 1.001, 1.02, 2) for sign in (1, -1)]


EXPONENTIAL = {
    "float32": around(88.72, 103.9, 1e-4, 16.6),
    "float64": around(709.78, 745.1, 1e-9, 36.7),
    "float16": around(11.09, 17.3, 1e-3, 7.6),
    "bfloat16": around(88.72, 92.1, 1e-2, 5.5),
}


@asks("Exp", "Tanh", ulps=4)
def exponential(random: np.random.Generator) -> Iterator[Question]:
    yield from function(random, EXPONENTIAL)


# between these the logistic function is subnormal: there the block may give zero, as the reference does
VANISHING = {"float32": (-104, -87.3), "float64": (-746, -708.3), "float16": (-18, -9.7), "bfloat16": (-104, -87)}


@asks("Sigmoid", ulps=4)
def logistic(random: np.random.Generator) -> Iterator[Question]:
    for question in function(random, EXPONENTIAL):
        x = question.inputs["x"]
        low, high = VANISHING.get(x.dtype.name, (0, 0))
        with np.errstate(invalid="ignore"):
            vanishing = (x > low) & (x < high)
        yield question._replace(inputs={"x": np.where(vanishing, np.ones_like(x), x)})


@asks("Log", "Sqrt", "Reciprocal", "Inv", ulps=4)
def positive(random: np.random.Generator) -> Iterator[Question]:
    near_one = [1 + step * 2.0**-k for k in range(1, 24) for step in (1, -1)]
    scales = {dtype: [*near_one, *10.0 ** random.uniform(-power, power, 40)] for dtype, power in SCALES.items()}
    yield from function(random, scales, positive=True)


@asks("Rsqrt", ulps=4)
def inverse_root(random: np.random.Generator) -> Iterator[Question]:
    yield from positive(random)
    for dtype in COMPLEX:
        x = np.array([complex(a, b) for a in (-4.0, -0.3, np.inf, -np.inf) for b in (0.0, -0.0, 2.0, np.inf)], dtype)
        yield Question(f"{dtype}_cut", {}, {"x": x})


SCALES = {"float32": 36.0, "float64": 300.0, "float16": 4.0, "bfloat16": 36.0}


@asks("SqrtGrad", "RsqrtGrad", "ReciprocalGrad", "InvGrad", "SigmoidGrad", "TanhGrad", ulps=4)
def from_outputs(random: np.random.Generator) -> Iterator[Question]:
    """Gradient blocks, which take what the function gave: as ``y`` numbers from 0.1 to 0.9."""
    for dtype in (*FLOATS, *COMPLEX):
        for shape in ((), (0,), (1,), (2, 1, 3)) if dtype == "float32" else ((2, 1, 3),):
            y = np.asarray(random.uniform(0.1, 0.9, shape)).astype(stored(dtype))
            y = y + stored(dtype).type(0.2j) if dtype in COMPLEX else y
            inputs = {"y": y, "dy": apart(random, dtype, shape)}
            yield Question(f"{dtype}_{label(shape)}", {}, inputs, slopes=wide(dtype))
    for dtype in FLOATS:
        y = np.array([0.0, 0.5, 1.0, 2.0, 0.125, np.nan]).astype(stored(dtype))
        dy = np.array([0.0, 1.0, -1.0, 3.0, np.inf, -np.inf, np.nan]).astype(stored(dtype))
        y, dy = (np.ascontiguousarray(a) for a in np.broadcast_arrays(y[:, None], dy))
        yield Question(f"{dtype}_special", {}, {"y": y, "dy": dy})


def powers(random: np.random.Generator, dtypes: Iterable[str]) -> Iterator[Question]:
    def base(random: np.random.Generator, dtype: str, shape: Any) -> Any:
        return abs(apart(random, dtype, shape)).astype(stored(dtype))

    for name, dtype, x, y in pairs(random, dtypes, base):
        yield Question(name, {}, {"x": x, "y": y}, slopes=wide(dtype))


# the error of a complex power grows with its exponent, on both sides
@asks("Pow", ulps=4, complex_ulps=16)
def power(random: np.random.Generator) -> Iterator[Question]:
    yield from powers(random, FLOATS)
    for dtype in FLOATS:
        x = special(dtype)
        yield Question(f"{dtype}_special", {}, {"x": x[:, None], "y": x})
        x, y = (apart(random, dtype, (60,)) for _ in range(2))
        yield Question(f"{dtype}_whole", {}, {"x": x, "y": np.rint(y)})
        yield Question(f"{dtype}_signed", {}, {"x": x, "y": y}, slopes=False)
        for exponent in (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0):
            x = np.concatenate([special(dtype), apart(random, dtype, (60,))])
            yield Question(f"{dtype}_to_{exponent}", {}, {"x": x, "y": np.array(exponent).astype(x.dtype)})
    for dtype in SIGNED:
        x, y = numbers(random, dtype, (12, 1)), np.arange(9).astype(dtype)
        yield Question(f"{dtype}_whole", {}, {"x": x, "y": y})
        yield Question(f"{dtype}_special", {}, {"x": special(dtype)[:, None], "y": y})
    for dtype in COMPLEX:
        x, y = (numbers(random, dtype, (2, 3), 1.0) for _ in range(2))
        yield Question(f"{dtype}_plane", {}, {"x": x, "y": y}, slopes=True)

"""What to ask about sums, differences, products, quotients, signs and rounding: IEEE 754 settles every bit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import COMPLEX, FLOATS, NUMBER, SIGNED, numbers, pairs, singles, special, wide


def binary(random: np.random.Generator, dtypes: Iterable[str], edges: bool = True) -> Iterator[Question]:
    """Shapes that broadcast, and every special value with every other."""
    for name, dtype, x, y in pairs(random, dtypes):
        yield Question(name, {}, {"x": x, "y": y}, slopes=wide(dtype))
    for dtype in dtypes if edges else ():
        x = special(dtype)
        yield Question(f"{dtype}_special", {}, {"x": x[:, None], "y": x})


def unary(
    random: np.random.Generator, dtypes: Iterable[str], name: str = "x", slopes: bool = True
) -> Iterator[Question]:
    """Every shape, and the special values."""
    for case, dtype, x in singles(random, dtypes):
        yield Question(case, {}, {name: x}, slopes=slopes and wide(dtype))
    for dtype in dtypes:
        x = np.concatenate([special(dtype), numbers(random, dtype, 40)])
        yield Question(f"{dtype}_special", {}, {name: x})


@asks("Add")
def add(random: np.random.Generator) -> Iterator[Question]:
    yield from binary(random, (*FLOATS, *SIGNED, "uint8", *COMPLEX))


@asks("AddV2", "Sub")
def sums(random: np.random.Generator) -> Iterator[Question]:
    yield from binary(random, NUMBER)


@asks("Mul", complex_ulps=4)
def product(random: np.random.Generator) -> Iterator[Question]:
    yield from binary(random, NUMBER)


@asks("SquaredDifference", complex_ulps=4)
def squared_difference(random: np.random.Generator) -> Iterator[Question]:
    yield from binary(random, (*FLOATS, "int32", "int64", *COMPLEX))


@asks("RealDiv", complex_ulps=4)
def real_div(random: np.random.Generator) -> Iterator[Question]:
    yield from binary(random, FLOATS)
    yield from binary(random, COMPLEX, edges=False)


@asks("Div", complex_ulps=4)
def div(random: np.random.Generator) -> Iterator[Question]:
    yield from real_div(random)
    for name, dtype, x, y in pairs(random, [d for d in NUMBER if d not in FLOATS + COMPLEX]):
        yield Question(name, {}, {"x": x, "y": y})
        x = special(dtype)
        # zero is an error, and the lowest number by -1 does not fit
        divisors = [v for v in x if v not in (0, -1)]
        yield Question(f"{name}_special", {}, {"x": x[:, None], "y": np.array(divisors, x.dtype)})


@asks("Neg")
def negative(random: np.random.Generator) -> Iterator[Question]:
    yield from unary(random, (*FLOATS, *SIGNED, *COMPLEX))


@asks("Abs")
def absolute(random: np.random.Generator) -> Iterator[Question]:
    yield from unary(random, (*FLOATS, *SIGNED))


@asks("Sign", complex_ulps=4)
def sign(random: np.random.Generator) -> Iterator[Question]:
    for question in unary(random, (*FLOATS, *SIGNED, *COMPLEX), slopes=False):
        x = question.inputs["x"]
        yield question._replace(inputs={"x": np.where(x == 0, np.zeros_like(x), x)})  # that of -0.0 may be either zero


@asks("Square", complex_ulps=4)
def square(random: np.random.Generator) -> Iterator[Question]:
    yield from unary(random, NUMBER)


@asks("Conj")
def conjugate(random: np.random.Generator) -> Iterator[Question]:
    yield from unary(random, COMPLEX, "input")


@asks("AddN")
def add_n(random: np.random.Generator) -> Iterator[Question]:
    def drawn(name: str, dtype: str, shape: Any, count: int) -> Question:
        values = {f"input{i}": numbers(random, dtype, shape) for i in range(count)}
        return Question(f"{dtype}_{name}", {}, values, slopes=wide(dtype))

    for dtype in NUMBER:
        yield drawn("2", dtype, (3, 4), 2)
    for shape in ((), (0,), (1,), (2, 1, 3, 2)):
        yield drawn("x".join(map(str, shape)) + "_3", "float32", shape, 3)
    for count in (1, 2, 3, 5, 8, 9, 11):  # how many are added at a time is the reference's own affair
        yield drawn(f"count{count}", "int32", (7,), count)
    x = special("float32", subnormal=False)
    yield Question("float32_special", {}, {"input0": x, "input1": x[::-1].copy()})


@asks("Floor", "Ceil")
def to_whole(random: np.random.Generator) -> Iterator[Question]:
    yield from unary(random, FLOATS, slopes=False)


@asks("Rint")
def rint(random: np.random.Generator) -> Iterator[Question]:
    yield from unary(random, ("float32", "float64"), slopes=False)


@asks("Round")
def rounded(random: np.random.Generator) -> Iterator[Question]:
    yield from unary(random, FLOATS, slopes=False)  # of integers the reference's kernel makes zeros

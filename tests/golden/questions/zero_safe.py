"""What to ask about functions in which a zero wins, remainders, and truth values along axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import COMPLEX, apart, pairs, special

FLOATS = ("float32", "float64")
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def positive(random: np.random.Generator, dtype: str, shape: Any) -> Any:
    x = apart(random, dtype, shape)
    return x if dtype in COMPLEX else abs(x)


def edges_of(dtype: str) -> Any:
    """The special values but the smallest and largest numbers: the subnormals they make are zero in the reference."""
    edges = special(dtype, subnormal=False)
    return edges[(edges == 0) | ~np.isfinite(edges) | ((abs(edges) > 1e-30) & (abs(edges) < 1e30))]


def some_zeros(random: np.random.Generator, x: Any) -> Any:
    return np.where(random.random(x.shape) < 0.3, x.dtype.type(0), x)


def two(random: np.random.Generator, draw: Any, zero: str, complex_slopes: bool) -> Iterator[Question]:
    """Pairs that broadcast, zeros in the operand that wins by them, and values at the edges."""
    for name, dtype, x, y in pairs(random, FLOATS + COMPLEX, draw):
        slopes = complex_slopes or dtype in FLOATS
        inputs = {"x": x, "y": y}
        yield Question(name, {}, inputs, slopes=slopes)
        yield Question(f"{name}_zeros", {}, inputs | {zero: some_zeros(random, inputs[zero])}, slopes=slopes)
    for dtype in FLOATS:
        edges = edges_of(dtype)
        # the sign of a zero result depends on where in memory the reference finds it
        yield Question(f"{dtype}_edges", {}, {"x": edges[edges != 0][:, None], "y": edges[edges != 0]})
        other = {"x": "y", "y": "x"}[zero]
        yield Question(f"{dtype}_zero", {}, {zero: np.zeros((), dtype), other: edges})


@asks("DivNoNan")
def quotient(random: np.random.Generator) -> Iterator[Question]:
    for question in two(random, apart, "y", complex_slopes=True):
        if "complex" not in question.name:  # those of complex numbers are not rounded correctly anywhere
            yield question


@asks("MulNoNan")
def product(random: np.random.Generator) -> Iterator[Question]:
    for question in two(random, apart, "y", complex_slopes=False):
        if "complex" not in question.name:
            yield question


@asks("Xdivy", "Xlogy", ulps=4)
def dividend(random: np.random.Generator) -> Iterator[Question]:
    yield from two(random, positive, "x", complex_slopes=False)


@asks("Mod")
def remainder(random: np.random.Generator) -> Iterator[Question]:
    for name, dtype, x, y in pairs(random, (*FLOATS, "int32", "int64")):
        yield Question(name, {}, {"x": x, "y": y})
        if dtype not in FLOATS:
            low = np.array([np.iinfo(dtype).min, np.iinfo(dtype).max, 7, -7], dtype)
            yield Question(f"{name}_low", {}, {"x": low[:, None], "y": np.array([-1, 1, 3, -3], dtype)})
    for dtype in FLOATS:
        edges = edges_of(dtype)
        yield Question(f"{dtype}_edges", {}, {"x": edges[:, None], "y": edges})


@asks("FloorDiv", "FloorMod")
def rounded_down(random: np.random.Generator) -> Iterator[Question]:
    for name, _, x, y in pairs(random, (*FLOATS, "float16", "bfloat16", *WHOLE)):
        yield Question(name, {}, {"x": x, "y": y})
    for dtype in WHOLE:
        low = np.array([np.iinfo(dtype).min, np.iinfo(dtype).max, 7, 8], dtype)
        yield Question(f"{dtype}_low", {}, {"x": low[:, None], "y": np.array([1, 2, 3, 5], dtype)})
        if low[0]:
            yield Question(
                f"{dtype}_signs",
                {},
                {"x": np.array([7, -7, 6, -6, 0], dtype)[:, None], "y": np.array([3, -3, 2, -2], dtype)},
            )
    for dtype in FLOATS:
        edges = edges_of(dtype)
        yield Question(f"{dtype}_edges", {}, {"x": edges[:, None], "y": edges})


@asks("All", "Any")
def truth(random: np.random.Generator) -> Iterator[Question]:
    folds = [((), []), ((5,), [0]), ((0,), [0]), ((3, 4), [-1]), ((3, 4), []), ((2, 0, 3), [1]), ((2, 3, 4), [0, 2])]
    for shape, axes in folds:
        for keep_dims in (False, True):
            for share in (0.2, 0.8):
                input = random.random(shape) < share
                name = f"{'x'.join(map(str, shape)) or 'scalar'}_{axes}_{keep_dims}_{share}"
                yield Question(name, {"keep_dims": keep_dims}, {"input": input, "axis": np.array(axes, np.int32)})

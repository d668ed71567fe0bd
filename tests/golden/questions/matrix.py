"""What to ask about products of matrices."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import COMPLEX, FLOATS, label, numbers, special, wide

SIZES = ((2, 3, 4), (1, 1, 1), (1, 5, 1), (3, 1, 2), (0, 3, 2), (2, 0, 3), (2, 3, 0))
LEADING = (((2,), (2,)), ((), ()), ((0,), (0,)), ((2, 3), (2, 3)))
SPREADING = (((2,), ()), ((), (2,)), ((2, 1), (3,)), ((1, 2), (3, 1)), ((0,), (1,)))
INTEGERS = ("int32", "int64")


def products(
    random: np.random.Generator,
    dtypes: Iterable[str],
    names: tuple[str, str],
    flags: tuple[str, str],
    leading: Iterable[Any] = (((), ()),),
) -> Iterator[Question]:
    """Every size and leading shape in float32, and every transposition in all dtypes."""
    for dtype in dtypes:
        plain = [(s, lead, (False, False)) for s in SIZES for lead in leading] if dtype == "float32" else []
        turned = [(SIZES[0], next(iter(leading)), turns) for turns in itertools.product((False, True), repeat=2)]
        for (m, k, n), lead, turns in [*plain[1:], *turned]:
            shapes = [(*lead[0], m, k), (*lead[1], k, n)]
            shapes = [(*s[:-2], s[-1], s[-2]) if turn else s for s, turn in zip(shapes, turns, strict=True)]
            inputs = {name: numbers(random, dtype, s) for name, s in zip(names, shapes, strict=True)}
            name = f"{dtype}_{label(*shapes)}_{int(turns[0])}{int(turns[1])}"
            yield Question(name, dict(zip(flags, turns, strict=True)), inputs, slopes=wide(dtype))


@asks("MatMul", ulps=None)
def matmul(random: np.random.Generator) -> Iterator[Question]:
    yield from products(random, (*FLOATS, *INTEGERS, *COMPLEX), ("a", "b"), ("transpose_a", "transpose_b"))
    long = {"a": numbers(random, "float32", (2, 700)).round(2), "b": numbers(random, "float32", (700, 2)).round(2)}
    yield Question("long", {}, long)
    for dtype in INTEGERS:
        x = special(dtype)
        yield Question(f"{dtype}_wraps", {}, {"a": x[None], "b": x[:, None]})
    a = np.array([[1.0, np.nan], [np.inf, 1.0], [2.0, 3.0]], np.float32)
    yield Question("special", {}, {"a": a, "b": np.array([[1.0, -1.0], [2.0, 0.5]], np.float32)})
    yield Question("unused", {"grad_a": True, "grad_b": True}, {"a": a[2:], "b": a[2:].T.copy()})


@asks("BatchMatMul", ulps=None)
def batches(random: np.random.Generator) -> Iterator[Question]:
    yield from products(random, (*FLOATS, *INTEGERS, *COMPLEX), ("x", "y"), ("adj_x", "adj_y"), LEADING)


@asks("BatchMatMulV2", ulps=None)
def batches_that_broadcast(random: np.random.Generator) -> Iterator[Question]:
    dtypes = (*FLOATS, *INTEGERS, "int16", *COMPLEX)
    yield from products(random, dtypes, ("x", "y"), ("adj_x", "adj_y"), SPREADING + LEADING[1:])

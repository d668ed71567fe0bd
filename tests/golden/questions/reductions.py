"""What to ask about sums, means, products and extremes over axes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import FLOATS, NUMBER, REAL, SIGNED, UNSIGNED, distinct, label, numbers, special, stored, wide

FOLDS: tuple[tuple[tuple[int, ...], list[Any]], ...] = (
    ((), [[]]),
    ((7,), [0, -1, [0], []]),
    ((3, 4), [0, 1, -1, [0, 1], [1, 0], []]),
    ((2, 3, 4), [1, [0, 2], [-1, 1], [0, 1, 2], []]),
    ((2, 1, 3, 2), [[1], [2, -1], [0, 1, 2, 3]]),
    ((0,), [0, []]),
    ((2, 0), [0, 1, [0, 1]]),
    ((1,), [0]),
)


def fold(
    random: np.random.Generator, dtypes: Iterable[str], draw: Any, slopes: bool = True, empty: bool = True
) -> Iterator[Question]:
    """Every shape, choice of axes and ``keep_dims`` in float32, one of them in the other dtypes."""
    for dtype in dtypes:
        for shape, choices in FOLDS if dtype == "float32" else FOLDS[3:4]:
            for i, axis in enumerate(choices if wide(dtype) else choices[1:2]):
                index = np.asarray(axis, np.int64 if i % 2 else np.int32)
                if empty or np.prod([shape[a] for a in index.reshape(-1).tolist()]):
                    name = f"{dtype}_{label(shape)}_over_{'_'.join(map(str, index.reshape(-1)))}_{index.ndim}"
                    inputs = {"input": draw(random, dtype, shape), "axis": index}
                    yield Question(name, {"keep_dims": i % 2 == 1}, inputs, slopes=slopes and wide(dtype))
    for keep_dims in (True, False):
        inputs = {"input": draw(random, "float32", (3, 4)), "axis": np.asarray([1], np.int32)}
        yield Question(f"keep_{keep_dims}", {"keep_dims": keep_dims}, inputs, slopes=slopes)


@asks("Sum", ulps=None)
def total(random: np.random.Generator) -> Iterator[Question]:
    yield from fold(random, NUMBER, numbers)
    for dtype in ("float32", "float64"):
        inputs = {"input": random.uniform(0, 1, (3, 500)).astype(dtype).round(3), "axis": np.asarray(1, np.int32)}
        yield Question(f"{dtype}_long", {}, inputs)
    for dtype in (*SIGNED, *UNSIGNED):
        yield Question(f"{dtype}_wraps", {}, {"input": special(dtype), "axis": np.asarray(0, np.int32)})
    yield from rows(random, FLOATS)


def rows(random: np.random.Generator, dtypes: Iterable[str]) -> Iterator[Question]:
    """Rows of small numbers with each of the values that spread."""
    for dtype in dtypes:
        x = np.ones((5, 4), stored(dtype))
        x[:, 1] = [np.nan, np.inf, -np.inf, 0.0, -0.0]
        yield Question(f"{dtype}_special", {}, {"input": x, "axis": np.asarray(1, np.int32)})


@asks("Mean", ulps=None)
def mean(random: np.random.Generator) -> Iterator[Question]:
    yield from fold(random, NUMBER, numbers)
    yield from rows(random, FLOATS)


@asks("Prod", ulps=None)
def product(random: np.random.Generator) -> Iterator[Question]:
    yield from fold(random, NUMBER, lambda random, dtype, shape: numbers(random, dtype, shape, 1.5))
    yield from rows(random, FLOATS)
    for zeros in (1, 2):
        x = np.array([[2.0, 3.0, 4.0], [5.0, 6.0, 0.5]], np.float32)
        x[0, :zeros] = 0
        yield Question(f"zeros{zeros}", {}, {"input": x, "axis": np.asarray([1], np.int32)}, slopes=True)


@asks("Max", "Min")
def extreme(random: np.random.Generator) -> Iterator[Question]:
    yield from fold(random, REAL, distinct)
    yield from rows(random, FLOATS)
    x = np.array([[1, 1, 0], [2, 2, 2]], np.float32)
    yield Question("ties", {}, {"input": x, "axis": np.asarray(1, np.int32)}, slopes=True)
    for dtype in (*SIGNED, *UNSIGNED):
        yield Question(f"{dtype}_limits", {}, {"input": special(dtype), "axis": np.asarray(0, np.int32)})


@asks("ArgMax")
def place(random: np.random.Generator) -> Iterator[Question]:
    types = ("int64", "int32", "int16", "uint16")
    for i, dtype in enumerate((*REAL, "bool")):
        for shape, axes in (((3, 4), (0, 1, -1)), ((7,), (0,)), ((2, 3, 4), (1,)), ((1,), (0,)), ((0, 2), (1,))):
            for axis in axes if dtype == "float32" or len(shape) == 3 else ():
                index = np.asarray(axis, (np.int32, np.int64)[i % 2])
                inputs = {"input": numbers(random, dtype, shape), "dimension": index}
                yield Question(f"{dtype}_{label(shape)}_{axis}", {"output_type": types[i % 4]}, inputs)
    x = np.array([[1, np.nan, 3], [np.nan, 2, 2], [-np.inf, -np.inf, np.nan], [0.0, -0.0, -1]], np.float32)
    for output_type in types:
        inputs = {"input": x, "dimension": np.asarray(1, np.int32)}
        yield Question(f"special_{output_type}", {"output_type": output_type}, inputs)

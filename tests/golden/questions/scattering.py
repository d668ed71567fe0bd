"""What to ask about values put at and added at places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .gathering import numbers

CASES = [((5,), (3, 1)), ((4, 3), (2, 2)), ((4, 3), (2, 1)), ((4, 3, 2), (2, 3, 2)), ((4,), (0, 1))]


@asks("TensorScatterAdd", ulps=None, relative=1e-6)
def scatter_add(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "int32", "complex64"):
        for shape, indices in CASES:
            index = np.asarray(random.integers(0, np.array(shape[: indices[-1]]), indices))
            yield _question(random, shape, index.astype(random.choice(["int32", "int64"])), dtype)
    yield _outside(random)


@asks("TensorScatterUpdate")
def scatter_update(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "int32", "bool"):
        for shape, indices in CASES:
            # different places: with equal ones the reference leaves open which update stays
            depth, count = indices[-1], int(np.prod(indices[:-1]))
            places = random.choice(int(np.prod(shape[:depth])), count, replace=False)
            index = np.stack(np.unravel_index(places, shape[:depth]), -1).reshape(indices)
            yield _question(random, shape, index.astype(random.choice(["int32", "int64"])), dtype)
    yield _outside(random)


def _question(random: np.random.Generator, shape: tuple[int, ...], index: Any, dtype: str) -> Question:
    updates = (*index.shape[:-1], *shape[index.shape[-1] :])
    given = {"tensor": numbers(random, shape, dtype), "indices": index, "updates": numbers(random, updates, dtype)}
    name = f"{dtype}_{'x'.join(map(str, shape))}_at_{'x'.join(map(str, index.shape))}"
    return Question(name, {"bad_indices_policy": ""}, given, slopes=dtype.startswith("float"))


def _outside(random: np.random.Generator) -> Question:
    index = np.array([[0, 1], [-1, 0], [1, 3], [2, 2]], np.int32)
    given = {
        "tensor": numbers(random, (3, 3), "float32"),
        "indices": index,
        "updates": numbers(random, (4,), "float32"),
    }
    return Question("outside_ignored", {"bad_indices_policy": "IGNORE"}, given)


@asks("SparseToDense")
def sparse(random: np.random.Generator) -> Iterator[Question]:
    cases: list[tuple[Any, list[int], tuple[int, ...], bool]] = [
        (np.array([[0, 1], [1, 0], [1, 2]], np.int32), [2, 3], (3,), True),
        (np.array([[0, 1], [1, 0], [1, 2]], np.int64), [2, 3], (), True),
        (np.array([[1, 2], [0, 1]], np.int32), [2, 3], (2,), False),
        (np.array([0, 2], np.int32), [4], (2,), True),
        (np.array(3, np.int32), [4], (), True),
        (np.zeros((0, 2), np.int32), [2, 2], (0,), True),
        (np.array([[0, 1, 1], [2, 0, 0]], np.int64), [3, 2, 2], (2,), True),
    ]
    for dtype in ("float32", "float64", "int32", "bool"):
        for i, (indices, shape, values, ordered) in enumerate(cases):
            given = {
                "sparse_indices": indices,
                "output_shape": np.array(shape, indices.dtype),
                "sparse_values": numbers(random, values, dtype),
                "default_value": numbers(random, (), dtype),
            }
            # the reference's gradient takes rows of numbers, and a value for each, only
            slopes = dtype.startswith("float") and np.ndim(indices) == 2 and bool(values)
            yield Question(f"{dtype}_{i}", {"validate_indices": ordered}, given, slopes)

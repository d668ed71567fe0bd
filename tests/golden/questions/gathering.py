"""What to ask about values taken by index, and indices made to vectors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .asking import Question, asks


def numbers(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Random numbers of any dtype."""
    values = random.normal(size=shape) * 9
    if dtype.startswith("complex"):
        values = values + 1j * random.normal(size=shape)
    return np.asarray(np.abs(values) if dtype.startswith("uint") else values).astype(dtype)


@asks("Gather")
def gather(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "int32", "uint8", "bool", "complex64"):
        for params, indices in (((5,), (3,)), ((4, 3), ()), ((4, 2, 3), (2, 5)), ((3, 0), (2,)), ((4, 2), (0,))):
            index = np.asarray(random.integers(0, params[0], indices)).astype(random.choice(["int32", "int64"]))
            name = f"{dtype}_{'x'.join(map(str, params))}_by_{'x'.join(map(str, indices))}"
            given = {"params": numbers(random, params, dtype), "indices": index}
            yield Question(name, {"validate_indices": True}, given, slopes=dtype.startswith("float"))


@asks("GatherV2")
def gather_along(random: np.random.Generator) -> Iterator[Question]:
    cases = [
        ((5,), (3,), 0, 0),
        ((4, 3, 2), (2, 2), 1, 0),
        ((4, 3, 2), (), -1, 0),
        ((4, 3, 2), (6,), -3, 0),
        ((3, 4), (3, 2), 1, 1),
        ((3, 2, 4, 2), (3, 5), 2, 1),
        ((3, 2, 4, 2), (3, 5, 2), -2, -2),
        ((2, 3, 4), (2, 3), 2, 2),
        ((2, 3, 4), (2, 3, 0), 2, 2),
        ((2, 3, 4), (2, 3), 2, 1),
    ]
    for dtype in ("float32", "float64", "int16"):
        for params, indices, axis, batch in cases:
            kind = "int16" if dtype == "int16" else random.choice(["int32", "int64"])
            index = np.asarray(random.integers(0, params[axis], indices)).astype(kind)
            name = f"{dtype}_{'x'.join(map(str, params))}_by_{'x'.join(map(str, indices))}_at_{axis}_batch_{batch}"
            given = {"params": numbers(random, params, dtype), "indices": index, "axis": np.int32(axis)}
            yield Question(name, {"batch_dims": batch}, given, slopes=dtype.startswith("float"))


PLACES = [((5,), (3, 1)), ((4, 3), (2, 2)), ((4, 3, 2), (2, 3, 2)), ((4, 3), (2,)), ((4,), (0, 1))]  # params, indices


@asks("GatherNd")
def gather_places(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "int32", "bool"):
        for params, indices in PLACES:
            limits = np.array(params[: indices[-1]])
            index = np.asarray(random.integers(0, limits, indices)).astype(random.choice(["int32", "int64"]))
            name = f"{dtype}_{'x'.join(map(str, params))}_by_{'x'.join(map(str, indices))}"
            given = {"params": numbers(random, params, dtype), "indices": index}
            # the reference has no gradient for a single place
            yield Question(name, {"bad_indices_policy": ""}, given, dtype.startswith("float") and len(indices) > 1)
        whole = {"params": numbers(random, (3, 2), dtype), "indices": np.zeros((2, 0), np.int32)}
        yield Question(f"{dtype}_no_numbers", {"bad_indices_policy": ""}, whole)
    outside = np.array([[0, 1], [-1, 0], [1, 3], [2, 2], [0, 3]], np.int32)
    given = {"params": numbers(random, (3, 3), "float32"), "indices": outside}
    yield Question("outside_ignored", {"bad_indices_policy": "IGNORE"}, given)


@asks("OneHot")
def one_hot(random: np.random.Generator) -> Iterator[Question]:
    for dtype, kind in (("float32", "int32"), ("float64", "int64"), ("int32", "uint8"), ("bool", "int8")):
        for shape in ((), (0,), (5,), (2, 3), (2, 1, 4)):
            for axis in range(-1, len(shape) + 1):
                for depth in (0, 1, 4) if shape == (5,) else (4,):
                    low = 0 if kind == "uint8" else -2
                    index = np.asarray(random.integers(low, 6, shape)).astype(kind)
                    values = {"on_value": numbers(random, (), dtype), "off_value": numbers(random, (), dtype)}
                    name = f"{dtype}_{'x'.join(map(str, shape))}_axis_{axis}_depth_{depth}"
                    yield Question(name, {"axis": axis}, {"indices": index, "depth": np.int32(depth), **values})

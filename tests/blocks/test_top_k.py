"""The largest of rows of all lengths, beside sorting all of them."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from dataflow import Graph, blocks, plan


@pytest.mark.parametrize("classes", [1, 10, 31, 32, 127, 128, 300, 70_000])
def test_in_top_k(classes: int):
    random = np.random.default_rng(classes)
    x = random.integers(-9, 9, (40, classes)).astype(np.float32)
    x[3, -1], x[4, 0], x[5, -1] = np.nan, np.inf, -np.inf
    target = random.integers(0, classes, 40)
    target[::2] = x[::2].argmax(1)
    target[[0, 1, 2]] = [-1, classes, np.iinfo(np.int64).min]
    for k in (-1, 0, 1, 5, 300):
        known = (target >= 0) & (target < classes) & np.isfinite(x).all(1)
        own = x[np.arange(40), np.where(known, target, 0)]
        wanted = known & ((x > own[:, None]).sum(1) < k)
        assert np.array_equal(blocks["InTopK"](k=k)(x, target), wanted)
    assert known.any() and not known.all()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int32", "uint8"])
@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("even", [True, False])
def test_of_a_long_row(dtype: str, few: bool, even: bool):
    """The first of equal ones come first, and NaN last, also where there are few different values or many NaN."""
    random = np.random.default_rng(few)
    stored = getattr(ml_dtypes, dtype) if dtype == "bfloat16" else np.dtype(dtype)
    x = (random.integers(0, 4, 200_000) if few else random.normal(0, 40, 200_000).clip(0, 255)).astype(stored)
    if np.dtype(stored).kind not in "iu":
        x[random.random(x.size) < (0.4 if few else 1e-3)] = np.nan
    if not even:
        x[::48] = np.arange(len(x[::48])) % 50 + 200  # larger than all others
    exact = x.astype(np.float64)
    order = np.lexsort((np.arange(x.size), -np.where(np.isnan(exact), -np.inf, exact)))
    for k in (3, 100, 3000):
        values, places = blocks["TopK"]()(x, k)
        assert np.array_equal(places, order[:k])
        assert np.array_equal(np.asarray(values), x[order[:k]], equal_nan=True)


def in_both_ways(block, attrs: dict, arrays: list, static=None):
    """What NumPy and compiled loops make of the same arrays."""
    graph = Graph()
    wires = [graph.input(f"x{i}", array.dtype.name, array.shape) for i, array in enumerate(arrays)]
    made = blocks[block](**attrs)(*wires, *([] if static is None else [static]))
    for i, wire in enumerate(made if isinstance(made, tuple) else (made,)):
        graph.output(str(i), wire)
    feeds = {f"x{i}": array for i, array in enumerate(arrays)}
    return [plan(graph, kernels=kernels).run(feeds).values() for kernels in ("numpy", "jit")]


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
def test_compiled_loops_find_the_same():
    random = np.random.default_rng(0)
    for rows, classes in ((40, 1), (40, 10), (700, 257), (40, 3000)):
        x = random.integers(-9, 9, (rows, classes)).astype(np.float32)
        x[3, -1], x[4, 0], x[5, -1] = np.nan, np.inf, -np.inf
        target = np.where(random.random(rows) < 0.5, x.argmax(1), random.integers(-1, classes + 1, rows))
        target[0] = np.iinfo(np.int64).min
        for k in (-1, 1, 5, 300):
            (expected,), (made,) = in_both_ways("InTopK", {"k": k}, [x, target])
            assert np.array_equal(made, expected) and expected.any() == (k > 0), (rows, classes, k)
    x = random.integers(0, 200, (7, 5000)).astype(np.float32)
    x[1], x[2] = np.sort(x[1]), np.sort(x[2])[::-1]
    x[0, ::50], x[3, :4990], x[4, ::2], x[4, 1::2], x[5, 3::7], x[6] = -0.0, np.nan, -np.inf, np.nan, np.inf, np.nan
    for k in (17, 100, 1249):
        expected, made = in_both_ways("TopK", {}, [x], np.int32(k))
        for one, other in zip(expected, made, strict=True):
            assert one.tobytes() == other.tobytes(), k

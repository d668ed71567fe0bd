"""Sums by index: in one order, rounded once, however many rows there are to add to; places, each in its dims."""

from __future__ import annotations

import re

import ml_dtypes
import numpy as np
import pytest

from dataflow import Graph, blocks, plan
from dataflow.core import dtypes
from dataflow.core.errors import BlockError, RunError


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int32", "uint8", "complex64"])
@pytest.mark.parametrize("size, count", [(1, 200), (40, 100), (3000, 40), (500, 300_000)])
@pytest.mark.parametrize("width", [1, 3])
def test_sums_are_taken_in_order(dtype: str, size: int, count: int, width: int):
    random = np.random.default_rng(size)
    stored = getattr(ml_dtypes, dtype) if dtype == "bfloat16" else np.dtype(dtype)
    tensor = (random.normal(size=(size, width)) * 50).astype(stored)
    updates = (random.normal(size=(count, width)) * 50).astype(stored)
    index = random.integers(0, size, count)
    exact = dtypes.accumulate(np.dtype(stored))
    sums, wide = {}, updates.astype(exact)
    with np.errstate(all="ignore"):
        for place, row in zip(index, wide, strict=True):
            sums[place] = sums[place] + row if place in sums else row
        wanted = tensor.copy()
        for place, total in sums.items():
            wanted[place] = (tensor[place].astype(exact) + total).astype(stored)
    assert blocks["TensorScatterAdd"]()(tensor, index[:, None], updates).tobytes() == wanted.tobytes()
    given = blocks["GatherGrad"]()(updates, index, 0, tensor)
    slopes = np.zeros_like(tensor)
    for place, total in sums.items():
        slopes[place] = total.astype(stored)
    assert np.array_equal(np.asarray(given), slopes)


def test_zeros_keep_their_sign_where_nothing_is_added():
    for size in (3, 100):
        zeros = np.full(size, -0.0, np.float32)
        made = blocks["TensorScatterAdd"]()(zeros, [[0], [1], [0]], [0.0, -0.0, 0.0])
        assert np.array_equal(np.signbit(made), [False] + [True] * (size - 1))


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_each_number_of_a_place_is_held_to_its_own_dim(dtype: str):
    table = np.arange(300, dtype=np.float32).reshape(100, 3)
    fine = np.array([[50, 1], [99, 2]], dtype)
    assert blocks["GatherNd"]()(table, fine).tolist() == [151, 299]
    for outside in ([1, 50], [100, 1], [1, -1], [-1, 1]):
        places = np.array([[50, 1], outside, [99, 2]], dtype)
        with pytest.raises(BlockError, match=re.escape(f"below [100, 3] and not below 0, got indices[1] = {outside}")):
            blocks["GatherNd"]()(table, places)
        assert blocks["GatherNd"](bad_indices_policy="IGNORE")(table, places).tolist() == [151, 0, 299]
        made = blocks["TensorScatterUpdate"](bad_indices_policy="IGNORE")(table, places, [-1, -2, -3])
        assert np.flatnonzero(made.reshape(-1) != table.reshape(-1)).tolist() == [151, 299]


def test_places_in_a_view_and_in_a_scalar():
    table = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert blocks["GatherNd"]()(table.T, [[3, 1], [0, 2]]).tolist() == [7, 8]
    assert blocks["SparseToDense"]()(np.zeros((1, 0), np.int32), np.zeros(0, np.int32), [7.0], 1.0) == 7


@pytest.mark.parametrize("shape, axis", [((300_000,), -1), ((2, 150_000), 1), ((150_000, 2), 1), ((3, 1, 2), 0)])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64"])
def test_vectors_of_many_indices(shape: tuple[int, ...], axis: int, dtype: str):
    indices = np.random.default_rng(0).integers(0 if dtype == "uint8" else -2, 5, shape).astype(dtype)
    made = blocks["OneHot"](axis=axis)(indices, 3, 2.0, 1.0)
    assert np.array_equal(np.moveaxis(made, axis, -1), 1 + (indices[..., None] == np.arange(3)))


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_compiled_loops_add_in_order_too(dtype: str):
    random = np.random.default_rng(0)
    for size, count, width in ((40, 3000, 1), (700, 900, 3), (700, 200, 41), (30, 900, 41)):
        tensor = (random.normal(size=(size, width)) * 50).astype(dtype)
        updates = (random.normal(size=(count, width)) * 10.0 ** random.uniform(-9, 9, (count, 1))).astype(dtype)
        index = random.integers(0, size, (count, 1))
        index[:2] = 0
        tensor[0], updates[index[:, 0] == 0] = -0.0, -0.0
        feeds = {"tensor": tensor, "index": index, "updates": updates}
        graph = Graph()
        wires = [graph.input(name, array.dtype.name, array.shape) for name, array in feeds.items()]
        graph.output("sums", blocks["TensorScatterAdd"]()(*wires))
        made, expected = (plan(graph, kernels=kernels).run(feeds)["sums"] for kernels in ("jit", "numpy"))
        assert made.tobytes() == expected.tobytes(), (size, count, width)


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
def test_compiled_loops_put_values_and_leave_errors_to_numpy():
    shape, count = (50, 40), 700
    flat = np.sort(np.random.default_rng(0).choice(2000, count, replace=False))
    rows = np.stack(np.unravel_index(flat, shape), 1)
    values = np.arange(count, dtype=np.float32)
    outside, twice = rows.copy(), rows.copy()
    outside[600], twice[600] = (3, 40), twice[599]

    def made(kernels, places, given, ordered):
        graph = Graph()
        wires = graph.input("places", "int64", places.shape), graph.input("values", "float32", given.shape)
        block = blocks["SparseToDense"](validate_indices=ordered)
        graph.output("dense", block(wires[0], np.array(shape), wires[1], np.float32(-1)))
        try:
            return plan(graph, kernels=kernels).run(places=places, values=given)["dense"].tolist()
        except RunError as error:
            return str(error)

    for places, given, ordered in (
        (rows, values, True), (rows, np.float32([7]).reshape(()), True), (rows[::-1].copy(), values, False),
        (twice, values, False), (twice, values, True), (outside, values, True), (outside, values, False),
    ):  # fmt: skip
        assert made("jit", places, given, ordered) == made("numpy", places, given, ordered)
    assert "row 600" in made("jit", twice, values, True)
    assert "sparse_indices[600] = [3, 40]" in made("jit", outside, values, False)


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
def test_compiled_loops_put_a_value_in_each_vector():
    indices = np.random.default_rng(0).integers(-2, 7, (40, 3)).astype(np.int8)
    for axis, depth in ((-1, 5), (0, 5), (1, 5), (1, 0)):
        graph = Graph()
        graph.output("made", blocks["OneHot"](axis=axis)(graph.input("x", "int8", (40, 3)), depth, 2.0, 1.0))
        made = plan(graph, kernels="jit").run(x=indices)["made"]
        assert np.array_equal(np.moveaxis(made, axis, -1), 1 + (indices[..., None] == np.arange(depth)))

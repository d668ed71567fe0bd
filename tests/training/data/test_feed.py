"""What feeds an input: prepared, converted, checked; each refusal with file, row and column."""

from __future__ import annotations

import numpy as np
import pytest
from tables import csv, fed, graph_of

from dataflow.core.errors import GraphError
from dataflow.core.shapes import TensorType
from dataflow.training.data import feed as module
from dataflow.training.data import split
from dataflow.training.data.feed import Feed
from dataflow.training.data.section import Column
from dataflow.training.data.sources import InMemoryArray

ROWS = "a,b,l\n1,10,x\n2,20,y\n4,,x\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv("t.csv", ROWS)


def of_array(values, kind="float32", shape=None, **keys):
    values = np.array(values)
    shape = values.shape if shape is None else shape
    return Feed("input 'x'", TensorType(kind, (None, *shape[1:])), Column(**keys), InMemoryArray(values, "d.npz"))


def rows(values, kind="float32", shape=None, **keys):
    made = of_array(values, kind, shape, **keys)
    made.use(made.fit(lambda size: [np.arange(i, min(i + 2, len(values))) for i in range(0, len(values), 2)]))
    return made.rows(np.arange(len(values)))


# -- tables -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry, dtype, shape, wanted",
    [
        ({"array": "a"}, "int8", ("N",), [1, 2, 4]),
        ({"columns": ["a"]}, "float16", ("N", 1), [[1], [2], [4]]),
        ({"array": "a", "scale": 0.5, "offset": 1}, "float32", ("N",), [1.5, 2, 3]),
        ({"array": "a", "scale": 2}, "uint8", ("N",), [2, 4, 8]),
        ({"columns": ["a", "b"], "missing": "mean"}, "float32", ("N", 2), [[1, 10], [2, 20], [4, 15]]),
        ({"columns": ["a", "b"], "missing": ["error", 0]}, "int32", ("N", 2), [[1, 10], [2, 20], [4, 0]]),
        ({"array": "b", "missing": float("nan")}, "float32", ("N",), [10, 20, float("nan")]),
        ({"array": "a", "normalize": "minmax"}, "float64", ("N",), [0, 1 / 3, 1]),
        ({"array": "a", "one_hot": 5}, "int8", ("N", 5), np.eye(5)[[1, 2, 4]].tolist()),
        ({"array": "b", "one_hot": 21, "missing": 0}, "float32", ("N", 21), np.eye(21)[[10, 20, 0]].tolist()),
        ({"array": "l", "classes": "fit"}, "int64", ("N",), [0, 1, 0]),
        ({"array": "l", "classes": ["y", "x"]}, "float32", ("N",), [1, 0, 1]),
        ({"array": "l", "classes": ["y", "x"], "one_hot": True}, "float32", ("N", 2), [[0, 1], [1, 0], [0, 1]]),
        ({"columns": ["l", "a"], "categories": "fit"}, "int32", ("N", 2), [[0, 0], [1, 1], [0, 2]]),
        (
            {"columns": ["l", "b"], "categories": {"l": ["x"], "b": [20]}, "unknown": "ignore", "missing": "x"},
            "int32", ("N", 2), [[0, -1], [-1, 0], [0, -1]],
        ),
        (
            {"columns": ["b", "l"], "categories": "fit", "missing": "other", "one_hot": True},
            "bool", ("N", 6), [[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], [0, 0, 1, 0, 1, 0]],
        ),
    ],
)  # fmt: skip
def test_what_an_input_is_fed(entry, dtype, shape, wanted):
    found = fed(entry, dtype, shape, path="t.csv")
    np.testing.assert_array_equal(found, np.array(wanted, found.dtype))


@pytest.mark.parametrize(
    "entry, dtype, shape, message",
    [
        ({"array": "a", "one_hot": 4}, "int8", ("N", 4), "t.csv:4: column 'a' must be a class from 0 to 3, as one_hot"),
        ({"array": "a", "scale": 0.5}, "int32", ("N",), "t.csv:2: column 'a' must be int32, got 0.5; write a whole"),
        ({"array": "a", "scale": 100}, "uint8", ("N",), "t.csv:4: column 'a' must be uint8, got 400.0; it holds 0 to"),
        ({"array": "a", "scale": 1e308}, "float64", ("N",), "t.csv:3: column 'a' must be a number that float64 holds "),
        ({"array": "a", "offset": 2.0**53}, "int64", ("N",), "t.csv:2: column 'a' must be a number that int64 holds"),
        ({"columns": ["a", "b"], "missing": [0, "error"]}, "float32", ("N", 2), "t.csv:4: column 'b' must be a number"),
        ({"array": "l", "classes": ["y", "z"]}, "int32", ("N",), "t.csv:2: column 'l' must be one of the classes, got"),
        ({"array": "l", "categories": ["yy"]}, "int32", ("N",), "t.csv:2: column 'l' must be one of the categories, g"),
        ({"array": "b", "classes": "fit"}, "int32", ("N",), "t.csv:4: column 'b' must be a text, got nothing; say wit"),
        ({"array": "l"}, "float32", ("N",), "t.csv:2: column 'l' must be a number, got 'x'"),
        ({"array": "a", "dtype": "int64"}, "int32", ("N",), "must be int32, got 'dtype' int64"),
        ({"columns": ["a", "l"]}, "int32", ("N", 3), "t.csv:2: column 'l' must be a whole number, got 'x'"),
        ({"columns": ["a", "b"], "missing": 0}, "int32", ("N", 3), r"must be int32[N, 3], got [3, 2]"),
        ({"columns": ["a", "b"], "missing": [0, 0, 0]}, "int32", ("N", 2), "'missing' must be one, or one for each of"),
        ({"columns": ["a"], "scale": [1, 2]}, "int32", ("N", 1), "'scale' must be one number, or one for each of 1 co"),
        ({"array": "l", "classes": ["x", "y"], "one_hot": True}, "int8", ("N", 3), "must be int8[N, 3], got [3, 2]"),
    ],
)  # fmt: skip
def test_what_is_refused(entry, dtype, shape, message):
    with pytest.raises(GraphError) as caught:
        fed(entry, dtype, shape, path="t.csv")
    assert message in str(caught.value)
    assert str(caught.value).startswith("graph 'g': data 'train': input 'x'")


def test_splits_are_prepared_by_the_training_split():
    csv("u.csv", "a,b,l\n7,1,y\n0,1,x\n")
    others = {"test": {"like": "train", "path": "u.csv"}}
    assert fed({"array": "a", "normalize": "minmax"}, name="test", path="t.csv", others=others).tolist() == [
        2,
        np.float32(-1 / 3),
    ]
    assert fed({"array": "l", "classes": "fit"}, "int8", name="test", path="t.csv", others=others).tolist() == [1, 0]
    csv("u.csv", "a,l\n7,z\n")
    with pytest.raises(GraphError, match=r"u\.csv:2: column 'l' must be one of the classes, got 'z'; they are x and y"):
        fed({"array": "l", "classes": "fit"}, "int8", name="test", path="t.csv", others=others)


# -- arrays -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values, dtype, keys, wanted",
    [
        (np.uint8([1, 3]), "float32", {"scale": 0.5}, [0.5, 1.5]),
        (np.float32([1, np.nan]), "float32", {}, [1, np.nan]),
        (np.float32([1, np.nan]), "float32", {"missing": 7}, [1, 7]),
        (np.float64([[1, 2], [3, 6]]), "float32", {"normalize": "minmax"}, [[0, 0], [1, 1]]),
        (np.arange(8.0).reshape(2, 2, 2), "float64", {"normalize": "minmax"}, [[[0, 0], [0, 0]], [[1, 1], [1, 1]]]),
        (np.int64([3, 5, 3]), "int8", {"classes": "fit"}, [0, 1, 0]),
        (np.array([True, False]), "int8", {"classes": [False, True]}, [1, 0]),
        (np.int8([[1, 2], [2, 1]]), "int8", {"categories": "fit"}, [[0, 1], [1, 0]]),
        (np.uint8([0, 1]), "bool", {"dtype": "bool"}, [False, True]),
    ],
)
def test_arrays(values, dtype, keys, wanted):
    np.testing.assert_array_equal(rows(values, dtype, **keys), np.array(wanted, dtype))


@pytest.mark.parametrize(
    "values, dtype, keys, message",
    [
        (np.float64([1]), "float32", {}, "input 'x' must be float32, got float64; write dtype: float32 to convert"),
        (
            np.complex64([1]),
            "float32",
            {"dtype": "float32"},
            "input 'x' must be float32, got complex64; save the real part",
        ),
        (np.complex64([1]), "complex64", {"normalize": "minmax"}, "input 'x' must be real numbers to be normalized"),
        (np.float32([1]), "int8", {"classes": "fit"}, "input 'x': labels must be text or whole numbers, got float32"),
        (
            np.ones((1, 1, 1), np.int8),
            "int8",
            {"classes": "fit"},
            "input 'x': labels must be one or a row of them per row",
        ),
        (
            np.float32([1, np.nan]),
            "float32",
            {"missing": "error"},
            "input 'x': d.npz: row 1 must be a number, got nan; say",
        ),
        (
            np.float32([[1, np.nan]]),
            "float32",
            {"missing": "error"},
            "input 'x': d.npz: row 0, column 1 must be a number",
        ),
        (np.float32([1, 1.5]), "int8", {"dtype": "int8"}, "input 'x': d.npz: row 1 must be int8, got 1.5"),
        (np.int64([2**53 + 1]), "float32", {"scale": 1}, "input 'x': d.npz: row 0 must be within 2^53 to be scaled"),
        (np.int64([1, 9]), "int8", {"classes": [1]}, "input 'x': d.npz: row 1 must be one of the classes, got '9'"),
        (np.int64([0, 3]), "int8", {"one_hot": 3}, "input 'x': d.npz: row 1 must be a class from 0 to 2"),
    ],
)
def test_arrays_that_are_refused(values, dtype, keys, message):
    shape = (*values.shape, 3) if keys.get("one_hot") == 3 else None
    with pytest.raises(GraphError) as caught:
        rows(values, dtype, shape, **keys)
    assert str(caught.value).startswith(message)


def test_other_columns_than_in_the_training_split():
    trained = of_array(np.ones((2, 3)), "float64", normalize="minmax").fit(lambda size: [np.arange(2)])
    with pytest.raises(GraphError, match="input 'x': must have 3 columns, as in the training split, got 2"):
        of_array(np.ones((2, 2)), "float64", normalize="minmax").use(trained)


# -- how much is read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape, most", [((200_000,), 1 << 16), ((100_000, 64), 1 << 15), ((3, 1 << 22), 1)])
def test_fitting_looks_at_as_many_values_at_a_time(shape, most):
    values = np.broadcast_to(np.float32(1), shape)
    made = Feed("x", TensorType("float32", (None, *shape[1:])), Column(scale=2), InMemoryArray(values))
    sizes = []
    made.fit(lambda size: sizes.append(size) or [])
    assert not sizes  # nothing to be fitted
    made = Feed("x", TensorType("float32", (None, *shape[1:])), Column(normalize="minmax"), InMemoryArray(values))
    with pytest.raises(GraphError, match="must have rows, got none"):
        made.fit(lambda size: sizes.append(size) or [])
    assert sizes == [most]


def test_fitted_values_have_the_same_bits_whatever_is_read_at_once(monkeypatch):
    values = np.random.default_rng(0).normal(size=1000)
    np.save("v.npy", values)
    found = split(graph_of({"path": "v.npy", "normalize": "standard", "dtype": "float64"}, "float64")).fitted
    again = split(graph_of({"path": "v.npy", "normalize": "standard", "dtype": "float64"}, "float64")).fitted
    assert found == again
    monkeypatch.setattr(module, "_AT_ONCE", (10, 10))
    apart = split(graph_of({"path": "v.npy", "normalize": "standard", "dtype": "float64"}, "float64")).fitted
    np.testing.assert_allclose(apart["x"]["center"], found["x"]["center"], rtol=1e-12)
    np.testing.assert_allclose(apart["x"]["spread"], found["x"]["spread"], rtol=1e-12)


@pytest.mark.parametrize(
    "values, dtype, keys, reads",
    [
        (np.float32([1]), "float32", {}, False),
        (np.uint8([1]), "float32", {"scale": 2}, False),
        (np.uint8([1]), "float32", {"dtype": "float32"}, False),
        (np.float64([1]), "float32", {"dtype": "float32"}, True),
        (np.float32([1]), "int8", {"dtype": "int8"}, True),
        (np.uint8([1]), "int8", {"dtype": "int8"}, True),
        (np.uint8([1]), "int8", {"classes": [1]}, True),
        (np.float32([1]), "float32", {"missing": "error"}, True),
    ],
)
def test_a_check_reads_what_may_be_wrong(values, dtype, keys, reads):
    made = of_array(values, dtype, **keys)
    made.use(made.fit(lambda size: [np.arange(1)]))
    asked = []
    made.check(lambda size: asked.append(size) or [np.arange(1)])
    assert bool(asked) is reads


# -- weights ------------------------------------------------------------------------------------------------------


def test_labels_become_weights():
    entry = {"path": "t.csv", "array": "l", "classes": ["y", "x"], "weights": [10, 0.5]}
    assert fed(entry, "float32", ("N",)).tolist() == [0.5, 10, 0.5]
    found = rows([3, 3, 3, 8], "float64", classes="fit", weights="balanced")
    assert found.tolist() == [4 / 6, 4 / 6, 4 / 6, 2]  # each class weighs as much in all


def test_a_label_that_was_missing_counts_as_what_takes_its_place(tmp_path):
    csv("w.csv", "a,l\n1,x\n2,\n3,y\n4,x\n")
    entry = {"path": "w.csv", "array": "l", "classes": "fit", "weights": "balanced", "missing": "y"}
    assert fed(entry, "float32", ("N",)).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "entry, message",
    [
        (
            {"classes": ["x", "y", "z"], "weights": "balanced"},
            "class 'z' must have rows to be balanced, got none",
        ),
        ({"classes": "fit", "weights": [1, 2, 3]}, "'weights' must be one for each of 2 classes, got 3"),
    ],
)
def test_weights_that_do_not_fit(entry, message):
    with pytest.raises(GraphError, match=message):
        split(graph_of({"path": "t.csv", "array": "l", **entry}, "float32", ("N",)))

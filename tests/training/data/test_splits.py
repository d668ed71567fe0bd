"""Splits: which rows feed which inputs, in which batches, and what the training split tells the others."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from array_files import idx
from graph_text import node, same
from tables import csv, fed, graph_of

import dataflow as flow
from dataflow.core.errors import GraphError, UnknownNameError
from dataflow.training.data import load_data, row_order, split
from dataflow.training.data.row_order import shuffled

X = np.arange(24, dtype=np.float32).reshape(8, 3)
Y = np.arange(8, dtype=np.uint8) % 4


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", X)
    np.savez("d.npz", x=X, y=Y)
    (tmp_path / "y.idx").write_bytes(idx(Y, 8))
    (tmp_path / "y.gz").write_bytes(gzip.compress(idx(Y, 8)))
    csv("t.csv", "a,l\n" + "".join(f"{i},{'xyyy'[i % 4]}\n" for i in range(40)))


def matrix(entry, **more):
    return graph_of(entry, "float32", ("N", 3), **more)


@pytest.mark.parametrize(
    "entry, dtype, shape, wanted",
    [
        ({"path": "x.npy"}, "float32", ("N", 3), X),
        ({"path": "x.npy", "scale": 0.5, "offset": -1}, "float32", ("N", 3), X * np.float32(0.5) - 1),
        ({"path": "y.idx", "dtype": "int64"}, "int64", ("N",), Y.astype(np.int64)),
        ({"path": "y.gz", "one_hot": 4}, "float32", ("N", 4), np.eye(4, dtype=np.float32)[Y]),
        ({"path": "t.csv", "array": "a", "dtype": "int32"}, "int32", ("N",), np.arange(40, dtype=np.int32)),
    ],
)
def test_inputs_are_fed_what_they_want(entry, dtype, shape, wanted):
    found = load_data(graph_of(entry, dtype, shape))["x"]
    assert found.dtype == wanted.dtype and found.dtype.isnative
    np.testing.assert_array_equal(found, wanted)


def test_arrays_are_equally_long():
    graph = matrix("x", path="d.npz")
    graph.input("z", "float32", ["N"])
    np.save("z.npy", np.zeros(5, np.float32))
    graph.sections["data"]["train"]["inputs"]["z"] = {"path": "z.npy"}
    with pytest.raises(GraphError, match="equally many rows, got x 8 and z 5"):
        split(graph)


# -- rows and parts -----------------------------------------------------------------------------------------------


def test_a_split_may_have_part_of_the_rows():
    data = split(matrix("x", path="d.npz", rows=[2, 7]))
    np.testing.assert_array_equal(data.rows()["x"], X[2:7])
    np.testing.assert_array_equal(data.rows(np.array([4, 0]))["x"], X[[6, 2]])
    order = shuffled(5, seed=0, epoch=0)
    np.testing.assert_array_equal(next(data.batches(5, order=order))["x"], X[2:7][order])
    with pytest.raises(GraphError, match=r"'rows' must lie within the 8 there are, got \[2, 9\]"):
        split(matrix("x", path="d.npz", rows=[2, 9]))


def part(name="train", **more):
    return fed({"array": "a"}, name=name, path="t.csv", **more).tolist()


def test_fractions_of_one_file():
    others = {"test": {"like": "train", "fraction": [0.8, 1]}}
    train, test = part(fraction=[0, 0.8], others=others), part("test", fraction=[0, 0.8], others=others)
    assert sorted(train + test) == [*range(40)] and len(test) == 8
    assert train == sorted(train) != [*range(32)]
    assert part(fraction=[0, 0.8], seed=1) != train == part(fraction=[0, 0.8], seed=0)


def test_a_seed_of_0_is_a_seed():
    others = {"test": {"like": "train", "seed": 0}}
    assert part("test", fraction=[0, 0.5], seed=5, others=others) == part(fraction=[0, 0.5], seed=0)


def test_rows_take_the_place_of_a_fraction():
    graph = graph_of({"array": "a"}, path="t.csv", fraction=[0, 0.5], stratify="x", seed=3, others={
        "test": {"like": "train", "rows": [3, 5]}, "more": {"like": "test", "fraction": [0, 0.5]},
    })  # fmt: skip
    assert split(graph, "test").rows()["x"].tolist() == [3, 4]
    assert split(graph, "more").length == 20


@pytest.mark.parametrize("ends, counts", [([0, 0.8], [8, 24]), ([0.8, 1], [2, 6]), ([0, 0.5], [5, 15])])
def test_stratified_parts(ends, counts):
    labels = {"array": "l", "classes": ["x", "y"]}
    found = fed(labels, "int64", path="t.csv", fraction=ends, stratify="x")
    assert np.bincount(found).tolist() == counts


def test_what_cannot_be_stratified():
    with pytest.raises(GraphError, match="'stratify' must be an input, got 'l'; it has x"):
        part(fraction=[0, 0.5], stratify="l")
    with pytest.raises(
        GraphError, match=r"'stratify' must be an input with a value per row, got 'x' of shape \[8, 3\]"
    ):
        split(matrix("x", path="d.npz", fraction=[0, 0.5], stratify="x"))


# -- batches ------------------------------------------------------------------------------------------------------


def test_batches_cover_every_row_once_and_the_last_is_kept():
    data = split(matrix("x", path="d.npz"))
    order = shuffled(8, seed=3, epoch=0)
    batches = [batch["x"] for batch in data.batches(3, order=order)]
    assert [len(batch) for batch in batches] == [3, 3, 2]
    np.testing.assert_array_equal(np.concatenate(batches), X[order])
    np.testing.assert_array_equal(next(data.batches(3, start=2, order=order))["x"], X[order[6:]])
    assert [len(batch["x"]) for batch in data.batches(100)] == [8] and [*data.batches(3, start=3)] == []


@pytest.mark.parametrize("many", [1 << 24, 10])
def test_batches_of_many_rows(monkeypatch, many):
    monkeypatch.setattr(row_order, "MANY", many)
    data = split(graph_of({"array": "a"}, path="t.csv"))
    order = shuffled(data.length, 0, 0)
    found = np.concatenate([batch["x"] for batch in data.batches(7, order=order)])
    assert sorted(found.tolist()) == [*range(40)] and found.tolist() == [*map(float, order[:])]


def test_too_many_rows_at_a_time_are_told(monkeypatch):
    data = split(matrix("x", path="d.npz"))

    def full(indices):
        raise MemoryError

    monkeypatch.setattr(data.feeds["x"].source, "take", full)
    with pytest.raises(GraphError, match="8 rows at a time take more memory than there is; give fewer by 'rows' here"):
        data.rows()


# -- fitting ------------------------------------------------------------------------------------------------------


def test_what_was_fitted_is_kept_and_used_again():
    graph = graph_of({"array": "a", "normalize": "minmax"}, path="t.csv", fraction=[0, 0.5])
    data = split(graph)
    assert data.fitted["x"].keys() == {"names", "center", "spread"}
    again = split(graph, fitted={"x": {"center": [0], "spread": [2]}})
    assert (
        again.rows()["x"].tolist()
        == (split(graph_of({"array": "a"}, path="t.csv", fraction=[0, 0.5])).rows()["x"] / 2).tolist()
    )
    assert split(graph_of({"array": "a"}, path="t.csv")).fitted == {"x": {"names": ["a"]}}


def test_the_training_split_is_train_or_the_first():
    scaled = {"path": "t.csv", "inputs": {"x": {"array": "a", "normalize": "minmax"}}}
    graph = graph_of("x")
    graph.sections["data"] = {"test": {**scaled, "rows": [0, 3]}, "train": {**scaled, "rows": [0, 11]}}
    assert split(graph, "test").rows()["x"].tolist() == np.float32([0, 0.1, 0.2]).tolist()
    graph.sections["data"] = {"first": {**scaled, "rows": [0, 3]}, "second": {"like": "first", "rows": [0, 5]}}
    assert split(graph, "second").rows()["x"].tolist() == [0, 0.5, 1, 1.5, 2]
    graph.sections["data"]["second"] = {"path": "t.csv", "inputs": {"x": {"array": "a", "normalize": "standard"}}}
    with pytest.raises(
        GraphError, match="must be prepared as in split 'first', to which it is fitted; write like: first"
    ):
        split(graph, "second")


def test_folds_divide_the_rows_and_are_prepared_by_their_own():
    data = split(graph_of({"array": "a", "normalize": "minmax"}, "float64", path="t.csv", rows=[0, 10]))
    held = []
    for i in range(3):
        training, validation = data.fold(i, 3, seed=0)
        assert training.length + validation.length == 10
        assert training.rows()["x"].min() == 0 and training.rows()["x"].max() == 1
        (center,), (spread,) = training.fitted["x"]["center"], training.fitted["x"]["spread"]
        held += np.round(validation.rows()["x"] * spread + center).tolist()
    assert sorted(held) == [*range(10)]
    for wrong in (1, 11):
        with pytest.raises(GraphError, match=f"folds must be from 2 to its 10 rows, got {wrong}"):
            data.fold(0, wrong, seed=0)


def test_stratified_folds():
    labels = {"array": "l", "classes": ["x", "y"]}
    data = split(graph_of(labels, "int64", path="t.csv", fraction=[0, 1], stratify="x"))
    for i in range(5):
        _, validation = data.fold(i, 5, seed=0)
        assert np.bincount(validation.rows()["x"]).tolist() == [2, 6]


# -- by name ------------------------------------------------------------------------------------------------------


def test_data_by_split_wherever_the_graph_is_saved(read):
    Path("data").mkdir()
    np.savez("data/d.npz", a=np.float32([1, 2]), b=np.float32([3]))
    graph = read(
        f"params: {{set: d}}\ninputs: {{x: 'float32[N]'}}\n{node('Relu', 'inputs: {features: x}')}"
        'data:\n  train: {path: "${set}.npz", inputs: {x: a}}\n  test: {path: ../data/d.npz, inputs: {x: b}}\n',
        "data/graph.yaml",
    )
    Path("far/away").mkdir(parents=True)
    flow.save(graph, "far/away/saved.yaml")
    for found in (graph, flow.load("far/away/saved.yaml")):
        same(load_data(found)["x"], np.float32([1, 2]))
        same(load_data(found, "train")["x"], np.float32([1, 2]))
        same(load_data(found, "test")["x"], np.float32([3]))
        with pytest.raises(UnknownNameError, match="no data 'tst'"):
            load_data(found, "tst")
    Path("data/d.npz").unlink()
    with pytest.raises(GraphError, match=r"data 'train': input 'x': .*d\.npz: cannot be read as data: no such file"):
        load_data(graph)


def test_a_graph_without_data_has_none():
    assert load_data(flow.Graph("g")) == {}
    with pytest.raises(UnknownNameError, match="graph 'g' has no data 'train'; its file has no 'data' section"):
        load_data(flow.Graph("g"), "train")

"""Cross-validation: every row is measured once, by a training that did not see it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dataflow.core.errors import GraphError
from dataflow.training.data import split
from dataflow.training.folds import Fold, mean_and_spread, train_folds

TEXT = """
inputs: {x: "float32[N]", t: "float32[N]", kind: "int64[N]"}
nodes:
  w: {block: Variable, inputs: {initvalues: 0.0}}
  y: {block: Multiply, inputs: {x: x, y: w}}
  error: {block: SquaredDifference, inputs: {x: y, y: t}}
  loss: {block: Mean, inputs: {input: error, axis: [0]}}
outputs: {loss: loss, highest: highest}
data:
  train:
    path: a.csv
    rows: [0, 11]
    inputs: {x: {array: x, normalize: standard}, t: {array: t, missing: mean}, kind: {array: kind, classes: fit}}
train: {minimize: loss, optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.1}}, epochs: 3 MORE}
"""


@pytest.fixture
def graph(read):
    rows = "".join(f"{i},{i if i % 5 else ''},{'ab'[i % 2]}\n" for i in range(12))
    Path("a.csv").write_text(f"x,t,kind\n{rows}")
    return lambda text=TEXT, more="": read(text.replace(", highest: highest", "").replace("MORE", more))


def test_folds_share_no_row_and_leave_none_out(graph):
    whole = split(graph())
    for seed in (0, 1):
        held = []
        for i in range(4):
            training, validation = whole.fold(i, 4, seed)
            assert not {*training.chosen} & {*validation.chosen}
            assert sorted([*training.chosen, *validation.chosen]) == [*range(11)]
            held += validation.chosen.tolist()
            x = training.rows()["x"].astype(np.float64)  # normalized by these rows alone
            np.testing.assert_allclose([x.mean(), x.std()], [0, 1], atol=1e-6)
            assert training.fitted == validation.fitted
        assert sorted(held) == [*range(11)]


def test_folds_may_be_stratified(graph):
    whole = split(graph(TEXT.replace("rows: [0, 11]", "fraction: [0, 1]\n    stratify: kind")))
    for i in range(3):
        _, validation = whole.fold(i, 3, 0)
        assert sorted(validation.rows()["kind"].tolist()) == [0, 0, 1, 1]


def test_each_fold_is_measured(graph):
    found = [*train_folds(graph(), 3)]
    assert [(fold.number, fold.rows) for fold in found] == [(1, 4), (2, 3), (3, 4)]
    assert all(fold.measured.keys() == {"loss"} and fold.measured["loss"] > 0 for fold in found)
    assert [*train_folds(graph(), 3)] == found
    assert not [*Path().glob("*.checkpoints")]
    assert [*train_folds(graph(), 3, epochs=1)] != found


def test_the_best_epoch_counts_where_it_is_put_back(graph):
    text = TEXT.replace("alpha: 0.1", "alpha: 1.05").replace("epochs: 3", "epochs: 6")  # it runs away
    last = [*train_folds(graph(text, ", on_nan: continue"), 2)]
    stopping = ", early_stopping: {metric: loss, patience: 9, restore_best: true}"
    best = [*train_folds(graph(text, stopping), 2)]
    assert all(b.measured["loss"] < a.measured["loss"] for a, b in zip(last, best, strict=True))


@pytest.mark.parametrize("count, wanted", [(1, "from 2 to its 11 rows, got 1"), (12, "from 2 to its 11 rows, got 12")])
def test_how_many_there_may_be(graph, count, wanted):
    with pytest.raises(GraphError, match=f"folds must be {wanted}"):
        next(train_folds(graph(), count))


def test_a_graph_without_data(read):
    with pytest.raises(GraphError, match="must have data to train in folds"):
        next(train_folds(read("nodes: {c: {block: Const, attrs: {value: 1.0}}}\noutputs: {c: c}\n"), 2))


def test_mean_and_spread():
    folds = [Fold(i, 1, {"loss": value}) for i, value in enumerate([1.0, 2.0, 6.0])]
    assert mean_and_spread(folds) == {"loss": (3.0, pytest.approx(7**0.5))}

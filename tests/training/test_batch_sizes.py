"""Sizes of batches and numbers of steps."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.training.batch_sizes import (
    all_steps,
    fixed_rows,
    rows_per_evaluation,
    rows_per_step,
    steps_per_epoch,
    training_split,
    validation_split,
)
from dataflow.training.train_section import Train


@pytest.fixture
def graph():
    made = flow.Graph("g")
    made.input("x", "float32", ["N", 4])
    made.input("y", "float32", [6, "M"])
    made.input("z", "float32", None)
    made.input("s", "float32", [])
    return made


def test_rows_that_the_graph_fixes(graph):
    assert fixed_rows(graph, ["x", "z", "s", "other"]) == {}
    assert fixed_rows(graph, ["x", "y"]) == {"y": 6}


def test_what_the_section_says_comes_first(graph):
    assert rows_per_step(graph, Train(batch_size=3), ["x"], 100) == 3
    assert rows_per_step(graph, Train(), ["x"], 100) == 100
    assert rows_per_step(graph, Train(), ["x", "y"], 100) == 6
    assert rows_per_evaluation(graph, None, ["x"]) == 512
    assert rows_per_evaluation(graph, Train(), ["y"]) == 6
    assert rows_per_evaluation(graph, Train(evaluate={"batch_size": 9}), ["x"]) == 9


@pytest.mark.parametrize(
    "length, size, drop, steps", [(10, 5, False, 2), (11, 5, False, 3), (11, 5, True, 2), (4, 5, True, 0)]
)
def test_steps(length, size, drop, steps):
    assert steps_per_epoch(length, size, drop) == steps


def test_splits():
    assert training_split([]) is None
    assert training_split(["first", "train"]) == "train" and training_split(["first", "second"]) == "first"
    assert validation_split(Train(), ["train", "test"]) is None  # which is for what is measured at the end
    assert validation_split(Train(), ["validation", "validate"]) == "validate"
    assert validation_split(Train(), ["train", "validation"]) == "validation"
    assert validation_split(Train(validate="test"), []) == "test"


def test_all_steps(graph, tmp_path):
    assert all_steps(graph, Train(epochs=4, steps_per_epoch=5)) == 20
    np.save(tmp_path / "d.npy", np.zeros((11, 4), np.float32))
    data = {"train": {"path": str(tmp_path / "d.npy"), "inputs": {"x": "d"}}}
    graph.sections["data"] = data
    assert all_steps(graph, Train(epochs=4, batch_size=5)) == 12
    assert all_steps(graph, Train(epochs=4, batch_size=5, drop_remainder=True)) == 8
    data["train"]["rows"] = [0, 0]
    with pytest.raises(GraphError, match="data 'train': must have rows to train with, got none"):
        all_steps(graph, Train())

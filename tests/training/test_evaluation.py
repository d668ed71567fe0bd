"""Evaluation: means over rows, whatever the batches."""

from __future__ import annotations

import math

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.engine.plan import Plan
from dataflow.training import evaluation
from dataflow.training.array_split import ArraySplit
from dataflow.training.evaluation import evaluate, means, metrics, not_finite


@pytest.fixture
def graph():
    made = flow.Graph("g")
    x = made.input("x", "float32", ["N"])
    made.output("mean", flow.blocks["Mean"]()(x, [0]))
    made.output("rows", x * made.variable("w", 2.0))
    made.output("square", made.input("any", "float32", None))
    return made


X = np.arange(11, dtype=np.float32)


@pytest.mark.parametrize("size", [1, 3, 11, 100])
def test_batches_count_by_their_rows(graph, size):
    graph.sections["train"] = {"minimize": "mean", "evaluate": {"batch_size": size}}
    found = evaluate(graph, ArraySplit(graph, "test", {"x": X}), ["mean", "rows"], {"w": np.float32(3)})
    assert found == {"mean": pytest.approx(5.0), "rows": pytest.approx(15.0)}


def test_a_wire_that_is_no_output_can_be_measured(graph):
    assert evaluate(graph, ArraySplit(graph, "test", {"x": X}), ["x"], {}) == {"x": 5.0}


def test_the_plan_is_kept_with_the_graph_and_the_memory_of_its_runs_is_not(graph, monkeypatch):
    made: list[Plan] = []

    class Counted(Plan):
        def __init__(self, graph: flow.Graph):
            made.append(self)
            super().__init__(graph)

    monkeypatch.setattr(evaluation, "Plan", Counted)
    split = ArraySplit(graph, "test", {"x": X})
    for w in (3, 4):
        assert evaluate(graph, split, ["rows"], {"w": np.float32(w)}) == {"rows": 5.0 * w}
    (plan,) = made
    assert plan.programs and not any(plan._idle.values())
    assert evaluate(graph, split, ["x"], {}) == {"x": 5.0}
    graph.outputs["rows"] = graph.outputs["mean"]  # a dict that anybody may change
    assert evaluate(graph, split, ["rows"], {"w": np.float32(3)}) == {"rows": 5.0}
    assert len(made) == 3


def test_without_rows_there_is_no_mean(graph):
    with pytest.raises(GraphError, match="graph 'g': data 'test': must have rows to measure with, got none"):
        evaluate(graph, ArraySplit(graph, "test", {"x": X[:0]}), ["mean"], {})


def test_metrics(graph):
    assert metrics(graph) == ["mean"]
    graph.sections["train"] = {"metrics": ["rows", "mean"], "minimize": "mean"}
    assert metrics(graph) == ["mean", "rows"]
    graph.sections["train"] = {"metrics": ["rows"]}
    assert metrics(graph) == ["rows"]


def test_what_is_no_scalar_and_no_value_per_row(graph):
    with pytest.raises(GraphError, match=r"'square' must be a scalar, or a value per row, got \(2, 2\)"):
        means(graph, {"square": np.ones((2, 2), np.float32)}, ["square"])


def test_not_finite():
    assert not_finite({"a": 1.0, "b": math.nan, "c": -math.inf}) == ["b", "c"]

"""Splits have the rows that training and evaluation need, in batches that the graph takes."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.errors import GraphError, GraphFileError
from dataflow.graphfile.load import check
from dataflow.graphfile.load import read as load
from dataflow.graphfile.section_checks import header_problems
from dataflow.training.evaluation import evaluate
from dataflow.training.setup import Setup
from dataflow.training.trainer import Trainer

TEXT = """\
inputs: {x: "float32[%s]"}
nodes:
  w: {block: Variable, inputs: {initvalues: [0.0]}}
  error: {block: SquaredDifference, inputs: {x: x, y: w}}
  loss: {block: Mean, inputs: {input: error, axis: [0]}}
outputs: {loss: loss}
data:
  train: {path: d.npy, rows: [0, %s], inputs: {x: x}}
  held: {path: d.npy, rows: [0, %s], inputs: {x: x}}
train:
  minimize: loss
  validate: held
  optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.1}}
"""
FIXED = "; take some by 'rows'"


@pytest.fixture
def made(read, tmp_path):
    np.save(tmp_path / "d.npy", np.arange(100, dtype=np.float32))

    def make(rows, train, held, more=""):
        return read(TEXT % (rows, train, held) + more)

    return make


@pytest.mark.parametrize(
    "rows, train, held, more, message",
    [
        ("N", 0, 5, "", "data 'train': must have rows to train with, got none"),
        ("N", 5, 0, "", "data 'held': must have rows to validate with, got none"),
        ("N", 5, 5, "  batch_size: 6\n  drop_remainder: true\n",
         "data 'train': must have at least 6 rows, as 'drop_remainder' leaves smaller batches out, got 5"),
        ("4", 10, 8, "", "data 'train': must have a multiple of 4 rows, which input 'x' takes at a time, got 10; take "
         "some by 'rows', or write 'drop_remainder: true'"),
        ("4", 8, 10, "", "data 'held': must have a multiple of 4 rows, which input 'x' takes at a time, got 10; take "
         "some by 'rows'"),
        ("4", 3, 4, "  drop_remainder: true\n",
         "data 'train': must have at least 4 rows, as 'drop_remainder' leaves smaller batches out, got 3"),
    ],
)  # fmt: skip
def test_rows_that_make_no_batches(made, rows, train, held, more, message):
    graph = made(rows, train, held, more)
    (problem,) = check("graph.yaml")
    assert problem.message + (f"; {problem.hint}" if problem.hint else "") == message and problem.line == 11
    assert header_problems(load("graph.yaml")) == [problem]
    with pytest.raises(GraphError) as caught:
        Trainer(graph)
    assert str(caught.value) == f"graph 'graph': {message}"
    arrays = {"train": {"x": np.zeros(train, np.float32)}, "held": {"x": np.zeros(held, np.float32)}}
    with pytest.raises(GraphError) as caught:
        Setup(graph, arrays=arrays)
    assert str(caught.value) == f"graph 'graph': {message}"


def test_a_graph_of_a_fixed_batch_is_trained_and_validated_by_it(made):
    trainer = Trainer(made("4", 8, 12))
    (report,) = trainer.run()
    assert (trainer.size, trainer.batches, trainer.state.step) == (4, 2, 2)
    w = trainer.state.variables["w"]
    assert report.validate["loss"] == pytest.approx(np.mean((np.arange(12) - w) ** 2), rel=1e-6)
    with pytest.raises(GraphError, match="must be 4, the rows that input 'x' takes, got 2"):
        made("4", 8, 12, "  batch_size: 2\n")


def test_the_remainder_is_left_out_where_that_is_said(made):
    trainer = Trainer(made("N", 10, 10, "  batch_size: 4\n  drop_remainder: true\n  epochs: 3\n"))
    sizes = []
    trainer.data.rows, rows = lambda numbers: sizes.append(len(numbers)) or rows(numbers), trainer.data.rows
    assert len([*trainer.run()]) == 3 and sizes == [4] * 6
    assert trainer.batches == 2


def test_evaluation_takes_as_many_rows_as_said(made, monkeypatch):
    sizes = []
    graph = made("N", 10, 10, "  evaluate: {batch_size: 3}\n")
    trainer = Trainer(graph)
    monkeypatch.setattr(type(trainer.data), "batches", lambda self, size: sizes.append(size) or iter([self.rows()]))
    evaluate(graph, trainer.data, ["loss"], trainer.state.variables)
    assert sizes == [3]


def test_data_that_cannot_be_read_is_not_told_twice(made, tmp_path):
    graph = made("N", 10, 10)
    (tmp_path / "d.npy").unlink()
    assert all(problem.message.startswith("data") for problem in check("graph.yaml"))
    with pytest.raises((GraphError, GraphFileError), match=r"d\.npy"):
        Trainer(graph)

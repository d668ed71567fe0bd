"""``dataflow freeze``: a trained graph that stands alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from cli.graphs import BEST

import dataflow as flow

TABLE = """
inputs: {x: "float32[N, 2]", kind: "int64[N]"}
nodes:
  w: {block: Variable, attrs: {dtype: float32, shape: [2, 3], initializer: glorot_uniform}}
  logits: {block: MatMul, inputs: {a: x, b: w}}
  chances: {block: Softmax, inputs: {logits: logits}}
  guess: {block: ArgMax, inputs: {input: logits, dimension: 1}}
  xent: {block: SparseSoftmaxCrossEntropyWithLogits, inputs: {features: logits, labels: kind}}
  loss: {block: Mean, inputs: {input: xent, axis: [0]}}
outputs: {guess: guess, chances: chances, loss: loss}
data:
  train:
    path: a.csv
    inputs: {x: {columns: [a, b], missing: mean, normalize: standard}, kind: {array: kind, classes: fit}}
train: {minimize: loss, optimizer: {block: ApplyAdam, inputs: {lr: 0.1}}, epochs: 5}
"""
ROWS = "a,b,kind\n1,10,dog\n2,,cat\n3,30,bee\n4,45,bee\n"


@pytest.fixture
def table(dataflow, folder):
    Path("a.csv").write_text(ROWS)
    Path("t.yaml").write_text(f"dataflow: 1\n{TABLE}")
    assert dataflow("train", "t.yaml").code == 0


def test_it_needs_neither_checkpoints_nor_training_data(dataflow, table):
    Path("new.csv").write_text("b,a\n40,\n5,1\n")
    assert dataflow("predict", "t.yaml", "--data", "new.csv", "-o", "one.csv").code == 0
    code, out, err = dataflow("freeze", "t.yaml", "-o", "alone.yaml")
    assert (code, out, err) == (0, "alone.yaml: 13 nodes, inputs x, outputs guess, chances\n", "")
    shutil.rmtree("t.checkpoints")
    Path("a.csv").unlink()
    assert "guess: 0 bee, 1 cat, 2 dog" in flow.load("alone.yaml").doc
    assert dataflow("predict", "alone.yaml", "--data", "new.csv", "-o", "two.csv").code == 0
    one, two = (Path(name).read_text().splitlines() for name in ("one.csv", "two.csv"))
    assert one[0] == "guess,chances_bee,chances_cat,chances_dog"
    assert [line.split(",")[1:] for line in two[1:]] == [line.split(",")[1:] for line in one[1:]]
    assert {line.split(",")[0] for line in one[1:]} <= {"bee", "cat", "dog"}


def test_without_a_data_section_only_the_variables_change(dataflow, trained):
    assert dataflow("freeze", "learn.yaml", "-o", "f.yaml", "--output", "line").code == 0
    graph = flow.load("f.yaml")
    assert list(graph.outputs) == ["line"] and not graph.sections.get("train")
    np.testing.assert_allclose(flow.run(graph, x=np.float32([1, 2]))["line"], [BEST, 2 * BEST], rtol=1e-6)


@pytest.mark.parametrize(
    "args, said",
    [
        (("-o", "t.yaml"), "t.yaml: is the graph, which -o would replace"),
        (("-o", "a.csv"), "a.csv: is a file that the graph reads, which -o would replace"),
        (("-o", "f.yaml", "--output", "gess"), "has no output 'gess'; did you mean 'guess'?"),
        (("-o", "f.yaml", "--checkpoints", "none"), "none: must have checkpoints, got none"),
    ],
)
def test_mistakes(dataflow, table, args, said):
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    done = dataflow("freeze", "t.yaml", *args)
    assert done.code == 1 and said in done.err
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before

"""What may be added at a place of a file."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.editing.changes import Path
from dataflow.graphfile.suggest.offers import Offer, offer

TEXT = """\
dataflow: 1
params: {rate: 0.1, file: rows.csv}
inputs: {x: 'float32[N, 2]', y: 'float32[N]'}
nodes:
  w: {block: Variable, attrs: {shape: [2, 1], dtype: float32, initializer: zeros}}
  p: {block: MatMul, inputs: [x, w]}
  line: {block: Squeeze, inputs: [p], attrs: {axis: [1]}}
  loss: {block: MeanSquaredError, inputs: {y_true: y, y_pred: line}}
outputs: {loss: loss, line: line}
data:
  train: {path: $file, inputs: {x: {columns: [a]}, y: target}}
  test: {like: train}
train:
  minimize: loss
  optimizer: {block: ApplyAdam, inputs: {lr: $rate}}
  metrics: [loss]
  clip: {norm: 1.0}
"""


@pytest.fixture
def file(tmp_path, monkeypatch) -> Editor:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("a,b,target\n1,2,3\n")
    np.savez(tmp_path / "rows.npz", x_train=np.zeros((3, 2), np.float32))
    return flow.edit("g.yaml", TEXT)


def offered(file: Editor, *path: str | int) -> Offer:
    return offer(file.tree, path, file.context().scopes[""])


def labels(file: Editor, *path: str | int) -> list[str]:
    return [each.label for each in offered(file, *path).words]


@pytest.mark.parametrize(
    ("path", "some", "never"),
    [
        (("train",), {"epochs", "early_stopping", "freeze"}, {"minimize", "metrics", "optimizer"}),
        (("data", "test"), {"path", "inputs", "rows", "fraction"}, {"like"}),
        (("data", "train", "inputs", "x"), {"scale", "normalize"}, {"columns", "array"}),  # which exclude each other
        (("train", "clip"), set(), {"value", "norm", "global_norm"}),
        (("train", "optimizer"), {"attrs", "overrides"}, {"block", "inputs"}),
        (("train", "optimizer", "inputs"), {"beta1", "epsilon"}, {"lr", "var", "grad"}),
        (("train", "early_stopping"), {"metric", "patience"}, set()),
    ],
)
def test_a_mapping_is_offered_the_keys_that_it_lacks(file: Editor, path: Path, some: set[str], never: set[str]) -> None:
    found = offered(file, *path)
    assert found.kind == "mapping" and not found.named
    assert some <= {*labels(file, *path)} and not never & {*labels(file, *path)}


def test_keys_are_told_by_their_docs_those_first_that_must_be_given(file: Editor) -> None:
    words = offered(file, "train", "early_stopping").words
    assert [each.label for each in words[:2]] == ["metric", "patience"]
    assert words[1].detail == "epochs without a better `metric` before training stops"


def test_a_new_split_may_have_any_name_and_an_input_of_one_only_those_of_the_graph(file: Editor) -> None:
    assert offered(file, "data") == Offer("mapping", [], named=True)
    assert offered(file, "data", "validation").kind == "mapping"
    file.remove("data.train.inputs.y")
    assert (labels(file, "data", "train", "inputs"), offered(file, "data", "train", "inputs").named) == (["y"], False)


def test_values_are_those_of_the_text_pane(file: Editor) -> None:
    assert labels(file, "train", "validate") == ["train", "test", "$rate", "$file"]
    assert labels(file, "data", "train", "path")[:2] == ["rows.csv", "rows.npz"]
    assert labels(file, "data", "train", "inputs", "y") == ["a", "b", "target"]
    assert {"stop", "skip_step", "continue"} <= {*labels(file, "train", "on_nan")}
    file.set("data.train.path", "rows.npz")
    assert labels(file, "data", "train", "inputs", "y") == ["x_train"]


def test_a_list_is_offered_the_items_that_it_lacks(file: Editor) -> None:
    assert offered(file, "train", "metrics") == Offer("list")
    assert labels(file, "train", "metrics", 1) == ["line"]
    assert labels(file, "data", "train", "inputs", "x", "columns", 1) == ["b", "target"]
    assert offered(file, "train", "freeze") == Offer("list")
    assert labels(file, "train", "freeze", 0) == ["variables", "after"]


def test_a_list_of_numbers_is_a_value(file: Editor) -> None:
    assert offered(file, "data", "train", "rows").kind == "value"


def test_the_whole_file_is_offered_the_sections_that_it_lacks(file: Editor) -> None:
    assert "quantization" in labels(file) and not {"train", "data"} & {*labels(file)}
    file.remove("data")
    assert "data" in labels(file)

"""Which outputs are classes, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.training.class_names import class_names
from dataflow.training.data import split

TEXT = """
inputs: {x: "float32[N, 2]", y: "int64[N]", z: "int64[N]"}
nodes:
  top: {block: ArgMax, inputs: {input: x, dimension: 1}}
  first: {block: ArgMax, inputs: {input: x, dimension: 0}}
  odd: {block: Relu, inputs: {features: z}}
  chances: {block: Softmax, inputs: {logits: x}}
  loss: {block: Mean, inputs: {input: x, axis: [0, 1]}}
outputs: {top: top, odd: odd, chances: chances, loss: loss, y: y}
data: {train: {path: a.csv, inputs: {x: {columns: [a, b]}, y: {array: k, classes: LABELS}, z: {array: a}}}}
"""


@pytest.mark.parametrize("labels", ["fit", "[cat, dog]"])
def test_the_highest_and_matrices_with_a_column_per_class(read, labels):
    Path("a.csv").write_text("a,b,k\n1,2,dog\n3,4,cat\n")
    graph = read(TEXT.replace("LABELS", labels))
    names = ["cat", "dog"]
    assert class_names(graph, split(graph).fitted) == {"top": names, "chances": names}


def test_none_where_it_is_not_clear(read):
    Path("a.csv").write_text("a,b,k\n1,2,dog\n3,4,cat\n5,6,bee\n")
    graph = read(TEXT.replace("LABELS", "fit"))
    assert class_names(graph, split(graph).fitted) == {}  # two columns, three classes
    assert class_names(graph, {}) == {}
    graph.sections["data"]["train"]["inputs"]["z"] = {"array": "k", "classes": "fit"}
    assert class_names(graph, split(graph).fitted) == {}
    graph.sections.clear()
    assert class_names(graph, {}) == {}

"""What a graph file says of itself."""

from __future__ import annotations

import pytest
from graph_text import node

from dataflow.core.errors import GraphFileError
from dataflow.graphfile.description import description

FILE = """\
doc: >-
  A text
  of two lines.
params:
  size: {type: int, doc: rows of w}
  rate: 0.5
  on: {type: bool, default: true, doc: whether}
  axes: {type: ints, default: [0, 1]}
  any: {doc: anything}
inputs:
  x: {dtype: float32, shape: [N, $size], doc: a batch}
  w: "int8[${size}, 3]"
  z: float32
"""


def test_parts_of_a_file(read):
    read(FILE + node("Abs", "inputs: [z]"), size=2, any=1)
    found = description("graph.yaml")
    assert found.doc == "A text of two lines."
    assert found.params == [
        ("size", "int", "what is wired", "rows of w"),
        ("rate", "float", "0.5", ""),
        ("on", "bool", "true", "whether"),
        ("axes", "ints", "[0, 1]", ""),
        ("any", "", "required", "anything"),
    ]
    assert found.inputs == [("x", "float32[N, $size]", "a batch"), ("w", "int8[${size}, 3]", ""), ("z", "float32", "")]
    assert found.outputs == ["y"]


def test_parameters_need_no_values_and_nodes_are_not_read(read, tmp_path):
    (tmp_path / "graph.yaml").write_text("dataflow: 1\nparams: {n: {type: int}}\n" + node("Rellu"))
    assert description(tmp_path / "graph.yaml").params == [("n", "int", "required", "")]


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "graph.yaml").write_text("dataflow: 1\nparams: 1\nnode: 2\n")
    with pytest.raises(GraphFileError) as caught:
        description(tmp_path / "graph.yaml")
    assert len(caught.value.problems) == 2
    with pytest.raises(GraphFileError, match="the package has no file"):
        description("dataflow:gone.yaml")

"""What a graph remembers of the file it came from, and what passes say of how their nodes are written."""

from __future__ import annotations

import pickle
from pathlib import Path

import dataflow as flow
from dataflow.graph.layout import Layout

TEXT = "\ufeffdataflow: 1\r\nparams: {low: 0.5}\r\nnodes: {y: {block: Const, attrs: {value: $low}}}  # $\r\n"


def test_a_graph_knows_the_file_it_came_from(tmp_path):
    path = tmp_path / "g.yaml"
    path.write_bytes(TEXT.encode())
    source = flow.load(path, low=2.0).layout.source
    assert source is not None
    assert (source.path, source.real, source.params) == (str(path), str(path.resolve()), {"low": 2.0})
    assert source.texts == {str(path.resolve()): TEXT}


def test_the_files_used_as_blocks_are_remembered_too(read):
    Path("inner.yaml").write_text("dataflow: 1\nnodes: {y: {block: Const, attrs: {value: 1}}}\noutputs: {y: y}\n")
    graph = read("nodes: {a: {block: ./inner.yaml}, b: {block: ./inner.yaml}}\n")
    assert [Path(path).name for path in graph.layout.source.texts] == [
        Path(graph.layout.source.real).name,
        "inner.yaml",
    ]


def test_copies_keep_the_layout_and_equality_ignores_it(read):
    graph = read("nodes: {y: {block: Const, attrs: {value: 1}}}\n")
    assert graph.copy().layout is graph.layout
    assert pickle.loads(pickle.dumps(graph)).layout == graph.layout
    made = flow.Graph(graph.name)
    made.constant(1, name="y")
    assert made == graph
    assert made.layout == Layout()


def test_a_layout_grows_without_changing_the_one_it_was():
    first = Layout().commented(["a", "b"], "two")
    second = first.commented(["b"], "one").spelled(("nodes", "b", "attrs", "n"), "$n")
    assert (first.comments, first.written) == ({"a": "two", "b": "two"}, {})
    assert (second.comments, second.written) == ({"a": "two", "b": "one"}, {("nodes", "b", "attrs", "n"): "$n"})

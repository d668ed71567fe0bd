"""Something else in place of a graph or a path is an error that says how to get one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.graph.arguments import as_graph, as_path

LOAD = "the first argument must be a graph, got the text 'line.yaml'; load it first: flow.load('line.yaml')"


@pytest.mark.parametrize(
    "call",
    [
        lambda: flow.run("line.yaml", x=[1.0]),
        lambda: flow.plan("line.yaml"),
        lambda: flow.gradient("line.yaml", of="y", wrt=["x"]),
        lambda: flow.save("line.yaml", flow.Graph()),
        lambda: flow.State("line.yaml"),
        lambda: flow.Trainer("line.yaml"),
    ],
)
def test_the_path_of_a_graph_is_no_graph(call) -> None:
    with pytest.raises(GraphError, match=r"^flow\.\w+\(graph.*\): ") as caught:
        call()
    assert str(caught.value).endswith(LOAD)


@pytest.mark.parametrize(
    ("given", "got"),
    [
        (Path("a/b.yaml"), "got a PosixPath; load it first: flow.load('a/b.yaml')"),
        (None, "got nothing; build one with flow.Graph, or load one with flow.load"),
        (flow.Graph, "got the class Graph; build one"),
        (flow.Graph().input("x"), "got a wire; build one"),
        (np.ones(2), "got a ndarray; build one"),
    ],
)  # fmt: skip
def test_other_things_are_told_by_their_kind(given: object, got: str) -> None:
    with pytest.raises(GraphError) as caught:
        as_graph(given, "f(graph)")
    assert str(caught.value).startswith("f(graph): the first argument must be a graph, ")
    assert got in str(caught.value)


def test_a_path_is_a_text_of_one_line() -> None:
    assert as_path(Path("a/b.yaml"), "f(path)") == "a/b.yaml"
    with pytest.raises(
        GraphError, match=r"^f\(path\): the path of a file must be given, got a Graph; write 'graph.yaml'"
    ):
        as_path(flow.Graph(), "f(path)")
    with pytest.raises(GraphError, match="got a text of several lines; save that to a file"):
        flow.load("dataflow: 1\nnodes: {}\n")
    with pytest.raises(GraphError, match="got nothing"):
        flow.save(flow.Graph(), None)


def test_a_missing_file_is_told_with_what_is_near(tmp_path: Path) -> None:
    (tmp_path / "line.yaml").write_text("dataflow: 1\n")
    with pytest.raises(GraphError, match=r"lines\.yaml:1:1: no such file or directory; did you mean 'line\.yaml'\?"):
        flow.load(tmp_path / "lines.yaml")

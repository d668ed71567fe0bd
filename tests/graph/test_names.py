"""Names of nodes and outputs: those that go into files and onto terminals as they are, and no others."""

from __future__ import annotations

import pytest

from dataflow.core.errors import GraphError
from dataflow.graph.graph import Graph
from dataflow.graph.names import NAME, wrong_name

WRONG = [
    ("a\x1b[31m", "names must have no control characters"),
    ("a\nb", "names must have no control characters"),
    ("a//b", "names must have parts that are names between /, got an empty one"),
    ("", "names must have parts that are names between /, got an empty one"),
    ("../a", "names must have parts that are names between /, got .."),
    ("a/.", "names must have parts that are names between /, got ."),
    ("é" * 200, "names must have at most 255 bytes, got 400; shorten it"),
]


@pytest.mark.parametrize(("name", "told"), WRONG)
def test_outputs_of_other_names_are_refused(name: str, told: str) -> None:
    assert wrong_name(name) == told
    graph = Graph("line")
    graph.input("x", "float32", ["N"])
    with pytest.raises(GraphError) as refused:
        graph.output(name, "x")
    assert str(refused.value).endswith(f": {told}")
    assert not graph.outputs


@pytest.mark.parametrize("name", ["y", "größe", "a b", "a.b/c", "-1", "a" * 255, "é" * 127])
def test_other_names_may_be_written(name: str) -> None:
    assert wrong_name(name) == ""


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("a", True), ("_a9", True), ("a/b/c", True), ("9a", False), ("a-b", False), ("a/", False), ("a\n", False)],
)
def test_names_of_nodes_are_identifiers_joined_by_slashes(name: str, allowed: bool) -> None:
    assert bool(NAME.fullmatch(name)) is allowed

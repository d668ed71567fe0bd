"""Errors as the page is told of them."""

from __future__ import annotations

import pytest

from dataflow.core.errors import GraphError, GraphFileError, Problem, RunError
from dataflow.studio.jobs.refusals import problem, refusal

WRONG = Problem("net.yaml", 3, 5, "node 'a': no block 'Nope'", "did you mean 'NoOp'?")


def test_a_file_with_problems_has_all_of_them() -> None:
    found = refusal(GraphFileError([WRONG, Problem("net.yaml", 9, 1, "no such section")]))
    assert (found["message"], found["hint"]) == (WRONG.message, WRONG.hint)
    nowhere = {"path": "net.yaml", "port": ""}
    assert found["problems"] == [
        {**nowhere, "message": WRONG.message, "hint": WRONG.hint, "line": 3, "column": 5, "node": "a"},
        {**nowhere, "message": "no such section", "hint": "", "line": 9, "column": 1, "node": ""},
    ]
    assert problem(GraphFileError([WRONG]))["line"] == 3


FAILED = "node 'conv1/y' (Relu): must be finite, got nan"
UNFED = "graph 'g': x must be fed, got nothing"


@pytest.mark.parametrize(
    ("error", "message", "hint", "node"),
    [
        (RunError(FAILED), FAILED, "", "conv1/y"),
        (GraphError(f"{UNFED}; feed it"), UNFED, "feed it", ""),
        (MemoryError(), "must have more memory than there is", "run fewer rows", ""),
        (PermissionError(13, "Permission denied"), "permission denied", "", ""),
        (KeyError("x"), "a fault of the studio: KeyError: 'x'", "the terminal says where", ""),
    ],
    ids=["kernel", "graph", "memory", "system", "fault"],
)
def test_what_is_wrong_where_and_a_way_out(error: Exception, message: str, hint: str, node: str) -> None:
    found = problem(error)
    assert (found["message"], found["hint"], found["node"]) == (message, hint, node)

"""Which problems a wire is to blame for."""

from __future__ import annotations

import pytest

from dataflow.graphfile.editing.blame import blamed, node_of
from dataflow.graphfile.load import read
from dataflow.graphfile.spans import spans

HEAD = "dataflow: 1\ninputs:\n  x: float32[N, 4]\n  b: bool[N, 4]\nnodes:\n"
WEIGHT = "  v: {block: Variable, inputs: [[1.0, 2.0, 3.0, 4.0]]}\n  w: {block: Mul, inputs: [x, v]}\n"
TRAINED = "outputs:\n  l: y\ntrain: {minimize: l, optimizer: {block: ApplyGradientDescent}, epochs: 1}\n"


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("  a: {block: AddV2}\n", "  a: {block: AddV2, inputs: [x]}\n", []),
        ("  a: {block: AddV2, inputs: [x]}\n", "  a: {block: AddV2, inputs: [x, b]}\n", ["a"]),
        (  # y was right
            "  a: {block: Neg, inputs: [x]}\n  y: {block: AddV2, inputs: [x, a]}\n",
            "  a: {block: LogicalNot, inputs: [b]}\n  y: {block: AddV2, inputs: [x, a]}\n",
            ["y"],
        ),
        (  # y could not be checked before
            "  a: {block: LogicalNot}\n  y: {block: AddV2, inputs: [x, a]}\n",
            "  a: {block: LogicalNot, inputs: [b]}\n  y: {block: AddV2, inputs: [x, a]}\n",
            [],
        ),
        (
            f"{WEIGHT}  y: {{block: Sum, inputs: [w, [0, 1]]}}\n{TRAINED}",
            f"{WEIGHT}  y: {{block: Neg, inputs: [w]}}\n{TRAINED}",
            [""],
        ),
        (f"{WEIGHT}  y: {{block: Neg}}\n{TRAINED}", f"{WEIGHT}  y: {{block: Neg, inputs: [w]}}\n{TRAINED}", []),
    ],
)
def test_new_problems_of_what_was_right(before: str, after: str, found: list[str]) -> None:
    contexts = [read("g.yaml", text=HEAD + nodes) for nodes in (before, after)]
    root = spans(HEAD + after)
    assert [node_of(each, contexts[1], root) for each in blamed(contexts[0], *contexts, root, ["a"])] == found

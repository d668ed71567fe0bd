"""Nodes that make another dtype or shape."""

from __future__ import annotations

import pytest

import dataflow as flow
from dataflow.core.shapes import TensorType
from dataflow.graphfile.editing.known_types import KnownNode
from dataflow.graphfile.suggest.conversions import conversions

TEXT = """\
dataflow: 1
inputs:
  x: int32[N, 2, 1, 3]
  y: float32[6]
nodes:
  a: {block: AddV2, inputs: {y: y}}
"""


@pytest.mark.parametrize(
    ("title", "made"),
    [
        ("Cast to float32", "float32[N, 2, 1, 3]"),
        ("Cast to int64", "int64[N, 2, 1, 3]"),
        ("Squeeze axis 2", "int32[N, 2, 3]"),
        ("Expand dims at -1", "int32[N, 2, 1, 3, 1]"),
        ("Transpose the last two", "int32[N, 2, 3, 1]"),
        ("Reshape to [N, 6]", "int32[N, 6]"),
        ("Flatten to rank 1", "int32[?]"),
    ],
)
def test_each_has_the_type_that_its_block_gives(title: str, made: str) -> None:
    scope = flow.edit("g.yaml", TEXT).context().scopes[""]
    given = TensorType("int32", ("N", 2, 1, 3))
    found = {insertion.title: type_ for insertion, type_ in conversions(scope, "x", given, KnownNode.of(scope, "a"))}
    assert str(found[title]) == made


def test_the_shape_beside_is_one_only_where_it_has_as_many_elements() -> None:
    scope = flow.edit("g.yaml", TEXT).context().scopes[""]
    known = KnownNode.of(scope, "a")
    titles = [insertion.title for insertion, _ in conversions(scope, "y", TensorType("float32", (2, 3)), known)]
    assert "Reshape to [6]" in titles
    titles = [insertion.title for insertion, _ in conversions(scope, "y", TensorType("float32", ("N", 6)), known)]
    assert "Reshape to [6]" not in titles

"""What is known of types at the inputs of nodes."""

from __future__ import annotations

import pytest

import dataflow as flow
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.graphfile.editing.known_types import KnownNode, possible_dtypes, type_of_wire

TEXT = """\
dataflow: 1
params:
  dst: int32
inputs:
  x: float32[N, 4]
nodes:
  a: {block: AddV2, inputs: [x]}
  c: {block: Cast, inputs: [x], attrs: {DstT: $dst}}
  k: {block: Cast, inputs: [x]}
  p: {block: Pack, inputs: {values: [x, x]}}
  m: {block: MatMul, inputs: {a: x}, attrs: {transpose_a: $none}}
  d: {block: ./d.yaml}
  q: {block: TopKV2, inputs: [x, 2]}
"""


def node(name: str) -> KnownNode:
    found = KnownNode.of(flow.edit("g.yaml", TEXT).context().scopes[""], name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "port", "dtype", "shape", "wrong"),
    [
        ("a", "y", "float32", None, ""),
        ("a", "y", "int32", None, "input 'y' must be float32 like 'x', got int32"),
        ("a", "y", "float32", (5,), "must broadcast"),
        ("k", "x", "bool", None, ""),
        ("p", "values", "int32", None, "must be float32 like 'values'"),
        ("p", "values", "float32", ("N", 4), ""),
        ("m", "b", "bool", None, "input 'b' must be"),
        ("c", "x", "bool", (), ""),
    ],
)
def test_whether_a_value_fits(name: str, port: str, dtype: str, shape: tuple[int, ...] | None, wrong: str) -> None:
    found = node(name).misfit(port, TensorType(dtype, shape))
    assert wrong in found and bool(found) == bool(wrong)


def test_what_they_give() -> None:
    outputs = node("c").outputs()
    assert outputs is not None and str(outputs[0]) == "int32[N, 4]"
    assert node("a").outputs() is None and node("k").outputs() is None
    other = node("c").with_attr("DstT", "bool")
    assert other is not None and str((other.outputs() or [None])[0]) == "bool[N, 4]"
    assert node("c").with_attr("DstT", "nothing") is None and node("k").with_attr("Truncate", True) is None


def test_no_problem_is_added_to_those_of_the_load() -> None:
    context = flow.edit("g.yaml", TEXT).context()
    before = context.problems()
    assert KnownNode.of(context.scopes[""], "m") is not None and context.problems() == before


def test_what_is_no_block_is_not_known() -> None:
    scope = flow.edit("g.yaml", TEXT).context().scopes[""]
    assert KnownNode.of(scope, "d") is None and KnownNode.of(scope, "zz") is None
    assert str(type_of_wire(scope, "q.indices")) == "int32[N, 2]"
    assert (
        type_of_wire(scope, "a") is None and type_of_wire(scope, "q.none") is None and type_of_wire(scope, "z") is None
    )


def test_dtypes_that_a_port_may_have() -> None:
    signature = blocks["Cast"].signature
    assert "bool" in possible_dtypes(blocks["Cast"], signature.outputs["y"])
    assert possible_dtypes(blocks["LogicalNot"], blocks["LogicalNot"].signature.inputs["x"]) == ("bool",)

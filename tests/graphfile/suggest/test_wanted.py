"""What a new variable is made of by the input that will read it."""

from __future__ import annotations

from typing import Any

import pytest

import dataflow as flow
from dataflow.graphfile.suggest.wanted import attrs_for, attrs_lacking

TEXT = """\
dataflow: 1
inputs: {x: 'float32[N, 64]', i: 'float32[n, 8, 8, 3]', u: float64, k: 'int32[4]'}
nodes:
  product: {block: MatMul, inputs: {a: x}}
  turned: {block: MatMul, inputs: {a: x}, attrs: {transpose_b: true}}
  left: {block: MatMul, inputs: {b: x}}
  bias: {block: BiasAdd, inputs: {value: x}}
  conv: {block: Conv2D, inputs: {input: i}, attrs: {strides: [1, 1, 1, 1], padding: SAME}}
  sum: {block: AddV2, inputs: {x: x}}
  open: {block: MatMul}
  any: {block: MatMul, inputs: {a: u}}
  layer: {block: dataflow:layers/dense.yaml, inputs: {x: x}, attrs: {units: 3}}
"""


@pytest.mark.parametrize(
    ("node", "port", "attrs"),
    [
        ("product", "b", {"shape": [64, "m"], "dtype": "float32"}),  # n is a dim of the graph already
        ("turned", "b", {"shape": ["m", 64], "dtype": "float32"}),
        ("bias", "bias", {"shape": [64], "dtype": "float32"}),
        ("conv", "filter", {"shape": ["m", "k", 3, "p"], "dtype": "float32"}),
        ("sum", "y", {"dtype": "float32"}),  # of any rank, as it broadcasts
        ("any", "b", {"dtype": "float64"}),
        ("open", "a", {}),
        ("layer", "x", {}),
        ("product", "zz", {}),
        ("zz", "b", {}),
    ],
)
def test_a_variable_gets_what_is_known_of_its_type(node: str, port: str, attrs: dict[str, Any]) -> None:
    file = flow.edit("g.yaml", TEXT)
    assert attrs_for("Variable", file.context().scopes[""], node, port) == attrs
    if len(attrs) == 2:
        file.add("w", "Variable", attrs=attrs, before=node)
        file.wire("w", (node, port))  # which is refused where it does not fit


def test_other_blocks_get_nothing() -> None:
    scope = flow.edit("g.yaml", TEXT).context().scopes[""]
    assert attrs_for("Relu", scope, "product", "b") == attrs_for("no such block", scope, "product", "b") == {}


@pytest.mark.parametrize(
    ("entry", "lacking"),
    [
        ("{block: Variable}", {"shape": [64], "dtype": "float32"}),
        ("{block: Variable, attrs: {dtype: float32}}", {"shape": [64]}),
        ("{block: VariableV2, attrs: {shape: [64]}}", {"dtype": "float32"}),
        ("{block: Variable, attrs: {dtype: float64}}", {}),  # which is refused, whatever its shape
        ("{block: Variable, inputs: {initvalues: 1.0}}", {}),
        ("{block: Relu}", {}),
    ],
)
def test_a_variable_that_is_there_lacks_what_is_not_written(entry: str, lacking: dict[str, Any]) -> None:
    file = flow.edit("g.yaml", f"{TEXT}  w: {entry}\n")
    assert attrs_lacking(file, "w", "bias", "bias") == lacking
    assert attrs_lacking(file, "no_such", "bias", "bias") == {}

"""Nodes as the inspector has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from studio_pages import Page

TEXT = """dataflow: 1
params:
  bits: {default: 4, doc: width}
  keep: {type: float}
  which: q
inputs:
  x: {dtype: float32, shape: [N, 4], doc: rows}
nodes:
  q:
    {block: FakeQuantWithMinMaxArgs, inputs: [x], attrs: {num_bits: $bits, min: -1.0}, doc: Rounded, range: [-1.0, 1.0]}
  both: {block: ConcatV2, inputs: {values: [q, x, $which], axis: 1}}
  part: {block: Split, inputs: {split_dim: 1, value: both}, attrs: {num_split: 2}}
  wrong: {block: Relu, inputs: {features: nothing}}
  unknown: {block: Nothing, inputs: {a: q}, attrs: {b: [1, 2]}}
outputs:
  y: both
"""


@pytest.fixture
def nodes(page: Page, folder: Path) -> Any:
    (folder / "m.yaml").write_text(TEXT)
    page.ask("open", path="m.yaml")
    return page.document["nodes"]


def test_attrs(nodes: Any) -> None:
    attrs = nodes["q"]["attrs"]
    assert attrs["num_bits"] == {"written": "$bits", "value": 4, "param": "bits"}
    assert attrs["min"] == {"written": "-1.0", "value": -1.0, "param": ""}
    assert attrs["max"] == {"written": "", "value": 6.0, "param": ""}
    assert (nodes["q"]["doc"], nodes["q"]["range"], nodes["q"]["line"]) == ("Rounded", [-1.0, 1.0], 9)


def test_inputs(nodes: Any) -> None:
    assert nodes["q"]["inputs"] == {
        "inputs": {"written": "x", "value": "x", "param": "", "type": "float32[N, 4]", "value_of": "x.output"}
    }
    both = nodes["both"]["inputs"]
    assert [(name, each["written"], each["value_of"]) for name, each in both.items()] == [
        ("values[0]", "q", "q.outputs"),
        ("values[1]", "x", "x.output"),
        ("values[2]", "$which", "q.outputs"),
        ("axis", "1", ""),
    ]
    assert both["values[2]"]["param"] == "which"
    assert both["axis"]["value"] == 1


def test_outputs(nodes: Any) -> None:
    assert nodes["q"]["outputs"]["outputs"]["readers"] == ["both", "both", "unknown"]
    assert nodes["both"]["outputs"]["output"]["readers"] == ["part", "output:y"]


def test_what_is_wrong_is_shown_as_far_as_it_goes(nodes: Any) -> None:
    assert nodes["wrong"]["inputs"]["features"] == {
        "written": "nothing", "value": "nothing", "param": "", "type": "", "value_of": ""
    }  # fmt: skip
    assert nodes["wrong"]["outputs"] == {"activations": {"type": "", "value_of": "", "readers": []}}
    unknown = nodes["unknown"]
    assert (unknown["attrs"]["b"]["value"], unknown["inputs"]["a"]["value_of"]) == ([1, 2], "q.outputs")


def test_params_inputs_and_outputs(nodes: Any, page: Page) -> None:
    document = page.document
    assert document["params"]["bits"] == {"type": "int", "value": 4, "default": 4, "doc": "width", "line": 3}
    assert (document["params"]["keep"]["type"], document["params"]["keep"]["default"]) == ("float", None)
    assert document["inputs"] == {"x": {"type": "float32[N, 4]", "doc": "rows", "line": 7}}
    assert document["outputs"]["y"]["wire"] == "both"

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
    assert document["params"]["bits"] == {
        "type": "int",
        "value": 4,
        "default": 4,
        "required": False,
        "doc": "width",
        "line": 3,
    }
    assert (document["params"]["keep"]["type"], document["params"]["keep"]["default"]) == ("float", None)
    assert document["inputs"] == {"x": {"type": "float32[N, 4]", "doc": "rows", "line": 7}}
    assert document["outputs"]["y"]["wire"] == "both"


LAYERS = """dataflow: 1
params:
  width: {type: int, doc: how wide}
inputs: {x: "float32[N, 3]"}
nodes:
  d: {block: dataflow:layers/dense.yaml, inputs: {x: x}}
outputs: {y: d}
"""


def test_attrs_of_a_graph_file_are_told_as_those_of_a_block(page: Page, folder: Path) -> None:
    (folder / "l.yaml").write_text(LAYERS)
    page.ask("open", path="l.yaml")
    attrs = page.document["nodes"]["d"]["attrs"]
    assert attrs["units"] == {
        "written": "", "value": None, "param": "",
        "info": {
            "name": "units", "type": "int", "required": True, "default": None, "min": None, "max": None, "choices": [],
            "doc": "numbers in a row of the result",
        },
    }  # fmt: skip
    assert (attrs["channels"]["value"], attrs["channels"]["info"]["required"]) == (3, True)  # by the wire
    assert (attrs["activation"]["info"]["type"], attrs["activation"]["info"]["default"]) == ("str", "Identity")
    assert page.document["params"]["width"]["required"] is True


def test_attrs_without_a_declared_type_are_like_their_defaults(
    page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "a-secret-key")
    params = "params: {i: 2, f: 0.5, b: true, s: text, l: [1, 2], e: '${env:KEY}'}\ninputs: {x: 'float32[N]'}\n"
    rest = "nodes: {r: {block: Relu, inputs: {features: x}}}\noutputs: {y: r}\n"
    (folder / "inner.yaml").write_text(f"dataflow: 1\n{params}{rest}")
    (folder / "outer.yaml").write_text(
        "dataflow: 1\ninputs: {x: 'float32[N]'}\nnodes: {n: {block: ./inner.yaml, inputs: {x: x}}}\noutputs: {y: n}\n"
    )
    page.ask("open", path="outer.yaml")
    attrs = page.document["nodes"]["n"]["attrs"]
    infos = {name: attr["info"] and attr["info"]["type"] for name, attr in attrs.items()}
    assert infos == {"i": "float", "f": "float", "b": "bool", "s": "str", "l": None, "e": "str"}
    assert attrs["e"]["info"]["default"] == attrs["e"]["value"] != "a-secret-key"

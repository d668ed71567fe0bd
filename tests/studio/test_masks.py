"""Values of the environment do not reach a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dataflow.studio.hub import encoded
from dataflow.studio.studio import Studio

SECRET = "hunter2-correct-horse"
INNER = """dataflow: 1
params: {rate: 0.5, given: 1, name: a}
inputs: {x: float32}
nodes:
  half: {block: Mul, inputs: {x: x, y: $rate}}
  more: {block: Mul, inputs: {x: half, y: $given}}
outputs: {y: more}
"""
TEXT = """dataflow: 1
doc: Value of the environment
params:
  rate: {default: "${env:TEST_RATE}", doc: secret too}
  path: "data-${env:TEST_NAME}.npz"
  plain: 2
inputs:
  x: float32[N, 4]
data:
  train:
    inputs:
      x: {path: "${env:TEST_NAME}/x.npz", array: x}
nodes:
  q: {block: Mul, inputs: {x: x, y: "${env:TEST_RATE}"}}
  r: {block: Mul, inputs: {x: q, y: $rate}}
  c: {block: Const, attrs: {value: ["${env:TEST_RATE}", 1.0, 1.0, 1.0]}}
  s: {block: Mul, inputs: {x: r, y: $plain}}
  i: {block: ./inner.yaml, inputs: {x: s}, attrs: {rate: $rate, given: 8125.0, name: "${env:TEST_NAME}"}}
outputs:
  y: i
"""


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.setenv("TEST_RATE", "0.4711")
    monkeypatch.setenv("TEST_NAME", SECRET)
    (tmp_path / "inner.yaml").write_text(INNER)
    (tmp_path / "env.yaml").write_text(TEXT)
    studio = Studio(tmp_path)
    studio.work.opened = lambda path: None  # type: ignore[method-assign]
    assert studio.answer("open", {"path": "env.yaml"}) == {"ok": None}
    return studio


def told(studio: Studio) -> str:
    return "".join(encoded(event) for event in studio.snapshot() if event["event"] != "welcome")


def test_values_are_masked_wherever_they_go(studio: Studio) -> None:
    text = told(studio)
    assert SECRET not in text
    assert "0.4711" not in text
    document = json.loads(encoded(studio.snapshot()[1]))["document"]  # type: ignore[index]
    assert document["problems"] == []
    assert {name: param["value"] for name, param in document["params"].items()} == {
        "rate": "***", "path": "***", "plain": 2
    }  # fmt: skip
    nodes = document["nodes"]
    assert nodes["q"]["inputs"]["y"]["written"] == '"${env:TEST_RATE}"'
    assert [nodes[name]["inputs"]["y"]["value"] for name in "qrs"] == ["***", "***", 2]
    assert nodes["c"]["attrs"]["value"]["value"] == ["***", 1.0, 1.0, 1.0]
    assert {name: attr["value"] for name, attr in nodes["i"]["attrs"].items()} == {
        "rate": "***", "given": 8125.0, "name": "***"
    }  # fmt: skip
    assert document["sections"]["data"]["train"]["inputs"]["x"] == {"path": "***", "array": "x"}


def test_values_are_masked_within_a_node(studio: Studio) -> None:
    assert studio.answer("view", {"scope": "i"}) == {"ok": None}
    text = told(studio)
    assert SECRET not in text
    assert "0.4711" not in text
    document = json.loads(encoded(studio.snapshot()[1]))["document"]  # type: ignore[index]
    assert {name: param["value"] for name, param in document["params"].items()} == {
        "rate": "***", "given": 8125.0, "name": "***"
    }  # fmt: skip
    assert document["nodes"]["half"]["inputs"]["y"]["value"] == "***"
    assert document["nodes"]["more"]["inputs"]["y"]["value"] == 8125.0


@pytest.mark.parametrize("layer", ["gradient", "step"])
def test_values_are_masked_in_layers(studio: Studio, layer: str) -> None:
    studio.answer("view", {"layer": layer})
    assert SECRET not in told(studio)
    assert "0.4711" not in told(studio)


def test_refusals_do_not_tell_them(studio: Studio) -> None:
    for place, value in (
        ("q.y", "${env:TEST_NAME}"),
        ("c.value", "${env:TEST_NAME}"),
        ("train.epochs", "${env:TEST_NAME}"),
    ):
        desk = studio.require()
        answer = studio.answer(
            "edit", {"version": desk.version, "edits": [{"op": "set", "place": place, "value": value}], "title": "set"}
        )
        assert SECRET not in encoded(answer)
        assert SECRET not in told(studio)

"""What the schema declares for a place."""

from __future__ import annotations

import pytest

from dataflow.graphfile.suggest.declared import alternatives, declared

TREE = {
    "nodes": {"c": {"block": "Conv2D"}, "k": {"block": "Nothing"}},
    "train": {"optimizer": {"block": "ApplyAdam"}, "schedule": {"block": "CosineDecay"}},
}


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ((), {"nodes", "train", "x"}),
        (("nodes", "c"), {"block", "inputs"}),
        (("nodes", "c", "inputs"), {"input", "filter"}),
        (("nodes", "c", "attrs"), {"strides", "padding"}),
        (("train",), {"minimize", "epochs"}),
        (("train", "schedule", "attrs"), {"decay_steps"}),
        (("data", "test"), {"path", "like"}),
    ],
)
def test_the_keys_of_mappings(path: tuple[str | int, ...], keys: set[str]) -> None:
    found = {key for each in declared(TREE, path) for key in each.get("properties", {})}
    assert keys - {"x"} <= found and "x" not in found


def test_the_values_of_a_block_and_an_attr() -> None:
    assert any("Relu" in each.get("enum", ()) for each in declared(TREE, ("nodes", "c", "block")))
    padding = declared(TREE, ("nodes", "c", "attrs", "padding"))
    assert ["SAME", "VALID", "EXPLICIT"] in [each.get("enum") for each in padding]
    assert "param" in {each.get("name") for each in padding}
    assert declared(TREE, ("nodes", "k", "attrs", "padding")) == []
    assert [each["type"] for each in declared(TREE, ("inputs", "x", "shape", 0)) if "type" in each]


def test_parts_have_the_text_of_the_whole() -> None:
    found = [*alternatives({"description": "d", "anyOf": [{"type": "null"}, {"allOf": [{"enum": [1]}]}]})]
    assert found == [{"description": "d", "type": "null"}, {"description": "d", "enum": [1]}]

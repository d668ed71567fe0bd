"""Places as people name them."""

from __future__ import annotations

import pytest

import dataflow  # noqa: F401, which registers the sections
from dataflow.graphfile.editing.addresses import address
from dataflow.graphfile.editing.changes import Refusal

TREE = {
    "dataflow": 1,
    "params": {"bits": 8},
    "inputs": {"x": "float32", "t": {"dtype": "float32"}},
    "nodes": {
        "conv": {"block": "./layer.yaml", "inputs": {"x": "x"}},
        "q": {"block": "FakeQuantWithMinMaxArgs", "inputs": {"inputs": "x"}, "attrs": {"min": -1.0}},
        "e": {"block": "Sub", "inputs": ["q", "t"]},
        "p/q": {"block": "Relu", "attrs": {"unknown": 1}},
        "train": {"block": "Relu"},
        "odd": None,
    },
    "outputs": {"y.z": "q"},
    "train": {"metrics": ["y"], "optimizer": {"overrides": [{"variables": "c"}]}},
    "x-any": {"a": [1]},
}
PORTS = {"conv": (["x"], ["units"])}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("q.num_bits", ("nodes", "q", "attrs", "num_bits")),
        ("q.attrs.num_bits", ("nodes", "q", "attrs", "num_bits")),
        ("nodes.q.num_bits", ("nodes", "q", "attrs", "num_bits")),
        ("q.inputs", ("nodes", "q", "inputs")),
        ("q.inputs.inputs", ("nodes", "q", "inputs", "inputs")),
        ("q.doc", ("nodes", "q", "doc")),
        ("q", ("nodes", "q")),
        ("nodes", ("nodes",)),
        ("e.x", ("nodes", "e", "inputs", 0)),
        ("e.y", ("nodes", "e", "inputs", 1)),
        ("e.inputs.y", ("nodes", "e", "inputs", 1)),
        ("e.inputs.1", ("nodes", "e", "inputs", 1)),
        ("conv.units", ("nodes", "conv", "attrs", "units")),
        ("conv.x", ("nodes", "conv", "inputs", "x")),
        ("p/q.unknown", ("nodes", "p/q", "attrs", "unknown")),
        ("nodes.train.features", ("nodes", "train", "inputs", "features")),
        ("nodes.new", ("nodes", "new")),
        ("odd", ("nodes", "odd")),
        ("x", ("inputs", "x")),
        ("t.shape", ("inputs", "t", "shape")),
        ("outputs.y.z", ("outputs", "y.z")),
        ("outputs", ("outputs",)),
        ("params.bits", ("params", "bits")),
        ("params.bits.default", ("params", "bits", "default")),
        ("train.metrics.0", ("train", "metrics", 0)),
        ("train.optimizer.overrides.0.variables", ("train", "optimizer", "overrides", 0, "variables")),
        ("data.train.path", ("data", "train", "path")),
        ("x-any.a.0", ("x-any", "a", 0)),
        ("doc", ("doc",)),
    ],
)
def test_a_place_has_a_path(text: str, path: tuple[str | int, ...]) -> None:
    assert address(TREE, text, PORTS) == path


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("qq.num_bits", "no node, input or section 'qq'", "did you mean 'q'?"),
        ("q.num_bit", "node 'q' has no 'num_bit'", "did you mean 'num_bits'?"),
        ("conv.unit", "node 'conv' has no 'unit'", "did you mean 'units'?"),
        ("", "no node, input or section ''", "it has"),
    ],
)
def test_what_nothing_is_called_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(Refusal) as refusal:
        address(TREE, text, PORTS)
    assert refusal.value.message == message and refusal.value.hint.startswith(hint)

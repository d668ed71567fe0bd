"""Which names look secret; what origins are kept, and that none are unless they are asked for."""

from __future__ import annotations

import pytest

from dataflow.graphfile.load import read as read_file
from dataflow.graphfile.origins import looks_secret


@pytest.mark.parametrize(
    "name", ["token", "API_KEY", "api-key", "DB_PASSWORD", "my_secret", "apikey", "AUTH", "passwd_file"]
)
def test_names_that_look_secret(name):
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["author", "keys", "key", "rate", "tokenizer", "passes", "authority", "compass"])
def test_names_that_do_not(name):
    assert not looks_secret(name)


TEXT = """\
params: {rate: 0.5, size: {type: int, default: 3}}
inputs: {x: "float32[${size}]"}
nodes:
  y: {block: Multiply, inputs: {x: x, y: $rate}}
  z: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: y}, attrs: {num_bits: 4}}
outputs: {z: z}
"""


def test_nothing_is_kept_unless_it_is_asked_for(read):
    read(TEXT)
    assert read_file("graph.yaml", {}).origins is None


def test_what_is_kept(read):
    read(TEXT)
    origins = read_file("graph.yaml", {"rate": 0.25}, origins=True).origins
    assert {".".join(keys): (origin.text, origin.names) for keys, origin in origins.items()} == {
        "inputs.x": ("graph.yaml:3 with graph.yaml:2, default of size", ("size",)),
        "nodes.y.block": ("graph.yaml:5", ()),
        "nodes.y.doc": ("graph.yaml:5", ()),
        "nodes.y.inputs.x": ("graph.yaml:5", ()),
        "nodes.y.inputs.y": ("-p rate", ("rate",)),
        "nodes.z.block": ("graph.yaml:6", ()),
        "nodes.z.doc": ("graph.yaml:6", ()),
        "nodes.z.inputs.inputs": ("graph.yaml:6", ()),
        "nodes.z.attrs.num_bits": ("graph.yaml:6", ()),
        "outputs.z": ("graph.yaml:7", ()),
    }

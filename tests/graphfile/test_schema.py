"""The schema takes the files that load, and refuses those an editor should underline."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import places
import pytest
from few import few
from shipped_graphs import params_of

from dataflow.core.errors import GraphFileError
from dataflow.core.registry import blocks
from dataflow.graphfile.load import load
from dataflow.graphfile.parse import parse
from dataflow.graphfile.schema import schema
from dataflow.training.train_section import Optimizer

GRAPHS = places.GRAPHS
SCHEMA = schema()
RULES = SCHEMA["definitions"]["node"]["allOf"]
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

GOOD = """
dataflow: 1
name: sample
doc: Every form that may stand in a file.
params:
  bits: 8
  axes: {type: ints, default: [0, 1], doc: folded axes}
  rows: {type: int}
  rate: 1e-3
x-common: &range {min: 0.0, max: 6.0}
inputs:
  x: {dtype: float32, shape: [N, 64], doc: pixels}
  w: float32[64, 10]
  any: {dtype: $kind}
nodes:
  x_q: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {<<: *range, num_bits: $bits}}
  w_q: {block: FakeQuantWithMinMaxVars, inputs: {inputs: w, min: -1, max: $top}, attrs: {narrow_range: true}, doc: text}
  y: {block: MatMul, inputs: {a: x_q, b: w_q}}
  sub: {block: ./part.yaml, inputs: {anything: y, more: [1, 2]}, attrs: {size: $rows, name: "part ${bits}"}}
  wide: {block: Concat, inputs: {values: [y, sub.out, [[1.0, 2.0]]], axis: 0}}
  less: {block: Sub, inputs: {x: wide, y: [1.0, $rate]}}
  loss: {block: Mean, inputs: {input: less, axis: $axes}}
  seen: {block: Cast, inputs: {x: loss}, attrs: {DstT: "${env:DTYPE,float64}"}}
  w0: {block: Variable, inputs: {initvalues: {path: data/w.npz, array: w}}}
  c: {block: Const, attrs: {value: [[1, 2], [3, 4]], dtype: int64}}
  z: {block: MatMul, inputs: [x, w_q]}
  act: {block: $kind, inputs: [z]}
  dense: {block: dataflow:layers/dense.yaml, inputs: {x: act}, attrs: {units: $rows}}
outputs: {loss: loss, all: sub.out}
data:
  train: {path: data/d.npz, inputs: {x: x_train}}
train:
  minimize: loss
  optimizer: {block: ApplyGradientDescent, inputs: {alpha: $rate}}
  epochs: 10
  batch_size: $rows
  seed: 0
  metrics: [loss]
"""

BAD = {
    "dataflow": 2,
    "node": {},
    "nodes.x_q.block": "FakeQuantWithMinMaxArg",
    "nodes.x_q.attrs.num_bit": 8,
    "nodes.x_q.attrs.num_bits": 17,
    "nodes.w_q.attrs.narrow_range": "yes",
    "nodes.x_q.attrs.min": "low",
    "nodes.x_q.inputs": {},
    "nodes.x_q.colour": "red",
    "nodes.y.inputs.c": "x",
    "nodes.z.inputs": ["x"],
    "nodes.z.inputs.0": None,
    "nodes.dense.block": "dataflow",
    "nodes.y.inputs.a": ["x", "w"],
    "nodes.y.inputs.b": {"file": "w.npz"},
    "nodes.less.inputs.x": None,
    "nodes.wide.inputs.values": "y",
    "nodes.wide.inputs.axis": "not a wire",
    "nodes.seen.attrs": {},
    "nodes.seen.attrs.DstT": "float33",
    "nodes.c.attrs.value": "text",
    "nodes.two words": {"block": "NoOp"},
    "inputs.x.dtype": "floaty",
    "inputs.x.shape": [-2],
    "inputs.any": {"shape": [1]},
    "outputs.loss": 1,
    "params.bits": {"kind": "int"},
    "data.train.path": 1,
    "data.train.file": "d.npz",
    "train.epochs": 0,
    "train.optimiser": {},
    "train.optimizer.block": "Relu",
}


def good() -> dict[str, Any]:
    root = parse(GOOD, "good.yaml").root
    assert root is not None
    sample: dict[str, Any] = root.plain()
    optimizers = (name for name in blocks if Optimizer.may_be(blocks[name]))
    sample["train"]["optimizer"]["block"] = next(optimizers)  # whichever are installed
    return sample


def errors(sample: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(sample)]


def test_it_is_a_schema_and_json() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA, allow_nan=False)) == SCHEMA


def test_every_form_is_taken() -> None:
    assert errors(good()) == []


def test_an_empty_section_is_taken() -> None:
    assert errors({"dataflow": 1, "nodes": None, "inputs": None, "outputs": {}}) == []


@pytest.mark.parametrize("place", BAD)
def test_mistakes_are_refused(place: str) -> None:
    sample = copy.deepcopy(good())
    *path, last = place.split(".")
    section: Any = sample
    for key in path:
        section = section[key]
    section[int(last) if isinstance(section, list) else last] = BAD[place]
    assert not VALIDATOR.is_valid(sample)


@pytest.mark.parametrize("path", few(sorted(GRAPHS.rglob("*.yaml"))), ids=lambda p: p.stem)
def test_graphs_that_load_fit(path: Path) -> None:
    try:
        load(path, **params_of(path))
    except GraphFileError as error:
        pytest.fail(str(error))
    root = parse(path.read_text(encoding="utf-8"), path.name).root
    assert root is not None
    assert errors(root.plain()) == []


def _named(section: dict[str, Any]) -> dict[str, Any]:
    """The form with names, where there is also one in order."""
    return section["anyOf"][0] if "anyOf" in section else section


@pytest.mark.parametrize("name", blocks)
def test_ports_and_attrs_of_every_block_are_known(name: str) -> None:
    block = blocks[name]
    for alias in (name, *block.aliases):
        (rule,) = [r["then"] for r in RULES if alias in r["if"]["properties"]["block"]["enum"]]
        inputs, attrs = (_named(rule["properties"][section])["properties"] for section in ("inputs", "attrs"))
        assert list(inputs) == list(block.signature.inputs)
        assert list(attrs) == list(block.signature.attrs)
        assert all(told["description"].startswith(block.signature.inputs[port].doc) for port, told in inputs.items())
        assert all(told["description"] == block.signature.attrs[attr].doc for attr, told in attrs.items())

"""Blocks have the ports, attrs and defaults of TensorFlow's ops, which ``catalogue.json`` lists, a line per block."""

from __future__ import annotations

import json

import numpy as np
import places
import pytest

from dataflow import blocks
from dataflow.core import dtypes

ROWS = json.loads((places.TESTS / "catalogue.json").read_text())
KNOWN = [row for row in ROWS if row["block"] in blocks]

# About devices, locks and sharing between processes, which there are none of here.
LEFT_OUT = {"use_cudnn_on_gpu", "use_locking", "container", "shared_name"}

# What blocks here have beyond the reference.
ADDED = {
    "FakeQuantWithMinMaxVarsPerChannel": {"axis"},  # channels on any axis; there only on the last
    "FakeQuantWithMinMaxVarsPerChannelGradient": {"axis"},
    "Variable": {"initializer", "stddev", "limit", "trainable"},  # there other ops and objects say it
}
# Required there, follow from a value here.
OPTIONAL = {"Const": {"dtype"}, "Const_ex": {"dtype"}, "Variable": {"shape", "dtype"}}


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["block"])
def test_ports(row):
    block = blocks[row["block"]]
    assert list(block.signature.inputs) == list(row["inputs"])
    # the next values of variables that the reference changes without showing them
    further = [name for name in block.assigns.values() if name not in row["outputs"]]
    assert list(block.signature.outputs) == [*row["outputs"], *further]


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["block"])
def test_attrs(row):
    attrs = blocks[row["block"]].signature.attrs
    wanted = {name: rest for name, (_, *rest) in row["attrs"].items() if name not in LEFT_OUT}
    added, optional = ADDED.get(row["block"], set()), OPTIONAL.get(row["block"], set())
    assert attrs.keys() == wanted.keys() | added
    for name, rest in wanted.items():
        attr = attrs[name]
        if name in optional:
            assert not rest and attr.default is None, name
        elif rest:
            assert not attr.required and same(attr, rest[0]), f"{name}: {attr.default} is not {rest[0]}"
        else:
            assert attr.required, name


def same(attr, recorded):
    """Whether a default is the recorded one, in which numbers are float32 and dtypes are written ``DT_INT32``."""
    if attr.kind == "float":
        return np.float32(attr.default) == np.float32(recorded)
    if attr.kind == "Dtype":
        return attr.default == dtypes.canonical(recorded)
    if attr.kind == "Shape" and recorded == "unknown":
        return attr.default is None
    return attr.default == attr.parse(recorded)


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["block"])
def test_found_by_the_name_of_the_op(row):
    block = blocks[row["block"]]
    assert row["tf_op"] in blocks
    assert blocks[row["tf_op"]] is block


def test_added_and_optional_attrs_exist():
    for names in (ADDED, OPTIONAL):
        assert all(attr in blocks[block].signature.attrs for block, attrs in names.items() for attr in attrs)

"""Manifests: how each array was computed, in words that need no other file."""

from __future__ import annotations

import hashlib
import json

import pytest
from quantize.export.exporting import prepared
from quantize.nets import residual

from dataflow.core.fixed_point import ROUNDINGS
from dataflow.quantize.export.manifest import MANIFEST, RULES
from dataflow.quantize.export.net import integer_net
from dataflow.quantize.export.vectors import vectors
from dataflow.quantize.lower import lower


def test_files_have_the_digests_that_are_told() -> None:
    model, data = prepared(residual())
    files = vectors(integer_net(model), data, 2)
    told = json.loads(files[MANIFEST])
    assert {entry["file"] for entry in told["arrays"]} | {MANIFEST} == files.keys()
    for entry in told["arrays"]:
        assert hashlib.sha256(files[entry["file"]]).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_rounding_is_told_with_its_rule(rounding: str) -> None:
    model, data = prepared(residual())
    told = json.loads(vectors(integer_net(lower(model, rounding).model), data, 1)[MANIFEST])
    assert told["rounding"] == {rounding: RULES[rounding]}


def test_attrs_that_were_left_out_are_told_too() -> None:
    model, data = prepared(residual())
    told = {entry["name"]: entry for entry in json.loads(vectors(integer_net(model), data, 1)[MANIFEST])["arrays"]}
    assert told["first_relu_q"]["attrs"] == {
        "axis": -1, "out_type": "uint8", "low": None, "high": None, "rounding": "half_up",
    }  # fmt: skip
    assert told["first_relu_q"]["reads"]["input"] == ["first_relu"]
    assert (told["first_relu_q"]["low"], told["first_relu_q"]["high"]) == (0, 255)
    assert told["first"]["attrs"]["out_type"] == "int32"

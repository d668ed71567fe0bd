"""Encodings: read back with what JSON and NumPy give, and codes computed again from them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from quantize.export.exporting import prepared
from quantize.nets import residual

from dataflow.core.errors import DataflowError
from dataflow.quantize.export.encodings import encodings
from dataflow.quantize.export.net import integer_net
from dataflow.quantize.lower import lower


def test_codes_are_computed_again_from_what_is_told() -> None:
    model, data = prepared(residual(), 4)
    told = json.loads(encodings(model))
    net = integer_net(model)
    weights = told["parameters"]["first_w_q"]
    assert (weights["tensor"], weights["bits"], weights["axis"]) == ("first_w", 4, 1)
    values, scale = model.values["first_w"].astype(np.float64), np.array(weights["scale"])
    codes = np.clip(np.rint(values / scale) + weights["zero_point"], weights["low"], weights["high"])
    np.testing.assert_array_equal(codes, net.constants["first_w_q"])

    given = told["activations"]["x_q"]
    x = np.clip(data.rows()["x"], given["min"], given["max"])
    codes = np.rint((x - given["min"]) / given["scale"])
    apart = np.abs(codes - net.trace(data, None)["x_q"])
    assert apart.max() <= 1
    assert np.mean(apart == 0) > 0.99


def test_ends_follow_from_offset_and_scale() -> None:
    told = json.loads(encodings(prepared(residual())[0]))
    for each in (*told["activations"].values(), *told["parameters"].values()):
        scale, offset = np.array(each["scale"]), np.array(each["offset"])
        np.testing.assert_allclose(each["min"], scale * offset)
        np.testing.assert_allclose(each["max"], scale * (offset + each["high"] - each["low"]))


def test_a_lowered_graph_has_no_quantizers_to_tell() -> None:
    with pytest.raises(DataflowError, match="must have quantizers to export encodings, got none"):
        encodings(lower(prepared(residual())[0]).model)

"""Sites: what gets a quantizer, and who shares it."""

from __future__ import annotations

import pytest
from quantize.nets import residual

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.quantize.recipe import recipe
from dataflow.quantize.sites import activation_wires, bias_sites, find_sites

EIGHT = {"weights": {"bits": 8}, "activations": {"bits": 8}}


def test_layers_that_read_one_wire_share_a_site() -> None:
    sites = {site.link.node: site.readers for site in find_sites(residual(), recipe(EIGHT)) if not site.is_weights}
    assert sites == {
        "x": [("first", "a")],
        "first_relu": [("inner", "a"), ("add", "y")],
        "inner_relu": [("second", "a")],
        "second_sum": [("add", "x")],
        "joined": [("last", "a")],
    }


def test_losses_and_what_follows_the_last_layer_stay() -> None:
    graph = flow.load("dataflow:digits/cnn.yaml")
    wires = [link.node for link in activation_wires(graph, recipe(EIGHT))]
    assert wires == ["picture", "pool1", "flat"]


def test_biases_of_layers_with_both_operands_quantized() -> None:
    biases = [(node.name, port, product.name) for node, port, product in bias_sites(residual(), recipe(EIGHT))]
    assert biases == [(f"{n}_sum", "bias", n) for n in ("first", "inner", "second", "last")]
    assert bias_sites(residual(), recipe({"weights": {"bits": 8}})) == []


def test_two_widths_on_one_wire_need_a_quantizer_each() -> None:
    plain = {**EIGHT, "overrides": {"inner": {"activations": {"bits": 4}}}}
    with pytest.raises(
        DataflowError, match=r"'first_relu' must be read with one width, got 4 bits for inner and 8 for add"
    ):
        find_sites(residual(), recipe(plain))
    sites = [s for s in find_sites(residual(), recipe({**plain, "separate": True})) if s.link.node == "first_relu"]
    assert [site.settings.bits for site in sites] == [4, 8]


def test_weights_of_a_product_name_their_axes() -> None:
    (site,) = [s for s in find_sites(residual(), recipe({"weights": {"bits": 4}})) if s.link.node == "last_w"]
    assert (site.axis, site.summed) == (1, 0)


def test_skipped_layers_have_no_sites() -> None:
    sites = find_sites(residual(), recipe({**EIGHT, "skip": ["last", "first"]}))
    assert {reader for site in sites for reader, _ in site.readers} == {"inner", "second"}

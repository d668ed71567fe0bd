"""Trials of layers."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import residual

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.quantize.model import Model
from dataflow.quantize.recipe import recipe
from dataflow.quantize.trials import Trials, outcome_of
from dataflow.training.array_split import ArraySplit

X = np.random.default_rng(1).standard_normal((700, 8)).astype(np.float32)


def _trials(**plain: object) -> Trials:
    graph = residual()
    return Trials.seen(Model.of(graph), recipe({"weights": {"bits": 4}, **plain}), ArraySplit(graph, "x", {"x": X}))


def test_one_layer_alone_loses_less_the_more_bits_it_has() -> None:
    trials = _trials()
    assert trials.layers == ["first", "inner", "second", "last"]
    errors = [trials.alone("inner", bits).error for bits in (2, 4, 8)]
    assert errors == sorted(errors, reverse=True)
    exact = flow.run(residual(), x=X)["y"].astype(np.float64)
    assert trials.signal == pytest.approx(np.square(exact).sum())
    assert trials.alone("inner", 2).signal == trials.signal


def test_errors_of_layers_about_add_up() -> None:
    trials = _trials()
    bits = {"first": 6, "inner": 4, "second": 8, "last": 4}
    alone = sum(trials.alone(layer, width).error for layer, width in bits.items())
    assert trials.outcome(trials.quantized(bits)).error == pytest.approx(alone, rel=0.4)


def test_widths_are_overrides_where_they_are_not_the_usual_ones() -> None:
    trials = _trials(
        overrides={"second": {"activations": {"bits": 6}, "weights": {"bits": 3}}}, activations={"bits": 8}
    )
    made = trials.assigned({"first": 4, "second": 2, "last": 6})
    assert made.given()["overrides"] == {
        "second": {"activations": {"bits": 6}, "weights": {"bits": 2}},
        "last": {"weights": {"bits": 6}},
    }


def test_values_alone_leave_weights_as_they_are() -> None:
    trials = _trials(activations={"bits": 4}, bias={})
    whole = trials.outcome(trials.quantized(dict.fromkeys(trials.layers, 16))).error
    assert trials.values_alone().error == pytest.approx(whole, rel=0.05)


def test_layers_that_are_skipped_are_no_layers() -> None:
    assert _trials(skip=["inner"]).layers == ["first", "second", "last"]


def test_two_graphs_are_compared_by_their_answers() -> None:
    graph = residual()
    moved = Model.of(graph, {"last_b": flow.State(graph)["last_b"] + np.float32(1)})
    found = outcome_of(moved, Model.of(graph), ArraySplit(graph, "x", {"x": X}))
    assert found.error == pytest.approx(700 * 3, rel=1e-4)


def test_a_graph_without_layers_is_refused() -> None:
    graph = flow.Graph("codes")
    graph.output("y", flow.blocks["Relu"]()(graph.input("x", "float32", ["N", 8])))
    trials = Trials.seen(Model.of(graph), recipe({"weights": {"bits": 4}}), ArraySplit(graph, "x", {"x": X}))
    with pytest.raises(DataflowError, match="graph 'codes': must have layers of real numbers to try widths on"):
        _ = trials.signal

"""Predicted errors beside measured ones."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import images, residual

import dataflow as flow
from dataflow.graph.graph import Graph
from dataflow.quantize.model import Model
from dataflow.quantize.predict import predict_errors
from dataflow.quantize.recipe import recipe
from dataflow.quantize.trials import Trials
from dataflow.training.array_split import ArraySplit

B = flow.blocks
WIDTHS = (3, 4, 6, 8)


@pytest.mark.parametrize("graph", [residual(3), images(3)], ids=lambda g: g.name)
def test_predictions_rank_layers_and_widths_as_measurements_do(graph: Graph) -> None:
    sizes = [d for d in graph.inputs["x"].shape or () if isinstance(d, int)]
    x = np.random.default_rng(6).standard_normal((200, *sizes)).astype(np.float32)
    trials = Trials(Model.of(graph), recipe({"weights": {}}), ArraySplit(graph, "x", {"x": x}))
    found = predict_errors(trials.model, trials.recipe, trials.layers, WIDTHS, trials.data)
    true = {key: trials.alone(*key).error for key in found}
    ranks = [np.argsort(np.argsort([each[key] for key in found])) for each in (found, true)]
    assert np.corrcoef(*ranks)[0, 1] > 0.95
    ratios = [found[key] / true[key] for key in found]
    assert 0.5 < np.median(ratios) < 2


def test_of_one_product_the_expectation_is_known() -> None:
    rng = np.random.default_rng(2)
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 16])
    w = rng.standard_normal((16, 4)).astype(np.float32)
    graph.output("y", B["MatMul"]()(x, graph.variable("w", w), name="product"))
    rows = rng.standard_normal((400, 16)).astype(np.float32)
    made = recipe({"weights": {"per": "tensor", "range": "min_max"}})
    data = ArraySplit(graph, "x", {"x": rows})
    found = predict_errors(Model.of(graph), made, ["product"], [8], data, probes=64)["product", 8]
    step = np.abs(w).max().astype(np.float64) / 127
    errors = np.square(np.rint(w / step) * step - w)
    assert found == pytest.approx((np.square(rows.astype(np.float64)).sum(0)[:, None] * errors).sum(), rel=0.05)


def test_the_same_seed_gives_the_same_prediction() -> None:
    graph = residual()
    data = ArraySplit(graph, "x", {"x": np.ones((20, 8), np.float32)})
    both = [predict_errors(Model.of(graph), recipe({"weights": {}}), ["inner"], [4], data, seed=5) for _ in range(2)]
    assert both[0] == both[1]

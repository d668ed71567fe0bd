"""The whole way: folded, calibrated, quantized, corrected; and what is missing is told."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import residual

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.graph.graph import Graph
from dataflow.quantize.pipeline import quantize
from dataflow.quantize.recipe import recipe
from dataflow.training.array_split import ArraySplit

EIGHT = recipe({"weights": {"bits": 8}, "activations": {"bits": 8}, "bias": {}})
FOUR = recipe({"weights": {"bits": 4}, "activations": {"bits": 4, "range": "min_max"}})
X = np.random.default_rng(7).standard_normal((700, 8)).astype(np.float32)


def _split(graph: Graph) -> ArraySplit:
    return ArraySplit(graph, "train", {"x": X})


def _error(graph: Graph, reference: Graph) -> float:
    return float(np.square(flow.run(graph, x=X)["y"] - flow.run(reference, x=X)["y"]).mean())


def test_eight_bits_are_near_the_float_graph() -> None:
    graph = residual(1)
    made = quantize(graph, EIGHT, data=_split(graph))
    power = float(np.square(flow.run(graph, x=X)["y"]).mean())
    assert _error(made.graph, graph) < power * 1e-3
    assert made.graph.sections["quantization"] == {
        "weights": {"bits": 8},
        "activations": {"bits": 8},
        "bias": {"bits": 32},
        "variables": flow.State(graph).digest(),
    }


def test_statistics_that_were_kept_give_the_same_graph() -> None:
    graph = residual(1)
    first = quantize(graph, FOUR, data=_split(graph))
    again = quantize(graph, FOUR, statistics=first.statistics)
    assert first.graph == again.graph


def test_one_pass_serves_other_widths_and_methods() -> None:
    graph = residual(1)
    seen = quantize(graph, FOUR, data=_split(graph)).statistics
    other = recipe({"activations": {"bits": 3, "range": "percentile:99"}})
    assert quantize(graph, other, statistics=seen).graph == quantize(graph, other, data=_split(graph)).graph


def test_correction_is_nearer() -> None:
    graph = residual(2)
    plain, corrected = (quantize(graph, FOUR, data=_split(graph), correct=c).graph for c in (False, True))
    assert _error(corrected, graph) < _error(plain, graph)


def test_given_values_are_quantized() -> None:
    graph = residual(1)
    values = {"first_w": np.zeros((8, 16), np.float32)}
    made = quantize(graph, recipe({"weights": {"bits": 8}}), values)
    np.testing.assert_array_equal(flow.State(made.graph)["first_w"], 0)


def test_weights_alone_need_no_rows_and_values_do() -> None:
    graph = residual(1)
    assert quantize(graph, recipe({"weights": {"bits": 8}})).statistics is None
    with pytest.raises(DataflowError, match=r"ranges of 'x', .* follow from rows, got no data"):
        quantize(graph, EIGHT)


def test_statistics_of_another_graph_are_refused() -> None:
    graph = residual(1)
    seen = quantize(graph, EIGHT, data=_split(graph)).statistics
    other = flow.Graph("other")
    x = other.input("z", "float32", ["N", 8])
    other.output("y", flow.blocks["MatMul"]()(x, other.variable("w", np.ones((8, 2), np.float32))))
    with pytest.raises(DataflowError, match="statistics: must have seen 'z', got 'x'"):
        quantize(other, EIGHT, statistics=seen)


@pytest.mark.parametrize("names", [{"skip": ["frist"]}, {"overrides": {"frist": {"weights": {"bits": 4}}}}])
def test_names_of_no_node_are_refused(names: dict[str, object]) -> None:
    graph = residual()
    asked = recipe({"weights": {"bits": 8}, "activations": {"bits": 8}, **names})
    with pytest.raises(DataflowError, match=r"no node is named 'frist'; did you mean 'first'\?"):
        quantize(graph, asked, data=_split(graph))


def test_a_graph_that_is_quantized_keeps_the_recipe_of_its_quantizers() -> None:
    once = quantize(residual(), EIGHT, data=_split(residual())).graph
    again = quantize(once, FOUR, data=_split(once))
    assert again.graph == once
    assert again.graph.sections["quantization"] == once.sections["quantization"]


def test_values_that_are_not_finite_are_told_and_must_not_be_all() -> None:
    graph = residual()
    rows = X[:64].copy()
    rows[3, 2] = np.nan
    made = quantize(graph, EIGHT, data=ArraySplit(graph, "train", {"x": rows}))
    assert "x: 1 values that are not finite count for nothing" in made.model.notes
    rows[:] = np.inf
    with pytest.raises(DataflowError, match="'x': must have finite values to find a range, got 512 others"):
        quantize(graph, EIGHT, data=ArraySplit(graph, "train", {"x": rows}))

"""What calibration finds: ranges by any method, what is clipped, and a graph with the ranges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quantize.nets import residual

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError
from dataflow.graph.graph import Graph
from dataflow.quantize.calibration import calibrate
from dataflow.quantize.found import Found, find_ranges, with_ranges, write_ranges
from dataflow.quantize.model import Model
from dataflow.quantize.targets import find_targets, without_quantizers
from dataflow.training.array_split import ArraySplit

B = flow.blocks
VALUES = np.random.default_rng(0).standard_normal((400, 3)).astype(np.float32)


def quantized() -> Graph:
    graph = flow.Graph("one")
    x = graph.input("x", "float32", ["N", 3])
    low, high = graph.variable("low", 0.0), graph.variable("high", 0.0)
    graph.output("y", B["FakeQuantWithMinMaxVars"](num_bits=4)(x, low, high, name="x_q"))
    return graph


def find(graph: Graph, values: Array, method: str | None = None) -> list[Found]:
    targets = find_targets(graph)
    data = ArraySplit(graph, "train", {"x": values})
    model = without_quantizers(Model.of(graph))
    statistics = calibrate(model, data, {target.wire: target.observed for target in targets})
    return find_ranges(targets, statistics, method)


def test_the_whole_range_clips_nothing() -> None:
    (found,) = find(quantized(), VALUES, "min_max")
    assert (found.low, found.high) == (VALUES.min(), VALUES.max())
    assert found.clipped == 0
    assert found.grid.bits == 4
    assert found.told["quantizer"] == "x_q"


def test_what_is_clipped_is_counted() -> None:
    (found,) = find(quantized(), VALUES, "percentile:90")
    bottom, top = (found.grid.scale * (code - found.grid.zero_point) for code in (-0.5, 15.5))
    outside = np.mean((bottom > VALUES) | (top < VALUES))
    assert found.clipped == pytest.approx(outside, abs=0.005)


def test_the_graph_begins_with_the_ranges_and_else_stays() -> None:
    graph = quantized()
    found = find(graph, VALUES, "mse")
    made = with_ranges(graph, found)
    assert [*made.nodes] == [*graph.nodes]
    state = flow.State(made)
    assert (state["low"], state["high"]) == (found[0].low, found[0].high)
    rounded = flow.run(made, x=VALUES)["y"]
    assert np.abs(rounded - VALUES).mean() < float(found[0].grid.scale) / 2


def test_bits_are_those_asked_for_where_quantizers_are_to_come() -> None:
    graph = residual()
    wide, narrow = (find_of_residual(graph, bits) for bits in (8, 3))
    assert [found.grid.bits for found in narrow] == [3] * len(narrow)
    assert all(a.grid.scale < b.grid.scale for a, b in zip(wide, narrow, strict=True))


def find_of_residual(graph: Graph, bits: int) -> list[Found]:
    targets = find_targets(graph)
    data = ArraySplit(graph, "train", {"x": np.random.default_rng(1).standard_normal((50, 8)).astype(np.float32)})
    return find_ranges(
        targets, calibrate(Model.of(graph), data, {t.wire: t.observed for t in targets}), "min_max", bits
    )


def test_where_nothing_is_finite_there_is_no_range() -> None:
    with pytest.raises(GraphError, match="'x': must have finite values to find a range, got 6 others"):
        find(quantized(), np.full((2, 3), np.nan, np.float32))


# -- ranges in a file ---------------------------------------------------------------------------------------------

LAYER = """dataflow: 1
inputs:
  x: float32[N, 3]
nodes:
  low: {block: Variable, inputs: {initvalues: 0.0}}  # lowest
  high: {block: Variable, inputs: {initvalues: 0.0}}
  x_q: {block: FakeQuantWithMinMaxVars, inputs: {inputs: x, min: low, max: high}}
outputs:
  y: x_q
"""


def test_ranges_are_written_into_the_lines_of_their_variables(tmp_path: Path) -> None:
    path = tmp_path / "layer.yaml"
    path.write_text(LAYER)
    found = find(flow.load(path), VALUES, "min_max")
    write_ranges(path, found)
    assert flow.State(flow.load(path))["high"] == found[0].high
    before, after = LAYER.splitlines(), path.read_text().splitlines()
    assert [i for i, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]] == [4, 5]
    assert after[4].endswith("  # lowest")


def test_ranges_of_a_graph_that_is_included_are_not_written_in_place(tmp_path: Path) -> None:
    (tmp_path / "layer.yaml").write_text(LAYER)
    path = tmp_path / "whole.yaml"
    path.write_text(
        "dataflow: 1\ninputs:\n  x: float32[N, 3]\nnodes:\n"
        "  first: {block: ./layer.yaml, inputs: {x: x}}\noutputs:\n  y: first\n"
    )
    text = path.read_text()
    message = "variable 'first/low' must be in this file .* a graph that it includes; -o writes a file with all of it"
    with pytest.raises(DataflowError, match=message):
        write_ranges(path, find(flow.load(path), VALUES, "min_max"))
    assert (path.read_text(), (tmp_path / "layer.yaml").read_text()) == (text, LAYER)


def test_ranges_of_many_channels_are_not_written_in_place(tmp_path: Path) -> None:
    path = tmp_path / "channels.yaml"
    path.write_text(
        LAYER.replace("WithMinMaxVars", "WithMinMaxVarsPerChannel")
        .replace("N, 3", "N, 20")
        .replace("initvalues: 0.0", f"initvalues: {[0.0] * 20}")
    )
    text = path.read_text()
    values = np.random.default_rng(1).standard_normal((40, 20)).astype(np.float32)
    with pytest.raises(DataflowError, match="must have 16 numbers at most to be written in place, got 20; -o writes"):
        write_ranges(path, find(flow.load(path), values))
    assert path.read_text() == text

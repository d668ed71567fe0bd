"""Measures of quantizers, by hand."""

from __future__ import annotations

from math import inf, isclose

import numpy as np
import pytest
from quantize.nets import quantized, residual

import dataflow as flow
from dataflow.core.quantized import Grid
from dataflow.quantize.measures import Measure, decibels, measure
from dataflow.quantize.model import Model
from dataflow.training.array_split import ArraySplit

X = np.random.default_rng(1).standard_normal((1300, 8)).astype(np.float32)


def _measures(bits: int = 4) -> tuple[Model, dict[str, Measure]]:
    graph = residual()
    model = quantized(graph, bits, X)
    return model, {m.node: m for m in measure(model, Model.of(graph), ArraySplit(graph, "x", {"x": X}))}


def test_ratios_of_powers() -> None:
    assert decibels(100.0, 1.0) == 20.0
    assert decibels(1.0, 0.0) == inf
    assert decibels(0.0, 1.0) == -inf


def test_values_are_measured_alone_and_with_all_that_came_before() -> None:
    model, found = _measures()
    graph = residual().copy()
    graph.outputs = {"v": graph.nodes["joined"].first}
    exact = flow.run(graph, x=X)["v"].astype(np.float64)
    rounded = model.baked().copy()
    rounded.outputs = {"v": rounded.nodes["joined_q"].first}
    noise = np.square(flow.run(rounded, x=X)["v"] - exact).sum()
    each = found["joined_q"]
    assert isclose(each.accumulated, 10 * np.log10(np.square(exact).sum() / noise), rel_tol=1e-6)
    assert each.sqnr > each.accumulated
    assert each.total == exact.size
    assert 0.9 < each.cosine < 1
    assert (each.low, each.high) == (exact.min(), exact.max())


def test_weights_are_measured_once() -> None:
    model, found = _measures()
    w = flow.State(residual())["first_w"].astype(np.float64)
    (rounded,) = model.evaluate([model.graph.nodes["first_w_q"].first]).values()
    each = found["first_w_q"]
    assert isclose(each.own, np.square(rounded - w).sum(), rel_tol=1e-6)
    assert each.noise == each.own
    assert (each.kind, each.bits, each.total) == ("weights", 4, w.size)
    assert each.channels is not None and len(each.channels) == 16


def test_more_bits_lose_less() -> None:
    few, many = _measures(3)[1], _measures(8)[1]
    assert all(many[node].sqnr > few[node].sqnr + 20 for node in few if few[node].kind != "bias")


def _one(values: list[float], low: int = 0, high: int = 7) -> Measure:
    each = Measure("q", "x", "values", 3, Grid(np.asarray(1.0), np.asarray(0), low, high))
    exact = np.array(values, np.float32)
    rounded = each.grid.values(each.grid.codes(exact))
    each.add(exact, rounded, rounded)
    return each


def test_what_lies_outside_is_counted_from_half_a_step_on() -> None:
    each = _one([0.0, 3.0, 7.0, 7.4, 7.6, 10.0])
    assert each.outside == 2
    assert each.clipped == pytest.approx(2 / 6)
    assert each.beyond == pytest.approx(0.4**2 + 0.6**2 + 9.0, rel=1e-5)


def test_codes_that_nothing_has_are_counted() -> None:
    assert _one([0.0, 1.0, 1.2, 5.0]).unused == pytest.approx(5 / 8)


def test_bars_have_all_values_in_them() -> None:
    each = _one([float(v) for v in np.random.default_rng(4).random(1000) * 7])
    edges, bars = each.histogram(10)
    assert bars.sum() == pytest.approx(1000, abs=1)
    assert (edges[0], edges[-1]) == (each.low, each.high)
    assert bars.min() > 50


def test_one_value_has_a_bar_too() -> None:
    edges, bars = _one([2.0, 2.0]).histogram(4)
    assert bars.sum() == pytest.approx(2)
    assert edges[0] < 2 < edges[-1]

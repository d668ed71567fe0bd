"""Graphs with some of their quantizers, and what they are measured against."""

from __future__ import annotations

import numpy as np
from quantize.nets import normalized, quantized, residual

import dataflow as flow
from dataflow.quantize.fold import fold_batch_norm
from dataflow.quantize.model import Model
from dataflow.quantize.stages import quantizers, reference_of, with_only

X = np.random.default_rng(1).standard_normal((40, 8)).astype(np.float32)


def _y(model: Model, x: object = X) -> object:
    return flow.run(model.baked(), x=x)["y"]


def test_quantizers_are_told_by_what_they_round() -> None:
    kinds = quantizers(quantized(residual(), 8, X))
    assert kinds["x_q"] == kinds["joined_q"] == "values"
    assert kinds["first_w_q"] == "weights"
    assert kinds["first_b_q"] == "bias"
    assert len(kinds) == 13


def test_without_any_the_graph_is_the_float_one() -> None:
    plain = with_only(quantized(residual(), 2, X), ())
    assert plain.graph == residual()
    np.testing.assert_array_equal(_y(plain), flow.run(residual(), x=X)["y"])


def test_with_all_it_is_as_it_was() -> None:
    model = quantized(residual(), 4, X)
    assert with_only(model, quantizers(model)).graph == model.graph


def test_what_is_clipped_is_cut_off_at_the_ends_of_its_grid() -> None:
    model = quantized(residual(), 4, X)
    cut = with_only(model, (), ["x_q"])
    assert type(cut.graph.nodes["x_q"].block).__name__ == "ClipByValue"
    np.testing.assert_allclose(_y(cut), _y(with_only(model, ())), rtol=0.01, atol=0.01)
    assert np.abs(_y(cut, 100 * X) - _y(with_only(model, ()), 100 * X)).max() > 1  # type: ignore[operator]


def test_the_reference_is_the_source_folded_as_the_quantized_graph() -> None:
    graph = normalized()
    x = np.random.default_rng(2).standard_normal((6, 5, 5, 4)).astype(np.float32)
    folded = fold_batch_norm(Model.of(graph))
    made = quantized(folded.baked(), 8, x)
    source = Model.of(graph, {"w": 2 * flow.State(graph)["w"]})
    found = reference_of(made, source)
    np.testing.assert_allclose(_y(found, x), flow.run(graph, x=x, w=source.values["w"])["y"], rtol=1e-4, atol=1e-4)


def test_without_a_source_or_with_one_of_other_variables_it_is_the_graph_itself() -> None:
    model = quantized(residual(), 4, X)
    for source in (None, Model.of(normalized())):
        assert reference_of(model, source).graph == residual()

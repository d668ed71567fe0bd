"""Parts of the error: they add up, and each names what was changed."""

from __future__ import annotations

from math import isclose

import numpy as np
import pytest
from quantize.nets import images, quantized, residual

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph
from dataflow.quantize.error_parts import Error, error_parts
from dataflow.quantize.model import Model
from dataflow.training.array_split import ArraySplit


def _x(graph: Graph, rows: int = 300) -> Array:
    sizes = [d for d in graph.inputs["x"].shape or () if isinstance(d, int)]
    made: Array = np.random.default_rng(6).standard_normal((rows, *sizes)).astype(np.float32)
    return made


def _error(graph: Graph, model: Model) -> Error:
    (error,) = error_parts(model, Model.of(graph), ArraySplit(graph, "x", {"x": _x(graph)}))
    return error


@pytest.mark.parametrize("graph", [residual(), images()], ids=lambda g: g.name)
@pytest.mark.parametrize("bits", [3, 8])
def test_the_parts_add_up_to_the_noise(graph: Graph, bits: int) -> None:
    error = _error(graph, quantized(graph, bits, _x(graph)))
    assert list(error.parts) == ["weights", "clipping", "rounding", "bias", "requantization"]
    assert isclose(sum(error.parts.values()), error.noise, rel_tol=1e-6)
    assert error.agreement is not None
    assert error.agreement > (0.9 if bits == 8 else 0.1)


def test_the_noise_is_that_of_the_lowered_graph() -> None:
    graph = residual()
    model = quantized(graph, 4, _x(graph))
    error = _error(graph, model)
    exact, given = (flow.run(g, x=_x(graph))["y"].astype(np.float64) for g in (graph, model.baked()))
    assert isclose(error.noise, np.square(given - exact).sum(), rel_tol=1e-2)
    assert isclose(error.signal, np.square(exact).sum(), rel_tol=1e-6)


def test_weights_alone_have_no_other_part() -> None:
    graph = residual()
    error = _error(graph, quantized(graph, 3, _x(graph), activations=None, bias=None))
    assert error.parts["weights"] == pytest.approx(error.noise)
    assert sum(abs(error.parts[name]) for name in ("clipping", "rounding", "bias")) == 0


def test_values_alone_have_the_rounding() -> None:
    graph = residual()
    error = _error(graph, quantized(graph, 4, _x(graph), weights=None, bias=None))
    assert error.parts["weights"] == 0
    assert error.parts["rounding"] > 0.9 * error.noise

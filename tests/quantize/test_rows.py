"""Inner wires while rows run."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import residual

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError
from dataflow.graph.node import Link
from dataflow.quantize.model import Model
from dataflow.quantize.rows import run_rows
from dataflow.training.array_split import ArraySplit

X = np.random.default_rng(1).standard_normal((1100, 8)).astype(np.float32)
LINKS = [Link("joined", "activations"), Link("first", "product")]


def _values(link: Link, samples: int | None = None) -> Array:
    model = Model.of(residual())
    data = ArraySplit(model.graph, "train", {"x": X})
    return np.concatenate([values[link] for values in run_rows(model, data, LINKS, samples)])


@pytest.mark.parametrize("link", LINKS)
def test_values_are_those_of_a_run_of_all_rows(link: Link) -> None:
    graph = residual().copy()
    graph.outputs = {"y": link}
    np.testing.assert_allclose(_values(link), flow.run(graph, x=X)["y"], rtol=1e-5, atol=1e-5)


def test_samples_are_spread_evenly() -> None:
    whole, some = _values(LINKS[0]), _values(LINKS[0], samples=11)
    np.testing.assert_allclose(some, whole[::100], rtol=1e-5, atol=1e-5)
    assert len(_values(LINKS[0], samples=5000)) == 1100


def test_no_rows_are_an_error() -> None:
    model = Model.of(residual())
    data = ArraySplit(model.graph, "train", {"x": X[:0]})
    with pytest.raises(GraphError, match="rows"):
        next(iter(run_rows(model, data, LINKS)))

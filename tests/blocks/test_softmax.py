"""Softmax and losses of rows: compiled passes give the bits of NumPy, also in place and for a few rows at the end."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import Graph, blocks, plan
from dataflow.conformance.equality import same

SHAPES = [(9, 1000), (3, 4097), (263, 1001), (4500, 40)]  # parts of rows, the last of which are few


def logits(shape):
    random = np.random.default_rng(0)
    x = (random.standard_normal(shape) * 10.0 ** random.uniform(-2, 2, shape)).astype(np.float32)
    x[0, 1], x[1, 2], x[2, :3] = np.nan, np.inf, -np.inf
    x[-1] = 1 + np.arange(shape[1]) % 2
    return x


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
def test_compiled_rows_are_those_of_numpy() -> None:
    for shape in SHAPES:
        x, label = logits(shape), np.arange(shape[0]) % shape[1]
        graph = Graph()
        given, classes = graph.input("x", "float32", shape), graph.input("label", "int64", label.shape)
        for name in ("Softmax", "LogSoftmax"):
            graph.output(name, blocks[name]()(given))
            graph.output(f"{name} in place", blocks[name]()(blocks["Neg"]()(given)))
        for port, wire in blocks["SparseSoftmaxCrossEntropyWithLogits"]()(given, classes)._asdict().items():
            graph.output(port, wire)
        expected, made = (plan(graph, kernels=kernels).run(x=x, label=label) for kernels in ("numpy", "jit"))
        assert all(same(made[port], value) for port, value in expected.items()), shape
        whole = np.exp(x[-1].astype(np.float64))
        np.testing.assert_allclose(made["Softmax"][-1], whole / whole.sum(), rtol=1e-6)

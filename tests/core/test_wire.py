"""Wires: arithmetic on them adds nodes, whichever side the number or array stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dataflow.core.errors import GraphError
from dataflow.core.shapes import TensorType
from dataflow.core.wire import Wire
from dataflow.engine.run import run
from dataflow.graph.graph import Graph


def graph_of(build: Callable[[Any], Any], shape: Any = (2,)) -> tuple[Graph, str]:
    """A graph of ``x`` and what is built on it, and the block that was added last."""
    graph = Graph()
    graph.output("y", build(graph.input("x", "float32", shape)))
    return graph, type([*graph.nodes.values()][-1].block).__name__


@pytest.mark.parametrize(
    ("build", "block", "result"),
    [
        (lambda x: x + 1, "AddV2", [3, 5]),
        (lambda x: 1 + x, "AddV2", [3, 5]),
        (lambda x: x - 1, "Subtract", [1, 3]),
        (lambda x: 1 - x, "Subtract", [-1, -3]),
        (lambda x: x * 3, "Multiply", [6, 12]),
        (lambda x: 3 * x, "Multiply", [6, 12]),
        (lambda x: x / 2, "RealDiv", [1, 2]),
        (lambda x: 8 / x, "RealDiv", [4, 2]),
        (lambda x: x**2, "Pow", [4, 16]),
        (lambda x: -x, "Negate", [-2, -4]),
        (lambda x: x - x, "Subtract", [0, 0]),
        (lambda x: np.float32([1, 2]) - x, "Subtract", [-1, -2]),  # not element by element by NumPy
        (lambda x: np.float32(8) / x, "RealDiv", [4, 2]),
        (lambda x: [1, 2] * x, "Multiply", [2, 8]),
    ],
)
def test_operators_are_blocks(build: Callable[[Any], Any], block: str, result: list[float]) -> None:
    graph, added = graph_of(build)
    assert added == block
    assert run(graph, x=[2.0, 4.0])["y"].tolist() == result


def test_a_matrix_product() -> None:
    graph, added = graph_of(lambda x: x @ np.float32([[1], [10]]), (3, 2))
    assert added == "MatMul"
    assert run(graph, x=[[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]])["y"].tolist() == [[21], [43], [0]]


def test_a_wire_tells_dtype_and_shape() -> None:
    graph = Graph()
    x = graph.input("x", "float16", ["N", 3])
    assert (x.dtype, x.shape, x.type) == ("float16", ("N", 3), TensorType("float16", ("N", 3)))
    assert (x + 1).shape == ("N", 3)


def test_what_does_not_fit_is_an_error_of_the_node() -> None:
    x = Graph().input("x", "float32", [2])
    with pytest.raises(GraphError, match=r"node 'add_v2' \(AddV2\): inputs 'x' and 'y' must broadcast"):
        x + np.ones(3, np.float32)
    with pytest.raises(GraphError, match=r"node 'multiply' \(Multiply\): input 'y' must be numbers, got 'two'"):
        x * "two"


def test_a_wire_is_of_a_graph() -> None:
    with pytest.raises(NotImplementedError):
        _ = Wire().type

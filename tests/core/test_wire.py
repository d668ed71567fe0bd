"""Wires: arithmetic on them adds nodes, whichever side the number or array stands on."""

from __future__ import annotations

import re
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
        (lambda x: x // 3, "FloorDiv", [0, 1]),
        (lambda x: -x // 3, "FloorDiv", [-1, -2]),
        (lambda x: -9 // x, "FloorDiv", [-5, -3]),
        (lambda x: -x % 3, "FloorMod", [1, 2]),
        (lambda x: 9 % x, "FloorMod", [1, 1]),
        (lambda x: 2**x, "Pow", [4, 16]),
        (lambda x: abs(x - 3), "Abs", [1, 1]),
        (lambda x: x > 2, "Greater", [False, True]),
        (lambda x: x >= 2, "GreaterEqual", [True, True]),
        (lambda x: x < 4, "Less", [True, False]),
        (lambda x: x <= 3, "LessEqual", [True, False]),
        (lambda x: np.float32([5, 1]) >= x, "LessEqual", [True, False]),
        (lambda x: (x > 2) & (x < 5), "LogicalAnd", [False, True]),
        (lambda x: (x > 2) | (x < 5), "LogicalOr", [True, True]),
        (lambda x: np.array([True, False]) & (x > 2), "LogicalAnd", [False, False]),
        (lambda x: False | (x > 2), "LogicalOr", [False, True]),
        (lambda x: ~(x > 2), "LogicalNot", [True, False]),
        (lambda x: x[1:], "StridedSlice", [4]),
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


@pytest.mark.parametrize(
    ("left", "right", "block"),
    [
        ([3, 2], (2, 1), "MatMul"),
        ([5, 3, 2], (2, 1), "BatchMatMulV2"),
        ([3, 2], (5, 2, 1), "BatchMatMulV2"),
        (None, (2, 1), "BatchMatMulV2"),
    ],
)
def test_a_matrix_product_of_batches(left: Any, right: tuple[int, ...], block: str) -> None:
    graph = Graph()
    x = graph.input("x", "float32", left)
    graph.output("right", x @ np.ones(right, np.float32))
    graph.output("left", np.ones((4, 3), np.float32) @ x)
    assert {type(node.block).__name__ for node in graph.nodes.values()} == {"Placeholder", block} | (
        {"MatMul"} if left and len(left) == 2 else set()
    )
    given = np.arange(np.prod(left or [3, 2]), dtype=np.float32).reshape(left or [3, 2])
    found = run(graph, x=given)
    assert np.array_equal(found["right"], given @ np.ones(right, np.float32))
    assert np.array_equal(found["left"], np.ones((4, 3), np.float32) @ given)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda x: x == 1, r"== and != cannot compare it; write blocks.Equal\(\)\(a, b\), or `a is b`"),
        (lambda x: x != 1.0, "== and != cannot compare it"),
        (lambda x: x == -x, "== and != cannot compare it"),
        (lambda x: np.float32([1, 2]) == x, "== and != cannot compare it"),
        (lambda x: x in [-x, x], "== and != cannot compare it"),
        (lambda x: bool(x), "if, and, or, not and a < b < c cannot ask it; write &, | and ~, or blocks.SelectV2"),
        (lambda x: 1 < x < 3, "if, and, or, not and a < b < c cannot ask it"),
        (lambda x: not x, "if, and, or, not and a < b < c cannot ask it"),
        (lambda x: [*x], "for and in cannot go through it; take its parts with blocks.Unstack"),
        (lambda x: 1.0 in x, "for and in cannot go through it"),
        (lambda x: x[[0, 1]], "^<x: float32\\[2\\]>: an index must be whole numbers, slices"),
    ],
)
def test_what_needs_a_value_is_an_error(use: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(GraphError, match=message) as caught:
        use(Graph().input("x", "float32", [2]))
    assert re.match(r"<(x|greater|negate): \w+\[2\]>", str(caught.value))


def test_a_wire_is_itself() -> None:
    x = Graph().input("x", "float32", [2])
    y = -x
    assert x == x and x in [x, y] and {x: 1, y: 2}[y] == 2
    assert x != "x" and x is not None and x not in ["x", None]


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

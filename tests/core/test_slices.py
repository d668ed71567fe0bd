"""Indices of wires: each takes what NumPy takes by it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflow.core.slices import strided
from dataflow.engine.run import run
from dataflow.graph.gradient import gradient
from dataflow.graph.graph import Graph

VALUES = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
BOUND = st.none() | st.integers(-7, 7)
ENTRY = (
    st.builds(slice, BOUND, BOUND, st.none() | st.integers(-3, 3).filter(bool))
    | st.integers(-3, 2)
    | st.none()
    | st.integers(-3, 2).map(np.int64)
)
DOTS = st.lists(st.just(Ellipsis), max_size=1)


def rank(index: tuple[object, ...]) -> int:
    return sum(each is not None and each is not Ellipsis for each in index)


@given(st.tuples(st.lists(ENTRY, max_size=3), DOTS, st.lists(ENTRY, max_size=2)).map(lambda t: (*t[0], *t[1], *t[2])))
def test_a_wire_is_indexed_as_an_array(index: tuple[object, ...]) -> None:
    if rank(index) > 3:
        return
    graph = Graph()
    for name, shape in (("known", (3, 4, 5)), ("named", ("a", "b", "c"))):
        graph.output(f"{name}_part", graph.input(name, "float32", shape)[index])
    for part in run(graph, known=VALUES, named=VALUES).values():
        np.testing.assert_array_equal(part, VALUES[index], strict=True)


@pytest.mark.parametrize(
    ("take", "shape"),
    [
        (lambda x: x[0], ("b", 5)),
        (lambda x: x[:, 1:], ("N", None, 5)),
        (lambda x: x[..., 0], ("N", "b")),
        (lambda x: x[None], (1, "N", "b", 5)),
        (lambda x: x[..., None, 1:3], ("N", "b", 1, 2)),
        (lambda x: x[()], ("N", "b", 5)),
        (lambda x: x[:, :, ::-1], ("N", "b", 5)),
    ],
)  # fmt: skip
def test_shapes_are_known_where_they_can_be(take: Callable[..., object], shape: tuple[object, ...]) -> None:
    assert take(Graph().input("x", "float32", ["N", "b", 5])).shape == shape


def test_gradients_flow_to_what_was_taken() -> None:
    graph = Graph()
    x = graph.input("x", "float32", [3, 4])
    graph.output("y", (x[1:, -1] * 2.0)[0] + x[0, 0])
    found = run(gradient(graph, of="y", wrt=["x"]), x=np.ones((3, 4), np.float32))["grad_x"]
    assert found.tolist() == [[1, 0, 0, 0], [0, 0, 0, 2], [0, 0, 0, 0]]


def test_only_what_is_needed_is_masked() -> None:
    assert strided((slice(1, 2),))[1] == {}
    limits, masks = strided((0, Ellipsis, None))
    assert masks == {"shrink_axis_mask": 1, "ellipsis_mask": 2, "new_axis_mask": 4}
    assert [part.dtype.name for part in limits] == ["int64"] * 3


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ((..., ...), "must have ... once at most, got it twice; write : for single dims"),
        ((1.5,), "whole numbers, slices, ... and None, got a float"),
        (("a",), "got a str"),
        (([0, 1],), "got a list; choose elements by a list or a wire with blocks.GatherV2, by a condition with"),
        ((np.array([0, 1]),), "got a ndarray"),
        ((True,), "got a bool"),
        ((slice(0, 2.0),), "got a float"),
        ((1 << 70,), "an index must fit 64 bits, got 1180591620717411303424"),
    ],
)  # fmt: skip
def test_what_is_no_index(index: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        strided(index)  # type: ignore[arg-type]
    assert message in str(caught.value)

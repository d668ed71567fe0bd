"""Types of nodes: errors name the node, and few whole numbers that follow from known ones are known themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dataflow.core.block import Block
from dataflow.core.errors import GraphError
from dataflow.core.ports import Literal
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.graph import node_types as node_types_module
from dataflow.graph.graph import Graph
from dataflow.graph.node_types import node_types


def known(value: Any, dtype: str = "int32") -> TensorType:
    return TensorType.of(np.array(value, dtype))


def outputs(block: Block, *operands: Any) -> list[TensorType]:
    return node_types("node 'y' (Y)", block, operands, lambda type_: type_)[1]


def test_operands_and_outputs_are_typed_together() -> None:
    x = TensorType("float32", ("N", 3))
    operands, made = node_types("node 'y' (AddV2)", blocks["AddV2"](), [x, Literal(1)], lambda type_: type_)
    assert operands == [x, TensorType("float32", ())]
    assert made == [x]


@pytest.mark.parametrize(
    ("operands", "told"),
    [
        (
            [TensorType("float32", (2,)), TensorType("int32", (2,))],
            "node 'y' (AddV2): input 'y' must be float32 like 'x', got int32; convert it with Cast",
        ),
        (
            [TensorType("float32", (2,)), TensorType("float32", (3,))],
            "node 'y' (AddV2): inputs 'x' and 'y' must broadcast, got [2] and [3]",
        ),
    ],
)
def test_errors_name_the_node_once(operands: list[TensorType], told: str) -> None:
    with pytest.raises(GraphError) as refused:
        node_types("node 'y' (AddV2)", blocks["AddV2"](), operands, lambda type_: type_)
    assert str(refused.value) == told


def test_types_of_equal_blocks_and_operands_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    broadcast, shape_of = blocks["AddV2"].shape_of, blocks["Concat"].shape_of
    monkeypatch.setattr(blocks["AddV2"], "shape_of", lambda *of: asked.append(of) or broadcast(*of))
    monkeypatch.setattr(blocks["Concat"], "shape_of", lambda *of: asked.append(of) or shape_of(*of))
    monkeypatch.setattr(node_types_module, "_remembered", {})
    x, y = TensorType("float32", ("N", 3)), TensorType("float32", (3,))
    for operands, calls in [((x, y), 1), ((x, y), 1), ((x, Literal(2)), 2), ((x, Literal(3)), 2), ((y, x), 3)]:
        assert outputs(blocks["AddV2"](), *operands) == [x]
        assert len(asked) == calls
    for axis, sizes in [(0, (6,)), (0, (6,)), (-1, (6,))]:  # the value of a static port is looked at
        assert [t.shape for t in outputs(blocks["Concat"](), (y, y), known(axis))] == [sizes]
    assert len(asked) == 6
    for count in (1, 2, 1):  # unlike numbers of operands on a port
        assert len(outputs(blocks["Concat"](), (y,) * count, TensorType("int32", ()))) == 1
    assert len(asked) == 8


def test_a_block_that_holds_an_array_is_not_compared() -> None:
    block = blocks["Const"](value=np.zeros(9, np.float32))
    assert outputs(block)[0].shape == (9,)
    assert "_key" not in block.__dict__


def test_no_more_types_are_remembered_than_a_few_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_types_module, "_MOST", 3)
    monkeypatch.setattr(node_types_module, "_remembered", {})
    for size in range(10):
        assert outputs(blocks["Relu"](), TensorType("float32", (size,))) == [TensorType("float32", (size,))]
        assert len(node_types_module._remembered) <= 3


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_whole_numbers_that_follow_from_known_ones_are_known(dtype: str) -> None:
    (made,) = outputs(blocks["Multiply"](), known([2, 3], dtype), known(4, dtype))
    assert (made.dtype, made.value.dtype, made.value.tolist()) == (dtype, dtype, [8, 12])
    (joined,) = outputs(blocks["Stack"](), (known(2, dtype), known(3, dtype)))
    assert joined.value.tolist() == [2, 3]


def test_a_shape_is_known_as_soon_as_its_input_is() -> None:
    graph = Graph()
    x = graph.input("x", "float32", ["N", 6])
    size = graph.constant([2, 3]) * graph.constant([1, 2])
    assert blocks["Reshape"]()(x, graph.constant([-1]) * 1).shape == (None,)
    assert blocks["BroadcastTo"]()(graph.constant(1.0), size).shape == (2, 6)
    with pytest.raises(GraphError, match=r"node 'reshape_1' \(Reshape\): input 'shape' must keep the 2 elements of"):
        blocks["Reshape"]()(graph.constant([1.0, 2.0]), size)


@pytest.mark.parametrize(
    ("name", "operands"),
    [
        ("Multiply", [known([1, 2], "float32"), known(4, "float32")]),  # no whole numbers
        ("Multiply", [known([1, 2], "int8"), known(4, "int8")]),  # no sizes or axes
        ("Multiply", [TensorType("int32", (2,)), known(4)]),  # one is fed
        ("Multiply", [known(np.ones(4097)), known(4)]),  # too many
        ("Multiply", [known(np.ones((65, 1))), known(np.ones((1, 65)))]),  # too many come out
        ("Multiply", [known(np.ones(0)), known(4)]),  # none
    ],
)
def test_others_are_left_to_the_run(name: str, operands: list[TensorType]) -> None:
    (made,) = outputs(blocks[name](), *operands)
    assert made.value is None


def test_4096_numbers_are_few() -> None:
    (made,) = outputs(blocks["Multiply"](), known(np.ones(4096)), known(4))
    assert made.value.sum() == 4 * 4096


def test_what_a_block_draws_is_not_known_before_the_run() -> None:
    (made,) = outputs(blocks["RandomUniformInt"](), known([3]), known(0), known(10))
    assert made == TensorType("int32", (3,)) and made.value is None


def test_a_whole_number_that_cannot_be_computed_names_its_node() -> None:
    graph = Graph()
    with pytest.raises(GraphError, match=r"node 'gather_v2' \(GatherV2\): input 'indices' must lie in \[0, 2\)"):
        blocks["GatherV2"]()(graph.constant([1, 2]), graph.constant([5]), 0)

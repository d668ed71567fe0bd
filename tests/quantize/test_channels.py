"""Channels through blocks that let codes pass."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.graph.graph import Graph
from dataflow.graph.node import Node
from dataflow.quantize.channels import moved_channels, pads_with_zeros

B = flow.blocks


def _node(block: object, *operands: object, shape: tuple[object, ...] = ("N", 2, 2, 3)) -> tuple[Graph, Node]:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", list(shape))  # type: ignore[arg-type]
    wire = block([x, x], *operands) if block == B["ConcatV2"]() else block(x, *operands)  # type: ignore[operator]
    return graph, graph.nodes[wire.node]


POOL = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}


@pytest.mark.parametrize(
    ("block", "operands", "axis", "order"),
    [
        (B["Reshape"](), ([-1, 12],), 1, [0, 1, 2] * 4),
        (B["Transpose"](), ([0, 3, 1, 2],), 1, [0, 1, 2]),
        (B["MaxPool"](**POOL), (), 3, [0, 1, 2]),
        (B["Slice"](), ([0, 0, 0, 1], [-1, 2, 2, 2]), 3, [1, 2]),
        (B["Identity"](), (), 3, [0, 1, 2]),
        (B["ConcatV2"](), (-1,), 3, [0, 1, 2, 0, 1, 2]),
    ],
)
def test_channels_are_found_where_they_come_out(
    block: object, operands: tuple[object, ...], axis: int, order: list[int]
) -> None:
    found = moved_channels(*_node(block, *operands), 3, 3)
    assert found is not None
    assert found[0] == axis
    assert found[1].tolist() == order


@pytest.mark.parametrize(
    ("block", "operands"),
    [
        (B["Reshape"](), ([-1, 2],)),
        (B["MaxPool"](ksize=[1, 1, 1, 3], strides=[1, 1, 1, 3], padding="VALID"), ()),
        (B["ConcatV2"](), (2,)),
    ],
)
def test_channels_that_mix_are_not(block: object, operands: tuple[object, ...]) -> None:
    found = moved_channels(*_node(block, *operands), 3, 3)
    assert found is None or type(block).__name__ == "Concat"


def test_zeros_that_are_put_in_are_found() -> None:
    assert pads_with_zeros(*_node(B["Pad"](), [[0, 0], [1, 0], [0, 0], [0, 0]]))
    assert not pads_with_zeros(*_node(B["MaxPool"](**POOL)))
    assert not pads_with_zeros(*_node(B["Reshape"](), [-1, 12]))


def test_zeros_come_in_where_nothing_is_known() -> None:
    graph = flow.Graph("g")
    x, shape = graph.input("x", "float32", ["N", 4]), graph.input("shape", "int32", [2])
    wire = B["Reshape"]()(x, shape)
    assert pads_with_zeros(graph, graph.nodes[wire.node])
    assert moved_channels(graph, graph.nodes[wire.node], 1, 4) is None
    assert np.ndim(0) == 0

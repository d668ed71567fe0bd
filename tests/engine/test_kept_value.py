"""What a value was made from, compared with what would make it now."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import Graph, blocks
from dataflow.core.ports import Literal
from dataflow.engine.kept_value import KeptValue, is_repeatable

X = np.float32([1, 0, -0.0, np.nan])


def node(block=None, operands=(2.0,), name="n"):
    graph = Graph("g")
    x = graph.input("x", "float32", [4])
    graph.add(block or blocks["Multiply"](), [x, *operands], name=name)
    return graph.nodes[name]


def made(node):
    return KeptValue(5, node, {"x": 1}, ports=dict.fromkeys(node.types, X))


@pytest.mark.parametrize(
    ("now", "sources", "key", "why"),
    [
        (node(), {"x": 1}, None, ""),
        (node(operands=(3.0,)), {"x": 1}, None, "input y changed"),
        (node(blocks["Add"]()), {"x": 1}, None, "its block changed"),
        (node(), {"x": 2}, None, "x changed"),
        (node(), {"x": 1}, 7, "the seed changed"),
    ],
)
def test_what_has_changed_is_named(now, sources, key, why):
    assert made(node()).differs(now, sources, key, {}) == why
    if why == "x changed":
        assert made(node()).differs(now, sources, key, {"x": None}) == "x is fed other values"


def test_attrs_are_named():
    old, new = (node(blocks["FakeQuantWithMinMaxArgs"](num_bits=n, narrow_range=n < 5), ()) for n in (8, 4))
    assert made(old).differs(new, {"x": 1}, None, {}) == "attr num_bits and narrow_range changed"


def test_a_value_without_all_its_ports_was_not_made():
    ends = node(blocks["MinMaxObserver"](), ())
    value = KeptValue(1, ends, {"x": 1}, ports={"min": X})
    assert not value.whole
    assert value.differs(ends, {"x": 1}, None, {}) == "its run did not end"
    assert value.nbytes == 16


def test_fed_values_are_compared_bit_by_bit():
    fed = KeptValue(1, None, key="token", ports={"output": X})
    assert fed.is_fed("output", X.copy(), None)
    assert not fed.is_fed("output", np.abs(X), None)  # another sign of zero
    assert not fed.is_fed("output", X[:3], "token")
    assert not fed.is_fed("output", X.view(np.int32), "token")
    assert fed.is_fed("output", X + 1, "token")
    assert not fed.is_fed("output", X + 1, "other")
    assert not made(node()).is_fed("z", X, None)
    assert fed.differs(node(), {"x": 1}, None, {}) == "its value was given before"


def test_which_nodes_give_the_same_again():
    shape = Literal(np.int32([3]))
    graph = Graph("g")
    n = graph.variable("n", 1.0)
    graph.add(blocks["AssignAdd"](), [n, 1.0], name="more")
    graph.add(blocks["RandomUniform"](dtype="float32"), [shape], name="noise")
    assert all(is_repeatable(each) for each in graph.nodes.values())

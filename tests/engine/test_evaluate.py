"""Composite blocks called on arrays: small ones kernel by kernel, large ones by a plan, with the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from composites import Fade, Moments, Noise, Swish, Total

from dataflow import Graph, blocks, plan
from dataflow.conformance.equality import same
from dataflow.core import dtypes
from dataflow.core.block import In, Out
from dataflow.core.composite import Composite
from dataflow.engine import evaluate
from dataflow.engine.plan import Plan
from dataflow.engine.tiling import COMPILED, TILE

X = np.random.default_rng(0).normal(size=(1200, 1000)).astype(np.float32)


@pytest.fixture
def plans(monkeypatch):
    """The plans that are made meanwhile."""
    monkeypatch.setattr(evaluate, "_plans", {})
    return evaluate._plans


@pytest.mark.parametrize(
    ("block", "given"),
    [
        (Swish(beta=0.5), (X,)),
        (Swish(), (X[::-2, ::3],)),
        (Moments(), (X, np.array([1]))),
        (Moments(), (X, np.array([0, 1]))),
        (Noise(), (X,)),
        (Total(), ((X, X, X * 2), None)),
        (Fade(), (X, np.array(0.5, np.float32))),
    ],
    ids=lambda x: type(x).__name__,
)
def test_a_plan_gives_what_the_kernels_give(block, given, plans):
    planned = block(*(list(each) if isinstance(each, tuple) else each for each in given))
    types = block.operand_types(given, evaluate.TensorType.of)
    kernel_by_kernel = block.compute(given, block.output_types(types))
    assert all(map(same, planned if isinstance(planned, tuple) else (planned,), kernel_by_kernel))
    assert len(plans) == 1


def test_small_arrays_are_not_planned(plans):
    Swish()(np.ones(COMPILED - 1, np.float32))
    assert not plans


def test_a_plan_is_used_again_by_equal_blocks(plans, monkeypatch):
    for values in (X, X * 2):
        Moments()(values, 0)
    assert len(plans) == 1
    Moments()(X, 1)
    assert len(plans) == 2, "another axis is another body"
    monkeypatch.setattr(evaluate, "_MOST", 2)
    Moments()(X, [0, 1])
    assert len(plans) == 1


def test_a_run_that_fails_otherwise_raises_what_it_raised(monkeypatch):
    def fail(*_):
        raise evaluate.RunError("node 'swish/multiply' (Multiply): no memory")

    monkeypatch.setattr(Plan, "run", fail)
    with pytest.raises(evaluate.RunError, match="no memory"):
        Swish()(X)


class Outer(Composite, abstract=True):
    """The sum of all products of two vectors, ``sum(x[i] * y[j])``.

    >>> Outer()([1.0, 2.0], [3.0, 4.0])
    array(21., dtype=float32)

    Source: the tests.
    """

    T = dtypes.floating
    x, y = In("T", "values", shape=(None,)), In("T", "values", shape=(None,))
    z = Out("T", "the sum", shape=())

    def body(self, x, y):
        return blocks["Sum"]()(blocks["Reshape"]()(blocks["ExpandDims"]()(x, 1) * y, [-1]), 0)


def test_sums_in_bodies_of_small_arrays_add_in_the_order_of_a_plan(plans):
    x, y = np.random.default_rng(1).normal(size=(2, 1500))
    assert x.size < COMPILED and x.size * y.size > TILE
    by_itself = Outer()(x, y)
    graph = Graph("outer")
    graph.output("z", Outer()(graph.input("x", "float64", x.shape), graph.input("y", "float64", y.shape)))
    assert not plans and all(same(plan(graph, fuse=fuse).run(x=x, y=y)["z"], by_itself) for fuse in (True, False))
    assert not same(np.add.reduce(np.outer(x, y).reshape(-1)), by_itself), "whole, it adds in another order"

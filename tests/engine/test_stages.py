"""What a program is made of: what errors say of stages with several steps, and what is released after each."""

from __future__ import annotations

import pytest

from dataflow import Graph, blocks, plan
from dataflow.engine.region import Region
from dataflow.engine.stages import Parallel, steps_of


def chain(length):
    graph = Graph()
    x = graph.input("x", "float32", [600_000])
    for _ in range(length):
        x = blocks["Abs"]()(x)
    graph.output("y", x + 1.0)
    return graph


@pytest.mark.parametrize(
    "others, said", [(1, "node 'add_v2' (AddV2) with 1 other"), (3, "node 'add_v2' (AddV2) with 3 others")]
)
def test_several_steps_are_named_by_the_last(others, said):
    (stage,) = plan(chain(others), threads=1).at().stages
    assert isinstance(stage, Region)
    assert (stage.node, stage.who) == ("add_v2", said)
    first, *_ = steps = steps_of(stage)
    assert len(steps) == others + 1
    assert Parallel((first,), 2).who == "node 'abs' (Abs)"  # alone it has no others
    assert steps_of(first) == (first,)


def test_a_stage_releases_what_it_is_told_and_is_otherwise_the_same():
    (stage,) = plan(chain(1), threads=1).at().stages
    released = stage.releasing((7, 8))
    assert released.releases == (7, 8)
    assert released.releasing(stage.releases) == stage

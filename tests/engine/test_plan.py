"""Plans: the bits of a run node by node, little memory, the same plan every time."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import places
import pytest
from sample_graphs import eager, random_graph, training_step
from small_blocks import SameShape

from dataflow import Graph, blocks, plan, run
from dataflow.conformance.equality import same
from dataflow.core.block import In, Out, attr
from dataflow.core.errors import GraphError, RunError
from dataflow.core.kinds import Binary, Opaque
from dataflow.core.ports import flat
from dataflow.engine import parallel, region, tiling
from dataflow.graph.node import Link

SMALL, LARGE = 6, 5000  # columns: small values are copied by a run, large ones are not


@pytest.mark.parametrize("columns", [SMALL, LARGE])
@pytest.mark.parametrize("seed", range(25))
def test_a_plan_gives_the_bits_of_node_by_node(seed, columns):
    graph, wires = random_graph(seed, columns)
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(wires))[: random.integers(1, 5)]
    for i in chosen:
        graph.output(f"y{i}", wires[i])
    planned = plan(graph)
    for _ in range(3):
        feeds = {name: random.normal(size=(3, columns)).astype(np.float32) for name in "abc"}
        expected, got = eager(graph, feeds), planned.run(feeds)
        for i in chosen:
            assert same(got[f"y{i}"], expected[Link(wires[i].node, wires[i].port)])


@pytest.fixture
def tiny_tiles(monkeypatch):
    """Tiles so small that arrays of a few hundred elements have several, for several threads."""
    monkeypatch.setattr(tiling, "TILE", 64)
    monkeypatch.setattr(tiling, "ROW", 16)
    monkeypatch.setattr(region, "SHARED", 100)
    monkeypatch.setattr(parallel, "MIN_PARALLEL", 100)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("seed", range(40))
def test_tiles_give_the_bits_of_node_by_node(seed, threads, tiny_tiles):
    graph, wires = random_graph(seed, 67)
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(wires))[: random.integers(1, 5)]
    for i in chosen:
        graph.output(f"y{i}", wires[i])
    planned, unfused = plan(graph, threads=threads), plan(graph, threads=1, fuse=False)
    for _ in range(2):
        feeds = {name: random.normal(size=(3, 67)).astype(np.float32) for name in "abc"}
        expected, got, plain = eager(graph, feeds), planned.run(feeds), unfused.run(feeds)
        for i in chosen:
            assert same(got[f"y{i}"], expected[Link(wires[i].node, wires[i].port)])
            assert same(got[f"y{i}"], plain[f"y{i}"])


def test_the_first_error_of_steps_at_the_same_time_names_its_node(tiny_tiles):
    graph = Graph()
    x = graph.input("x", "float32", [400])
    graph.output("a", graph.add(Failing(), [x], name="first"))
    graph.output("b", graph.add(Failing(y=1), [x], name="second"))
    with pytest.raises(RunError, match=r"^node 'first' \(Failing\): ValueError: it fails"):
        plan(graph, threads=2).run(x=np.zeros(400, np.float32))


class Failing(Opaque, abstract=True):
    """Cannot run."""

    T = ("float32",)
    x = In("T", "values")
    z = Out("T", "none")
    y: int = attr("tells two apart", default=0)

    def shape_of(self, x):
        return x.shape

    def kernel(self, x):
        raise ValueError("it fails")


def chain(columns, length=12):
    graph = Graph()
    x = graph.input("x", "float32", [4, columns])
    for _ in range(length):
        x = blocks["Tanh"]()(x)
    graph.output("y", x + 1)
    return graph


@pytest.mark.parametrize("columns", [SMALL, LARGE])
def test_a_chain_runs_in_place(columns):
    program = plan(chain(columns)).at()
    assert len(program.in_place) >= 11
    assert program.buffer_sizes == ((4 * 4 * columns,) if columns == SMALL else ())  # large ones in the output's array
    assert program.peak_bytes <= 3 * 4 * 4 * columns


def test_buffers_are_given_back():
    graph = Graph()
    x = graph.input("x", "float32", [64, 64])
    for _ in range(10):
        x = blocks["MatMul"]()(x, x)
    graph.output("y", x)
    assert plan(graph).at().buffer_bytes <= 2 * 64 * 64 * 4


@pytest.mark.parametrize("columns", [SMALL, LARGE])
def test_a_value_that_a_view_still_shows_is_not_overwritten(columns):
    graph = Graph()
    x = graph.input("x", "float32", [4, columns])
    made = x * 2
    shown = blocks["Reshape"]()(made, [-1])
    over = blocks["Tanh"]()(made)
    graph.output("y", shown + blocks["Reshape"]()(over, [-1]))
    fed = np.random.default_rng(0).normal(size=(4, columns)).astype(np.float32)
    assert same(run(graph, x=fed)["y"], (fed * 2 + np.tanh(fed * 2)).reshape(-1))


class TwoPasses(Binary, abstract=True):
    """Writes before it has read all: in place over ``x`` unless ``y`` is the same array."""

    T = ("float32",)
    reuses = ("x",)

    def kernel(self, x, y, out=None):
        out = np.multiply(x, np.float32(3), out=out)
        return np.add(out, y, out=out)


@pytest.mark.parametrize("columns", [4, LARGE])
@pytest.mark.parametrize("other", ["Identity", "Transpose"])
def test_no_step_overwrites_what_it_reads_twice(columns, other):
    graph = Graph()
    x = graph.input("x", "float32", [columns, 4])
    made = x * 2
    if other == "Identity":
        again = blocks["Identity"]()(made)
    else:
        again = blocks["Reshape"]()(blocks["Transpose"]()(made, [1, 0]), [columns, 4])
    graph.output("y", graph.add(TwoPasses(), [made, again]) + 1)
    fed = np.random.default_rng(0).normal(size=(columns, 4)).astype(np.float32)
    twice = fed * 2
    second = twice if other == "Identity" else twice.T.reshape(columns, 4)
    assert same(run(graph, x=fed)["y"], twice * 3 + second + 1)


class Counted(SameShape, abstract=True):
    """Counts its runs."""

    runs = []

    def kernel(self, x):
        self.runs.append(1)
        return np.array(x)


def test_a_wire_read_for_its_shape_is_not_computed():
    graph = Graph()
    x = graph.input("x", "float32", ["N"])
    graph.output("y", blocks["OnesLike"]()(graph.add(Counted(), [x])) * x)
    Counted.runs.clear()
    assert run(graph, x=[3.0, 4.0])["y"].tolist() == [3.0, 4.0]
    assert not Counted.runs


def test_only_what_the_outputs_need_is_run():
    graph = Graph()
    x = graph.input("x", "float32", [2])
    graph.add(Counted(), [x])
    graph.input("unused", "float32", [2])
    graph.output("y", x + 1)
    Counted.runs.clear()
    run(graph, x=[1.0, 2.0])
    assert not Counted.runs


def test_one_program_per_set_of_shapes():
    graph = Graph()
    x = graph.input("x", "float32", ["N", 2])
    graph.output("y", x + 1)
    planned = plan(graph)
    assert "give them with plan.at" in str(planned)
    with pytest.raises(GraphError, match="input 'x' must have a known shape to plan for"):
        planned.at()
    assert planned.at(x=[3, 2]) is planned.at(x=[3, 2])
    planned.run(x=np.ones((3, 2), np.float32))
    planned.run(x=np.ones((5, 2), np.float32))
    assert len(planned.programs) == 2
    assert "for x[3, 2]" in str(planned)
    assert "for x[5, 2]" in str(planned)


def test_the_order_of_nodes_does_not_matter():
    first = training_step()
    second = training_step(["b", "w", "x", "product", "sum", "hidden", "square", "loss"])
    assert first == second
    fed = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    plans = [plan(graph) for graph in (first, second)]
    results = [planned.run(x=fed) for planned in plans]
    assert all(same(results[0][name], results[1][name]) for name in results[0])
    assert str(plans[0]) == str(plans[1])
    assert str(first) == str(second)


DETERMINED = """
import hashlib, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from sample_graphs import training_step
from dataflow import plan
graph = training_step()
planned = plan(graph)
fed = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
results = planned.run(x=fed)
print(graph, planned, *(hashlib.sha256(results[n].tobytes()).hexdigest() for n in results), sep="\\n")
"""


def test_the_same_whatever_the_hash_seed():
    said = set()
    for seed in ("0", "1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", DETERMINED, str(places.TESTS)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        said.add(done.stdout)
    assert len(said) == 1


def test_every_operand_of_a_step_was_made_before():
    program = plan(training_step()).at(x=[2, 4])
    made = set(program.feeds.values()) | set(program.constants)
    for step in program.steps:
        assert set(flat(step.reads)) <= made
        made |= set(step.writes)
    assert set(program.outputs.values()) <= made


def test_planning_gives_no_warnings_whatever_memory_holds(monkeypatch):
    """The kernel of SumToLike runs once on uninitialized memory, to see whether it gives a view."""
    empty = np.empty
    monkeypatch.setattr(np, "empty", lambda shape, dtype=float: np.full(empty(shape, dtype).shape, 127, dtype))
    graph = Graph("sum")
    x = graph.input("x", "float32", [3])
    y = blocks["Multiply"]()(x, np.ones((5, 3), np.float32))
    graph.output("y", blocks["SumToLike"]()(y, x))
    np.testing.assert_array_equal(run(graph, x=[1.0, 2.0, 3.0])["y"], np.float32([5, 10, 15]))

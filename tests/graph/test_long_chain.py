"""A chain of 10,000 nodes, its file written backwards: nothing may walk a graph by recursion."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from graph_text import same

import dataflow as flow
from dataflow.graphfile.load import check
from dataflow.inspection import mermaid

pytestmark = pytest.mark.slow

COUNT = 10_000
BLOCKS = ("block: Add, inputs: {x: %s, y: 1}", "block: Negate, inputs: {x: %s}")  # four in a row give back what came


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    nodes = [f"  n{i}: {{{BLOCKS[i % 2] % (f'n{i - 1}' if i else 'x')}}}\n" for i in range(COUNT)]
    text = f"inputs: {{x: 'float32[2]'}}\nnodes:\n{''.join(reversed(nodes))}outputs: {{y: n{COUNT - 1}}}\n"
    path = tmp_path_factory.mktemp("long") / "chain.yaml"
    path.write_text(f"dataflow: 1\n{text}")
    return path


@pytest.fixture(scope="module")
def graph(path):
    return flow.load(path)


def test_it_is_read_checked_and_saved(path, graph):
    assert check(path) == []
    assert len(graph.nodes) == COUNT + 1
    flow.save(graph, path.with_name("saved.yaml"))
    assert flow.load(path.with_name("saved.yaml")) == graph


def test_it_runs(graph):
    same(flow.run(graph, x=[1, -2])["y"], np.float32([1, -2]))
    assert f"n{COUNT - 1}" in str(flow.plan(graph))


def test_its_gradient_runs(graph):
    outputs = flow.run(flow.gradient(graph, of="y", wrt=["x"]), x=[1, -2])
    same(outputs["grad_x"], np.float32([1, 1]))


def test_it_is_pickled_and_described(graph):
    assert pickle.loads(pickle.dumps(graph)) == graph
    assert pickle.loads(pickle.dumps(flow.plan(graph))).run(x=[3, 4])["y"].tolist() == [3, 4]
    assert len(flow.describe(graph)["nodes"]) == COUNT
    assert mermaid(graph).count("\n") > COUNT
    assert str(graph).count("\n") == COUNT

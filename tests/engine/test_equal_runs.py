"""Every graph that ships gives the same bits with fusion, threads and compiled kernels on and off."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from itertools import product

import pytest
from shipped_graphs import FILES, ROOT, feeds_of, params_of

import dataflow as flow
from dataflow.conformance.equality import same
from dataflow.engine import parallel, region, tiling
from dataflow.engine.plan import Plan
from dataflow.engine.settings import Settings
from dataflow.training.data import load_data
from dataflow.training.step_graph import expand

pytestmark = pytest.mark.slow

KERNELS = ["numpy", *(["jit"] if find_spec("numba") else [])]


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    """Tiles so small that the arrays of these graphs have many."""
    monkeypatch.setattr(tiling, "TILE", 256)
    monkeypatch.setattr(tiling, "ROW", 64)
    monkeypatch.setattr(tiling, "COMPILED", 128)
    monkeypatch.setattr(region, "SHARED", 512)
    monkeypatch.setattr(parallel, "MIN_PARALLEL", 4096)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_graphs(path, tmp_path):
    shutil.copytree(ROOT / "graphs", tmp_path / "graphs")
    (tmp_path / ".dataflow").touch()
    graph = flow.load(tmp_path / path.relative_to(ROOT), **params_of(path))
    feeds = feeds_of(graph)
    expected = flow.plan(graph, fuse=False, threads=1, kernels="numpy").run(feeds)
    for fuse, threads, kernels in product((True, False), (1, 3), KERNELS):
        got = flow.plan(graph, fuse=fuse, threads=threads, kernels=kernels).run(feeds)
        for name, value in expected.items():
            assert same(got[name], value), f"{name} with fuse={fuse}, threads={threads}, kernels={kernels}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_graphs_with_every_port_watched(path, tmp_path):
    shutil.copytree(ROOT / "graphs", tmp_path / "graphs")
    (tmp_path / ".dataflow").touch()
    graph = flow.load(tmp_path / path.relative_to(ROOT), **params_of(path))
    feeds, shown = feeds_of(graph), {}
    expected = flow.plan(graph).run(feeds)
    for threads, kernels in product((1, 3), KERNELS):
        before, shown = shown, {}
        got = flow.plan(graph, threads=threads, kernels=kernels, watch="all").run(feeds, observe=shown.__setitem__)
        assert shown.keys() == {f"{node.name}.{port}" for node in graph.nodes.values() for port in node.types}
        for name, value in expected.items():
            assert same(got[name], value), f"{name} with threads={threads}, kernels={kernels}"
        for name, value in before.items():
            assert same(shown[name], value), f"{name} with threads={threads}, kernels={kernels}"


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_training_steps(name):
    graph = flow.load(ROOT / "graphs" / "digits" / f"{name}.yaml", **({"training": True} if name == "cnn" else {}))
    step = expand(graph)
    feeds = {port: array[:32] for port, array in load_data(graph, None).items()}

    def variables(**given):
        state, planned = flow.State(step), Plan(step, steps=True, settings=Settings.of(**given))
        for _ in range(2):
            planned.run(feeds, state=state)
        return state.variables

    expected = variables(fuse=False, threads=1, kernels="numpy")
    for fuse, threads, kernels in product((True, False), (1, 3), KERNELS):
        got = variables(fuse=fuse, threads=threads, kernels=kernels)
        for variable, value in expected.items():
            assert same(got[variable], value), f"{variable} with fuse={fuse}, threads={threads}, kernels={kernels}"

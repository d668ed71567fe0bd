"""Compiled kernels give the same bits as those of NumPy: on recorded vectors, special values and random graphs."""

from __future__ import annotations

import importlib
import logging
import pickle

import numpy as np
import places
import pytest
from golden import reader
from golden.comparison import called, wired_up
from sample_graphs import random_graph

from dataflow import Graph, blocks, plan
from dataflow.conformance.equality import same
from dataflow.core.block import Block
from dataflow.core.kinds import Unary
from dataflow.engine import jit, render_numba, tiling

pytestmark = pytest.mark.slow

pytest.importorskip("numba", reason="compiled kernels are an extra: pip install 'dataflow-blocks[jit]'")

GOLDEN = places.GOLDEN


@pytest.fixture
def compiled(monkeypatch):
    """Compiled kernels for arrays of any size."""
    monkeypatch.setenv("DATAFLOW_KERNELS", "jit")
    monkeypatch.setattr(tiling, "COMPILED", 0)


def with_kernels():
    """Blocks with an element function or a compiled kernel."""
    every = {blocks[name] for name in blocks}
    return sorted(
        c.__name__ for c in every if c.element is not None or c.compiled_partials is not Block.compiled_partials
    )


def recorded():
    return sorted({blocks[path.stem].__name__ for path in GOLDEN.glob("*.npz")} & set(with_kernels()))


def test_the_quantization_family_is_compiled():
    family = {name for name in blocks if name.startswith(("FakeQuantWithMinMax", "QuantizeAndDequantize"))}
    assert family <= set(with_kernels())


@pytest.mark.parametrize("name", recorded())
def test_recorded_vectors(name, compiled):
    for path in (path for path in GOLDEN.glob("*.npz") if blocks[path.stem].__name__ == name):
        for case in reader.load(path):
            called(case)
            wired_up(case)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("seed", range(6))
def test_random_graphs(seed, threads, compiled, monkeypatch):
    monkeypatch.setattr(tiling, "TILE", 64)
    monkeypatch.setattr(tiling, "ROW", 16)
    monkeypatch.setattr("dataflow.engine.region.SHARED", 100)
    graph, wires = random_graph(seed, 67)
    for i, wire in enumerate(wires[-6:]):
        graph.output(f"y{i}", wire)
    random = np.random.default_rng(seed)
    feeds = {name: random.normal(size=(3, 67)).astype(np.float32) for name in "abc"}
    got = plan(graph, threads=threads).run(feeds)
    expected = plan(graph, threads=1, kernels="numpy", fuse=False).run(feeds)
    assert all(same(got[name], expected[name]) for name in expected)


def line(size):
    graph = Graph()
    x = graph.input("x", "float32", [size])
    graph.output("y", blocks["Abs"]()(x * 2.0 + 1.0))
    return graph


def test_a_plan_compiles_after_a_second_of_runs(monkeypatch, caplog):
    monkeypatch.setattr(importlib.import_module("dataflow.engine.plan"), "WARM", -1.0)
    planned = plan(line(5000), kernels="auto")
    fed = np.linspace(-1, 1, 5000, dtype=np.float32)
    with caplog.at_level(logging.INFO, "dataflow"):
        first = planned.run(x=fed)["y"]
        assert not caplog.records
        second = planned.run(x=fed)["y"]
    assert "compiled 3 blocks into one loop" in caplog.text
    assert same(first, second)


def test_a_plan_with_compiled_kernels_may_be_pickled(compiled):
    planned = plan(line(5000))
    fed = np.linspace(-1, 1, 5000, dtype=np.float32)
    first = planned.run(x=fed)["y"]
    assert same(pickle.loads(pickle.dumps(planned)).run(x=fed)["y"], first)


def test_read_only_inputs(compiled):
    fed = np.linspace(-1, 1, 5000, dtype=np.float32)
    fed.flags.writeable = False
    assert same(plan(line(5000)).run(x=fed)["y"], np.abs(fed * 2 + 1))


def test_what_cannot_be_compiled_runs_with_numpy(compiled, monkeypatch, caplog):
    def broken(name, text):
        raise RuntimeError("no room")

    monkeypatch.setattr(jit, "_module", broken)
    render_numba.fused.cache_clear()
    fed = np.linspace(-1, 1, 5000, dtype=np.float32)
    assert same(plan(line(5000)).run(x=fed)["y"], np.abs(fed * 2 + 1))
    assert "cannot compile 3 blocks into one loop: RuntimeError: no room" in caplog.text
    render_numba.fused.cache_clear()


def test_an_element_function_without_source_runs_with_numpy(compiled):
    scope = {}
    source = """
class Doubled(Unary, abstract=True):
    T = ("float32",)

    def kernel(self, x, out=None):
        return np.add(x, x, out=out)

    @staticmethod
    def element(x):
        return x + x
"""
    exec(source, {"Unary": Unary, "np": np, "__name__": "typed_in"}, scope)
    graph = Graph()
    x = graph.input("x", "float32", [5000])
    graph.output("y", blocks["Abs"]()(scope["Doubled"]()(x) + 1.0))
    fed = np.linspace(-1, 1, 5000, dtype=np.float32)
    assert same(plan(graph).run(x=fed)["y"], np.abs(fed * 2 + 1))


def test_a_block_that_does_not_compile_for_its_dtype_leaves_the_others_compiled(compiled):
    graph = Graph()
    x = graph.input("x", "float32", [5000])
    graph.output("y", blocks["Cast"](DstT="uint64")(x * x + 1.0))
    fed = np.linspace(-9, 9, 5000, dtype=np.float32)
    planned = plan(graph)
    assert same(planned.run(x=fed)["y"], (fed * fed + 1).astype(np.uint64))
    (stage,) = planned.at().stages
    assert stage.jit.looped == {0, 1} and stage.jit.compiles


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxArgs"])
def test_dtypes_without_compiled_loops_stay_with_numpy(name, dtype, monkeypatch):
    x = blocks["Cast"](DstT=dtype)(np.random.default_rng(0).standard_normal(9000).astype(np.float32))
    ends = (np.float32(-1), np.float32(2)) if name.endswith("Vars") else ()
    made = []
    for kernels in ("numpy", "jit"):
        monkeypatch.setenv("DATAFLOW_KERNELS", kernels)
        made.append(blocks[name]()(x, *ends).astype(np.float32))
    np.testing.assert_array_equal(*made)


def test_loops_that_cannot_be_compiled_have_scratch_for_values_within(monkeypatch):
    graph = Graph()
    x = graph.input("x", shape=[20_000])
    first, second = x + 1.0, x * x
    third = first - second
    graph.output("y", (first * third + second) * first + third * second)
    feed = np.linspace(-1, 1, 20_000).astype(np.float32)
    expected = plan(graph, kernels="numpy").run(x=feed)["y"]
    monkeypatch.setattr(render_numba, "fused", lambda *_: None)
    assert same(plan(graph, kernels="jit").run(x=feed)["y"], expected)

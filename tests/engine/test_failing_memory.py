"""Each allocation and each kernel of a run fails once: the error names a node, nothing has changed, and the next run
of the same plan gives the right bits."""

from __future__ import annotations

import re
import sys
from threading import Lock

import numpy as np
import pytest

from dataflow import State, blocks
from dataflow.core import scratch
from dataflow.core.errors import RunError
from dataflow.engine import jit, render_numba, result_pool
from dataflow.engine.plan import Plan
from dataflow.engine.settings import Settings
from dataflow.graph.graph import Graph
from dataflow.training.step_graph import expand

pytestmark = pytest.mark.slow

NAMED = re.compile(r"(node '[\w/]+' \(\w+\)[^:]*|(in|out)put '[\w/']+'): ")
ALLOCATING = (
    *("array", "asarray", "ascontiguousarray", "copy", "empty", "zeros", "ones", "full", "arange"),
    *("empty_like", "zeros_like", "ones_like", "full_like", "concatenate", "stack", "repeat", "tile", "where"),
)


class Faults:
    """Counts the calls that may fail, and fails the one with the number ``at``."""

    def __init__(self):
        self.at, self.count, self.lock, self.error = 0, 0, Lock(), MemoryError

    def arm(self, at):
        self.at, self.count = at, 0

    def strike(self):
        if not self.at:
            return
        with self.lock:
            self.count += 1
            struck = self.count == self.at
        if struck:
            raise self.error("struck")

    def before(self, function):
        """The function, which fails at its turn."""

        def faulty(*args, **named):
            self.strike()
            return function(*args, **named)

        return faulty


class FaultyNumPy:
    """NumPy with allocations that may fail."""

    def __init__(self, faults):
        self.__dict__ |= {name: faults.before(getattr(np, name)) for name in ALLOCATING}

    def __getattr__(self, name):
        return getattr(np, name)


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def allocations(faults, monkeypatch):
    """Every module of the project allocates with faults."""
    faulty = FaultyNumPy(faults)
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("dataflow", "blocks") and getattr(module, "np", None) is np:
            monkeypatch.setattr(module, "np", faulty)
    return faults


@pytest.fixture
def kernels(faults, monkeypatch):
    """Every kernel, compiled or not, runs with faults."""
    faults.error = RuntimeError
    for block in blocks.values():
        monkeypatch.setattr(block, "kernel", faults.before(block.kernel))
        call, compiled = block.kernel_for, block.compiled_partials
        monkeypatch.setattr(block, "kernel_for", property(lambda self, call=call: faults.before(call.__get__(self))))
        faulty = property(lambda self, c=compiled: (made := c.__get__(self)) and faults.before(made))
        monkeypatch.setattr(block, "compiled_partials", faulty)
    loop = render_numba.fused
    monkeypatch.setattr(render_numba, "fused", lambda *args: (made := loop(*args)) and faults.before(made))
    return faults


def chain():
    """A graph that is fused, with a sum, two outputs, and a fake quantization that precomputes its range."""
    graph = Graph()
    x, low, high = (
        graph.input("x", "float32", ["N"]),
        graph.input("low", "float32", []),
        graph.input("high", "float32", []),
    )
    y = blocks["FakeQuantWithMinMaxVars"]()(blocks["Softplus"]()(x * 3.0) - 1.0, low, high)
    graph.output("y", y)
    graph.output("mean", blocks["Mean"]()(y * x, [0]))
    return graph


def feeds(size):
    return {"x": np.linspace(-3, 3, size, dtype=np.float32), "low": np.float32(-1), "high": np.float32(2)}


def late():
    """A graph whose shapes only the run decides."""
    graph = Graph()
    wide = blocks["Tile"]()(graph.input("x", "float32", ["N"]), graph.input("times", "int32", [1]))
    graph.output("y", blocks["Softplus"]()(wide) * 2.0)
    graph.output("z", blocks["Reshape"]()(wide, [-1, 2]))
    return graph


def training():
    """A training step of a small network with dropout and Adam."""
    graph = Graph()
    random = np.random.default_rng(4)
    x, labels = graph.input("x", "float32", [8, 5]), graph.input("labels", "int32", [8])
    w = graph.variable("w", random.normal(size=(5, 6)).astype(np.float32))
    v = graph.variable("v", random.normal(size=(6, 3)).astype(np.float32))
    hidden = blocks["Dropout"]()(blocks["Relu"]()(blocks["MatMul"]()(x, w)), 0.3)[0]
    losses = blocks["SparseSoftmaxCrossEntropyWithLogits"]()(blocks["MatMul"]()(hidden, v), labels)[0]
    graph.output("loss", blocks["Mean"]()(losses, [0]))
    graph.sections["train"] = {"minimize": "loss", "optimizer": {"block": "ApplyAdam"}, "epochs": 1, "batch_size": 8}
    given = {"x": random.normal(size=(8, 5)).astype(np.float32), "labels": np.arange(8, dtype=np.int32) % 3}
    return expand(graph), given


CASES = {
    "fused": lambda: (chain(), feeds(600_000), {"kernels": "numpy", "threads": 1}),
    "fused, two threads": lambda: (chain(), feeds(3_000_000), {"kernels": "numpy", "threads": 2}),
    "compiled": lambda: (chain(), feeds(50_000), {"kernels": "jit", "threads": 1}),
    "compiled, two threads": lambda: (chain(), feeds(3_000_000), {"kernels": "jit", "threads": 2}),
    "unfused": lambda: (chain(), feeds(600_000), {"kernels": "numpy", "threads": 1, "fuse": False}),
    "small": lambda: (chain(), feeds(10), {"kernels": "numpy", "threads": 1}),
    "late": lambda: (late(), {"x": np.ones(50, np.float32), "times": np.array([4], np.int32)}, {"threads": 1}),
    "training": lambda: (*training(), {"kernels": "numpy", "threads": 1}),
    "training, two threads": lambda: (*training(), {"kernels": "numpy", "threads": 2}),
}


def survived(graph, given, settings, faults):
    """The number of calls of one run that could fail, after each did, with the right error."""
    stateful = bool(graph.updates)

    planned = Plan(graph, stateful, Settings.of(**settings))

    def fresh():
        """A state, and the plan without memory from earlier runs."""
        result_pool.results.clear()
        scratch._threads.__dict__.clear()
        planned._idle = {key: [] for key in planned._idle}
        return State(graph, 7) if stateful else None

    state = fresh()
    right = planned.run(given, state=state)
    after = {} if state is None else state.variables
    for at in range(1, 1000):
        state = fresh()
        before = {} if state is None else dict(state.variables)
        faults.arm(at)
        try:
            planned.run(given, state=state)
        except RunError as error:
            assert NAMED.match(str(error)), str(error)
        else:
            if faults.count < at:
                return at - 1
        finally:
            faults.arm(0)
        if state is not None and not state.step:
            assert all(state.variables[name] is value for name, value in before.items())
            made = planned.run(given, state=state)
            assert {n: v.tobytes() for n, v in state.variables.items()} == {n: v.tobytes() for n, v in after.items()}
        else:
            made = planned.run(given)
        assert {name: value.tobytes() for name, value in made.items()} == {
            name: value.tobytes() for name, value in right.items()
        }
    raise AssertionError("a run that never ends")


def planned_case(case):
    if "compiled" in case and not jit.available():
        pytest.skip("needs Numba: pip install 'dataflow-blocks[jit]'")
    graph, given, settings = CASES[case]()
    Plan(graph, bool(graph.updates), Settings.of(**settings)).run(
        given, **({"state": State(graph)} if graph.updates else {})
    )
    return graph, given, settings


@pytest.mark.parametrize("case", CASES)
def test_each_allocation_fails_once(case, request):
    graph, given, settings = planned_case(case)  # compiled with the real NumPy
    assert survived(graph, given, settings, request.getfixturevalue("allocations")) > 3


@pytest.mark.parametrize("case", CASES)
def test_each_kernel_fails_once(case, request):
    graph, given, settings = planned_case(case)
    assert survived(graph, given, settings, request.getfixturevalue("kernels")) > 0

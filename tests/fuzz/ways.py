"""The ways in which a graph comes to its outputs, all of which must give the same bits."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from dataflow import Graph, Kept, State, load, plan, save
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.engine.plan import Plan
from dataflow.engine.settings import Settings
from dataflow.graph.node import Link

from .reference import Feeds, node_by_node

COMPILES = find_spec("numba") is not None


Run = Callable[[Feeds], dict[str, Array]]


@dataclass(frozen=True)
class Setting:
    """A way to run a graph, and what must not change a bit of what it gives."""

    kernels: str = "numpy"
    fuse: bool = True
    threads: int = 1
    way: str = "planned"

    def __str__(self) -> str:
        return f"{self.way}, kernels={self.kernels}, fuse={self.fuse}, threads={self.threads}"

    def runner(self, graph: Graph) -> Run:
        """A function of feeds that gives outputs; it may be called again and again."""
        return WAYS[self.way](graph, self)


NUMPY = (
    Setting(fuse=False),
    Setting(),
    Setting(way="turned", threads=2),
    Setting(threads=4),
    Setting(fuse=False, threads=4),
    Setting(way="called", threads=4),
    Setting(way="stepped"),
    Setting(way="watched", threads=2),
    Setting(way="kept", threads=2),
)
JIT = (
    Setting("jit"),
    Setting("jit", threads=4, way="turned"),
    Setting("auto", threads=2),
    Setting("jit", fuse=False),
    Setting("jit", way="called"),
    Setting("jit", way="watched"),
)
THOROUGH = (Setting(), Setting("auto", threads=2))  # run several times whatever it costs
SOMETIMES = (Setting(way="stored"), Setting(way="open", threads=2))  # they cost more than they find


def _planned(graph: Graph, setting: Setting) -> Run:
    return plan(graph, kernels=setting.kernels, fuse=setting.fuse, threads=setting.threads).run


def _turned(graph: Graph, setting: Setting) -> Run:
    """With inputs that lie in Fortran order."""
    run = _planned(graph, setting)
    return lambda feeds: run({name: np.array(value, order="F") for name, value in feeds.items()})


def _called(graph: Graph, setting: Setting) -> Run:
    """Blocks called one by one on arrays as they were fed, with these kernels and threads."""

    def run(feeds: Feeds) -> dict[str, Array]:
        with environment(setting.kernels, setting.threads):
            outputs, failures = node_by_node(graph, feeds)
        for failure in failures.values():
            raise DataflowError(str(failure))
        return outputs

    return run


def _stepped(graph: Graph, setting: Setting) -> Run:
    """As a step, with variables in a state; what they become is among the outputs as ``next_`` and their name."""
    graph = graph.copy()  # without the updates that are no outputs: they may fail
    graph.drop(set(graph.nodes) - graph.ancestors(link.node for link in graph.outputs.values()))
    planned = Plan(graph, steps=True, settings=Settings.of(setting.threads, setting.kernels, setting.fuse))
    kept = {name for name, node in graph.nodes.items() if node.block.stateful}

    def run(feeds: Feeds) -> dict[str, Array]:
        feeds = {name: value for name, value in feeds.items() if name in graph.nodes}
        state = State(graph, values={name: value for name, value in feeds.items() if name in kept})
        outputs = planned.run({name: value for name, value in feeds.items() if name not in kept}, state=state)
        return outputs | {f"next_{v}": state.variables[v] for v in graph.updates if f"next_{v}" in outputs}

    return run


def _stored(graph: Graph, setting: Setting) -> Run:
    """Written to a graph file and read from it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.yaml"
        save(graph, path)
        again = load(path)
    if again != graph:
        raise DataflowError("a graph must be the same after it was saved and loaded, got another one")
    return _planned(again, setting)


def _open(graph: Graph, setting: Setting) -> Run:
    """With inputs whose sizes are not known before the run."""
    opened = Graph(graph.name)
    for node in graph.order():
        block: Any = node.block
        shape = getattr(block, "shape", None)
        if type(node.block).__name__ == "Placeholder" and shape:
            block = type(block)(dtype=block.dtype, shape=[None, *shape[1:]])
            opened.insert(replace(node, block=block, types={port: block.infer()[0] for port in node.types}))
        else:
            opened.insert(node)
            retyped = opened.retyped(node)
            opened.drop([node.name])
            opened.insert(retyped)
    opened.outputs = dict(graph.outputs)
    return _planned(opened, setting)


def _watched(graph: Graph, setting: Setting) -> Run:
    """With every port that is needed watched: the outputs are taken from what was shown."""
    kept = graph.ancestors(link.node for link in graph.outputs.values())
    ports = [f"{node}.{port}" for node in kept for port in graph.nodes[node].types]
    planned = plan(graph, kernels=setting.kernels, fuse=setting.fuse, threads=setting.threads, watch=ports)

    def run(feeds: Feeds) -> dict[str, Array]:
        shown: dict[str, Array] = {}
        planned.run(feeds, observe=shown.__setitem__)
        return {name: shown[f"{link.node}.{link.port}"] for name, link in graph.outputs.items()}

    return run


def _kept(graph: Graph, setting: Setting) -> Run:
    """By values that were kept: every second node runs again, in a part of the graph that is cut out for it."""
    kept = Kept(threads=setting.threads, kernels=setting.kernels)

    def run(feeds: Feeds) -> dict[str, Array]:
        kept.run(graph, feeds)
        for name in [*kept._kept][::2]:
            del kept._kept[name]
        return kept.run(graph, feeds)

    return run


WAYS = {
    "planned": _planned,
    "turned": _turned,
    "watched": _watched,
    "kept": _kept,
    "called": _called,
    "stepped": _stepped,
    "stored": _stored,
    "open": _open,
}


@contextmanager
def environment(kernels: str, threads: int) -> Iterator[None]:
    """The kernels and threads of blocks that are called by themselves."""
    mine = {"DATAFLOW_KERNELS": kernels, "DATAFLOW_THREADS": str(threads)}
    before = {name: os.environ.get(name) for name in mine}
    os.environ |= mine
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def with_next(graph: Graph) -> None:
    """What variables become as outputs, so that every way gives it."""
    taken = {name: Link(link.node, link.port) for name, link in graph.updates.items()}
    graph.outputs |= {f"next_{name}": link for name, link in taken.items()}

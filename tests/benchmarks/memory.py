"""The memory that a run, or the loading of a graph, takes at its peak: in a process where only the code is warm."""

from __future__ import annotations

import gc
import signal
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from dataflow.core import scratch
from dataflow.engine.result_pool import results

from . import ours
from .names import NAIVE, OUTPUTS
from .peers.with_numpy import NumPy
from .timing import Run

FEW = 10_000  # elements, enough for compiled kernels
RUNS = ("chain", "fake_quant", "fake_quant_gradient")


def peak(what: str, size: int, way: str) -> int:
    """Bytes that the first run of an op or chain takes at its peak, outputs included, or that its outputs take."""
    return _by_itself(_weigh, what, size, way)


def loading(count: int, way: str) -> int:
    """Bytes that loading a file of so many additions takes at its peak, or that the graph keeps of them."""
    return _by_itself(_weigh_loading, count, way)


def _by_itself(weigh: Callable[..., int], *args: object) -> int:
    # the process is short: it may end by itself when all is stopped
    with ProcessPoolExecutor(1, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        return pool.submit(weigh, *args).result()


def _weigh_loading(count: int, way: str) -> int:
    x = np.zeros(4, np.float32)
    run, few = (ours.loading(ours.text_of(ours.adds(x, x, nodes)[0])) for nodes in (count, 1))
    few()
    tracemalloc.start()
    graph = run()
    gc.collect()
    held, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(graph.nodes) > count
    return held if way == OUTPUTS else highest


def _weigh(what: str, size: int, way: str) -> int:
    way_run = NAIVE if way == OUTPUTS else way
    _prepared(what, FEW, way_run)()  # Numba and its compiler are loaded once in a process, for any number of runs
    scratch._threads.__dict__.clear()
    results.clear()
    run = _prepared(what, size, way_run)
    tracemalloc.start()
    result = run()
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    outputs = result if isinstance(result, tuple) else (result,)
    return sum(np.asarray(o).nbytes for o in outputs) if way == OUTPUTS else highest


def _prepared(what: str, size: int, way: str) -> Run:
    arrays = _arrays(what, size)
    if way == NAIVE:
        run = NumPy().prepare(what, *arrays)
        assert run is not None
        return run
    runs = ours.planned(*ours.chain(*arrays)) if what == "chain" else ours.prepare(what, *arrays)
    return runs[way]


def _arrays(what: str, size: int) -> list[Any]:
    x = np.random.default_rng(0).standard_normal(size, np.float32)
    if what == "chain":
        return [x]
    ends = [np.array(-3, np.float32), np.array(3, np.float32)]
    return [x, *ends] if what == "fake_quant" else [x[::-1].copy(), x, *ends]

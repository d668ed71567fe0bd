"""Memory of results: reused once nobody holds them, and not before."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.engine.result_pool import ResultPool, results

SIZE = 1 << 20


def test_the_memory_of_a_result_is_reused_once_nobody_holds_it():
    pool = ResultPool()
    first = pool.empty((SIZE,), np.float32)
    place = first.ctypes.data
    second = pool.empty((SIZE,), np.float32)
    assert second.ctypes.data != place
    view = first[10:]
    del first
    assert pool.empty((SIZE,), np.float32).ctypes.data not in (place, second.ctypes.data)
    del view
    assert pool.empty((SIZE,), np.float32).ctypes.data == place


def test_a_result_keeps_its_values_while_it_is_held():
    graph = flow.Graph()
    x = graph.input("x", "float32", [SIZE])
    graph.output("y", x * 2.0)
    planned = flow.plan(graph)
    held = [planned.run(x=np.full(SIZE, i, np.float32))["y"] for i in range(3)]
    assert [float(array[0]) for array in held] == [0.0, 2.0, 4.0]
    view = planned.run(x=np.full(SIZE, 7, np.float32))["y"][:5]
    planned.run(x=np.full(SIZE, 8, np.float32))
    assert view.tolist() == [14.0] * 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_process_may_run_whatever_its_parent_was_doing():
    with results.lock:  # as if another thread held it
        child = os.fork()
        if not child:
            signal.alarm(20)
            blocks["Square"]()(np.ones(600_000, np.float32))
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

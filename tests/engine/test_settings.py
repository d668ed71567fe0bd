"""Threads and kernels: from arguments, the environment and the command line."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.core.errors import DataflowError
from dataflow.core.thread_pool import cores
from dataflow.engine import jit
from dataflow.engine.settings import Settings


def test_arguments_come_before_the_environment(monkeypatch):
    monkeypatch.setenv("DATAFLOW_THREADS", "3")
    monkeypatch.setenv("DATAFLOW_KERNELS", "numpy")
    assert Settings.of() == Settings(3, "numpy")
    assert Settings.of(threads=2).threads == 2
    monkeypatch.delenv("DATAFLOW_THREADS")
    assert Settings.of().threads == cores()


@pytest.mark.parametrize(
    "given, variable, text",
    [
        ({"threads": 0}, None, "setting 'threads' must be a whole number from 1 to 256, got 0"),
        ({"kernels": "fast"}, None, "setting 'kernels' must be one of auto, numpy, jit, got 'fast'"),
        ({}, ("DATAFLOW_THREADS", "many"), "environment variable DATAFLOW_THREADS must be a whole number"),
        (
            {},
            ("DATAFLOW_KERNELS", "x"),
            "environment variable DATAFLOW_KERNELS must be one of auto, numpy, jit, got 'x'",
        ),
    ],
)
def test_invalid_settings_are_refused(given, variable, text, monkeypatch):
    if variable:
        monkeypatch.setenv(*variable)
    with pytest.raises(DataflowError, match=text):
        Settings.of(**given)


def test_plans_run_in_threads_of_the_caller():
    graph = flow.Graph()
    x = graph.input("x", "float32", [300_000])
    graph.output("y", flow.blocks["Mean"]()(flow.blocks["Square"]()(x) - 1.0, [0]))
    planned = flow.plan(graph, threads=2)
    seen = []

    def work():
        for value in (1.0, 2.0, 3.0):
            seen.append((value, float(planned.run(x=np.full(300_000, value, np.float32))["y"])))

    callers = [threading.Thread(target=work) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(seen) == 12
    assert all(got == value**2 - 1 for value, got in seen)


WRONG_BYTES = [{"max_bytes": value} for value in (float("nan"), "1MB", -1, 1.5)]
WRONG_KINDS = [*({"threads": value} for value in ([1], 1.5, True)), {"fuse": "no"}, {"fuse": 0}]


@pytest.mark.parametrize("given", [*WRONG_BYTES, *WRONG_KINDS], ids=str)
def test_settings_of_another_kind_are_refused(given):
    graph = flow.Graph()
    graph.output("y", blocks["Exp"]()(graph.input("x", shape=[3])))
    with pytest.raises(DataflowError, match=f"setting '{next(iter(given))}' must be"):
        flow.plan(graph, **given)


def test_jit_without_numba_is_refused(monkeypatch):
    monkeypatch.setattr(jit, "available", lambda: False)
    with pytest.raises(DataflowError, match="setting 'kernels' must have Numba installed for 'jit', got none"):
        Settings.of(kernels="jit")
    assert Settings.of(kernels="auto").kernels == "numpy"

"""Blocks called on arrays."""

from __future__ import annotations

import pickle
import sys
import threading

import numpy as np
import pytest

from dataflow import blocks
from dataflow.engine import eager


def test_one_block_may_be_called_by_many_threads_on_many_shapes(monkeypatch):
    monkeypatch.setattr(eager, "_MOST", 1)
    block, failures = blocks["Square"](), []

    def call(start):
        try:
            for size in range(start, start + 300):
                assert block(np.ones(size, np.float32)).shape == (size,)
        except Exception as error:
            failures.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    callers = [threading.Thread(target=call, args=(4096 + i,)) for i in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    sys.setswitchinterval(before)
    assert not failures


def test_a_pickle_holds_no_regions():
    block = blocks["LeakyReluGrad"](alpha=0.5)
    block(np.ones(20_000, np.float32), np.ones(20_000, np.float32))
    again = pickle.loads(pickle.dumps(block))
    assert "_regions" in vars(block)
    assert vars(again).keys() - {"_key"} == {"alpha"}
    assert again == block


@pytest.mark.parametrize("n", [5, 20_000, 600_000])
@pytest.mark.parametrize("name", ["Maximum", "Minimum", "Add", "Pow", "SquaredDifference", "Mod"])
def test_a_number_of_more_dims_gives_the_result_its_rank(name, n):
    assert blocks[name]()(np.ones(n, np.float32), np.ones((1, 1), np.float32)).shape == (1, n)
    assert blocks[name]()(np.ones((1, 1), np.float32), np.ones(n, np.float32)).shape == (1, n)


def test_results_are_rounded_without_warnings():
    block = blocks["FakeQuantWithMinMaxVarsGradient"](num_bits=2)
    with np.errstate(all="raise"):
        made = block(np.full(8, 3e38, np.float32), np.full(8, -1, np.float32), np.float32(0), np.float32(3))
    assert made.backprop_wrt_min == np.inf

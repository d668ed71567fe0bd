"""Who runs blocks that are called on arrays: the registered engine, or without one the kernels themselves."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from dataflow import blocks
from dataflow.conformance.equality import same
from dataflow.core import evaluator
from dataflow.engine import evaluate

X = np.linspace(-3, 3, 600_000, dtype=np.float32)


@pytest.fixture
def no_engine(monkeypatch):
    monkeypatch.setattr(evaluator, "_loader", evaluator._loader)
    evaluator.register(evaluator.WholeArrays)
    yield
    evaluator.current.cache_clear()


def test_the_engine_is_registered_and_asked():
    asked = []

    class Asked(evaluator.WholeArrays):
        def compute(self, block, arrays, outputs, **key):
            asked.append(block)
            return super().compute(block, arrays, outputs, **key)

    assert evaluator.current() is evaluate
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluator, "_loader", evaluator._loader)
        evaluator.register(Asked)
        blocks["Relu"]()(X)
    evaluator.current.cache_clear()
    assert asked == [blocks["Relu"]()]


@pytest.mark.parametrize("name", ["Relu", "Mean", "FakeQuantWithMinMaxArgsGradient"])
def test_without_an_engine_the_bits_are_the_same(name, no_engine):
    given = {"Relu": [X], "Mean": [X, [0]], "FakeQuantWithMinMaxArgsGradient": [X[::-1].copy(), X]}[name]
    alone = blocks[name]()(*given)
    evaluator.register(lambda: evaluate)
    assert same(alone, blocks[name]()(*given))


def test_a_block_imports_no_engine():
    program = (
        "import sys; from dataflow.core.block import Block; from dataflow.core.kinds import Unary\n"
        "print([m for m in sys.modules if m.startswith('dataflow.engine')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

"""Compiled loops over quantized numbers give the bits of NumPy's passes, for awkward ranges and shapes too."""

from __future__ import annotations

import numpy as np
import pytest

from blocks.kernels import quantized_loops
from dataflow import Graph, blocks, plan
from dataflow.conformance.equality import same
from dataflow.core.dtypes import name_of
from dataflow.core.evaluator import jit_loop

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("numba")]

RANGES = [(-1.0, 1.0), (-3.0, 3.1), (0.0, 5.0), (100.0, 101.0), (-1e-36, 1e-36), (-3e38, 3e38), (-1.0, np.inf)]
RANDOM = np.random.default_rng(0)
BYTES = RANDOM.integers(0, 256, (5, 9, 11, 40), dtype=np.uint8)
BYTES[1], BYTES[2, :, :, 3] = 7, 255  # an image and a channel of equal numbers
INTS = RANDOM.integers(-(2**31), 2**31, 9001).astype(np.int32)
INTS[:4] = -(2**31), 2**31 - 1, 0, -1


def cases(low, high):
    """Blocks and what they are called on, with these ends of ranges."""
    ends = np.float32(low), np.float32(high)
    yield blocks["QuantizedMul"](), (BYTES, BYTES[::-1], *ends, np.float32(-1), np.float32(2))
    yield blocks["QuantizedMul"](), (BYTES, BYTES[0], *ends, *ends)
    yield blocks["QuantizedAdd"](), (BYTES, BYTES[::-1], *ends, np.float32(-1), np.float32(2))
    yield blocks["QuantizedAdd"](), (BYTES, BYTES[:1, :1, :1, :1], *ends, *ends)
    yield blocks["QuantizeDownAndShrinkRange"](out_type="quint8"), (INTS, *ends)
    yield blocks["QuantizeDownAndShrinkRange"](out_type="quint8"), (INTS // 4096, *ends)
    for requested in ((-1, 1), (0, 1e-30), (-0.5, 3e38), (0, 0)):
        yield blocks["Requantize"](out_type="quint8"), (INTS, *ends, *map(np.float32, requested))
    for epsilon in (1e-5, 0.0):
        yield blocks["QuantizedInstanceNorm"](variance_epsilon=epsilon), (BYTES, *ends)
    given = {"output_range_given": True, "given_y_min": -0.5, "given_y_max": 0.25}
    yield blocks["QuantizedInstanceNorm"](**given), (BYTES, *ends)


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_compiled_numbers_are_those_of_numpy(low, high):
    for block, arrays in cases(low, high):
        graph = Graph()
        feeds = {f"x{i}": np.asarray(array) for i, array in enumerate(arrays)}
        wires = [graph.input(name, name_of(array.dtype), array.shape) for name, array in feeds.items()]
        for port, wire in block(*wires)._asdict().items():
            graph.output(port, wire)
        expected, got = (plan(graph, kernels=kernels).run(feeds) for kernels in ("numpy", "jit"))
        for port, value in expected.items():
            assert same(got[port], value), f"{port} of {block} in {low} to {high}: {np.sum(got[port] != value)} differ"
    loops = {name: loop for name, loop in vars(quantized_loops).items() if isinstance(loop, jit_loop)}
    assert loops and all(loop.compiled for loop in loops.values()), "one was not called"


def test_a_range_that_changes_is_worked_out_again():
    """What follows from a range is kept from run to run."""
    block = blocks["QuantizedRelu6"]()
    graph = Graph()
    wires = graph.input("x", "uint8", [3]), graph.input("low", "float32", []), graph.input("high", "float32", [])
    graph.output("y", block(*wires).activations)
    planned = plan(graph)
    x = np.array([0, 100, 255], np.uint8)
    for low, high, numbers in ((-8.0, 8.0, [128, 128, 224]), (0.0, 12.0, [0, 100, 128]), (-8.0, 8.0, [128, 128, 224])):
        assert planned.run(x=x, low=np.float32(low), high=np.float32(high))["y"].tolist() == numbers

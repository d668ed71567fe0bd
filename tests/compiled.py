"""Compiled loops beside the kernels of NumPy, for awkward numbers; shared by the tests of families of loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow import Graph, plan
from dataflow.conformance.equality import same
from dataflow.core.block import Block

AWKWARD = (0.0, -0.0, np.nan, np.inf, -np.inf, 1e-40, -1e-40)


def numbers(shape: tuple[int, ...], dtype: Any = "float32", awkward: bool = True, seed: int = 0) -> Any:
    """Numbers of very different sizes, so that the order of additions shows; zeros of both signs, and awkward ones."""
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind in "iu":
        return random.integers(0, 256, shape).astype(dtype)
    x = (random.normal(size=shape) * 10.0 ** random.integers(-3, 4, shape)).astype(dtype)
    x[random.random(shape) < 0.5] = 0
    x[random.random(shape) < 0.5] *= -1
    places = random.random(shape) < 0.03 * awkward
    x[places] = random.choice(AWKWARD, places.sum())
    return x


def assert_alike(block: Block, *operands: Any) -> None:
    """Compiled or not, a plan of the block gives the same bits."""
    graph, feeds, wires = Graph(), {}, []
    for port, operand in zip(block.signature.inputs.values(), operands, strict=True):
        if port.static:
            wires.append(operand)
        else:
            feeds[port.name] = operand
            wires.append(graph.input(port.name, str(operand.dtype), operand.shape))
    made: Any = block(*wires)
    for i, ref in enumerate(made if isinstance(made, tuple) else [made]):
        graph.output(str(i), ref)
    expected, got = (plan(graph, kernels=kernels, threads=1).run(feeds) for kernels in ("numpy", "jit"))
    for name, value in expected.items():
        differ = np.sum((got[name] != value) & ((got[name] == got[name]) | (value == value)))
        assert same(got[name], value), f"{differ} of {value.size} differ"

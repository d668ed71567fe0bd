"""Compiled loops of QuantizeV2 give the numbers of NumPy's passes, at ties, ends of the range and awkward values."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import Graph, blocks, plan
from dataflow.conformance.equality import same

pytestmark = pytest.mark.slow

RANGES = [(-1.0, 1.0), (-3.0, 7.0), (0.0, 5.0), (1.0, 2.0), (-1e-30, 1e-30), (-3e38, 3e38), (0.0, 0.0)]
SIZE = 40_001


def values(low, high):
    """Numbers about the range, half of them at ties between levels, and awkward ones."""
    random = np.random.default_rng(0)
    with np.errstate(over="ignore"):
        x = (random.standard_normal(SIZE) * max(-low, high, 1e-3)).astype(np.float32)
    ties = random.integers(-3, 260, SIZE // 2) + 0.5
    x[: SIZE // 2] = (ties * (high - low) / 255 + low).astype(np.float32)
    awkward = np.float32([0, -0.0, np.nan, np.inf, -np.inf, 1e-40, -1e-40, low, high])
    x[random.integers(0, SIZE, 200)] = random.choice(awkward, 200)
    return x


@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("dtype", ["quint8", "qint8", "quint16", "qint16", "qint32"])
@pytest.mark.parametrize(
    ("mode", "rounding"),
    [
        ("MIN_COMBINED", "HALF_AWAY_FROM_ZERO"),
        ("MIN_FIRST", "HALF_AWAY_FROM_ZERO"),
        ("SCALED", "HALF_AWAY_FROM_ZERO"),
        ("SCALED", "HALF_TO_EVEN"),
    ],
)
def test_compiled_numbers_are_those_of_numpy(mode, rounding, dtype):
    block = blocks["QuantizeV2"](T=dtype, mode=mode, round_mode=rounding)
    for low, high in RANGES:
        graph = Graph()
        for port, wire in block(graph.input("x", "float32", [SIZE]), low, high)._asdict().items():
            graph.output(port, wire)
        x = values(low, high)
        got, expected = (plan(graph, kernels=kernels).run(x=x) for kernels in ("jit", "numpy"))
        for port, value in expected.items():
            assert same(got[port], value), f"{port} from {low} to {high}: {np.sum(got[port] != value)} differ"

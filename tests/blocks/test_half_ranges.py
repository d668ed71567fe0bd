"""Gradients of clipping float16 numbers by their bits: what NumPy gives when it compares and multiplies them."""

from __future__ import annotations

import numpy as np
import pytest

from blocks.kernels.half_ranges import clip_half
from dataflow import blocks
from dataflow.core.numpy_state import FixedNumpyState

ALL = np.arange(1 << 16, dtype=np.uint16).view(np.float16)  # every number of float16, each NaN too
ENDS = [-np.inf, -3.5, -6e-8, -0.0, 0.0, 6e-8, 1.0, 65504.0, np.inf, np.nan]


@pytest.fixture(autouse=True)
def _silent():
    """Kernels run so."""
    with FixedNumpyState():
        yield


def expected(g, x, low, high):
    return g * ((low <= x) & (x <= high)).astype(np.float16)


@pytest.mark.parametrize("low", ENDS)
def test_every_number_in_every_range(low):
    g = np.random.default_rng(0).permutation(ALL)
    for high in ENDS:
        ends = np.float16(low), np.float16(high)
        out = np.empty_like(g)
        clip_half(g, ALL, *ends, out)
        assert out.tobytes() == expected(g, ALL, *ends).tobytes()


@pytest.mark.parametrize("over", ["g", "x"])
@pytest.mark.parametrize("finite", [True, False])
def test_over_an_input_and_in_rows(over, finite):
    random = np.random.default_rng(1)
    g, x = (random.standard_normal((700, 33)).astype(np.float16) for _ in range(2))
    if not finite:
        g[::7, ::5] = np.array([np.inf, -np.inf, np.nan])[random.integers(0, 3, g[::7, ::5].shape)]
    low, high = np.linspace(-2, 0, 33).astype(np.float16), np.linspace(2, -1, 33).astype(np.float16)
    wanted = expected(g, x, low, high)
    out = {"g": g, "x": x}[over]
    clip_half(g, x, low, high, out)
    assert out.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("kernels", ["numpy", "jit"])
def test_the_gradient_of_a_quantization_of_float16(axis, kernels, monkeypatch):
    monkeypatch.setenv("DATAFLOW_KERNELS", kernels)
    random = np.random.default_rng(2)
    g, x = (random.standard_normal((900, 700)).astype(np.float16) for _ in range(2))
    shape = () if axis < 0 else (g.shape[axis],)
    low, high = (np.full(shape, end, np.float16) for end in (-0.7, 0.9))
    made = blocks["QuantizeAndDequantizeV4Grad"](axis=axis)(g, x, low, high)[0]
    spread = (low, high) if axis < 0 else (np.expand_dims(end, 1 - axis) for end in (low, high))
    assert made.tobytes() == expected(g, x, *spread).tobytes()

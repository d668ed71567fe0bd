"""Compiled loops over windows give the bits of NumPy's kernels, whatever the window, its padding and the values."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from blocks.kernels.sliding_windows import in_bands
from blocks.kernels.window_loops import SMALL, bind_loop
from blocks.kernels.windows import span
from dataflow import Graph, blocks, plan
from dataflow.conformance.equality import same
from dataflow.core.workspace import Workspace

AWKWARD = (0.0, -0.0, np.nan, np.inf, -np.inf, 1e-40, -1e-40)
FLOAT = np.dtype(np.float32)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Loops are compiled once for this file, and not taken from before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATAFLOW_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def numbers(shape, dtype="float32", awkward=True):
    """Numbers of very different sizes, so that the order of additions shows; zeros of both signs, and awkward ones."""
    random = np.random.default_rng(0)
    if np.dtype(dtype).kind in "iu":
        return random.integers(*np.iinfo(dtype).min + np.array([0, 256]), shape).astype(dtype)
    x = (random.normal(size=shape) * 10.0 ** random.integers(-3, 4, shape)).astype(dtype)
    x[random.random(shape) < 0.5] = 0
    x[random.random(shape) < 0.5] *= -1
    places = random.random(shape) < 0.03 * awkward
    x[places] = random.choice(AWKWARD, places.sum())
    return x


def assert_alike(block, *operands):
    """Compiled or not, a plan of the block gives the same bits."""
    graph, feeds = Graph(), {}
    wires = []
    for port, operand in zip(block.signature.inputs.values(), operands, strict=True):
        feeds |= {} if port.static else {port.name: operand}
        wires.append(operand if port.static else graph.input(port.name, str(operand.dtype), operand.shape))
    for i, wire in enumerate(made if isinstance(made := block(*wires), tuple) else [made]):
        graph.output(str(i), wire)
    expected, got = (plan(graph, kernels=kernels, threads=1).run(feeds) for kernels in ("numpy", "jit"))
    for port, value in expected.items():
        differ = np.sum((got[port] != value) & ((got[port] == got[port]) | (value == value)))
        assert same(got[port], value), f"{differ} of {value.size} differ"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["AvgPool", "MaxPool", "AvgPool3D", "MaxPool3D"])
@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize(
    ("shape", "window", "steps", "padding"),
    [
        ((9, 7, 12, 1), (3, 2), (2, 1), "SAME"),
        ((11, 9, 9, 5), (2, 3), (1, 1), "SAME"),
        ((11, 9, 9, 5), (4, 5), (3, 1), "VALID"),
        ((3, 9, 11, 17), (3, 3), (2, 3), "SAME"),
        ((3, 9, 11, 17), (2, 2), (3, 3), "SAME"),  # elements between windows
        ((2, 9, 16, 32), (1, 7), (1, 2), "VALID"),
        ((2, 9, 16, 32), (7, 1), (2, 1), "SAME"),
        ((1, 290, 300, 7), (3, 3), (2, 1), "SAME"),  # an image that is divided
    ],
    ids=str,
)
def test_pools(name, awkward, shape, window, steps, padding):
    pytest.importorskip("numba", reason="compiled kernels are an extra: pip install 'dataflow-blocks[jit]'")
    if name.endswith("3D"):
        shape, window, steps = (*shape[:1], 4, *shape[1:]), (2, *window), (1, *steps)
        shape = shape if prod(shape) < 1 << 19 else (*shape[:2], 30, *shape[3:])
    attrs = {"ksize": [1, *window, 1], "strides": [1, *steps, 1], "padding": padding}
    assert_alike(blocks[name](**attrs), numbers(shape, awkward=awkward))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "uint8"])
def test_dtypes(dtype):
    pytest.importorskip("numba", reason="compiled kernels are an extra: pip install 'dataflow-blocks[jit]'")
    attrs = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 1, 1], "padding": "SAME"}
    if dtype == "uint8":
        ends = np.float32(0), np.float32(1)
        assert_alike(blocks["QuantizedAvgPool"](**attrs), numbers((5, 9, 11, 17), dtype), *ends)
    else:
        assert_alike(blocks["AvgPool"](**attrs), numbers((5, 9, 11, 17)).astype(dtype))


def test_which_pools_are_compiled():
    """Few elements are not, nor are rows that fall apart into short runs."""
    pair, single = span(8, 2, 2, 1, "VALID"), span(8, 1, 1, 1, "VALID")

    def compiled(images, channels, over=((1, pair), (2, pair))):
        bands = in_bands((images, 8, 8, channels), over)
        return bind_loop(Workspace(compiled=True), bands, FLOAT, 0.0) is not None

    assert compiled(9, 8) and compiled(9, 32, ((1, pair), (2, single)))
    assert not compiled(SMALL // 512, 8) and not compiled(90, 7) and not compiled(9, 8, ((1, single), (2, single)))

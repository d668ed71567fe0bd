"""Batch normalization: sums in one order, compiled or not, and as near to the exact ones as float32 is."""

from __future__ import annotations

import numpy as np
import pytest

from blocks.kernels.channel_sums import bind_moments, bind_products
from dataflow import Graph, blocks, plan
from dataflow.conformance.equality import same
from dataflow.core.workspace import Workspace

SHAPES = [
    (5, 17, 17, 32),  # rows of 17 pixels, all full
    (3, 7, 41, 5),  # a last row that is shorter
    (1, 37, 53, 71),  # two tiles, the second with a last row that is shorter
    (2, 1, 3, 1500),  # more channels than a row has elements otherwise
    (1, 263, 257, 2),
]


def batch(shape, seed=0):
    """Numbers of very different sizes: added in another order they would give other bits."""
    random = np.random.default_rng(seed)
    return (random.standard_normal(shape) * 10.0 ** random.uniform(-4, 4, shape) + 1000).astype(np.float32)


def given(shape, training):
    random = np.random.default_rng(1)
    scale, offset, mean, variance = random.uniform(0.5, 2, (4, shape[-1])).astype(np.float32)
    nothing = np.empty(0, np.float32)
    return [batch(shape), scale, offset, *([nothing, nothing] if training else [mean, variance])]


def run(name, arrays, training, kernels):
    graph = Graph()
    wires = [graph.input(f"x{i}", "float32", array.shape) for i, array in enumerate(arrays)]
    for port, wire in blocks[name](is_training=training)(*wires)._asdict().items():
        graph.output(port, wire)
    return plan(graph, kernels=kernels).run({f"x{i}": array for i, array in enumerate(arrays)})


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
def test_compiled_loops_give_the_bits_of_numpy(training) -> None:
    for shape in SHAPES:
        arrays = given(shape, training)
        arrays[0][0, 0, :2, 0] = -0.0, 1e-42
        statistics = [*arrays[1:3], *(arrays[3:] if not training else arrays[1:3])]
        backward = [batch(shape, 2), arrays[0], statistics[0], *statistics[2:], np.empty(0, np.float32)]
        for name, operands in (("FusedBatchNormV3", arrays), ("FusedBatchNormGradV3", backward)):
            expected, made = (run(name, operands, training, kernels) for kernels in ("numpy", "jit"))
            for port, value in expected.items():
                assert same(made[port], value), f"{name} {port} of {shape}"


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
def test_sums_in_float64_are_those_of_numpy() -> None:
    """Of numbers of very different sizes: in another order they would have other bits."""

    def both(bind, shape, *arrays):
        for compiled in (False, True):
            memory = Workspace(np.empty(1 << 23, np.uint8))
            yield np.stack(bind(memory, shape, False, compiled)(*arrays))

    for shape in SHAPES:
        sizes = (10.0 ** np.random.default_rng(4).uniform(-9, 9, np.prod(shape))).astype(np.float32)
        x, dy = batch(shape).reshape(-1) * sizes, batch(shape, 2).reshape(-1) * sizes[::-1]
        mean = batch(shape[-1:], 3)
        for expected, made in (both(bind_moments, shape, x), both(bind_products, shape, dy, x, mean)):
            assert np.array_equal(made, expected), shape


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_are_exact_to_the_digits_of_float32(shape) -> None:
    x, scale, *others = given(shape, True)
    y = blocks["FusedBatchNormV3"]()(x, scale, *others)
    dy = batch(shape, 2)
    dx = blocks["FusedBatchNormGradV3"]()(dy, x, scale, y.reserve_space_1, y.reserve_space_2, [])
    wide, slopes = x.astype(np.longdouble), dy.astype(np.longdouble)
    mean = wide.mean((0, 1, 2))
    centred = (wide - y.reserve_space_1) / np.sqrt(y.reserve_space_2 + np.longdouble(1e-4))
    for made, terms in (
        (y.reserve_space_1, wide / (x.size // len(scale))),
        (y.reserve_space_2, np.square(wide - mean) / (x.size // len(scale))),
        (dx.offset_backprop, slopes),
        (dx.scale_backprop, slopes * centred),
    ):
        error = np.abs(made - terms.sum((0, 1, 2)))
        assert (error <= 2 * np.finfo(np.float32).eps * np.abs(terms).sum((0, 1, 2))).all()

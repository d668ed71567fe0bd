"""Activations and their gradients, whether they have a kernel or are made of blocks: half floats, and ranges."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import blocks
from dataflow.conformance.equality import same
from dataflow.core import dtypes
from dataflow.core.ranges import Range

OF_ONE = ("Elu", "LeakyRelu", "Selu", "Softplus", "Softsign")
GRADIENTS = tuple(f"{name}Grad" for name in OF_ONE)
QUARTER = {"alpha": 0.25}  # the same slope in all dtypes


def made(name):
    return blocks[name](**QUARTER) if name.startswith("Leaky") else blocks[name]()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("size", [100, 5000])
@pytest.mark.parametrize("name", [*OF_ONE, *GRADIENTS])
def test_half_floats_are_rounded_once(name, size, dtype):
    storage, random = dtypes.storage(dtype), np.random.default_rng(size)
    block = made(name)
    halves = [random.normal(size=size).astype(storage) for _ in block.signature.inputs]
    whole = block(*[array.astype(np.float32) for array in halves])
    assert same(block(*halves), whole.astype(storage))


@pytest.mark.parametrize("name", OF_ONE)
def test_the_range_is_between_what_the_ends_give(name):
    block = made(name)
    low, high = np.float32(-1.5), np.float32(3)
    found = block.bound(Range(np.asarray(low), np.asarray(high), (100,)))
    np.testing.assert_allclose([found.low, found.high], block([low, high]), rtol=1e-5)
    assert found.low <= block(low) and block(high) <= found.high


@pytest.mark.parametrize(("name", "ceiling"), [("ReluGrad", np.inf), ("Relu6Grad", 6)])
@pytest.mark.parametrize("size", [None, 7, 5000])
def test_what_a_rectifier_cut_is_multiplied_by_zero_in_any_memory(name, ceiling, size):
    random = np.random.default_rng(0)
    x, dy = (np.asarray(random.normal(size=size) * 5, np.float32) for _ in range(2))
    x.flat[:3], dy.flat[:3] = (-1.0, np.nan, -0.0)[: x.size], (np.inf, -2.0, np.nan)[: x.size]
    with np.errstate(invalid="ignore"):
        expected = np.asarray(dy * np.where((x > 0) & (x < ceiling), np.float32(1), np.float32(0)))
    block = blocks[name]()
    assert same(block(dy, x), expected)
    for place in (0, 1):
        given = [dy.copy(), x.copy()]
        with np.errstate(invalid="ignore"):
            assert same(block.kernel(*given, out=given[place]), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_reciprocal_is_a_division(dtype):
    x = np.concatenate([np.random.default_rng(0).normal(size=5000) * 10, [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-7]])
    given = x.astype(dtype)
    with np.errstate(all="ignore"):
        assert same(blocks["Reciprocal"]()(given), np.reciprocal(given))

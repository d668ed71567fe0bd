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

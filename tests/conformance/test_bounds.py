"""The check of ranges finds a block whose outputs leave them."""

from __future__ import annotations

import numpy as np
import pytest
from made_blocks import Made, double, made, told

from dataflow import blocks
from dataflow.conformance.bounds import within_bounds
from dataflow.core.ranges import Range

RIGHT = ["AddV2", "Conv2D", "FakeQuantWithMinMaxVarsPerChannel", "Reshape", "Softmax", "MatMul", "Mean", "LeakyRelu"]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_block_passes(name):
    within_bounds(blocks[name])


def test_a_block_without_a_rule_passes():
    within_bounds(Made)


def test_a_monotone_block_passes():
    within_bounds(made(monotone=True))


def test_a_block_that_is_not_monotone():
    def kernel(self, x, out=None):
        return np.multiply(x, x, out=out)

    assert told(within_bounds, made(kernel=kernel, monotone=True)).startswith("Made: 'y' must lie within its range")


def test_a_rule_that_is_too_narrow():
    def bound(self, x):
        return Range(x.low, x.high)

    assert "'y' must lie within its range" in told(within_bounds, made(kernel=double, bound=bound))

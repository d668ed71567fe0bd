"""The check of ranges finds a block whose outputs leave them."""

from __future__ import annotations

import numpy as np
import pytest
from made_blocks import Made, double, made, told

from dataflow import blocks
from dataflow.conformance.bounds import _check as check_ends
from dataflow.conformance.bounds import within_bounds
from dataflow.conformance.samples import ConformanceError, Sample
from dataflow.core.block import In, Out
from dataflow.core.kinds import Rearrange
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


def test_a_rule_that_takes_rows_of_unknown_number_for_one():
    class Last(Rearrange, abstract=True):
        x = In("float32", "rows")
        y = Out("float32", "all but the first")

        def shape_of(self, x):
            return None if x.shape is None else (None, *x.shape[1:])

        def kernel(self, x):
            return x[1:]

        def bound(self, x):
            return Range(x.low[1:], x.high[1:])

    sample = Sample(Last(), (np.array([[1.0], [-2.0], [5.0]], np.float32),))
    with pytest.raises(ConformanceError, match="'y' must lie within its range"):
        check_ends(sample, False, "rows")
    check_ends(sample, False, False)


def test_a_rule_that_is_too_narrow():
    def bound(self, x):
        return Range(x.low, x.high)

    assert "'y' must lie within its range" in told(within_bounds, made(kernel=double, bound=bound))

from __future__ import annotations

import numpy as np
import pytest
from golden.replay import asked

from dataflow import blocks
from dataflow.core.kinds import Elementwise, Source, Update, View

from . import call, kernels, subjects
from .calls import LEAST

UNCALLED = {  # other versions of blocks that are called, and one of bytes
    *("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormGrad", "FusedBatchNormGradV2", "QuantizeAndDequantize"),
    *("QuantizedReluX", "QuantizedReshape", "RequantizePerChannel", "RequantizationRangePerChannel"),
    *("QuantizedBatchNormWithGlobalNormalization", "DecodeRaw"),
}


@pytest.mark.parametrize("title", subjects())
def test_call(title: str):
    """What is asked of both sides is one question, of about the size wanted."""
    made = call(title, LEAST)
    sample = asked(made.block, made.attrs, made.inputs)
    assert sample.outputs
    largest = max(np.size(array) for array in made.inputs.values())
    largest = max(largest, *(np.prod(output.sizes) for output in sample.outputs if None not in output.shape))
    assert LEAST / 10 <= largest <= LEAST * 12


def test_every_block_that_computes_is_called():
    called = {block for block, _ in subjects().values()}
    missing = {name for name in kernels() if name not in called}
    computing = {name for name in missing if not issubclass(blocks[name], Source | View | Update)}
    drawn = {name for name in computing if not blocks[name].pure}
    metadata = {name for name in computing if all(p.like or p.static for p in blocks[name].signature.inputs.values())}
    assert computing - drawn - metadata == UNCALLED


def test_elementwise_blocks_are_called_on_values_as_in_their_examples():
    exponents = call("Log", 2000).inputs["x"]
    assert exponents.shape == (2000,) and exponents.dtype == np.float32
    assert (exponents > 0).all() and len(np.unique(exponents)) > 1900
    assert all(array.dtype == np.float32 for array in call("Greater", 2000).inputs.values())
    assert call("LogicalAnd", 2000).inputs["x"].dtype == bool
    assert issubclass(blocks["Log"], Elementwise)


def test_lists_are_given_one_by_one():
    assert sorted(call("Concat axis 0", 2000).inputs) == ["axis", "value0", "value1"]

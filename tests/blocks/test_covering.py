"""Quantizers given what covers a range have a grid from one end to the other, to within a step."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import blocks

GIVEN = {"range_given": True}
SYMMETRIC = ["FakeQuantSymmetric", "LearnedStepQuantize", "TrainedThresholdQuantize", "QuantizeAndDequantizeV2"]


def grid(name, low, high, **attrs):
    block = blocks[name](**attrs)
    low, high = np.asarray(low, np.float32), np.asarray(high, np.float32)
    ports = block.covering(low, high)
    found = block.grid(None, *(ports[port] for port in [*block.signature.inputs][1:] if port in ports))
    ends = found.scale * (found.low - found.zero_point), found.scale * (found.high - found.zero_point)
    return found, ends


@pytest.mark.parametrize("num_bits", [2, 4, 8])
@pytest.mark.parametrize("ends", [(-1.5, 6.0), (-6.0, 1.5), (0.0, 3.0), (-2.0, 0.0)])
def test_ranges_of_two_ends(num_bits, ends):
    found, (low, high) = grid("FakeQuantWithMinMaxVars", *ends, num_bits=num_bits)
    np.testing.assert_allclose([low, high], ends, atol=float(found.scale) / 2)


@pytest.mark.parametrize("name", SYMMETRIC)
@pytest.mark.parametrize("num_bits", [2, 4, 8])
@pytest.mark.parametrize("ends", [(-1.5, 6.0), (-6.0, 1.5)])
def test_symmetric_ranges(name, num_bits, ends):
    found, (low, high) = grid(name, *ends, num_bits=num_bits, **(GIVEN if name.startswith("Quantize") else {}))
    assert found.zero_point == 0
    assert low <= ends[0] * 0.999999
    assert high >= ends[1] * 0.999999 - (found.scale if name.startswith("Trained") else 0)
    assert high <= 2 * 6 + found.scale


@pytest.mark.parametrize("name", ["LearnedStepQuantize", "PactQuantize", "TrainedThresholdQuantize"])
def test_ranges_from_zero(name):
    found, (low, high) = grid(name, 0.0, 3.0, num_bits=4, **({} if name.startswith("Pact") else {"signed": False}))
    assert low == 0
    assert 3 - 1e-6 <= high + (found.scale if name.startswith("Trained") else 0) <= 4 + found.scale


def test_channels():
    low, high = [-1, -2, 0], [1, 0, 5]
    found, _ = grid("FakeQuantWithMinMaxVarsPerChannel", low, high)
    assert found.scale.shape == (3,)
    found, (_, top) = grid("FakeQuantSymmetric", low, high, axis=-1)
    np.testing.assert_allclose(top, [1, 2, 5])


def test_where_no_port_has_the_range_there_is_nothing_to_give():
    for name in ("FakeQuantWithMinMaxArgs", "QuantizeAndDequantizeV2", "QuantizeBias"):
        assert blocks[name]().covering(np.float32(-1), np.float32(1)) == {}

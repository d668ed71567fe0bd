"""What holds for every range, bit width and input of the fake-quantization and quantize-and-dequantize blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import dataflow as flow
from blocks.kernels.nudged_range import nudge

pytestmark = pytest.mark.slow

FLOATS = st.floats(-1e6, 1e6, width=32)
VALUES = st.lists(FLOATS, min_size=1, max_size=60).map(np.float32)
RANGES = st.tuples(st.floats(-1000, 0, width=32), st.floats(0, 1000, width=32)).filter(lambda r: r[1] - r[0] > 1e-3)
BITS = st.integers(2, 16)
BLOCKS = (
    "FakeQuantWithMinMaxVars",
    "FakeQuantWithMinMaxArgs",
    "FakeQuantWithMinMaxVarsPerChannel",
    "QuantizeAndDequantizeV4",
)


@pytest.fixture(params=BLOCKS, scope="module")
def name(request):
    return request.param


def quantize(name, values, ends, bits, narrow=False):
    low, high = np.float32(ends[0]), np.float32(ends[1])
    attrs = {"num_bits": bits, "narrow_range": narrow}
    if name == "FakeQuantWithMinMaxArgs":
        return flow.blocks[name](min=low, max=high, **attrs)(values)
    if name == "QuantizeAndDequantizeV4":
        return flow.blocks[name](range_given=True, **attrs)(values, low, high)
    if name.endswith("PerChannel"):
        return flow.blocks[name](**attrs)(values.reshape(-1, 1), low.reshape(1), high.reshape(1)).reshape(-1)
    return flow.blocks[name](**attrs)(values, low, high)


@given(VALUES, RANGES, BITS, st.booleans())
def test_zero_stays_zero(name, values, ends, bits, narrow):
    values[0] = 0
    assert quantize(name, values, ends, bits, narrow)[0] == 0


@given(VALUES, RANGES, BITS, st.booleans())
def test_a_second_time_changes_nothing(name, values, ends, bits, narrow):
    once = quantize(name, values, ends, bits, narrow)
    np.testing.assert_array_equal(quantize(name, once, ends, bits, narrow), once)


@given(RANGES, st.integers(2, 8), st.booleans())
def test_no_more_levels_than_bits_can_number(name, ends, bits, narrow):
    values = np.linspace(ends[0] * 1.5 - 1, ends[1] * 1.5 + 1, 20000, dtype=np.float32)
    assert len(np.unique(quantize(name, values, ends, bits, narrow))) <= 2**bits - narrow


@given(VALUES, RANGES, BITS, st.booleans())
def test_order_is_kept(name, values, ends, bits, narrow):
    quantized = quantize(name, np.sort(values), ends, bits, narrow)
    assert (np.diff(quantized) >= 0).all()


@given(VALUES, RANGES, BITS)
def test_values_lie_on_the_grid_inside_the_nudged_range(values, ends, bits):
    nudged = nudge(*ends, bits)
    quantized = quantize("FakeQuantWithMinMaxVars", values, ends, bits)
    slack = abs(nudged.scale) * 1e-2
    assert (quantized >= nudged.nmin - slack).all() and (quantized <= nudged.nmax + slack).all()
    inside = (values > nudged.nmin) & (values < nudged.nmax)
    assert (np.abs(quantized - values)[inside] <= nudged.scale * 0.51).all()


def near_ties(nudged):
    """Values at which the level changes, and those next to them; then some that no range has."""
    ties = nudged.nmin + np.arange(-1, 400, dtype=np.float32)[:, None] * nudged.scale * np.float32(0.5)
    steps = np.arange(-12, 13, dtype=np.int32)
    values = (ties.astype(np.float32).view(np.int32) + steps).view(np.float32).reshape(-1)
    return np.concatenate([values, np.float32([0, -0.0, np.inf, -np.inf, np.nan, 3e38, -3e38, 1e-40])])


@pytest.mark.parametrize("name", BLOCKS[:3])
@given(RANGES, BITS)
@example((np.float32(-1.9145155), np.float32(486.28693)), 8)  # zero is the second level: there it shows
def test_every_operation_is_rounded_in_the_order_of_the_formula(name, ends, bits):
    r = nudge(*ends, bits)
    values = near_ties(r)
    half = np.float32(0.5)
    with np.errstate(all="ignore"):
        distance = np.clip(values, r.nmin, r.nmax) - r.nmin
        steps = distance / r.scale if name == "FakeQuantWithMinMaxVars" else distance * r.inv
        formula = np.floor((steps - r.qz) + half) * r.scale
    np.testing.assert_array_equal(quantize(name, values, ends, bits).view(np.int32), formula.view(np.int32))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), BITS)
def test_channels_may_lie_on_any_axis(seed, rank, bits):
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 6, rank))
    x = random.standard_normal(shape).astype(np.float32)
    for axis in range(-rank, rank):
        channels = shape[axis]
        low = -random.random(channels, np.float32)
        high = random.random(channels, np.float32) + np.float32(0.01)
        last = flow.blocks["FakeQuantWithMinMaxVarsPerChannel"](num_bits=bits)(np.moveaxis(x, axis, -1), low, high)
        there = flow.blocks["FakeQuantWithMinMaxVarsPerChannel"](num_bits=bits, axis=axis)(x, low, high)
        np.testing.assert_array_equal(np.moveaxis(there, axis, -1), last)
        one_by_one = [
            flow.blocks["FakeQuantWithMinMaxVarsPerChannel"](num_bits=bits)(
                np.take(x, [c], axis).reshape(-1, 1), low[c : c + 1], high[c : c + 1]
            )
            for c in range(channels)
        ]
        for c, channel in enumerate(one_by_one):
            np.testing.assert_array_equal(np.take(there, [c], axis).reshape(-1), channel.reshape(-1))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), RANGES, BITS)
def test_tiles_agree_with_the_whole(name, seed, ends, bits):
    random = np.random.default_rng(seed)
    values = (random.standard_normal(random.integers(1, 5000)) * 100).astype(np.float32)
    cuts = np.sort(random.integers(0, len(values), 3))
    tiles = [quantize(name, part, ends, bits) for part in np.split(values, cuts)]
    np.testing.assert_array_equal(np.concatenate(tiles), quantize(name, values, ends, bits))


@settings(max_examples=50)
@given(VALUES, RANGES, BITS)
def test_gradient_passes_exactly_where_the_value_is_in_range(values, ends, bits):
    block = flow.blocks["FakeQuantWithMinMaxVarsGradient"](num_bits=bits)
    ones = np.ones_like(values)
    dx, dmin, dmax = block(ones, values, np.float32(ends[0]), np.float32(ends[1]))
    assert set(np.unique(dx)) <= {0.0, 1.0}
    assert dx.sum() + dmin + dmax == len(values)


@pytest.mark.parametrize("mode, worst", [("MIN_COMBINED", 0.51), ("MIN_FIRST", 1.51)])
@pytest.mark.parametrize("dtype", ["quint8", "qint8", "quint16", "qint16"])
def test_integers_and_back_are_near(dtype, mode, worst):
    """Within half a step; MIN_FIRST rounds the lower end to a level too, which costs up to a step at the ends."""
    values = np.linspace(-1, 1, 1001, dtype=np.float32)
    q = flow.blocks["QuantizeV2"](T=dtype, mode=mode)(values, -1.0, 1.0)
    back = flow.blocks["Dequantize"](mode=mode)(q.output, q.output_min, q.output_max)
    step = 2 / (255 if dtype.endswith("8") else 65535)
    assert np.abs(back - values).max() <= worst * step + 1e-6


@pytest.mark.parametrize("number", [0.0, -0.0, 1.5, np.inf, np.nan])
@pytest.mark.parametrize("name", ["Maximum", "Minimum"])
def test_many_values_beside_a_number_are_as_few(name, number):
    """Long arrays take another way through NumPy than short ones."""
    random = np.random.default_rng(0)
    values = random.choice(np.float32([0, -0.0, 1.5, -2, np.inf, -np.inf, np.nan]), 50_001)
    block, number = flow.blocks[name](), np.float32(number)
    few = np.concatenate([block(part, number) for part in np.array_split(values, 20)])
    np.testing.assert_array_equal(block(values, number).view(np.int32), few.view(np.int32))

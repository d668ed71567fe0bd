"""Values that follow one rule of the blocks' own, whatever the layout, the size and NumPy's version."""

from __future__ import annotations

import itertools

import ml_dtypes
import numpy as np
import pytest
from golden.exact import distance

import dataflow as flow
from dataflow import blocks
from dataflow.conformance.equality import same
from dataflow.core import dtypes

FLOATS = (np.float32, np.float64, np.float16, ml_dtypes.bfloat16)
EXPONENTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


def bits(array):
    return np.ascontiguousarray(array).view(f"u{array.itemsize}")


@pytest.fixture
def values():
    drawn = np.random.default_rng(5).normal(size=3000) * 4
    return np.concatenate([[0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 1.0], drawn])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_powers_do_not_depend_on_the_shape_of_the_exponent(dtype, exponent, values):
    x, y = values.astype(dtype), np.array(exponent, dtype)
    power = blocks["Pow"]()
    whole = power(x, np.full(x.shape, exponent, dtype))
    mixed = power(x[:, None], np.array([exponent, 0.25, -1.5, 2.5], dtype))
    tiled = flow.Graph()
    tiled.output("z", power(tiled.input("x", np.dtype(dtype).name, ["N"]), tiled.constant(y)))
    long = np.resize(x, 600_001)
    for name, z in {
        "one number": power(x, y),
        "one in a list": power(x, y.reshape(1)),
        "a column": power(x.reshape(-1, 4), np.full((x.size // 4, 1), exponent, dtype)).reshape(-1),
        "among others": mixed[:, 0],
        "every other": power(np.repeat(x, 2)[::2], y),
        "alone": np.stack([power(one, y) for one in x]),
        "in tiles": flow.run(tiled, x=long)["z"][: x.size],
    }.items():
        unequal = (bits(z) != bits(whole)) & ~(np.isnan(z) & np.isnan(whole))
        assert not unequal.any(), f"{name}: {z[unequal][:3]} from {x[unequal][:3]}, not {whole[unequal][:3]}"


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_powers_that_are_rounded_correctly(dtype, values):
    x = values.astype(dtype)
    with np.errstate(all="ignore"):
        root = np.where(x == -np.inf, np.inf, np.sqrt(x) + 0)
        rules = {-1: 1 / x, 0: np.ones_like(x), 0.5: root, 1: x, 2: x * x}
    for exponent, wanted in rules.items():
        z = blocks["Pow"]()(x, np.full(x.shape, exponent, dtype))
        assert (bits(z) == bits(wanted))[~np.isnan(wanted)].all() and (np.isnan(z) == np.isnan(wanted)).all()


@pytest.mark.parametrize("block", ("Elu", "Selu"))
@pytest.mark.parametrize("dtype", FLOATS[:1] + FLOATS[2:])
def test_little_is_lost_next_to_zero(block, dtype):
    random = np.random.default_rng(3)
    x = -np.concatenate([random.uniform(0, 1, 50_000), 10.0 ** random.uniform(-30, 1, 50_000)]).astype(dtype)
    factor = 1.7580993408473768 if block == "Selu" else 1.0
    wanted = (factor * np.expm1(x.astype(np.float64))).astype(np.float32).astype(dtype)
    assert distance(blocks[block]()(x), wanted).max() <= 4


def test_one_channel_has_one_sum():
    for size in (6, 600_000):
        graph = flow.Graph()
        graph.output("bias", blocks["BiasAddGrad"]()(graph.input("dy", shape=[size, 1])))
        ones = np.ones((size, 1), np.float32)
        for total in (blocks["BiasAddGrad"]()(ones), flow.run(graph, dy=ones)["bias"]):
            assert total.shape == (1,) and total[0] == size


def test_one_slice_has_one_range():
    quantize = blocks["QuantizeV2"](T="quint8", mode="SCALED", axis=1)
    x, end = np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 1, 2), np.float32([1])
    graph = flow.Graph()
    unknown = quantize(
        graph.input("x", shape=[3, "N", 2]), graph.input("lo", shape=["N"]), graph.input("hi", shape=["N"])
    )
    graph.output("lo_used", unknown.output_min)
    assert [part.shape for part in quantize(x, -end, end)] == [(3, 1, 2), (), ()]
    assert flow.run(graph, x=x, lo=-end, hi=end)["lo_used"].shape == ()
    two = np.repeat(x, 2, 1)
    assert flow.run(graph, x=two, lo=-np.repeat(end, 2), hi=np.repeat(end, 2))["lo_used"].shape == (2,)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_clipping_is_the_same_beside_numbers_and_arrays(dtype):
    """Zeros of either sign, NaN and infinities, clipped by bounds in every shape: one number or one for each value."""
    special = np.array([0.0, -0.0, np.nan, 1.0, -1.0, np.inf, -np.inf]).astype(dtypes.storage(dtype))
    clip = blocks["ClipByValue"]()
    for value, low, high in itertools.product(special, repeat=3):
        many = [np.full(37, each, special.dtype) for each in (value, low, high)]
        expected = clip(many[0], low, high)
        for lows, highs in ((many[1], many[2]), (many[1], high), (low, many[2])):
            assert same(clip(many[0], lows, highs), expected), (value, low, high)
        assert same(clip(value, low, high), expected[0]), (value, low, high)


def test_sums_beyond_their_dtype_are_infinite_and_warn_of_nothing():
    """Warnings are errors here."""
    gradient = blocks["FakeQuantWithMinMaxVarsGradient"]()
    dy, above = np.full(2, 3e38, np.float32), np.full(2, 9, np.float32)
    assert gradient(dy, above, np.float32(-1), np.float32(1)).backprop_wrt_max == np.inf


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("source", FLOATS)
def test_floats_that_fit_no_integer_become_the_same_one_wherever_they_stand(source, dtype):
    """In a row, alone, and every second of a row: NumPy's vector loops and what these leave over differ for some."""
    special = np.array([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e10, -1e10, -1, 2**31] * 9)
    with np.errstate(over="ignore"):
        special = special.astype(source)
    cast = blocks["Cast"](DstT=dtype)
    alone = np.concatenate([cast(special[i : i + 1]) for i in range(len(special))])
    assert same(cast(special), alone)
    assert same(cast(np.repeat(special, 2)[::2]), alone)
    assert same(cast(np.tile(special, 8000)), np.tile(alone, 8000))


def test_a_truncating_cast_keeps_nan():
    """Even NaN that only its last bit tells from an infinity."""
    x = np.array([0x7F800001, 0xFF800010, 0x7FC00000, 0x7F800000], np.uint32).view(np.float32)
    for dtype in ("bfloat16", "float16"):
        made = blocks["Cast"](DstT=dtype, Truncate=True)(x).astype(np.float32)
        assert np.isnan(made[:3]).all() and made[3] == np.inf
    wide = np.array([0x7FF0000000000001], np.uint64).view(np.float64)
    assert np.isnan(blocks["Cast"](DstT="float32", Truncate=True)(wide)).all()

"""Random blocks: what they draw against the exact distribution functions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from distributions import assert_counted, assert_distributed, assert_moments, cut, draw, gamma_cdf, phi

from blocks.kernels import sampling
from dataflow import blocks
from dataflow.core import dtypes
from dataflow.core.random import Key

N = 40_000
FLOATS = dtypes.floating
STANDARD = ("RandomUniform", "RandomNormal", "TruncatedNormal")


@pytest.mark.parametrize("dtype", ("float32", "float64"))
@pytest.mark.parametrize(
    "name, cdf, variance",
    [
        ("RandomUniform", lambda x: x, 1 / 12),
        ("RandomNormal", phi, 1),
        ("TruncatedNormal", cut(-2, 2), 0.7737413035760195),
    ],
    ids=STANDARD,
)
def test_standard_distributions(name, cdf, variance, dtype):
    values = draw(blocks[name](dtype=dtype), [N, 2])
    assert_distributed(values, cdf)
    assert_moments(values, 0.5 if name == "RandomUniform" else 0, variance)


@pytest.mark.parametrize("dtype", ("float16", "bfloat16"))
def test_16_bits_are_those_of_float32_rounded(dtype):
    stored = dtypes.storage(dtype)
    for name in ("RandomNormal", "TruncatedNormal"):
        wide = draw(blocks[name](dtype="float32"), [N])
        assert np.array_equal(draw(blocks[name](dtype=dtype), [N]), wide.astype(stored))
    uniform = draw(blocks["RandomUniform"](dtype=dtype), [N])
    wide = draw(blocks["RandomUniform"](dtype="float32"), [N])
    assert (uniform <= wide).all()
    assert (wide - uniform.astype(np.float32) <= np.spacing(uniform).astype(np.float32)).all()
    for x in np.linspace(1 / 16, 15 / 16, 15):
        assert np.mean(uniform < x) == np.mean(wide < x)


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform_never_reaches_one(dtype):
    class Highest(Key):
        def generator(self, *more, chunk=0):
            return self

        def random(self, out, dtype):
            out.fill(1 - out.dtype.type(2.0 ** (-53 if out.itemsize == 8 else -24)))

    values = sampling.uniform(Highest(), (3,), dtype=dtype)
    assert values.dtype == dtypes.storage(dtype)
    assert (values < 1).all() and (values > 0.99).all()


@pytest.mark.parametrize("dtype", ("int32", "int64"))
@pytest.mark.parametrize("low, high", [(0, 7), (-3, 2), (5, 6)])
def test_uniform_int(low, high, dtype):
    values = draw(blocks["RandomUniformInt"](), [N], np.array(low, dtype), np.array(high, dtype))
    assert values.dtype == dtype
    assert values.min() == low and values.max() == high - 1
    assert_counted(values - low, np.full(high - low, 1.0))


def test_uniform_int_has_no_bias_in_ranges_that_do_not_divide_the_generator():
    end = 3 * 2**61
    values = draw(blocks["RandomUniformInt"](), [N], np.int64(0), np.int64(end))
    assert_distributed(values, lambda x: x / end)


@pytest.mark.parametrize("dtype", ("int32", "int64"))
def test_uniform_int_of_nearly_the_whole_type(dtype):
    low, high = dtypes.limits(dtype)
    values = draw(blocks["RandomUniformInt"](), [N], np.array(low, dtype), np.array(high, dtype))
    assert_distributed(values, lambda x: (x - low) / (high - low))


INTERVALS = [
    (-1, 1), (-0.1, 0.2), (0.3, 0.5), (-0.5, math.inf), (1, math.inf), (-math.inf, 0.5), (-3, -2), (2, 9), (-9, -2),
    (-1.25, 1.25), (0, 2.5), (4, 4.5), (-8, 8),
]  # fmt: skip


@pytest.mark.parametrize("a, b", INTERVALS)
def test_parameterized_truncated_normal(a, b):
    mean, stdev = 3.0, 0.5
    given = [np.float64(v) for v in (mean, stdev, mean + stdev * a, mean + stdev * b)]
    values = draw(blocks["ParameterizedTruncatedNormal"](), [5, N // 5], *given)
    assert given[2] <= values.min() and values.max() <= given[3]
    # of what is far above the mean the distribution function would have no digits left
    a, b, sign = (a, b, 1) if b <= 0 or a < 0 else (-b, -a, -1)
    standard = sign * (values - mean) / stdev
    assert_distributed(standard, cut(a, b))
    density = [math.exp(-v * v / 2) / math.sqrt(2 * math.pi) for v in (a, b)]
    mass = float(phi(b) - phi(a))
    first = (density[0] - density[1]) / mass
    edges = [v * d if math.isfinite(v) else 0 for v, d in zip((a, b), density, strict=True)]
    assert_moments(standard, first, 1 + (edges[0] - edges[1]) / mass - first**2)


def test_parameterized_truncated_normal_far_out():
    """Fifty deviations from the mean what is left is an exponential distribution."""
    values = draw(blocks["ParameterizedTruncatedNormal"](), [N], *map(np.float64, (0, 1, 50, 60)))
    assert_distributed(values, lambda x: 1 - np.exp((50 - x) * (50 + x) / 2) * 50 / x)
    mirrored = draw(blocks["ParameterizedTruncatedNormal"](), [N], *map(np.float64, (0, 1, -60, -50)))
    assert np.array_equal(mirrored, -values)


@pytest.mark.parametrize("a, b", [(1.0, 2.0), (-2.0, -1.0), (1.0, np.inf), (-np.inf, -1.0)])
def test_parameterized_truncated_normal_that_is_all_but_cut_off(a, b):
    for stdev in (1e-9, 1e-200, 5e-324):
        values = draw(blocks["ParameterizedTruncatedNormal"](), [100], *map(np.float64, (0, stdev, a, b)))
        assert np.allclose(values, a if a > 0 else b) and (a <= values).all() and (values <= b).all()


def test_parameterized_truncated_normal_by_rows():
    low = np.array([-1.0, 0.5, 3.0, -6.0])
    values = draw(blocks["ParameterizedTruncatedNormal"](), [4, N], [0.0] * 4, [1.0], low, [1.0, 4.0, np.inf, -2.0])
    for row, (a, b) in zip(values, [(-1, 1), (0.5, 4), (3, math.inf), (-6, -2)], strict=True):
        assert a <= row.min() and row.max() <= b
        assert_distributed(row if b <= 1 else -row, cut(a, b) if b <= 1 else cut(-b, -a))


@pytest.mark.parametrize("dtype", FLOATS)
def test_parameterized_truncated_normal_stays_between_its_ends(dtype):
    low, high = (np.array(v).astype(dtypes.storage(dtype)) for v in (0.1, 0.3))
    zero, one = (np.array(v).astype(low.dtype) for v in (0, 1))
    values = draw(blocks["ParameterizedTruncatedNormal"](), [N], zero, one, low, high)
    assert values.dtype == low.dtype
    assert (low <= values).all() and (values <= high).all()


@pytest.mark.parametrize("alpha", (0.05, 0.5, 1.0, 2.5, 30.0))
@pytest.mark.parametrize("dtype", ("float32", "float64"))
def test_gamma(alpha, dtype):
    values = draw(blocks["RandomGamma"](), [N], np.array(alpha, dtype))
    assert values.dtype == dtype
    assert_distributed(values, lambda x: gamma_cdf(float(np.array(alpha, dtype)), np.maximum(x, 1e-300)))
    assert_moments(values, alpha, alpha)


def test_gamma_of_many():
    values = draw(blocks["RandomGamma"](), [N, 2], [[0.5], [3.0], [11.0]])
    assert values.shape == (N, 2, 3, 1)
    for i, alpha in enumerate((0.5, 3.0, 11.0)):
        assert_distributed(values[:, :, i], lambda x, alpha=alpha: gamma_cdf(alpha, x))


def test_gamma_at_the_ends():
    values = blocks["RandomGamma"]()([2], [0.0, -0.0, -1.0, np.nan, np.inf])
    assert np.array_equal(values, [[0, 0, np.nan, np.nan, np.inf]] * 2, equal_nan=True)


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="no wider numbers to compare with")
@pytest.mark.parametrize("size", (0.02, 0.5, 2.0, 9.0, 11.0, 50.0))
def test_gamma_gradient_beside_a_long_series_of_wider_numbers(size):
    random = np.random.default_rng(0)
    alpha = size * random.uniform(0.8, 1.25, 300)
    sample = alpha * random.uniform(0.01, 1, 300) + random.uniform(0, 3.5, 300) * (1 + np.sqrt(alpha) / 2)
    a, x = alpha.astype(np.longdouble), sample.astype(np.longdouble)
    r, total, slope, term, by_a = a.copy(), np.ones_like(a), np.zeros_like(a), np.ones_like(a), np.zeros_like(a)
    for _ in range(600):
        r += 1
        by_a = (by_a - term / r) * x / r
        term = term * x / r
        total, slope = total + term, slope + by_a
    y, digamma = a + 1, np.zeros_like(a)
    for _ in range(60):
        digamma, y = digamma - 1 / y, y + 1
    digamma += np.log(y) - 1 / (2 * y) - 1 / (12 * y**2) + 1 / (120 * y**4) - 1 / (252 * y**6) + 1 / (240 * y**8)
    wanted = -(slope + total * (np.log(x) - digamma)) * x / a
    found = blocks["RandomGammaGrad"]()(alpha, sample)
    np.testing.assert_allclose(found, wanted.astype(np.float64), rtol=3e-13)


@pytest.mark.parametrize("dtype", ("float32", "float64", "float16", "bfloat16", "int32", "uint8"))
def test_multinomial(dtype):
    logits = np.array([[1, 3, 0, 2, 5], [4, 4, 4, 4, 4]]).astype(dtypes.storage(dtype))
    values = draw(blocks["Multinomial"](output_dtype="int32"), logits, N)
    assert values.dtype == np.int32
    for row, drawn in zip(logits.astype(float), values, strict=True):
        assert_counted(drawn, np.exp(row))


@pytest.mark.parametrize("classes", (1, 2, 3, 7, 8, 9, 1000))
def test_multinomial_of_many_classes(classes):
    weights = np.arange(classes) % 5 + (classes == 1)
    logits = np.log(np.maximum(weights, 1e-300))[None]
    logits[:, weights == 0] = -np.inf
    assert_counted(draw(blocks["Multinomial"](), logits, N), weights)


@pytest.mark.parametrize("count", (5, 500))
def test_multinomial_looks_for_classes_in_ways_that_agree(count):
    """Classes that are never drawn change nothing, but the way in which so many are searched."""
    logits = np.random.default_rng(count).normal(size=(300, 20))
    more = np.concatenate([logits, np.full((300, 20), -np.inf)], 1)
    few = draw(blocks["Multinomial"](), logits, count)
    assert np.array_equal(few, draw(blocks["Multinomial"](), more, count))
    assert len(np.unique(few)) == 20


def test_multinomial_takes_no_class_that_is_not_finite():
    logits = [[np.nan, 0, 0], [0, np.inf, 0], [0, 0, -np.inf], [-3e38, 3e38, 0], [np.nan, np.inf, -np.inf]]
    found = [set(row) for row in draw(blocks["Multinomial"](), logits, 100).tolist()]
    assert found == [{1, 2}, {0, 2}, {0, 1}, {1}, {3}]


def test_shuffle():
    shuffle = blocks["RandomShuffle"]()
    orders = np.array([draw(shuffle, np.arange(3), key=Key(0, "node", step)) for step in range(6000)])
    assert_counted(orders @ [9, 3, 1] - 5, [(k in (0, 2, 6, 10, 14, 16)) for k in range(17)])
    rows = np.arange(200).reshape(100, 2)
    shuffled = draw(shuffle, rows)
    assert not np.array_equal(shuffled, rows)
    assert np.array_equal(shuffled[np.argsort(shuffled[:, 0])], rows)
    assert draw(shuffle, 3.5) == 3.5


@pytest.mark.parametrize("dtype", FLOATS)
def test_dropout(dtype):
    x = np.linspace(-3, 3, N).astype(dtypes.storage(dtype))
    rate = np.array(0.25).astype(x.dtype)
    output, mask = draw(blocks["Dropout"](), x, rate)
    assert output.dtype == mask.dtype == x.dtype
    scale = np.array(1 / 0.75).astype(x.dtype)
    assert set(mask.tolist()) == {0.0, float(scale)}
    assert np.array_equal(output, np.where(mask == 0, x.dtype.type(0), x * scale))
    assert_counted((mask != 0).astype(int), [0.25, 0.75])

"""Draws from random blocks, and whether they have the distribution that they should have."""

from __future__ import annotations

import math

import numpy as np

from dataflow.core.random import Key
from dataflow.core.shapes import TensorType


def draw(block, *inputs, key=Key(1, "node")):  # noqa: B008 - a frozen value
    """What the block gives as a node of a graph with this key."""
    types = block.operand_types(block.signature.bind("test", inputs, {}), TensorType.of)
    with np.errstate(all="ignore"):  # as in every run
        return block.kernel(*(t.value for t in types), key=key)


def phi(x):
    return np.vectorize(lambda v: math.erfc(-v / math.sqrt(2)) / 2, otypes=[float])(x)


def gamma_cdf(a, x):
    term = total = np.ones_like(x)
    for k in range(1, 400):
        term = term * x / (a + k)
        total = total + term
    return np.exp(a * np.log(x) - x - math.lgamma(a + 1)) * total


def assert_distributed(values, cdf):
    """Kolmogorov and Smirnov: once in 10,000 seeds a right sampler is further off."""
    x = np.sort(np.asarray(values, np.float64), axis=None)
    n, expected = len(x), cdf(x)
    steps = np.arange(n + 1) / n
    assert max(np.max(steps[1:] - expected), np.max(expected - steps[:-1])) < 2.23 / math.sqrt(n)


def assert_counted(values, probabilities):
    """The same for whole numbers from 0."""
    counts = np.bincount(np.ravel(values), minlength=len(probabilities))
    assert len(counts) == len(probabilities)
    assert not counts[np.asarray(probabilities) == 0].any()
    expected = np.cumsum(probabilities) / np.sum(probabilities)
    assert np.abs(np.cumsum(counts) / np.size(values) - expected).max() < 2.23 / math.sqrt(np.size(values))


def assert_moments(values, mean, variance):
    values = np.asarray(values, np.float64)
    fourth = np.mean((values - mean) ** 4)
    assert abs(values.mean() - mean) < 4.5 * math.sqrt(variance / values.size)
    assert abs(((values - mean) ** 2).mean() - variance) < 4.5 * math.sqrt((fourth - variance**2) / values.size)


def cut(a, b):
    return lambda x: (phi(x) - phi(a)) / (phi(b) - phi(a))

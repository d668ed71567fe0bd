"""Draws from random blocks, and whether they have the distribution that they should have."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.random import Key
from dataflow.core.shapes import TensorType


def draw(block: Block, *inputs: object, key: Key = Key(1, "node")) -> Any:  # noqa: B008 - a frozen value
    """What the block gives as a node of a graph with this key."""
    types = block.operand_types(block.signature.bind("test", inputs, {}), TensorType.of)
    with np.errstate(all="ignore"):  # as in every run
        kernel: Callable[..., Any] = block.kernel
        return kernel(*(t.value for t in types if isinstance(t, TensorType)), key=key)


def phi(x: ArrayLike) -> Array:
    return np.asarray(np.vectorize(lambda v: math.erfc(-v / math.sqrt(2)) / 2, otypes=[float])(x))


def gamma_cdf(a: float, x: Array) -> Any:
    term = total = np.ones_like(x)
    for k in range(1, 400):
        term = term * x / (a + k)
        total = total + term
    return np.exp(a * np.log(x) - x - math.lgamma(a + 1)) * total


def assert_distributed(values: ArrayLike, cdf: Callable[[Array], Array]) -> None:
    """Kolmogorov and Smirnov: once in 10,000 seeds a right sampler is further off."""
    x = np.sort(np.asarray(values, np.float64), axis=None)
    n, expected = len(x), cdf(x)
    steps = np.arange(n + 1) / n
    assert max(np.max(steps[1:] - expected), np.max(expected - steps[:-1])) < 2.23 / math.sqrt(n)


def assert_counted(values: Array, probabilities: Sequence[float]) -> None:
    """The same for whole numbers from 0."""
    counts = np.bincount(np.ravel(values), minlength=len(probabilities))
    assert len(counts) == len(probabilities)
    assert not counts[np.asarray(probabilities) == 0].any()
    expected = np.cumsum(probabilities) / np.sum(probabilities)
    assert np.abs(np.cumsum(counts) / np.size(values) - expected).max() < 2.23 / math.sqrt(np.size(values))


def assert_moments(values: ArrayLike, mean: float, variance: float) -> None:
    given = np.asarray(values, np.float64)
    fourth = np.mean((given - mean) ** 4)
    assert abs(given.mean() - mean) < 4.5 * math.sqrt(variance / given.size)
    assert abs(((given - mean) ** 2).mean() - variance) < 4.5 * math.sqrt((fourth - variance**2) / given.size)


def cut(a: float, b: float) -> Callable[[Array], Array]:
    """The distribution function of normal values cut off at a and b."""
    return lambda x: (phi(x) - phi(a)) / (phi(b) - phi(a))

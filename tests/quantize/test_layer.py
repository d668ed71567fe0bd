"""A layer by itself: what it gives with other weights, and how far that is from what it should."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.lone_layer import layer


def test_it_gives_what_its_product_gives() -> None:
    random = np.random.default_rng(0)
    given = layer(*(random.normal(size=shape).astype(np.float32) for shape in ((8, 5), (600, 8))))
    assert given.of_inputs(given.weights) == pytest.approx(given.outputs, rel=1e-5, abs=1e-5)
    assert given.of_inputs(np.eye(8, dtype=np.float32)) == pytest.approx(given.inputs)
    assert given.error(given.weights) < 1e-10
    wanted = np.mean(np.square(given.inputs.astype(np.float64) @ (given.nearest - given.weights)))
    assert given.error(given.nearest) == pytest.approx(wanted, rel=1e-4)


def test_the_nearest_levels_are_at_most_half_a_step_away() -> None:
    given = layer(np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32), np.eye(8, dtype=np.float32))
    assert np.all(np.abs(given.nearest - given.weights) <= 0.5001 * given.steps)
    assert given.steps.shape == given.weights.shape

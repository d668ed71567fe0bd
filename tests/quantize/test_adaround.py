"""AdaRound: gates learn whether weights go up or down."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from quantize.lone_layer import layer

from dataflow.quantize.adaround import adaround


def test_one_output_is_rounded_nearly_as_well_as_can_be() -> None:
    random = np.random.default_rng(5)
    worse = []
    for _ in range(2):
        mixed = random.normal(size=(6, 6))
        given = layer(
            random.normal(size=(6, 1)).astype(np.float32),
            (random.normal(size=(400, 6)) @ mixed).astype(np.float32),
        )
        floor = np.floor(given.weights.astype(np.float64) / given.steps)
        ways = (floor + np.reshape(up, (6, 1)) for up in itertools.product((0, 1), repeat=6))
        best = min(
            given.error(given.on_grid(np.clip(way, given.grid.low, given.grid.high).astype(int))) for way in ways
        )
        made = adaround(given)
        assert np.abs(made - given.weights).max() <= given.steps.max() * 1.0001
        worse.append((given.error(made) / best, given.error(given.nearest) / best))
    assert max(ratio for ratio, _ in worse) < 1.1 < max(ratio for _, ratio in worse)


def test_inputs_that_are_never_seen_do_no_harm() -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(64, 8)).astype(np.float32)
    inputs[:, 3] = 0
    assert np.isfinite(adaround(layer(random.normal(size=(8, 5)).astype(np.float32), inputs))).all()


@pytest.mark.slow
def test_the_same_every_time() -> None:
    random = np.random.default_rng(0)
    given = layer(*(random.normal(size=shape).astype(np.float32) for shape in ((8, 5), (64, 8))))
    assert adaround(given).tobytes() == adaround(given).tobytes()

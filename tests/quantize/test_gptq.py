"""GPTQ: what a rounded weight is off by is made up for by those that are still to come."""

from __future__ import annotations

import numpy as np
from quantize.lone_layer import layer

from dataflow.quantize.gptq import gptq


def test_inputs_that_have_nothing_in_common_leave_each_weight_at_the_nearest() -> None:
    weights = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    given = layer(weights, np.eye(8, dtype=np.float32))
    assert np.array_equal(gptq(given), given.nearest)


def test_inputs_that_are_never_seen_do_no_harm() -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(64, 8)).astype(np.float32)
    inputs[:, 3] = 0
    assert np.isfinite(gptq(layer(random.normal(size=(8, 5)).astype(np.float32), inputs))).all()


def test_inputs_that_go_together_make_up_for_each_other() -> None:
    """Two inputs that are nearly one: their weights may be off by as much in opposite directions."""
    random = np.random.default_rng(0)
    one = random.normal(size=(500, 1))
    inputs = np.concatenate([one, one + 0.01 * random.normal(size=(500, 1))], 1).astype(np.float32)
    weights = np.float32([[0.44, 3.0], [0.44, -3.0]])  # with steps of 1, of which the nearest is 0 and 0
    given = layer(weights, inputs)
    assert given.nearest[:, 0].tolist() == [0, 0]
    assert sorted(gptq(given)[:, 0].tolist()) == [0, 1]
    assert given.error(gptq(given)) < 0.1 * given.error(given.nearest)

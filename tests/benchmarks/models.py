"""The two networks whose training is timed: first weights, one batch, and the settings that all share."""

from __future__ import annotations

from typing import Any

import numpy as np
from training import setting

RATE = 0.01
RANGES = {"w1": (-0.2, 0.21), "hidden": (0.0, 6.0), "w2": (-0.5, 0.52)}  # of the quantized values, by name
ADAM = setting.OPTIMIZERS["ApplyAdam"]
CNN_BATCH = 64


def mlp(batch: int) -> tuple[dict[str, Any], Any, Any]:
    """Weights, images and labels of a classifier 784-128-10."""
    random = np.random.default_rng(3)
    weights = {
        "w1": random.normal(size=(784, 128)) * 0.05,
        "b1": np.zeros(128),
        "w2": random.normal(size=(128, 10)) * 0.125,
        "b2": np.zeros(10),
    }
    image = random.random((batch, 784), np.float32)
    return {n: w.astype(np.float32) for n, w in weights.items()}, image, random.integers(0, 10, batch)


def cnn() -> tuple[dict[str, Any], Any, Any]:
    """Weights, images and labels for graphs/digits/cnn.yaml."""
    with np.load(setting.DIGITS) as digits:
        return setting.weights("cnn"), digits["x_train"][:CNN_BATCH], digits["y_train"][:CNN_BATCH]

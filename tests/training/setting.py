"""What the graphs of digits are trained with here and in TensorFlow: the same first weights, batches and settings."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

STEPS, BATCH = 50, 32
OPTIMIZERS = {
    "ApplyGradientDescent": {"alpha": 0.02},
    "ApplyMomentum": {"lr": 0.005, "momentum": 0.9},
    "ApplyAdam": {"lr": 0.003, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7},
}
SHAPES = {
    "mlp": {"w1": (64, 64), "b1": (64,), "w2": (64, 10), "b2": (10,)},
    "cnn": {
        "w1": (3, 3, 1, 32), "scale1": (32,), "offset1": (32,),
        "w2": (3, 3, 32, 64), "scale2": (64,), "offset2": (64,),
        "w3": (256, 10), "b3": (10,),
    },
    "mnist": {"w1": (3, 3, 1, 32), "w2": (3, 3, 32, 64), "w3": (10, 3136), "b": (1, 10)},
}  # fmt: skip
NODES = {  # of graphs/digits/cnn.yaml, in which layers name the variables
    "w1": "conv1/filter", "scale1": "conv1/norm/scale", "offset1": "conv1/norm/offset",
    "w2": "conv2/filter", "scale2": "conv2/norm/scale", "offset2": "conv2/norm/offset",
    "w3": "logits/weights", "b3": "logits/bias",
}  # fmt: skip
DIGITS = Path(__file__).parents[2] / "graphs" / "data" / "digits.npz"
LOSSES = Path(__file__).parent / "losses.json"
SLOPES = Path(__file__).parent / "slopes.npz"


def weights(model: str) -> dict[str, Any]:
    """The first value of each variable: weights at random, scales 1, the rest 0."""
    found = {}
    for name, shape in SHAPES[model].items():
        random = np.random.default_rng(zlib.crc32(f"{model} {name}".encode()))
        size = np.sqrt(2 / np.prod(shape[1:] if name == "w3" and model == "mnist" else shape[:-1]))
        value = random.normal(size=shape) * size if name.startswith("w") else np.full(shape, name.startswith("scale"))
        found[name] = value.astype(np.float32)
    return found


def first_values(model: str) -> dict[str, Any]:
    """The weights under the names of the variables in the graph of the model."""
    return {NODES[name] if model == "cnn" else name: value for name, value in weights(model).items()}


def batches() -> Iterator[tuple[Any, Any]]:
    """Images and labels of each step."""
    with np.load(DIGITS) as digits:
        images, labels = digits["x_train"], digits["y_train"]
    random = np.random.default_rng(5)
    for _ in range(STEPS):
        rows = random.integers(0, len(images), BATCH)
        yield images[rows], labels[rows]


def pictures() -> tuple[Any, Any]:
    """Eight images of MNIST's size and their labels."""
    with np.load(DIGITS) as digits:
        small, labels = digits["x_train"][:8].reshape(8, 8, 8), digits["y_train"][:8]
    return np.pad(np.kron(small, np.ones((3, 3), np.float32)), ((0, 0), (2, 2), (2, 2))), labels

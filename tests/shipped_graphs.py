"""The graphs in `graphs/`, and what each can be fed."""

from __future__ import annotations

import numpy as np
from places import ROOT

from dataflow import Graph
from dataflow.core.dtypes import Array

FILES = sorted((ROOT / "graphs").rglob("*.yaml"))
LAYER = {
    "x": np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3),
    "w": np.ones((3, 2), np.float32),
    "b": np.zeros(2, np.float32),
}


def feeds_of(graph: Graph) -> dict[str, Array]:
    """Digits for the graphs that take images, larger ones in MNIST's form, a small layer for parts of others."""
    digits = np.load(ROOT / "graphs" / "data" / "digits.npz")
    known = {"image": digits["x_test"], "label": digits["y_test"], **LAYER}
    if any((type_.shape or ())[1:] == (28, 28) for type_ in graph.inputs.values()):
        pixels = np.kron(digits["x_test"][:20].reshape(20, 8, 8), np.ones((3, 3), np.float32))
        known["image"] = np.pad(pixels, ((0, 0), (2, 2), (2, 2)))
        known["label"] = digits["y_test"][:20]
        known |= {"images": (known["image"] * 255).astype(np.uint8), "labels": known["label"].astype(np.uint8)}
    return {name: known[name] for name in graph.inputs}

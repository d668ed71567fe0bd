"""The graphs in `graphs/`, the parameters that they need, and what each can be fed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from places import ROOT

from dataflow import Graph
from dataflow.core.dtypes import Array
from dataflow.graphfile.load import defaults

FILES = sorted((ROOT / "graphs").rglob("*.yaml"))
LAYER = {
    "x": np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3),
    "w": np.ones((3, 2), np.float32),
    "b": np.zeros(2, np.float32),
}

IMAGES = np.linspace(-1, 1, 2 * 5 * 4 * 3, dtype=np.float32).reshape(2, 5, 4, 3)
WINE = {
    "chemistry": np.linspace(-1, 1, 4 * 12, dtype=np.float32).reshape(4, 12),
    "color": np.eye(3, dtype=np.float32)[[0, 1, 2, 0]],
    "cultivar": np.array([0, 1, 2, 0]),
}
NEEDED = {"channels": 3, "units": 2, "filters": 2, "size": 9, "dtype": "float32", "whole": "int64"}  # by layers


def params_of(path: Path) -> dict[str, Any]:
    """The parameters without which a graph cannot be loaded."""
    return {name: NEEDED[name] for name, default in defaults(path).items() if default is None}


def feeds_of(graph: Graph) -> dict[str, Array]:
    """Digits for the graphs that take images, larger ones in MNIST's form, a small layer for parts of others."""
    digits = np.load(ROOT / "graphs" / "data" / "digits.npz")
    known = {"image": digits["x_test"], "label": digits["y_test"], **LAYER, **WINE}
    if any((type_.shape or ())[1:] == (28, 28) for type_ in graph.inputs.values()):
        pixels = np.kron(digits["x_test"][:20].reshape(20, 8, 8), np.ones((3, 3), np.float32))
        known["image"] = np.pad(pixels, ((0, 0), (2, 2), (2, 2)))
        known["label"] = digits["y_test"][:20]
        known |= {"images": (known["image"] * 255).astype(np.uint8), "labels": known["label"].astype(np.uint8)}
    x = graph.inputs.get("x")
    if x is not None and len(x.shape or ()) == 4:
        known["x"] = IMAGES
    if x is not None and x.dtype == "int64":
        known["x"] = np.arange(6).reshape(2, 3)
    return {name: known[name] for name in graph.inputs}

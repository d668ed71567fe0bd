"""The same blocks on values that lie otherwise or are of another dtype, beside plain ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import names, ours
from .peers import Peer
from .timing import Run

WAYS = ("Fortran order", "channels on axis 0", "float16")
RANGE, CHANNELS = (-3.0, 3.1), 100
GRADIENT = "QuantizeAndDequantizeV4Grad"


def layouts(way: str, size: int, peers: Sequence[Peer]) -> dict[str, Run]:
    """Our runs of a block in some way, and on plain values."""
    random = np.random.default_rng(0)
    x, dy = (random.standard_normal((CHANNELS, size // CHANNELS), np.float32) for _ in range(2))
    low, high = map(np.float32, RANGE)
    if way == "Fortran order":
        given = {"inputs": x, "min": low, "max": high}
        return _beside("FakeQuantWithMinMaxVars", given, given | {"inputs": np.asfortranarray(x)})
    plain: dict[str, Any] = {"gradients": dy, "input": x, "input_min": low, "input_max": high}
    if way == "float16":
        return _beside(GRADIENT, plain, {name: array.astype(np.float16) for name, array in plain.items()})
    each = {"input_min": np.full(CHANNELS, low), "input_max": np.full(CHANNELS, high)}
    return _beside(GRADIENT, plain, plain | each, axis=0)


def _beside(block: str, plain: dict[str, Any], other: dict[str, Any], **attrs: Any) -> dict[str, Run]:
    runs = {names.PLAIN + name: run for name, run in ours.library(block, {}, plain).items()}
    return runs | ours.library(block, attrs, other)

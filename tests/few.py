"""Cases of a test of which a few tell most: the others are marked slow."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from places import GRAPHS

# graphs used as blocks, quantizers, variables that the graph changes by itself, a table of data
GRAPHS_THAT_TELL = [
    GRAPHS / f"{name}.yaml" for name in ("digits/cnn", "quant/digits_fake_quant", "xor/ce_manual", "wine/mlp")
]


def few(cases: Iterable[object], fast: Iterable[object] = GRAPHS_THAT_TELL) -> list[object]:
    """The cases; those that are not among the fast ones are marked slow."""
    kept = [*fast]
    return [pytest.param(case, marks=[] if case in kept else pytest.mark.slow) for case in cases]

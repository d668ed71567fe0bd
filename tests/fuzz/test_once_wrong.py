"""Graphs that once gave other values under some setting: every way must give the same bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dataflow as flow

from .case import MEDIUM, SMALL, Case
from .compare import findings
from .values import values

pytestmark = pytest.mark.slow

FILES = sorted((Path(__file__).parent / "once_wrong").glob("*.yaml"))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_graph(path, seed):
    graph = flow.load(path)
    random = np.random.default_rng(seed)
    feeds = [{n: values(random, t.dtype, t.shape) for n, t in sorted(graph.inputs.items())} for _ in range(2)]
    scale = SMALL if all(value.size <= 4096 for value in feeds[0].values()) else MEDIUM
    found, _ = findings(Case(8 * seed, scale, graph, feeds), jit=True)
    assert not found, "\n".join(map(str, found))

"""Graphs that nobody has seen before, for DATAFLOW_FUZZ_MINUTES; the seeds are printed with what went wrong."""

from __future__ import annotations

import os

import pytest

from .campaign import campaign
from .case import LARGE, MEDIUM, SMALL, case

pytestmark = pytest.mark.slow

MINUTES = float(os.environ.get("DATAFLOW_FUZZ_MINUTES", "0.2"))


def test_every_setting_gives_the_same_bits():
    seed = int.from_bytes(os.urandom(4))
    seen = campaign(seed, MINUTES)
    print(f"seeds from {seed}: {seen}")
    assert not seen.reports, "\n\n".join([*seen.reports, f"seeds from {seed}: {seen}"])


@pytest.mark.parametrize("scale", [SMALL, MEDIUM, LARGE])
def test_a_seed_makes_the_same_graph_again(scale):
    one, two = case(5, scale), case(5, scale)
    assert one.graph == two.graph
    assert all(a[name].tobytes() == b[name].tobytes() for a, b in zip(one.feeds, two.feeds, strict=True) for name in a)

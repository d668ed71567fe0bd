"""What the search does with a way to run graphs that is wrong: it is found, made small and told."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow

from . import compare, ways
from .campaign import campaign
from .ways import Setting

pytestmark = pytest.mark.slow

WRONG = Setting(way="wrong")


@pytest.fixture(autouse=True)
def wrong_way(monkeypatch):
    """Gives another sign to the values of every graph that needs a difference."""

    def wrong(graph, setting):
        run = flow.plan(graph, kernels="numpy").run
        if graph.ancestors(link.node for link in graph.outputs.values()).isdisjoint(graph.of_block("Subtract")):
            return run
        return lambda feeds: {name: _turned(value) for name, value in run(feeds).items()}

    monkeypatch.setitem(ways.WAYS, "wrong", wrong)
    monkeypatch.setattr(compare, "NUMPY", (Setting(fuse=False), WRONG))
    monkeypatch.setattr(compare, "JIT", ())
    monkeypatch.setattr(compare, "SOMETIMES", ())


def _turned(value):
    bits = np.array(value)
    bits.reshape(-1).view(np.uint8)[-1:] ^= 0x80
    return bits


def test_what_differs_is_reported_with_the_smallest_graph(tmp_path):
    told = []
    seen = campaign(1, 1.0, large_share=0, medium_share=0, stop=True, tell=told.append, keep=tmp_path)
    assert told == seen.reports and len(told) == 1
    assert str(WRONG) in told[0] and "python -m tests.fuzz --seed" in told[0]
    (path,) = tmp_path.iterdir()
    kept = flow.load(path)
    assert kept.of_block("Subtract") and len(kept.outputs) == 1 and len(kept.nodes) <= 5
    again = campaign(seen.graphs, 1.0, 1, large_share=0, medium_share=0)
    assert again.reports == seen.reports


def test_inputs_that_a_run_changes_are_reported(monkeypatch):
    def writing(graph, setting):
        run = flow.plan(graph, kernels="numpy").run

        def written(feeds):
            outputs = run(feeds)
            for value in feeds.values():
                if value.flags.writeable and value.size:
                    value[...] = 0
            return outputs

        return written

    monkeypatch.setitem(ways.WAYS, "wrong", writing)
    seen = campaign(1, 1.0, large_share=0, medium_share=0, stop=True)
    assert "was changed" in seen.reports[0]

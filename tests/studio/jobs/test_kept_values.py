"""What is kept of documents that were run lately, and what is let go."""

from __future__ import annotations

import numpy as np

import dataflow as flow
from dataflow.engine.kept import Kept
from dataflow.studio.jobs.kept_values import Documents, Values


def kept(size: int) -> Values:
    """The values of a run in which two ports have so many elements of 4 bytes, one of them by what runs again."""
    graph = flow.Graph("g")
    graph.output("y", -graph.input("x", "float32", ["N"]))
    runs, found = Kept(), Values(label="run 1")
    runs.run(graph, {"x": np.ones(size, np.float32)}, watch="all", observe=found.values.__setitem__)
    found.kept["kept"] = runs
    return found


def test_each_array_counts_once() -> None:
    values = kept(100)
    assert len(values.values) == 2
    assert values.nbytes == values.kept["kept"].nbytes == 800
    values.values["more"] = np.ones(3, np.float32)
    assert values.nbytes == 812
    values.frozen["a", "run 1"] = {"y": np.ones(1000)}
    assert values.nbytes == 812


def test_those_that_were_not_run_for_longest_are_let_go_but_for_what_is_frozen() -> None:
    documents = Documents(a=kept(100), b=kept(100), c=kept(100), d=kept(10_000))
    documents["a"].frozen["n", "run 1"] = frozen = {"y": np.ones(1)}
    documents.of("b")
    assert [*documents] == ["a", "c", "d", "b"]
    assert documents.let_go(100_000) == ["b", "d", "c", "a"]
    documents.of("d")
    assert documents.let_go(1700) == ["d", "b", "c"]
    assert (documents["a"].values, documents["a"].nbytes, documents["a"].label) == ({}, 0, "")
    assert documents["a"].frozen == {("n", "run 1"): frozen}
    assert documents.let_go(0) == ["d"]
    assert documents["d"].nbytes == 80_000
    assert documents.of("new").nbytes == 0
    assert documents.let_go() == ["new", "d"]

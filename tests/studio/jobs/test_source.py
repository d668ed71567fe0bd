"""The open graph as a worker reads it, and the rows that feed it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from dataflow.core.errors import GraphFileError
from dataflow.studio.jobs.call import Memory
from dataflow.studio.jobs.source import KEPT, ROWS, Source, rows_of, unfed

TEXT = """\
dataflow: 1
name: line
params: {training: {type: bool, default: false}}
inputs:
  x: float32[N]
  z: float32[N]
outputs: {x: x}
data:
  first: {path: rows.npz, inputs: {x: x}}
  second: {like: first, rows: [0, 10]}
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / ".dataflow").touch()
    np.savez(tmp_path / "rows.npz", x=np.arange(2 * ROWS, dtype=np.float32))
    return Source(str(tmp_path / "line.yaml"), TEXT)


def test_a_text_with_problems_is_refused(source: Source) -> None:
    with pytest.raises(GraphFileError, match="no block 'Nope'"):
        Source(source.path, TEXT.replace("outputs", "nodes: {a: {block: Nope}}\noutputs")).graph()


def test_a_parameter_training_is_switched_unless_it_is_given(source: Source) -> None:
    assert source.switched()
    assert not Source(source.path, TEXT, params={"training": True}).switched()
    assert not Source(source.path, TEXT.replace("training:", "other:")).switched()


def test_texts_of_other_files_are_read_in_place_of_them(source: Source, tmp_path: Path) -> None:
    inner = "dataflow: 1\ninputs: {a: float32}\nnodes: {b: {block: Neg, inputs: [a]}}\noutputs: {c: b}\n"
    text = TEXT.replace("outputs:", "nodes: {n: {block: ./inner.yaml, inputs: {a: x}}}\noutputs:")
    graph = Source(source.path, text, {str(tmp_path.resolve() / "inner.yaml"): inner}).graph()
    assert "n/b" in graph.nodes


def test_so_many_rows_of_a_split_spread_evenly(source: Source) -> None:
    graph, memory = source.graph(), Memory()
    found = rows_of(graph, "", None, memory)
    assert (found.split, found.length) == ("first", ROWS)
    assert found.feeds["x"][:3].tolist() == [0, 2, 4]
    assert rows_of(graph, "second", None, memory).feeds["x"].tolist() == [*range(10)]
    assert rows_of(graph, "second", 5, memory).feeds["x"].tolist() == [0, 2, 4, 6, 8]


def test_few_sets_of_rows_are_remembered(source: Source) -> None:
    graph, memory = source.graph(), Memory()
    digests = {rows_of(graph, "", count, memory).digest for count in range(1, KEPT + 3)}
    assert len(digests) == KEPT + 2
    assert len(memory.rows) == KEPT
    last = rows_of(graph, "", KEPT + 2, memory)
    assert last.feeds is rows_of(graph, "", KEPT + 2, memory).feeds


def test_what_nothing_feeds(source: Source) -> None:
    assert unfed(source.graph(), {"x": 0}) == ["z"]


def test_rows_are_read_again_where_another_file_has_the_time_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / ".dataflow").touch()
    text = "dataflow: 1\ninputs: {x: 'float32[N]'}\ndata: {some: {path: rows.npz, inputs: {x: x}}}\n"
    graph, memory = Source(str(tmp_path / "a.yaml"), text).graph(), Memory()
    for value in (1.0, 2.0):
        np.savez(tmp_path / "rows.npz", x=np.full(3, value, np.float32))
        os.utime(tmp_path / "rows.npz", ns=(1, 1))
        assert rows_of(graph, "", None, memory).feeds["x"].tolist() == [value] * 3

"""Runs of a text that is open: events by node and port, failures, rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import on_page
from dataflow.graphfile import shipped
from dataflow.studio.jobs.call import Call, Memory
from dataflow.studio.jobs.prepared import Asked
from dataflow.studio.jobs.run import Run
from dataflow.studio.jobs.source import Source
from tests.studio.calls import Plain, do

LINE = """\
dataflow: 1
name: line
inputs:
  x: {dtype: float32, shape: [N, 2]}
nodes:
  w: {block: Variable, inputs: [[2.0, 3.0]]}
  scaled: {block: Mul, inputs: [x, w]}
  sum: {block: Sum, inputs: {input: scaled, axis: [1]}}
outputs: {sum: sum}
data:
  some: {path: rows.npz, inputs: {x: x}}
"""


@pytest.fixture
def line(tmp_path: Path) -> Source:
    (tmp_path / ".dataflow").touch()
    np.savez(tmp_path / "rows.npz", x=np.arange(20, dtype=np.float32).reshape(10, 2))
    return Source(str(tmp_path / "line.yaml"), LINE)


def test_every_port_has_statistics_and_every_node_a_fate(line: Source) -> None:
    memory = Memory()
    done = do(Run(Asked(line)), memory)
    assert done.plain["state"] == "done"
    assert done.first("began")["rows"] == 10
    assert done.first("began")["split"] == "some"
    assert done.first("began")["outputs"] == {"sum": "sum.output"}
    values = done.merged("values")
    assert {*values} == {"x.output", "w.ref", "scaled.z", "sum.output"}
    assert values["w.ref"]["shown"] == [2.0, 3.0]
    assert values["sum.output"]["shape"] == [10]
    rows = np.arange(20, dtype=np.float32).reshape(10, 2)
    assert values["sum.output"]["max"] == (rows @ [2, 3]).max()
    assert np.array_equal(memory.documents[""].values["scaled.z"], rows * np.array([2, 3], np.float32))
    assert done.merged("nodes")["scaled"]["fate"] == "run"


def test_a_run_that_would_hold_too_much_is_refused_with_what_the_page_has(line: Source) -> None:
    with on_page():
        problem = do(Run(Asked(line), max_bytes=8), Memory()).plain["problem"]
    assert isinstance(problem, dict)
    assert "at most 8 bytes" in problem["message"]
    assert problem["hint"] == "run fewer rows"


def test_rows_are_spread_over_the_split(line: Source) -> None:
    memory = Memory()
    done = do(Run(Asked(line, rows=5)), memory)
    assert done.first("began")["rows"] == 5
    assert memory.documents[""].values["x.output"][:, 0].tolist() == [0, 4, 8, 12, 16]


def test_rows_are_read_again_where_the_file_has_changed(line: Source, tmp_path: Path) -> None:
    memory = Memory()
    do(Run(Asked(line)), memory)
    known = memory.rows
    do(Run(Asked(line)), memory)
    assert len(known) == 1
    np.savez(tmp_path / "rows.npz", x=np.ones((3, 2), np.float32))
    assert do(Run(Asked(line)), memory).first("began")["rows"] == 3


def test_the_text_is_run_and_not_the_file(line: Source, tmp_path: Path) -> None:
    Path(line.path).write_text("dataflow: 1\nnodes: {}\n")
    assert do(Run(Asked(line))).plain["state"] == "done"


def test_a_text_with_problems_says_all_of_the_first(tmp_path: Path) -> None:
    done = do(Run(Asked(Source(str(tmp_path / "wrong.yaml"), "dataflow: 1\nnodes:\n  a: {block: Nope}\n"))))
    problem = cast("dict[str, object]", done.plain["problem"])
    assert done.plain["state"] == "failed"
    assert (problem["line"], problem["node"]) == (3, "a")
    assert "no block 'Nope'" in str(problem["message"])


def test_a_kernel_that_fails_names_its_node(line: Source) -> None:
    assert line.text is not None
    text = line.text.replace(
        "{block: Sum, inputs: {input: scaled, axis: [1]}}", "{block: Gather, inputs: [scaled, [99]]}"
    )
    done = do(Run(Asked(Source(line.path, text))))
    problem = cast("dict[str, object]", done.plain["problem"])
    assert done.plain["state"] == "failed"
    assert problem["node"] == "sum"


def test_inputs_that_the_split_does_not_feed_are_named(line: Source) -> None:
    assert line.text is not None
    text = line.text.replace("inputs:\n", "inputs:\n  y: float32[N]\n").replace("sum: sum}", "sum: sum, y: y}")
    done = do(Run(Asked(Source(line.path, text))))
    problem = cast("dict[str, object]", done.plain["problem"])
    assert "'y' must be fed" in str(problem["message"])
    assert "force a value" in str(problem["hint"])


def test_a_run_beyond_the_limit_is_refused(line: Source) -> None:
    done = do(Run(Asked(line), max_bytes=100))
    problem = cast("dict[str, object]", done.plain["problem"])
    assert "at most 100 bytes" in str(problem["message"])


def test_the_results_are_those_of_a_plain_run() -> None:
    path = shipped.find("dataflow:digits/cnn.yaml")
    graph, memory = flow.load(str(path)), Memory()
    done = do(Run(Asked(Source(str(path), path.read_text("utf-8")), split="test", rows=50)), memory)
    assert done.plain["state"] == "done"
    (feeds,) = memory.rows.values()
    for name, value in flow.run(graph, feeds).items():
        kept = memory.documents[""].values[cast("dict[str, str]", done.first("began")["outputs"])[name]]
        assert kept.tobytes() == value.tobytes()


def test_what_is_asked_about_meanwhile_is_of_this_run(line: Source) -> None:
    memory = Memory()
    do(Run(Asked(line)), memory)
    seen: dict[str, float] = {}

    def tell(event: Plain) -> None:
        if event["event"] == "began":
            assert memory.documents[""].values == {}
        for port in cast("dict[str, object]", event.get("values", {})):
            seen[port] = float(memory.documents[""].values[port].max())

    Run(Asked(replace(line, text=LINE.replace("2.0, 3.0", "4.0, 5.0")))).work(Call(tell), memory)
    assert seen == {"x.output": 19.0, "w.ref": 5.0, "scaled.z": 95.0, "sum.output": 18 * 4.0 + 19 * 5.0}

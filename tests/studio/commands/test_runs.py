"""Runs asked for by a page, which see what happens in the worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from studio_pages import Page, Refused

pytestmark = pytest.mark.slow

TEXT = """dataflow: 1
name: line
inputs:
  x: float32[N, 2]
nodes:
  w: {block: Variable, inputs: [[2.0, 3.0]]}
  scaled: {block: Mul, inputs: [x, w]}
outputs:
  y: scaled
data:
  some: {path: rows.npz, inputs: {x: x}}
"""


@pytest.fixture
def opened(folder: Path, page: Page) -> Page:
    np.savez(folder / "rows.npz", x=np.arange(20, dtype=np.float32).reshape(10, 2))
    (folder / "line.yaml").write_text(TEXT, "utf-8")
    page.ask("open", path="line.yaml")
    return page


def run(page: Page, **given: Any) -> dict[str, Any]:
    """Run, and how it ended."""
    number = page.ask("run", **given)["number"]
    while True:
        for event in page.events:
            if event["event"] == "ended" and event["number"] == number:
                return event
        page.wait("ended")


def test_a_run_is_told_bit_by_bit_and_as_a_whole(opened: Page, connect: Any) -> None:
    ended = run(opened)
    assert (ended["state"], ended["problem"]) == ("done", None)
    values: dict[str, Any] = {}
    for event in opened.events:
        if event["event"] == "ran":
            values |= event["values"]
    assert values["scaled.z"]["max"] == 57.0
    whole = connect().last("run")["run"]
    assert whole["values"] == values
    assert whole["outputs"] == {"y": "scaled.z"}
    assert (whole["state"], whole["rows"], whole["split"], whole["current"]) == ("done", 10, "some", True)
    assert whole["nodes"]["scaled"]["fate"] == "run"


def test_the_text_is_run_with_edits_that_are_not_saved(opened: Page) -> None:
    opened.edit({"op": "set", "place": "w.initvalues", "value": [0.0, 1.0]})
    run(opened)
    assert opened.ask("table", port="w.ref")["cells"] == [["0.0"], ["1.0"]]


def test_a_failure_is_shown_at_its_node(opened: Page) -> None:
    opened.edit({"op": "add", "name": "row", "block": "Gather", "inputs": ["x", [99]], "after": "scaled"})
    problem = run(opened)["problem"]
    assert (problem["node"], problem["path"], problem["line"]) == ("row", "line.yaml", 8)
    assert "99" in problem["message"]


def test_rows_and_split_of_the_session(opened: Page) -> None:
    opened.ask("session", rows=3)
    run(opened)
    assert opened.last("run")["run"]["rows"] == 3
    opened.ask("session", split="none")
    ended = run(opened)
    assert ended["state"] == "failed"
    assert "no data 'none'" in ended["problem"]["message"]


def test_what_would_run_and_why(opened: Page) -> None:
    fates = opened.ask("plan_run")
    assert {name: each["fate"] for name, each in fates.items()} == {"x": "fed", "w": "constant", "scaled": "run"}
    assert fates["scaled"]["because"] == "it has not run yet"
    assert fates["scaled"]["seconds"] is None
    opened.ask("session", split="none")
    with pytest.raises(Refused, match="has no data 'none'"):
        opened.ask("plan_run")


def test_the_session_decides_what_runs(opened: Page, folder: Path) -> None:
    number = run(opened)["number"]
    opened.ask("session", frozen={"scaled": f"run {number}"}, params={})
    run(opened)
    assert opened.ask("plan_run")["scaled"]["fate"] == "frozen"
    np.savez(folder / "kept.npz", scaled=np.ones((10, 2), np.float32))
    opened.ask("session", frozen={"scaled": "kept.npz"})
    run(opened)
    assert opened.ask("table", port="scaled.z")["cells"][0] == ["1.0", "1.0"]
    with pytest.raises(Refused, match="must be a file in"):
        opened.ask("session", frozen={"scaled": "../kept.npz"})
    opened.ask("session", frozen={}, bypassed=["scaled"])
    run(opened, again=True)
    assert opened.ask("plan_run")["scaled"]["fate"] == "bypassed"
    opened.ask("session", bypassed=[], forced={"w.ref": [0.0, 1.0]})
    run(opened)
    assert opened.ask("table", port="scaled.z")["cells"][1] == ["0.0", "3.0"]


def test_another_document_has_no_values(opened: Page, connect: Any) -> None:
    run(opened)
    opened.ask("open", path="small.yaml")
    assert connect().last("run")["run"]["state"] == "none"
    assert run(opened)["state"] == "done"


def test_a_worker_that_ends_is_told(opened: Page, server: Any) -> None:
    run(opened)
    server.studio.work.values._process.process.kill()
    with pytest.raises(Refused, match="must have a value, got none"):
        opened.ask("picture", port="scaled.z")
    assert run(opened)["state"] == "done"

"""Runs asked for by a page, which see what happens in the worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from studio_pages import Page, Refused

pytestmark = pytest.mark.slow


def run(page: Page, **given: Any) -> dict[str, Any]:
    """Run, and how it ended."""
    number = page.ask("run", **given)["number"]
    while True:
        for event in page.events:
            if event["event"] == "ended" and event["number"] == number:
                return event
        page.wait("ended")


def test_a_run_is_told_bit_by_bit_and_as_a_whole(line: Page, connect: Any) -> None:
    ended = run(line)
    assert (ended["state"], ended["problem"]) == ("done", None)
    values: dict[str, Any] = {}
    for event in line.events:
        if event["event"] == "ran":
            values |= event["values"]
    assert values["scaled.z"]["max"] == 57.0
    whole = connect().last("run")["run"]
    assert whole["values"] == values
    assert whole["outputs"] == {"y": "scaled.z"}
    assert (whole["state"], whole["rows"], whole["split"], whole["current"]) == ("done", 10, "some", True)
    assert whole["nodes"]["scaled"]["fate"] == "run"


def test_the_text_is_run_with_edits_that_are_not_saved(line: Page) -> None:
    line.edit({"op": "set", "place": "w.initvalues", "value": [0.0, 1.0]})
    run(line)
    assert line.ask("table", port="w.ref")["cells"] == [["0.0"], ["1.0"]]


def test_a_failure_is_shown_at_its_node(line: Page) -> None:
    line.edit({"op": "add", "name": "row", "block": "Gather", "inputs": ["x", [99]], "after": "scaled"})
    problem = run(line)["problem"]
    assert (problem["node"], problem["path"], problem["line"]) == ("row", "line.yaml", 8)
    assert "99" in problem["message"]


def test_rows_and_split_of_the_session(line: Page) -> None:
    line.ask("session", rows=3)
    run(line)
    assert line.last("run")["run"]["rows"] == 3
    line.ask("session", split="none")
    ended = run(line)
    assert ended["state"] == "failed"
    assert "no data 'none'" in ended["problem"]["message"]


def test_what_would_run_and_why(line: Page) -> None:
    fates = line.ask("plan_run")
    assert {name: each["fate"] for name, each in fates.items()} == {"x": "fed", "w": "constant", "scaled": "run"}
    assert fates["scaled"]["because"] == "it has not run yet"
    assert fates["scaled"]["seconds"] is None
    line.ask("session", split="none")
    with pytest.raises(Refused, match="has no data 'none'"):
        line.ask("plan_run")


def test_the_session_decides_what_runs(line: Page, folder: Path) -> None:
    number = run(line)["number"]
    line.ask("session", frozen={"scaled": f"run {number}"}, params={})
    run(line)
    assert line.ask("plan_run")["scaled"]["fate"] == "frozen"
    np.savez(folder / "kept.npz", scaled=np.ones((10, 2), np.float32))
    line.ask("session", frozen={"scaled": "kept.npz"})
    run(line)
    assert line.ask("table", port="scaled.z")["cells"][0] == ["1.0", "1.0"]
    with pytest.raises(Refused, match="must be a file in"):
        line.ask("session", frozen={"scaled": "../kept.npz"})
    line.ask("session", frozen={}, bypassed=["scaled"])
    run(line, again=True)
    assert line.ask("plan_run")["scaled"]["fate"] == "bypassed"
    line.ask("session", bypassed=[], forced={"w.ref": [0.0, 1.0]})
    run(line)
    assert line.ask("table", port="scaled.z")["cells"][1] == ["0.0", "3.0"]


def test_another_document_has_no_values(line: Page, connect: Any) -> None:
    run(line)
    line.ask("open", path="small.yaml")
    assert connect().last("run")["run"]["state"] == "none"
    assert run(line)["state"] == "done"


def test_a_worker_that_ends_is_told(line: Page, server: Any) -> None:
    run(line)
    server.studio.work.values._process.process.kill()
    with pytest.raises(Refused, match=r"must have a value, got none|the worker has ended"):
        line.ask("picture", port="scaled.z")
    assert run(line)["state"] == "done"


def test_a_failure_in_the_text_is_shown_at_its_line(line: Page) -> None:
    line.edit({"op": "text", "text": line.document["text"].replace("[x, w]", "[x, v]")})
    problem = run(line)["problem"]
    assert (problem["path"], problem["line"], problem["node"], problem["port"]) == ("line.yaml", 7, "scaled", "1")
    assert "no node or input" in problem["message"]

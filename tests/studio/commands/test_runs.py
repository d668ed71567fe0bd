"""Runs asked for by a page, which see what happens in the worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from studio_pages import Page, Refused

from dataflow.graph.graph import Graph
from dataflow.studio.basis import Basis
from dataflow.studio.runs import Runs
from dataflow.studio.session import Session
from dataflow.studio.worker import Worker

pytestmark = pytest.mark.slow


def test_a_run_is_told_bit_by_bit_and_as_a_whole(line: Page, connect: Any) -> None:
    ended = line.run()
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
    line.run()
    assert line.ask("table", port="w.ref")["cells"] == [["0.0"], ["1.0"]]


def test_a_failure_is_shown_at_its_node(line: Page) -> None:
    line.edit({"op": "add", "name": "row", "block": "Gather", "inputs": ["x", [99]], "after": "scaled"})
    problem = line.run()["problem"]
    assert (problem["node"], problem["path"], problem["line"]) == ("row", "line.yaml", 8)
    assert "99" in problem["message"]


def test_rows_and_split_of_the_session(line: Page) -> None:
    line.ask("session", rows=3)
    line.run()
    assert line.last("run")["run"]["rows"] == 3
    line.ask("session", split="none")
    ended = line.run()
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
    number = line.run()["number"]
    line.ask("session", frozen={"scaled": f"run {number}"}, params={})
    line.run()
    assert line.ask("plan_run")["scaled"]["fate"] == "frozen"
    np.savez(folder / "kept.npz", scaled=np.ones((10, 2), np.float32))
    line.ask("session", frozen={"scaled": "kept.npz"})
    line.run()
    assert line.ask("table", port="scaled.z")["cells"][0] == ["1.0", "1.0"]
    with pytest.raises(Refused, match="must be a file in"):
        line.ask("session", frozen={"scaled": "../kept.npz"})
    line.ask("session", frozen={}, bypassed=["scaled"])
    line.run(again=True)
    assert line.ask("plan_run")["scaled"]["fate"] == "bypassed"
    line.ask("session", bypassed=[], forced={"w.ref": [0.0, 1.0]})
    line.run()
    assert line.ask("table", port="scaled.z")["cells"][1] == ["0.0", "3.0"]


def test_a_port_is_forced_to_infinities_and_nan_as_graph_files_have_them(line: Page) -> None:
    line.ask("session", forced={"w.ref": [".nan", "-.inf"]})
    line.run()
    assert line.ask("table", port="scaled.z")["cells"][1] == ["nan", "-inf"]
    assert line.last("session")["session"]["forced"] == {"w.ref": [".nan", "-.inf"]}
    assert line.last("run")["run"]["current"]  # though NaN is not equal to itself
    line.ask("session", forced={"w.ref": "nan"})
    assert "got 'nan'; write .nan" in "; ".join(str(line.run()["problem"][key]) for key in ("message", "hint"))


def test_a_document_that_was_shown_before_has_its_values(line: Page, connect: Any, folder: Path) -> None:
    line.run()
    whole = connect().last("run")["run"]
    line.ask("open", path="small.yaml")
    assert connect().last("run")["run"]["state"] == "none"
    with pytest.raises(Refused, match="must have a value, got none"):
        line.ask("table", port="scaled.z")
    assert line.run()["state"] == "done"
    assert "half.z" in connect().last("run")["run"]["values"]
    line.ask("open", path="line.yaml")
    assert connect().last("run")["run"] == whole
    assert line.ask("table", port="scaled.z")["cells"][9] == ["36.0", "57.0"]
    line.ask("open", path="small.yaml")
    np.savez(folder / "rows.npz", x=np.ones((3, 2), np.float32))
    line.ask("open", path="line.yaml")
    assert connect().last("run")["run"]["old"] == ["scaled", "x"]


def test_what_the_worker_lets_go_is_forgotten(line: Page, connect: Any, server: Any) -> None:
    line.run()
    line.ask("open", path="small.yaml")
    server.studio.work.values._process.process.kill()
    with pytest.raises(Refused):
        line.ask("table", port="half.z")
    assert line.run()["state"] == "done"
    line.ask("open", path="line.yaml")
    assert connect().last("run")["run"]["state"] == "none"


def test_values_follow_a_node_that_is_renamed(line: Page, connect: Any) -> None:
    number = line.run()["number"]
    whole = connect().last("run")["run"]
    line.ask("session", frozen={"scaled": f"run {number}"})

    def told() -> tuple[Any, ...]:
        return tuple(connect().last("run")["run"][key] for key in ("values", "nodes", "outputs", "current", "old"))

    old = {"current": False, "old": ["product"]}  # it is frozen now
    line.edit(
        {"op": "rename", "place": "nodes.scaled", "name": "product"},
        {"op": "rename", "place": "inputs.x", "name": "rows"},
    )
    values = {port.replace("scaled", "product").replace("x.", "rows."): each for port, each in whole["values"].items()}
    nodes = {name.replace("scaled", "product").replace("x", "rows"): each for name, each in whole["nodes"].items()}
    assert told() == (values, nodes, {"y": "product.z"}, *old.values())
    assert line.ask("table", port="product.z")["cells"][9] == ["36.0", "57.0"]
    assert line.ask("picture", port="rows.output")["rows"] == 10
    line.edit({"op": "set", "place": "w.initvalues", "value": [0.0, 1.0]})
    assert line.run()["state"] == "done"
    assert line.ask("table", port="product.z")["cells"][9] == ["36.0", "57.0"]
    for do in ("undo", "undo", "redo", "undo"):
        line.ask(do, version=line.document["version"])
    assert line.ask("table", port="scaled.z")["cells"][9] == ["36.0", "57.0"]
    assert line.run()["state"] == "done"
    assert line.ask("plan_run")["scaled"]["fate"] == "frozen"


def test_nothing_runs_again_for_a_rename(line: Page) -> None:
    line.run()
    line.edit({"op": "rename", "place": "nodes.w", "name": "weights"})
    line.edit({"op": "rename", "place": "nodes.scaled", "name": "product"})
    for _ in range(2):
        assert {name: each["fate"] for name, each in line.ask("plan_run").items()} == {
            "x": "fed",
            "weights": "kept",
            "product": "kept",
        }
    line.ask("undo", version=line.document["version"])
    assert line.ask("plan_run")["scaled"]["fate"] == "kept"


def test_what_begins_is_not_forgotten_when_what_was_shown_before_ends() -> None:
    followers: list[Any] = []

    class Started:
        def start(self, work: object, follower: object) -> int:
            followers.append(follower)
            return len(followers)

        def cancel(self, number: int) -> None:
            pass

    runs, basis = Runs(lambda event: None, cast(Worker, Started())), Basis("", Graph("g"), (), Session())
    for path in ("a.yaml", "b.yaml"):
        runs.show(path)
        runs.start(lambda number: cast(Any, number), basis, dict)
    ended = {"state": "done", "problem": None, "seconds": 0.1}
    followers[0].ended("done", {**ended, "kept": ["a.yaml"]})
    assert runs.run["state"] == "running"
    followers[1].ended("done", {**ended, "kept": ["b.yaml"]})
    assert runs.run["state"] == "done"
    runs.show("a.yaml")
    assert runs.run["state"] == "none"


def test_a_node_that_is_renamed_within_another_keeps_its_values_in_every_use(page: Page, folder: Path) -> None:
    inner = "dataflow: 1\ninputs: {a: 'float32[N]'}\nnodes:\n  b: {block: Neg, inputs: [a]}\noutputs: {d: b}\n"
    (folder / "inner.yaml").write_text(inner)
    nodes = "  one: {block: ./inner.yaml, inputs: {a: x}}\n  two: {block: ./inner.yaml, inputs: {a: one}}\n"
    (folder / "outer.yaml").write_text(
        f"dataflow: 1\ninputs: {{x: 'float32[N]'}}\nnodes:\n{nodes}outputs: {{y: two}}\n"
    )
    page.ask("open", path="outer.yaml")
    page.run()
    before = {port: page.ask("table", port=f"{port}/b.y")["cells"] for port in ("one", "two")}
    page.ask("view", scope="one")
    page.edit({"op": "rename", "place": "nodes.b", "name": "c"})
    assert {port: page.ask("table", port=f"{port}/c.y")["cells"] for port in ("one", "two")} == before
    assert page.last("run")["run"]["old"] == []


def test_what_a_run_tells_after_a_rename_is_told_under_the_new_name(line: Page, server: Any) -> None:
    runs, told = server.studio.work.runs, line.events
    number = line.run()["number"]
    runs.follow("line.yaml", [("scaled", "product")])
    runs.told(number, {"event": "ran", "nodes": {"scaled": {"fate": "run"}}, "values": {"scaled.z": {"max": 1.0}}})
    line.wait("ran")
    assert told[-1]["values"] == {"product.z": {"max": 1.0}}
    problem = {"node": "scaled", "port": "", "message": "no", "hint": "", "path": "", "line": 0, "column": 0}
    runs.ended(number, "failed", problem, 0.0, dict)
    line.wait("ended")
    assert told[-1]["problem"]["node"] == "product"


def test_a_worker_that_ends_is_told(line: Page, server: Any) -> None:
    line.run()
    server.studio.work.values._process.process.kill()
    with pytest.raises(Refused, match=r"must have a value, got none|the worker has ended"):
        line.ask("picture", port="scaled.z")
    assert line.run()["state"] == "done"


def test_a_failure_in_the_text_is_shown_at_its_line(line: Page) -> None:
    line.edit({"op": "text", "text": line.document["text"].replace("[x, w]", "[x, v]")})
    problem = line.run()["problem"]
    assert (problem["path"], problem["line"], problem["node"], problem["port"]) == ("line.yaml", 7, "scaled", "1")
    assert "no node or input" in problem["message"]

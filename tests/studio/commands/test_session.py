"""The command that changes the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from studio_pages import Page, Refused


def test_what_is_given_is_kept_and_told(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    page.ask("session", bypassed=["half"], forced={"relu.activations": 0.5})
    page.ask("session", rows=7)
    session = page.last("session")["session"]
    assert (session["bypassed"], session["forced"], session["rows"]) == (["half"], {"relu.activations": 0.5}, 7)
    page.ask("session", rows=None, bypassed=[])
    assert (page.last("session")["session"]["rows"], page.last("session")["session"]["bypassed"]) == (None, [])
    assert page.document["saved"]


def test_each_document_has_its_own(page: Page, folder: Path) -> None:
    (folder / "other.yaml").write_text("dataflow: 1\n")
    page.ask("open", path="small.yaml")
    page.ask("session", watched=["relu.activations"])
    page.ask("open", path="other.yaml")
    assert page.last("session")["session"]["watched"] == []
    page.ask("open", path="small.yaml")
    assert page.last("session")["session"]["watched"] == ["relu.activations"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"bypassed": "half"}, "'bypassed' must be a list of names, got the text 'half'"),
        ({"bypassed": [1]}, "'bypassed' must be a list of names"),
        ({"frozen": {"half": 1}}, "'half' must be a text"),
        ({"frozen": []}, "'frozen' must be a mapping"),
        ({"rows": 0}, "'rows' must be 1 to"),
        ({"rows": 1.5}, "'rows' must be a whole number"),
        ({"rows": True}, "'rows' must be a whole number"),
        ({"split": 1}, "'split' must be a text"),
        ({"params": [1]}, "'params' must be a mapping"),
        ({"bypased": []}, "no argument 'bypased'"),
    ],
)
def test_refused(page: Page, given: dict[str, Any], why: str) -> None:
    page.ask("open", path="small.yaml")
    before = page.last("session")
    with pytest.raises(Refused, match=why):
        page.ask("session", **given)
    assert page.last("session") == before


def test_nothing_is_open(page: Page) -> None:
    with pytest.raises(Refused, match="a graph must be open"):
        page.ask("session", rows=1)


@pytest.mark.slow
def test_values_are_old_where_the_session_makes_runs_others(page: Page, connect: Callable[[], Page]) -> None:
    page.ask("open", path="small.yaml")
    page.ask("run")
    for given, old in (
        ({"watched": ["relu.activations"]}, []),
        ({"forced": {"relu.activations": 1.0}}, ["relu"]),
        ({"forced": {"half.z": 1.0}}, ["half", "relu"]),
        ({"forced": {}}, []),
    ):
        page.ask("session", **given)
        run = connect().last("run")["run"]
        assert (run["old"], run["current"]) == (old, not old)
    page.edit({"op": "set", "place": "relu.doc", "value": "No less than 0."})
    page.edit({"op": "set", "place": "half.y", "value": 2.0})
    assert page.last("aged") == {"event": "aged", "number": 1, "current": False, "old": ["half", "relu"]}
    page.ask("undo", version=page.document["version"])
    assert page.last("aged") == {"event": "aged", "number": 1, "current": True, "old": []}


def overridden(page: Page) -> tuple[list[str], dict[str, str], dict[str, Any], list[str]]:
    """What the session says of nodes."""
    session = page.last("session")["session"]
    return session["bypassed"], session["frozen"], session["forced"], session["watched"]


def test_the_session_follows_renames_and_deletions_back_and_forth(page: Page) -> None:
    page.ask("open", path="small.yaml")
    page.ask(
        "session",
        bypassed=["half"],
        frozen={"relu": "run 1"},
        forced={"relu.activations": 0.5},
        watched=["half.z", "x.y"],
    )
    before = overridden(page)
    edits = {"op": "rename", "place": "nodes.half", "name": "scaled"}, {"op": "delete", "names": ["relu"]}
    page.edit(*edits, {"op": "rename", "place": "inputs.x", "name": "rows"})
    after = overridden(page)
    assert after == (["scaled"], {}, {}, ["scaled.z", "rows.y"])
    page.ask("session", bypassed=[])
    page.ask("undo", version=page.document["version"])
    assert overridden(page) == ([], *before[1:])
    page.ask("redo", version=page.document["version"])
    assert overridden(page) == ([], *after[1:])
    page.ask("undo", version=page.document["version"])
    page.edit({"op": "rename", "place": "outputs.y", "name": "out"}, {"op": "delete", "names": ["half"]})
    assert overridden(page) == ([], *before[1:3], ["x.y"])


def test_a_node_that_is_added_and_no_more_and_again(page: Page) -> None:
    page.ask("open", path="small.yaml")
    page.edit({"op": "add", "name": "more", "block": "Relu", "inputs": ["relu"]})
    page.ask("session", bypassed=["more"])
    page.ask("undo", version=page.document["version"])
    assert overridden(page)[0] == []
    page.ask("redo", version=page.document["version"])
    assert overridden(page)[0] == ["more"]


def test_a_new_node_is_not_taken_for_one_that_had_its_name(page: Page) -> None:
    page.ask("open", path="small.yaml")
    page.ask("session", bypassed=["relu"])
    page.edit({"op": "delete", "names": ["relu"]})
    page.edit({"op": "add", "name": "relu", "block": "Elu", "inputs": ["half"]})
    assert page.document["nodes"]["relu"]["block"] == "Elu"
    assert overridden(page)[0] == []


def test_a_node_that_is_renamed_within_another_is_followed_in_every_use(page: Page, folder: Path) -> None:
    inner = "dataflow: 1\ninputs: {a: 'float32[N]'}\nnodes:\n  b: {block: Relu, inputs: [a]}\noutputs: {d: b}\n"
    (folder / "inner.yaml").write_text(inner)
    nodes = "  one: {block: ./inner.yaml, inputs: {a: x}}\n  two: {block: ./inner.yaml, inputs: {a: one}}\n"
    (folder / "outer.yaml").write_text(
        f"dataflow: 1\ninputs: {{x: 'float32[N]'}}\nnodes:\n{nodes}outputs: {{y: two}}\n"
    )
    page.ask("open", path="outer.yaml")
    page.ask("session", bypassed=["two/b"], watched=["one/b.activations"])
    page.ask("view", scope="one")
    page.edit({"op": "rename", "place": "nodes.b", "name": "c"})
    session = page.last("session")["session"]
    assert (session["bypassed"], session["watched"]) == (["two/c"], ["one/c.activations"])

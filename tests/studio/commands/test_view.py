"""What is shown, and pictures to take away."""

from __future__ import annotations

from typing import Any

import pytest
from studio_pages import Page, Refused


def test_view(page: Page) -> None:
    page.ask("open", path="small.yaml")
    assert page.document["view"] == {"scope": "", "layer": "file", "direction": "right", "unfolded": []}
    before = page.document["scene"]
    page.ask("view", direction="down", unfolded=["half"])
    assert page.document["view"] == {"scope": "", "layer": "file", "direction": "down", "unfolded": ["half"]}
    assert page.document["scene"] != before
    page.ask("view", layer="gradient")
    assert "grad_x" in page.document["outputs"]
    assert page.document["text"].startswith("dataflow: 1")


def test_what_was_given_a_card_keeps_it_by_another_name(page: Page) -> None:
    page.ask("open", path="small.yaml")
    page.ask("view", unfolded=["half"])
    edits = [{"op": "rename", "place": "nodes.half", "name": "part"}]
    page.ask("edit", version=page.document["version"], edits=edits, title="rename")
    assert page.document["view"]["unfolded"] == ["part"]
    page.ask("undo", version=page.document["version"])
    assert page.document["view"]["unfolded"] == ["half"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"direction": "up"}, "'direction' must be right or down, got 'up'"),
        ({"layer": "all"}, "'layer' must be file, gradient or step, got 'all'"),
        ({"layer": "step"}, "has no 'train' section"),
        ({"scope": "half"}, "must be a node whose block is a graph file"),
        ({"scope": "half", "layer": "gradient"}, "'scope' must be empty"),
        ({"unfolded": {}}, "'unfolded' must be a list of names"),
        ({"zoom": 1}, "no argument 'zoom'"),
    ],
)
def test_refused(page: Page, given: dict[str, Any], why: str) -> None:
    page.ask("open", path="small.yaml")
    before = page.document
    with pytest.raises(Refused, match=why):
        page.ask("view", **given)
    page.ask("view")
    assert page.document == before


def test_export(page: Page) -> None:
    page.ask("open", path="small.yaml")
    assert page.ask("export", format="svg").startswith("<svg")
    assert page.ask("export", format="mermaid").startswith("flowchart")
    assert page.ask("export", format="dot").startswith("digraph")
    light, dark = (page.ask("export", format="svg", theme=theme) for theme in ("light", "dark"))
    assert light == page.ask("export", format="svg") != dark
    assert "prefers-color-scheme" not in light + dark  # the page says which it is, whatever the system has
    page.ask("view", direction="down")
    assert page.ask("export", format="svg") != light
    with pytest.raises(Refused, match="'theme' must be light or dark"):
        page.ask("export", format="svg", theme="system")
    with pytest.raises(Refused, match="'format' must be svg, mermaid or dot"):
        page.ask("export", format="png")

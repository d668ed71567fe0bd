"""What is shown, and pictures to take away."""

from __future__ import annotations

from typing import Any

import pytest
from studio_pages import Page, Refused

from dataflow.studio.server import Server


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


def test_a_picture_has_the_values_of_the_run_and_the_places_of_cards(page: Page, server: Server) -> None:
    page.ask("open", path="small.yaml")
    bare = page.ask("export", format="svg")
    page.ask("move", positions={"relu": [500.0, 400.0]})
    assert "translate(500.0 400.0)" in page.ask("export", format="svg")
    stats = {
        "shape": [4],
        "min": 0.0,
        "nan": 0,
        "inf": 0,
        "bins": [1, 2],
        "shown": None,
        "quality": None,
        "sqnr": 12.34,
    }
    server.studio.work.runs._latest.run |= {"values": {"relu.activations": stats}, "old": []}
    run = page.ask("export", format="svg")
    assert 'class="spread"' in run and 'class="spread"' not in bare
    assert "12.3 dB" in page.ask("export", format="svg", quality=True) and "12.3 dB" not in run


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

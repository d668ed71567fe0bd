"""Graphs in little, for the gallery."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from studio_pages import Page, Refused

from dataflow.graphfile import shipped
from dataflow.studio.commands import preview


def test_preview_has_the_cards_of_a_file_that_is_not_open(page: Page) -> None:
    drawn = page.ask("preview", path="small.yaml")
    assert page.document is None
    assert [card["kind"] for card in drawn["cards"]].count("node") == 2
    for card in drawn["cards"]:
        assert card["x"] >= 0 and card["x"] + card["width"] <= drawn["width"]
        assert card["y"] >= 0 and card["y"] + card["height"] <= drawn["height"]
    assert len(drawn["wires"]) == 3
    assert (drawn["doc"], drawn["nodes"], drawn["trains"]) == ("", 2, False)


def test_preview_follows_the_file(page: Page, folder: Path) -> None:
    before = page.ask("preview", path="small.yaml")
    file = folder / "small.yaml"
    file.write_text(
        file.read_text("utf-8").replace("outputs:", "  more: {block: Relu, inputs: [relu]}\noutputs:"), "utf-8"
    )
    longer = page.ask("preview", path="small.yaml")
    assert len(longer["cards"]) == len(before["cards"]) + 1
    found = file.stat()
    file.write_text(file.read_text("utf-8").replace("more", "less").replace("[relu]", "[half]"), "utf-8")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))  # as programs do that copy files with their times
    assert page.ask("preview", path="small.yaml")["wires"] != longer["wires"]


def test_preview_follows_the_files_that_a_file_uses(page: Page, folder: Path) -> None:
    (folder / "outer.yaml").write_text(
        "dataflow: 1\ninputs: {x: 'float32[N, 4]'}\nnodes:\n  one: {block: ./inner.yaml, inputs: {x: x}}\n"
        "  two: {block: Relu, inputs: {features: one}}\noutputs: {y: two}\n"
    )
    inner = folder / "inner.yaml"

    def cards(text: str) -> object:
        if text:
            inner.write_text(text, "utf-8")
        drawn = page.ask("preview", path="outer.yaml")
        assert page.ask("preview", path="outer.yaml") == drawn
        return drawn["cards"]

    text = (folder / "small.yaml").read_text("utf-8")
    pictures = [cards(""), cards(text.replace("y: 0.5", "y: [[[1.0, 2.0, 3.0, 4.0]]]")), cards(text)]
    assert pictures[0] != pictures[1] != pictures[2]  # no file, types of three dims, and of two


def test_a_picture_is_drawn_once_while_its_files_stay(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    first = page.ask("preview", path="small.yaml")
    monkeypatch.setattr(preview, "scene", lambda *_: pytest.fail("drawn again"))
    assert page.ask("preview", path="small.yaml") == first


@pytest.mark.slow
def test_every_shipped_graph_has_a_preview(page: Page) -> None:
    for name in shipped.names():
        assert page.ask("preview", path=shipped.SCHEME + name)["cards"], name


@pytest.mark.parametrize("path", ["../small.yaml", "missing.yaml", "dataflow:none.yaml", "a\0b"])
def test_preview_of_no_file_of_the_project_is_refused(page: Page, path: str) -> None:
    with pytest.raises(Refused):
        page.ask("preview", path=path)

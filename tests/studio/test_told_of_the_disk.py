"""What pages are told of files that others change, and what they decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from other_program import changed
from studio_pages import Page

from dataflow.studio.server import Server


def test_pages_are_told(page: Page, server: Server, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    page.edit({"op": "set", "place": "half.y", "value": 0.25})
    text = page.document["text"]
    theirs = changed(folder / "small.yaml", "0.5", "0.75")
    server.studio.look_outside()
    event = page.wait("disk")
    assert (event["path"], event["state"]) == ("small.yaml", "changed")
    assert page.ask("save") == [{"path": "small.yaml", "state": "changed"}]
    assert (folder / "small.yaml").read_text("utf-8") == theirs
    assert page.document["text"] == text
    page.ask("reload")
    assert (page.document["text"], page.document["saved"]) == (theirs, True)
    page.ask("undo", version=page.document["version"])
    page.ask("save")
    assert (folder / "small.yaml").read_text("utf-8") == text


def test_who_comes_later_is_asked_too(page: Page, server: Server, folder: Path, connect: Any) -> None:
    page.ask("open", path="small.yaml")
    page.edit({"op": "set", "place": "half.y", "value": 0.25})
    changed(folder / "small.yaml", "0.5", "0.75")
    server.studio.look_outside()
    page.wait("disk")
    later = connect()
    later.ask("files")
    assert later.last("disk")["state"] == "changed"


@pytest.mark.parametrize(
    ("do", "given"), [("save", {"overwrite": ["small.yaml"]}), ("reload", {}), ("reload", {"path": "small.yaml"})]
)
def test_other_pages_are_told_what_was_decided(
    page: Page, server: Server, folder: Path, connect: Any, do: str, given: dict[str, Any]
) -> None:
    page.ask("open", path="small.yaml")
    page.edit({"op": "set", "place": "half.y", "value": 0.25})
    other = connect()
    changed(folder / "small.yaml", "0.5", "0.75")
    server.studio.look_outside()
    assert other.wait("disk")["state"] == "changed"
    page.ask(do, **given)
    assert other.wait("disk") == {"event": "disk", "path": "small.yaml", "state": "settled", "diff": ""}


def test_save_looks_at_the_disk_first(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    page.edit({"op": "set", "place": "half.y", "value": 0.25})
    changed(folder / "small.yaml", "y: relu", "z: relu")
    page.ask("save")
    assert page.last("disk")["state"] == "merged"
    text = (folder / "small.yaml").read_text("utf-8")
    assert "y: 0.25" in text
    assert "z: relu" in text
    page.edit({"op": "set", "place": "half.y", "value": 0.5})
    theirs = changed(folder / "small.yaml", "0.25", "0.75")
    assert page.ask("save") == [{"path": "small.yaml", "state": "changed"}]
    assert page.last("disk")["state"] == "changed"
    assert (folder / "small.yaml").read_text("utf-8") == theirs

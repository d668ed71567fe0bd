"""A studio without a server: what it answers, and what it keeps open."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.studio import studio as studios
from dataflow.studio.commands import COMMANDS
from dataflow.studio.studio import Studio


@pytest.fixture
def studio(folder: Path) -> Studio:
    made = Studio(folder)
    made.work.opened = lambda: None  # type: ignore[method-assign]
    return made


def test_a_fault_of_ours_is_told_without_a_traceback(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("x\x1b[31m")

    monkeypatch.setitem(COMMANDS, "undo", fails)
    assert studio.answer("undo", {}) == {
        "refused": {"message": "unexpected ZeroDivisionError: x\\x1b[31m", "hint": "", "problems": []}
    }
    assert studio.answer("open", {"path": "small.yaml"}) == {"ok": None}


def test_refusals_have_message_and_way_out(studio: Studio) -> None:
    assert studio.answer("opn", {}) == {
        "refused": {"message": "no command 'opn'", "hint": "did you mean 'open'?", "problems": []}
    }
    studio.answer("open", {"path": "small.yaml"})
    refused = studio.answer("edit", {"version": 1, "title": "wire", "edits": [
        {"op": "wire", "target": ["half", "x"], "source": ""}, {"op": "wire", "target": ["half", "x"], "source": "relu"}
    ]})["refused"]  # fmt: skip
    assert isinstance(refused, dict)
    assert refused["message"].startswith("cycle: ")
    assert refused["problems"][0]["node"] in ("half", "relu")


def test_desks_that_are_saved_are_let_go(studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studios, "MAX_DESKS", 2)
    text = (folder / "small.yaml").read_text()
    for name in "abcde":
        (folder / f"{name}.yaml").write_text(text)
        assert studio.answer("open", {"path": f"{name}.yaml"}) == {"ok": None}
        if name == "b":
            edits = [{"op": "set", "place": "half.y", "value": 3}]
            assert "ok" in studio.answer("edit", {"version": 1, "title": "set", "edits": edits})
    assert list(studio.desks) == ["b.yaml", "d.yaml", "e.yaml"]


def test_what_is_told_to_who_connects(studio: Studio) -> None:
    assert [event["event"] for event in studio.snapshot()][:3] == ["welcome", "document", "session"]
    studio.answer("open", {"path": "small.yaml"})
    document = next(event["document"] for event in studio.snapshot() if event["event"] == "document")
    assert isinstance(document, dict)
    assert document["path"] == "small.yaml"


def test_close_ends_what_runs(studio: Studio) -> None:
    closed: list[str] = []
    studio.closers.append(lambda: closed.append("x"))
    studio.close()
    assert closed == ["x"]


def test_what_fails_while_the_disk_is_watched_is_told_once(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(studio, "publish", told.append)

    def fails() -> None:
        raise OSError(5, "Input/output error", "small.yaml")

    monkeypatch.setattr(studio, "look_outside", fails)
    studio.watch()
    studio.watch()
    assert told == [{"event": "said", "level": "warning", "message": "small.yaml: Input/output error"}]
    monkeypatch.undo()
    studio.watch()


def test_opening_what_is_open_keeps_its_run(studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(studio.work, "opened", lambda: opened.append("x"))
    studio.answer("open", {"path": "small.yaml"})
    studio.answer("open", {"path": "./small.yaml"})
    assert opened == ["x"]

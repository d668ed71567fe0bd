"""Files that others change while they are edited."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from other_program import changed
from studio_pages import Page, Refused

from dataflow.core.errors import DataflowError
from dataflow.studio.project import Project
from dataflow.studio.sheet import Sheet


@pytest.fixture
def sheet(folder: Path) -> Sheet:
    """The small graph in hand."""
    return Sheet(Project(folder), os.fspath(folder / "small.yaml"))


def test_nothing_is_told_where_nothing_happened(sheet: Sheet) -> None:
    assert sheet.look() is None
    sheet.real.touch()
    os.utime(sheet.real, ns=(1, 1))
    assert sheet.look() is None


def test_a_change_is_taken_over_where_nothing_was_edited(sheet: Sheet) -> None:
    before = sheet.editor.text
    text = changed(sheet.real, "0.5", "0.25")
    found = sheet.look()
    assert found is not None
    assert (found.state, sheet.editor.text, sheet.editor.saved) == ("merged", text, True)
    assert "+  half: {block: Mul, inputs: {x: x, y: 0.25}}" in found.diff
    sheet.editor.undo()
    assert (sheet.editor.text, sheet.editor.saved) == (before, False)


def test_changes_of_other_lines_are_merged(sheet: Sheet) -> None:
    sheet.editor.set("half.y", 0.25)
    changed(sheet.real, "y: relu", "z: relu")
    found = sheet.look()
    assert found is not None
    assert found.state == "merged"
    assert "y: 0.25" in sheet.editor.text
    assert "z: relu" in sheet.editor.text
    assert not sheet.editor.saved
    sheet.editor.save()
    assert sheet.real.read_text("utf-8") == sheet.editor.text


def test_changes_of_the_same_line_are_asked_about(sheet: Sheet) -> None:
    sheet.editor.set("half.y", 0.25)
    ours = sheet.editor.text
    theirs = changed(sheet.real, "0.5", "0.75")
    found = sheet.look()
    assert found is not None
    assert (found.state, sheet.editor.text) == ("changed", ours)
    assert "y: 0.75" in found.diff
    with pytest.raises(Exception, match="a file that has changed"):
        sheet.editor.save()
    assert sheet.real.read_text("utf-8") == theirs
    assert sheet.look() is None  # it is told once
    sheet.keep()
    sheet.editor.save()
    assert (sheet.real.read_text("utf-8"), sheet.outside) == (ours, None)


def test_only_what_was_asked_about_is_written_over(sheet: Sheet) -> None:
    sheet.editor.set("half.y", 0.25)
    changed(sheet.real, "0.5", "0.75")
    sheet.look()
    later = changed(sheet.real, "0.75", "0.875")
    sheet.keep()
    with pytest.raises(DataflowError, match="a file that has changed"):
        sheet.editor.save()
    assert sheet.real.read_text("utf-8") == later
    found = sheet.look()
    assert found is not None
    assert "y: 0.875" in found.diff
    sheet.keep()
    sheet.editor.save()
    assert sheet.real.read_text("utf-8") == sheet.editor.text


def test_a_link_in_place_of_the_file_is_not_followed_out_of_the_project(
    sheet: Sheet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("elsewhere") / "other.yaml"
    text = sheet.editor.text
    other.write_text(text, "utf-8")
    sheet.editor.set("half.y", 0.25)
    sheet.real.unlink()
    sheet.real.symlink_to(other)
    found = sheet.look()
    assert found is not None
    assert (found.state, "got a link out of it" in found.diff) == ("changed", True)
    for _ in range(2):
        with pytest.raises(DataflowError, match="must be a file in"):
            sheet.check_writable()
        sheet.keep()
    assert other.read_text("utf-8") == text


def test_a_file_that_an_edit_makes_is_not_written_through_a_link(
    sheet: Sheet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("elsewhere") / "part.yaml"
    sheet.editor.extract(["half"], "part", "part.yaml")
    (sheet.real.parent / "part.yaml").symlink_to(other)
    with pytest.raises(DataflowError, match="must be a file in"):
        sheet.check_writable()
    assert not other.exists()


def test_a_merge_that_would_be_wrong_is_asked_about(sheet: Sheet) -> None:
    sheet.editor.output("z", "half")
    ours = sheet.editor.text
    changed(sheet.real, "half: {", "third: {")
    changed(sheet.real, "features: half", "features: third")
    found = sheet.look()
    assert found is not None
    assert (found.state, sheet.editor.text) == ("changed", ours)


def test_what_is_no_graph_file_is_asked_about(sheet: Sheet) -> None:
    before = sheet.editor.text
    sheet.real.write_text("nodes: [", "utf-8")
    found = sheet.look()
    assert found is not None
    assert (found.state, sheet.editor.text) == ("changed", before)
    sheet.real.write_bytes(b"\xff\xfe")
    found = sheet.look()
    assert found is not None
    assert (found.state, sheet.editor.text) == ("changed", before)
    assert found.diff == "+ a graph file must be UTF-8, got UTF-16"


def folder_in_place(path: Path) -> None:
    path.mkdir()


def huge_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


def loop_of_links(path: Path) -> None:
    path.symlink_to(path)


def written(sheet: Sheet) -> bool:
    """Whether the text is written over what was asked about."""
    sheet.keep()
    try:
        sheet.check_writable()
        sheet.editor.save()
    except DataflowError:
        return False
    sheet.is_written()
    return True


@pytest.mark.parametrize(
    ("make", "there", "replaced"),
    [
        (folder_in_place, "must be a file, got a folder", False),
        (os.mkfifo, "must be a regular file, got a device or pipe", False),  # which would be waited for
        (loop_of_links, "too many levels of symbolic links", False),
        (huge_file, "may have at most 16,777,216 bytes, got 1,073,741,824", True),
    ],
)
def test_what_stands_in_place_of_the_file_is_told(
    sheet: Sheet, make: Callable[[Path], object], there: str, replaced: bool
) -> None:
    sheet.editor.set("half.y", 0.25)
    ours = sheet.editor.text
    sheet.real.unlink()
    make(sheet.real)
    found = sheet.look()
    assert found is not None
    assert (found.state, found.diff) == ("changed", f"+ {there}")
    with pytest.raises(DataflowError, match=rf"small\.yaml: cannot be read again: {there}"):
        sheet.reload()
    assert written(sheet) is replaced
    assert (sheet.editor.text, sheet.editor.saved) == (ours, replaced)


@pytest.mark.parametrize("make", [folder_in_place, os.mkfifo, loop_of_links])
def test_what_stands_in_place_of_the_positions_is_told(sheet: Sheet, make: Callable[[Path], object]) -> None:
    make(sheet.real.with_suffix(".layout.json"))
    with pytest.raises(DataflowError, match=r"small\.layout\.json: must be a file, got a link or a folder"):
        sheet.drag({"half": [10, 20]})
    assert sheet.positions == {}
    sheet.editor.set("half.y", 0.25)
    assert written(sheet)


def full(*_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(("owner", "fails"), [(Path, "open"), (os, "fsync"), (Path, "replace")])
def test_a_full_disk_loses_no_edit(page: Page, folder: Path, owner: object, fails: str) -> None:
    page.ask("open", path="small.yaml")
    page.ask("move", positions={"half": [10, 20]})
    page.edit({"op": "set", "place": "half.y", "value": 0.25})
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, fails, full)
        for do, given in (("save", {}), ("move", {"positions": {"half": [30, 40]}})):
            with pytest.raises(Refused, match="cannot be written: no space left on device"):
                page.ask(do, **given)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before
    assert (page.document["saved"], "y: 0.25" in page.document["text"]) == (False, True)
    page.ask("save")
    assert "y: 0.25" in (folder / "small.yaml").read_text("utf-8")


@pytest.mark.parametrize(("mark", "line_break"), [(b"\xef\xbb\xbf", b"\n"), (b"", b"\r\n"), (b"\xef\xbb\xbf", b"\r\n")])
def test_marks_and_line_breaks_of_a_file_are_kept_when_it_is_merged(
    folder: Path, mark: bytes, line_break: bytes
) -> None:
    path = folder / "small.yaml"
    text = mark + path.read_bytes().replace(b"\n", line_break)
    path.write_bytes(text)
    sheet = Sheet(Project(folder), os.fspath(path))
    sheet.editor.set("half.y", 0.25)
    path.write_bytes(text.replace(b"y: relu", b"z: relu"))
    os.utime(path, ns=(1, 1))  # a clock that was put back
    found = sheet.look()
    assert found is not None
    assert found.state == "merged"
    assert written(sheet)
    assert path.read_bytes() == text.replace(b"y: relu", b"z: relu").replace(b"0.5", b"0.25")


def test_a_file_that_is_gone_is_written_again(sheet: Sheet) -> None:
    text = sheet.editor.text
    sheet.real.unlink()
    found = sheet.look()
    assert found is not None
    assert found.state == "deleted"
    with pytest.raises(Exception, match="no such file any more"):
        sheet.reload()
    sheet.keep()
    sheet.editor.save()
    assert sheet.real.read_text("utf-8") == text


def test_what_was_changed_back_is_no_longer_asked_about(sheet: Sheet) -> None:
    sheet.editor.set("half.y", 0.25)
    changed(sheet.real, "0.5", "0.75")
    sheet.look()
    changed(sheet.real, "0.75", "0.5")
    found = sheet.look()
    assert found is not None
    assert (found.state, sheet.outside) == ("settled", None)


def test_reload_can_be_undone(sheet: Sheet) -> None:
    sheet.editor.set("half.y", 0.25)
    ours = sheet.editor.text
    theirs = changed(sheet.real, "0.5", "0.75")
    sheet.reload()
    assert (sheet.editor.text, sheet.editor.saved) == (theirs, True)
    sheet.editor.undo()
    assert sheet.editor.text == ours


def test_drags_are_taken_back_among_edits(sheet: Sheet) -> None:
    text, layout = sheet.editor.text, sheet.real.with_suffix(".layout.json")
    sheet.drag({"half": [10, 20]})
    sheet.editor.set("half.y", 0.25)
    sheet.drag({"half": [30, 40], "relu": [5, 5]})
    assert sheet.editor.undo_title == "move cards"
    assert [sheet.undo(), sheet.positions] == [False, {"half": (10, 20)}]
    assert [sheet.undo(), sheet.editor.text] == [True, text]
    assert "10" in layout.read_text("utf-8")
    assert [sheet.undo(), sheet.positions, layout.exists()] == [False, {}, False]
    with pytest.raises(DataflowError, match="nothing to undo"):
        sheet.undo()
    assert [sheet.redo(), sheet.redo(), sheet.redo()] == [False, True, False]
    assert sheet.positions == {"half": (30, 40), "relu": (5, 5)}
    assert "0.25" in sheet.editor.text
    sheet.undo()
    sheet.drag({"half": None})
    with pytest.raises(DataflowError, match="nothing to make again"):
        sheet.redo()

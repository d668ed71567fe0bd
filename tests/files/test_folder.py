"""Folders: whole or not at all, and nothing else is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.core.errors import DataflowError
from dataflow.files.atomic import remove_unfinished
from dataflow.files.folder import write_folder

FILES = {"a": b"1", "list": b"a"}


def _all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_are_written_and_a_folder_of_the_kind_is_replaced(tmp_path: Path) -> None:
    write_folder(tmp_path / "new", FILES, "list")
    assert _all(tmp_path / "new") == FILES
    write_folder(tmp_path / "new", {"list": b"", "b": b"2"}, "list")
    assert _all(tmp_path / "new") == {"list": b"", "b": b"2"}
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_folder_of_something_else_stays(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("dear")
    with pytest.raises(DataflowError, match="must be a new folder or one with a list, got other files"):
        write_folder(tmp_path, FILES, "list")
    with pytest.raises(DataflowError, match="must be a folder, got a file"):
        write_folder(tmp_path / "mine", FILES, "list")
    assert _all(tmp_path) == {"mine": b"dear"}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataflowError, match="must lie in a folder that is there"):
        write_folder(tmp_path / "no" / "new", FILES, "list")


def test_a_file_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    write_folder(tmp_path / "new", FILES, "list")
    with pytest.raises(DataflowError, match="cannot be written"):
        write_folder(tmp_path / "new", {"list": b"x", "no/such": b""}, "list")
    assert _all(tmp_path / "new") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_folder_that_cannot_be_moved_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "new", FILES, "list")
    replace, moved = Path.replace, []

    def failing(path: Path, target: Path) -> Path:
        moved.append(path)
        if len(moved) == 2:
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(DataflowError, match=r"new: cannot be written: [Nn]o space left"):
        write_folder(tmp_path / "new", {"list": b"x"}, "list")
    assert len(moved) == 3
    assert _all(tmp_path / "new") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_process_that_ends_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes
    seen: list[list[str]] = []

    def ending(path: Path, data: bytes) -> int:
        written = write(path, data)
        remove_unfinished()
        seen.append([each.name for each in tmp_path.iterdir()])
        return written

    monkeypatch.setattr(Path, "write_bytes", ending)
    with pytest.raises(DataflowError, match="cannot be written"):
        write_folder(tmp_path / "new", FILES, "list")
    assert seen == [[]]

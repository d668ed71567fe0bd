"""The files below a folder that a person would look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.files import listing


def found(folder: Path, *endings: str) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in listing.files_below(folder, endings)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.npz", "a.npz", "c.txt", ".d.npz", "in/e.npz", "in/deep/f.csv", ".git/g.npz", "node_modules/h.npz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.npz").mkdir()
    return tmp_path


def test_by_name_without_what_is_hidden(folder: Path) -> None:
    assert found(folder, ".npz", ".csv") == ["a.npz", "b.npz", "in/e.npz", "in/deep/f.csv"]
    assert found(folder / "none", ".npz") == []


def test_links_are_passed_over(folder: Path) -> None:
    (folder / "link.npz").symlink_to(folder / "a.npz")
    (folder / "linked").symlink_to(folder / "in")
    assert found(folder, ".npz") == ["a.npz", "b.npz", "in/e.npz"]


@pytest.mark.parametrize("limit, least", [("MAX_FOLDERS", 1), ("MAX_NAMES", 4)])
def test_limits(folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, least: int) -> None:
    monkeypatch.setattr(listing, limit, least)
    assert found(folder, ".npz") == ["a.npz", "b.npz"]

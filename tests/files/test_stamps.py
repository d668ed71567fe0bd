"""What tells that a file was changed, without reading it."""

from __future__ import annotations

import os
from pathlib import Path

from dataflow.files.stamps import stamp, stamps


def test_a_file_has_another_stamp_once_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(b"one")
    before = stamp(path)
    assert stamp(path) == before
    path.write_bytes(b"longer")
    assert stamp(path) != before


def test_a_file_put_in_its_place_is_another_one_with_the_same_time_and_size(tmp_path: Path) -> None:
    path, other = tmp_path / "a.npz", tmp_path / "b.npz"
    path.write_bytes(b"one")
    other.write_bytes(b"two")
    times = path.stat()
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    before = stamp(path)
    other.replace(path)
    assert path.stat().st_mtime_ns == times.st_mtime_ns
    assert stamp(path) != before


def test_a_file_that_is_not_there_has_none(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    found = stamps([tmp_path / "a", tmp_path / "b"])
    assert found == {tmp_path / "a": stamp(tmp_path / "a"), tmp_path / "b": None}

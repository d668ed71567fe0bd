"""Directories of zips: the place of each member, agreed on by all that the file says about it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from array_files import by_rows, check_refusal, declared, npy, one_member, zipped
from graph_text import same
from written_arrays import RIGHT, X

from dataflow.files import RegularFile, Unreadable
from dataflow.files.zip_directory import Member, directory, located

ROWS = npy(X)
SINGLE = one_member("x.npy", ROWS)


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Callable[[bytes], dict[str, bytes]]]:
    """Reads the directory of a zip: what its members are made of, by name."""
    files = []

    def members(data: bytes) -> dict[str, bytes]:
        path = tmp_path / "x.npz"
        path.write_bytes(data)
        file = RegularFile(path)
        files.append(file)
        places = [(name, located(file, member)) for name, member in directory(file).items()]
        return {name: file.read(member.start, member.packed) for name, member in places}

    yield members
    for file in files:
        file.close()


def test_members_are_found_by_name(found: Callable[[bytes], dict[str, bytes]]) -> None:
    assert found(zipped({"b.npy": ROWS, "a.npy": npy(X + 1)})) == {"b": ROWS, "a": npy(X + 1)}
    assert found(zipped({"readme.txt": b"text", "x.npy": ROWS})) == {"x": ROWS}
    assert list(found(zipped({"größe.npy": ROWS, "folder/x.npy": ROWS}))) == ["größe", "folder/x"]
    assert found(SINGLE.replace(b"x.npy", b"\x84.npy")) == {"ä": ROWS}  # the code page of old archives


@pytest.mark.parametrize("name", [name for name in RIGHT if name.endswith(".npz")])
def test_directories_as_programs_write_them(found: Callable[[bytes], dict[str, bytes]], name: str) -> None:
    assert "x" in found(RIGHT[name])


def test_numbers_of_64_bits(found: Callable[[bytes], dict[str, bytes]]) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open("x.npy", "w", force_zip64=True) as member:
        member.write(ROWS)
    assert found(file.getvalue()) == {"x": ROWS}


def test_an_archive_of_many_gigabytes_says_so_in_64_bits(tmp_path: Path) -> None:
    """The member lies behind 5 GB of nothing, which the disk does not have to hold."""
    path = tmp_path / "large.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy(X))
        assert archive.fp is not None
        end = archive.fp.tell()
        archive.fp.seek(5 << 30)
        archive.start_dir = 5 << 30  # type: ignore[attr-defined]
        archive.writestr("y.npy", npy(X + 1))
    assert end < 1000 and path.stat().st_size > 5 << 30
    same(by_rows(path, "x"), X)
    same(by_rows(path, "y"), X + 1)


def test_a_directory_that_is_too_large_is_not_read(found: Callable[[bytes], dict[str, bytes]]) -> None:
    """The end says how large it is, and is not believed without the file's being as large."""
    at = len(SINGLE) - 22
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 20, 20, 0, 0, 200_000, 200_000, 10, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    with pytest.raises(Unreadable, match="may have at most 100,000 members, got 200,000 in a directory of 10 bytes"):
        found(SINGLE[:at] + record + locator + end)
    with pytest.raises(Unreadable, match="it has no directory, as if it had been cut short"):
        found(SINGLE[:at] + record + locator.replace(b"PK", b"??") + end)


def test_a_member_says_whether_it_is_compressed() -> None:
    member = Member("x", 0, 1, 1, 0, 0, 8, b"x")
    assert member.deflated and not member._replace(method=0).deflated


# -- what is wrong ----------------------------------------------------------------------------------------------------

WRONG = {
    "cut.npz": (SINGLE[:-1], "is no sound .npz file: it has no directory, as if it had been cut short"),
    "more.npz": (SINGLE + b"1", "is no sound .npz file: the end of its directory does not agree with the file"),
    "before.npz": (b"PK\3\4" + SINGLE, "is no sound .npz file: its directory is damaged"),
    "none.npz": (zipped({}), "must hold arrays, got a zip without any"),
    "no_arrays.npz": (zipped({"readme.txt": b"text"}), "must hold arrays, got a zip without any"),
    "twice.npz": (
        zipped({"x.npy": ROWS, "y.npy": npy(X + 1)}).replace(b"y.npy", b"x.npy"),
        "must hold each array once, got 'x' twice",
    ),
    "encrypted.npz": (
        one_member("x.npy", ROWS, flags=1),
        "array 'x' must not be encrypted; save it without",
    ),
    "bzip2.npz": (zipped({"x.npy": ROWS}, zipfile.ZIP_BZIP2), "array 'x' must be stored or deflated, got method 12"),
    "reads_directory.npz": (
        one_member("x.npy", declared((60,), "|u1") + bytes(30), length=131, packed=131, crc=0),
        "array 'x' is damaged: its own header and the directory of the file do not agree",
    ),
    "other_name.npz": (SINGLE.replace(b"x.npy", b"y.npy", 1), "its own header and the directory of the file do not"),
    "other_place.npz": (one_member("x.npy", ROWS, offset=7), "array 'x' is "),
    "place_beyond.npz": (one_member("x.npy", ROWS, offset=2**31), "is cut short"),
    "other_length.npz": (
        one_member("x.npy", ROWS, local=(20, 0, 0, 0, 33, 0, 9, 9, 5, 0)),
        "its own header and the directory of the file do not agree",
    ),
    "directory_beyond.npz": (one_member("x.npy", ROWS, size=2**31), "the end of its directory does not agree"),
    "members.npz": (SINGLE[:-14] + struct.pack("<HH", 60000, 60000) + SINGLE[-10:], "its directory is damaged"),
    "other_crc.npz": (
        one_member("x.npy", ROWS, local=(20, 0, 0, 0, 33, 1, len(ROWS), len(ROWS), 5, 0)),
        "its own header and the directory of the file do not agree",
    ),
    "stored_as_more.npz": (
        one_member("x.npy", ROWS, length=len(ROWS) + 9),
        "its own header and the directory of the file do not agree",
    ),
    "on_another_disk.npz": (
        SINGLE[:-14] + struct.pack("<HH", 0, 1) + SINGLE[-10:],
        "is no sound .npz file: the end of its directory does not agree with the file",
    ),
    "comment_beyond.npz": (SINGLE[:-2] + b"\5\0", "is no sound .npz file: the end of its directory does not agree"),
    "name_beyond.npz": (
        SINGLE.replace(struct.pack("<2H", 5, 0) + bytes(12), struct.pack("<2H", 99, 0) + bytes(12)),
        "is no sound .npz file: its directory is damaged",
    ),
    "no_text.npz": (
        one_member("x.npy", ROWS, flags=0x800).replace(b"x.npy", b"\xff.npy"),
        "is no sound .npz file: the name of a member is no text",
    ),
    "more_directory.npz": (
        SINGLE[:-22] + b"?" + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 52, len(SINGLE) - 73, 0),
        "is no sound .npz file: its directory has more than its members",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_zip_is_said_by_all_who_read_it(tmp_path: Path, name: str) -> None:
    check_refusal(tmp_path / name, *WRONG[name])

"""The directory of a .npz file, which is a zip: the place of each member, checked against the rest of the file."""

from __future__ import annotations

import struct
from typing import NamedTuple

from dataflow.core.errors import cropped
from dataflow.files.regular_file import RegularFile, Unreadable

START = (b"PK\3\4", b"PK\5\6")  # of a zip; the second where it has no members
DEFLATED = 8
_MEMBERS = 100_000
_DIRECTORY = 32 << 20  # bytes: a hostile directory may be as large as the file
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED, _SIZES_FOLLOW, _UTF_8 = 0x41, 0x08, 0x800
_ELSEWHERE = 0xFFFFFFFF  # of a 32-bit number: the extra field has it, with 64 bits


class Member(NamedTuple):
    """A member of a zip: the place of its bytes, and size and checksum of its content."""

    name: str
    start: int  # of the member's own header; after `located`, of its bytes
    packed: int  # bytes in the file
    length: int  # bytes of the content
    crc: int
    flags: int
    method: int
    raw: bytes  # the name as it is stored
    end: int = 0  # where the next thing in the file begins

    @property
    def deflated(self) -> bool:
        """Whether its bytes are compressed."""
        return self.method == DEFLATED


def directory(file: RegularFile) -> dict[str, Member]:
    """The arrays of a zip, by name without ``.npy``; `located` compares one with its own header."""
    count, size, start = _bounds(file)
    if count > _MEMBERS or size > _DIRECTORY:
        raise Unreadable(f"may have at most {_MEMBERS:,} members, got {count:,} in a directory of {size:,} bytes")
    data, at = file.read(start, size), 0
    every: list[Member] = []
    for _ in range(count):
        member, at = _entry(data, at)
        every.append(member)
    if at != len(data):
        raise Unreadable("is no sound .npz file: its directory has more than its members")
    every.sort(key=lambda member: member.start)
    ends = [*(member.start for member in every[1:]), start]
    found: dict[str, Member] = {}
    for member, end in zip(every, ends, strict=False):
        if not member.name.endswith(".npy"):
            continue
        name = member.name.removesuffix(".npy")
        if name in found:
            raise Unreadable(f"must hold each array once, got '{cropped(name)}' twice")
        found[name] = member._replace(end=end)
    if not found:
        raise Unreadable("must hold arrays, got a zip without any")
    return found


def _bounds(file: RegularFile) -> tuple[int, int, int]:
    """Number of members, bytes and start of the directory."""
    first = max(file.size - _END.size - 0xFFFF, 0)  # a comment may follow
    tail = file.read(first, file.size - first)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise Unreadable("is no sound .npz file: it has no directory, as if it had been cut short")
    _, disk, other_disk, here, count, size, start, comment = _END.unpack_from(tail, at)
    end = first + at
    if 0xFFFF in (here, count) or _ELSEWHERE in (size, start):
        locator = _LOCATOR_64.unpack(file.read(max(end - _LOCATOR_64.size, 0), _LOCATOR_64.size))
        record = _END_64.unpack(file.read(min(locator[2], file.size), _END_64.size))
        if locator[0] != b"PK\6\7" or record[0] != b"PK\6\6":
            raise Unreadable("is no sound .npz file: it has no directory, as if it had been cut short")
        _, _, _, _, disk, other_disk, here, count, size, start = record
        end = locator[2]
    if disk or other_disk or here != count or at + _END.size + comment != len(tail) or start + size > end:
        raise Unreadable("is no sound .npz file: the end of its directory does not agree with the file")
    return count, size, start


def _entry(data: bytes, at: int) -> tuple[Member, int]:
    """The member at a place in the directory, and the place of the next."""
    if len(data) - at < _ENTRY.size or data[at : at + 4] != b"PK\1\2":
        raise Unreadable("is no sound .npz file: its directory is damaged")
    values = _ENTRY.unpack_from(data, at)
    flags, method, crc, packed, length = values[3], values[4], *values[7:10]
    name_size, extra_size, comment_size, start = *values[10:13], values[16]
    name_at = at + _ENTRY.size
    raw = data[name_at : name_at + name_size]
    extra = data[name_at + name_size : name_at + name_size + extra_size]
    after = name_at + name_size + extra_size + comment_size
    if after > len(data):
        raise Unreadable("is no sound .npz file: its directory is damaged")
    length, packed, start = _wide(extra, length, packed, start)
    return Member(_decoded(raw, flags), start, packed, length, crc, flags, method, raw), after


def _decoded(raw: bytes, flags: int) -> str:
    try:
        return raw.decode("utf-8" if flags & _UTF_8 else "cp437")
    except UnicodeDecodeError:
        raise Unreadable("is no sound .npz file: the name of a member is no text") from None


def _wide(extra: bytes, *numbers: int) -> list[int]:
    """The numbers, with those that do not fit 32 bits taken from the extra field."""
    wide, at = b"", 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            wide = extra[at + 4 : at + 4 + size]
        at += 4 + size
    result = []
    for number in numbers:
        if number == _ELSEWHERE and len(wide) >= 8:
            number, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        result.append(number)
    return result


def located(file: RegularFile, member: Member) -> Member:
    """The member with the place of its bytes; Unreadable if its own header and the directory differ."""
    if member.flags & _ENCRYPTED:
        raise Unreadable("must not be encrypted; save it without a password")
    if member.method not in (0, DEFLATED):
        raise Unreadable(f"must be stored or deflated, got method {member.method}; save it with numpy.savez")
    signature, _, flags, method, _, _, crc, packed, length, name_size, extra_size = _LOCAL.unpack(
        file.read(member.start, _LOCAL.size)
    )
    rest = file.read(member.start + _LOCAL.size, name_size + extra_size)
    length, packed = _wide(rest[name_size:], length, packed)
    start = member.start + _LOCAL.size + len(rest)
    agrees = (
        signature == b"PK\3\4"
        and rest[:name_size] == member.raw
        and method == member.method
        and flags & _ENCRYPTED == 0
        and (flags & _SIZES_FOLLOW or (crc, packed, length) == (member.crc, member.packed, member.length))
        and (member.deflated or member.packed == member.length)
        and start + member.packed <= member.end
    )
    if not agrees:
        raise Unreadable("is damaged: its own header and the directory of the file do not agree")
    return member._replace(start=start)

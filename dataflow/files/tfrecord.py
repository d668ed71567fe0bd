"""Records one after another in a file, each with checksums: TensorFlow's TFRecord framing.

A record is its length in 8 bytes, a checksum of these, its bytes, and a checksum of those. The checksums are CRC-32C,
masked, since the checksum of data that contains its own checksum would say little.
"""

from __future__ import annotations

import struct
from functools import cache

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, its bits reversed
_MASK = 0xA282EAD8


def framed(record: bytes) -> bytes:
    """A record as the file has it."""
    length = struct.pack("<Q", len(record))
    return length + struct.pack("<I", _masked(length)) + record + struct.pack("<I", _masked(record))


def crc32c(data: bytes) -> int:
    """The CRC-32C of some bytes."""
    crc, table = 0xFFFFFFFF, _table()
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _masked(data: bytes) -> int:
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


@cache
def _table() -> list[int]:
    """What each value of a byte does to the checksum."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table

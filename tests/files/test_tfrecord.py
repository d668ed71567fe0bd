"""TFRecord framing: known checksums, and a file byte by byte."""

from __future__ import annotations

import pytest

from dataflow.files.tfrecord import crc32c, framed


@pytest.mark.parametrize(
    "data, checksum",
    [
        (b"", 0),
        (b"123456789", 0xE3069283),  # the check value of the algorithm
        (bytes(32), 0x8A9136AA),  # and the examples of RFC 3720, B.4
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(reversed(range(32))), 0x113FDB5C),
    ],
)
def test_checksums(data, checksum):
    assert crc32c(data) == checksum


def test_a_record_is_framed():
    data = framed(b"abc")
    assert (data[:8], data[12:15], len(data)) == (b"\3" + bytes(7), b"abc", 19)
    for at, covered in ((8, data[:8]), (15, data[12:15])):
        masked = int.from_bytes(data[at : at + 4], "little")
        turned = (masked - 0xA282EAD8) % 2**32
        assert (turned << 15 | turned >> 17) % 2**32 == crc32c(covered)


def test_the_first_record_of_every_event_file():
    """As TensorFlow writes it at time 0."""
    event = b"\x09" + bytes(8) + b"\x1a\x0dbrain.Event:2"
    assert framed(event)[:12].hex() == "1800000000000000a37f4b22"

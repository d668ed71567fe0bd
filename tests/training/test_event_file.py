"""Event files, read back by a decoder that knows the formats alone."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest

from dataflow.core.errors import DataflowError
from dataflow.training.event_file import EventFiles, event
from training.reports import Training


def fields(data):
    """The fields of a protocol buffer: number, and a whole number or bytes."""
    at = 0

    def varint():
        nonlocal at
        shift = number = 0
        while True:
            byte = data[at]
            at += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    while at < len(data):
        key = varint()
        match key & 7:
            case 0:
                value = varint()
            case kind:
                size = {1: 8, 5: 4}[kind] if kind != 2 else varint()
                value = data[at : at + size]
                at += size
        yield key >> 3, value


def records(path):
    """The records of a file, whose checksums must be right."""
    data = path.read_bytes()
    while data:
        size = int.from_bytes(data[:8], "little")
        for covered, said in ((data[:8], data[8:12]), (data[12 : 12 + size], data[12 + size : 16 + size])):
            assert said == struct.pack("<I", masked(covered))
        yield data[12 : 12 + size]
        data = data[16 + size :]


def masked(data):
    """The masked checksum, bit by bit."""
    crc = 2**32 - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    crc ^= 2**32 - 1
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32


def events(path):
    """Step, scalars by tag, and version or session of each event."""
    for record in records(path):
        found = dict(fields(record))
        assert 1.6e9 < struct.unpack("<d", found[1])[0] < 1e10
        scalars = {}
        for number, value in fields(found.get(5, b"")):
            assert number == 1
            inner = dict(fields(value))
            scalars[inner[1].decode()] = struct.unpack("<f", inner[2])[0]
        yield found.get(2, 0), scalars, found.get(3), dict(fields(found.get(7, b"")))


def files(folder):
    return sorted(Path(folder).glob("events.out.tfevents.*"))


def test_scalars_of_every_epoch(tmp_path):
    training = Training(validation=object())
    training.follow([EventFiles(tmp_path)], range(1, 3), validate={"loss": 0.1}, rate=0.5)
    (train,), (validation,) = files(tmp_path / "train"), files(tmp_path / "validation")
    assert [*events(train)] == [
        (0, {}, b"brain.Event:2", {}),
        (1, {}, None, {1: 1}),
        (10, {"loss": 1.0, "accuracy": 0.5, "learning_rate": 0.5}, None, {}),
        (20, {"loss": 0.5, "accuracy": 0.5, "learning_rate": 0.5}, None, {}),
    ]
    assert [*events(validation)][2:] == [
        (step, {"loss": struct.unpack("<f", struct.pack("<f", 0.1))[0]}, None, {}) for step in (10, 20)
    ]


def test_a_continued_training_starts_a_file_that_says_from_where(tmp_path):
    training = Training()
    training.follow([EventFiles(tmp_path)], range(1, 40), rate=None)
    training.follow([EventFiles(tmp_path)], range(40, 41), rate=None)
    first, second = files(tmp_path / "train")
    assert not (tmp_path / "validation").exists()
    assert [step for step, *_ in events(second)] == [0, 391, 400]
    assert [*events(first)][-1][:2] == (390, {"loss": pytest.approx(1 / 39), "accuracy": 0.5})


@pytest.mark.parametrize("value, read", [(math.inf, math.inf), (1e300, math.inf), (-1e300, -math.inf), (1e-300, 0.0)])
def test_values_beyond_float32(value, read):
    ((_, summary),) = [field for field in fields(event(0.0, 1, {"größe": value})) if field[0] == 5]
    ((_, only),) = fields(summary)
    inner = dict(fields(only))
    assert (inner[1].decode(), struct.unpack("<f", inner[2])[0]) == ("größe", read)


def test_large_steps_and_nan():
    found = dict(fields(event(0.0, 2**62, {"x": math.nan})))
    assert found[2] == 2**62


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataflowError, match="cannot be written"):
        EventFiles(tmp_path / "file").begin(Training())

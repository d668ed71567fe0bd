"""Event files for TensorBoard: scalars of each epoch, in the folders ``train`` and ``validation``.

An event is a protocol buffer, written here by hand as it has few fields. Source of the formats:
tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dataflow.files.atomic import write_errors
from dataflow.files.tfrecord import framed

if TYPE_CHECKING:
    from dataflow.training.epoch_report import Report
    from dataflow.training.trainer import Trainer

_WALL_TIME, _STEP, _FILE_VERSION, _SUMMARY, _SESSION_LOG = 1, 2, 3, 5, 7  # fields of an event
_VALUE, _TAG, _SIMPLE_VALUE = 1, 1, 2  # of a summary, and of a value in it
_STATUS, _START = 1, 1  # of a session log
_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5  # how a field is written


class EventFiles:
    """Event files in a folder that TensorBoard is given; a run may be continued by further files beside the first."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._files: dict[str, Path] = {}

    def begin(self, trainer: Trainer) -> None:
        """Begin the files; what those of before have from this step on counts no more."""
        for name in ("train", *(("validation",) if trainer.validation is not None else ())):
            self._begin(name, trainer.state.step + 1)

    def epoch(self, report: Report) -> None:
        """Add the values of an epoch."""
        rate = {} if report.rate is None else {"learning_rate": report.rate}
        self._add("train", report.step, report.train | rate)
        if report.validate:
            self._add("validation", report.step, report.validate)

    def end(self, trainer: Trainer, outcome: str) -> None:
        """Nothing is left to do."""

    def _begin(self, name: str, step: int) -> None:
        folder, now = self.folder / name, time.time()
        with write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            number = 0
            while True:
                path = folder / f"events.out.tfevents.{int(now):010d}.{os.getpid()}.{number}"
                try:
                    with path.open("xb") as file:
                        file.write(framed(event(now, version="brain.Event:2")))
                        file.write(framed(event(now, step, started=True)))
                except FileExistsError:
                    number += 1
                    continue
                self._files[name] = path
                return

    def _add(self, name: str, step: int, values: Mapping[str, float]) -> None:
        path = self._files[name]
        with write_errors(path), path.open("ab") as file:
            file.write(framed(event(time.time(), step, values)))


def event(
    wall_time: float, step: int = 0, values: Mapping[str, float] | None = None, version: str = "", started: bool = False
) -> bytes:
    """An event: scalars by tag, or the version that begins a file, or that a session starts at this step."""
    data = _key(_WALL_TIME, _DOUBLE) + struct.pack("<d", wall_time)
    if step:
        data += _key(_STEP, _VARINT) + _varint(step)
    if version:
        data += _text(_FILE_VERSION, version.encode())
    if values is not None:
        data += _text(_SUMMARY, b"".join(_text(_VALUE, _scalar(tag, value)) for tag, value in values.items()))
    if started:
        data += _text(_SESSION_LOG, _key(_STATUS, _VARINT) + _varint(_START))
    return data


def _scalar(tag: str, value: float) -> bytes:
    try:
        number = struct.pack("<f", value)
    except OverflowError:  # a float64 beyond float32
        number = struct.pack("<f", float("inf") if value > 0 else float("-inf"))
    return _text(_TAG, tag.encode()) + _key(_SIMPLE_VALUE, _FLOAT) + number


def _text(field: int, data: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(data)) + data


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(number: int) -> bytes:
    """A whole number from 0 on in groups of 7 bits, the lowest first."""
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number])

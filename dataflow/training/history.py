"""The history of a training: a .csv file with a line per epoch, whole lines also after a crash.

An epoch is written before the checkpoint that follows it. If the process ends between the two, the epoch is run again,
and its line replaces the first one.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dataflow.core.errors import DataflowError
from dataflow.files import RegularFile, Unreadable
from dataflow.files.atomic import write_errors, write_text

if TYPE_CHECKING:
    from dataflow.training.epoch_report import Report
    from dataflow.training.trainer import Trainer

NAME = "history.csv"
_FIRST, _CHANGED = "epoch", "changed"
_LARGEST = 1 << 30  # bytes


class History:
    """The file ``history.csv`` in a folder: epoch, step, learning rate, losses and metrics, seconds."""

    def __init__(self, folder: Path):
        self.path = folder / NAME
        self._columns: list[str] | None = None  # of the file, once it is known to end in a whole line

    def begin(self, trainer: Trainer) -> None:
        """Check that the file can be continued; of a training that starts over remove it."""
        rows(self.path)
        if not trainer.state.step:
            with write_errors(self.path):
                self.path.unlink(missing_ok=True)

    def epoch(self, report: Report) -> None:
        """Add an epoch; those from it on that the file has from an earlier time are dropped."""
        row = row_of(report, always=(self._columns or [""])[-1].rstrip("_") == _CHANGED)
        if self._columns == [*row]:
            with write_errors(self.path):
                _append(self.path, _lines([[*row.values()]]))
            return
        before = [old for old in rows(self.path) if int(old[_FIRST]) < report.epoch]
        columns = list(dict.fromkeys([*(before[0] if before else row), *row]))
        table = [[old.get(name, "") for name in columns] for old in (*before, row)]
        write_text(self.path, _lines([columns, *table]))
        self._columns = columns

    def end(self, trainer: Trainer, outcome: str) -> None:
        """Nothing is left to do."""


def row_of(report: Report, always: bool = False) -> dict[str, str]:
    """The columns of an epoch and what they hold; validation has its own, and no two have one name.

    The last one is what was overridden or changed by hand, where something was, or ``always``.
    """
    row: dict[str, str] = {_FIRST: str(report.epoch), "step": str(report.step)}
    values: list[tuple[str, float | None]] = [
        ("learning_rate", report.rate),
        *report.train.items(),
        *((f"validation_{name}", value) for name, value in report.validate.items()),
        ("seconds", round(report.seconds, 6)),
    ]
    for name, value in values:
        while name in row:
            name += "_"
        row[name] = "" if value is None else repr(float(value))
    if report.changed or always:
        name = _CHANGED
        while name in row:
            name += "_"
        row[name] = report.changed
    return row


def rows(path: Path) -> list[dict[str, str]]:
    """The whole lines of a history; none where there is no file. DataflowError where it is another file."""
    if not path.exists():
        return []
    try:
        with RegularFile(path, _LARGEST) as file:
            text = file.read(0, file.size).decode("utf-8")
    except (Unreadable, UnicodeDecodeError) as error:
        raise DataflowError(f"{path}: is no history of a training: {error}; move it away") from None
    if not text:
        return []
    first, *lines = [*csv.reader(io.StringIO(text[: text.rfind("\n") + 1], newline=""))] or [[]]
    if first[:1] != [_FIRST] or not all(len(line) == len(first) and line[0].isdecimal() for line in lines):
        raise DataflowError(f"{path}: is no history of a training: it must have a line per epoch; move it away")
    return [dict(zip(first, line, strict=True)) for line in lines]


def numbers(row: Mapping[str, str]) -> dict[str, float | int | str | None]:
    """A line as JSON can say it: None for what is missing, and text for what is not finite."""
    return {name: _number(name, text) for name, text in row.items()}


def _number(name: str, text: str) -> float | int | str | None:
    if name in (_FIRST, "step"):
        return int(text)
    try:
        number = float(text) if text else None
    except ValueError:  # what was changed
        return text
    return text if number is not None and not math.isfinite(number) else number


def _lines(table: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue()


def _append(path: Path, text: str) -> None:
    """Add lines in one write, so that a crash leaves all of them or none, and wait until they are on the disk."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
    try:
        data = text.encode()
        if os.write(file, data) < len(data):
            raise OSError(0, "the disk is full")
        os.fsync(file)
    finally:
        os.close(file)

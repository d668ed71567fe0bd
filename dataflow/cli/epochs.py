"""What `dataflow train` prints: a row of numbers per epoch, and on a terminal a bar below them that moves."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from dataflow.cli import output
from dataflow.core.errors import visible

if TYPE_CHECKING:
    from dataflow.training.epoch_report import Report
    from dataflow.training.trainer import Trainer

_WIDTH = 80
_NUMBER = 10  # characters, as 1.2346e-05 has


class Epochs:
    """Rows under headers, in columns that fit 80 characters; those that do not fit stand on further lines."""

    def __init__(self, trainer: Trainer):
        self.epochs, self.names = trainer.epochs, trainer.names
        headers = ["epoch", *self.names]
        headers += [f"val {name}" for name in self.names] if trainer.validation is not None else []
        headers += ["rate", "seconds"]
        least = [2 * len(str(trainer.epochs)) + 1, *[_NUMBER] * (len(headers) - 2), 7]
        self.columns = [(header, max(len(header), width)) for header, width in zip(headers, least, strict=True)]
        self.begun = False

    def lines(self, report: Report) -> list[str]:
        """The lines of an epoch, before the first one also those of the headers."""
        values = [f"{report.epoch}/{self.epochs}", *[_number(report.train[name]) for name in self.names]]
        values += [_number(value) for value in report.validate.values()]
        values += ["" if report.rate is None else _number(report.rate), f"{report.seconds:.2f}"]
        rows = [] if self.begun else [[header for header, _ in self.columns]]
        self.begun = True
        return [line for row in [*rows, values] for line in self._laid_out(row)]

    def _laid_out(self, row: list[str]) -> list[str]:
        lines = [""]
        for text, (_, width) in zip(row, self.columns, strict=True):
            cell = text.rjust(width)
            if lines[-1] and len(lines[-1]) + 2 + width > _WIDTH:
                lines.append(" " * self.columns[0][1])
            lines[-1] += ("  " if lines[-1] else "") + cell
        return [line.rstrip() for line in lines]


def _number(value: float) -> str:
    """The number with five digits, or fewer where they do not fit its column."""
    texts = (f"{value:.{digits}g}" for digits in (5, 4, 3, 2))
    return next((text for text in texts if len(text) <= _NUMBER), f"{value:.1g}")


class Bar:
    """A bar on a terminal: where training stands, how fast it goes and how long it will take."""

    def __init__(self, live: bool):
        self.live = live and sys.stderr.isatty()
        self._shown = 0.0
        self._first: tuple[float, int] | None = None  # when, and after how many steps, it was first shown
        self._bar: Any = None
        self._task: Any = None

    def tick(self, trainer: Trainer) -> None:
        """Show where training stands, ten times a second."""
        now = time.monotonic()
        if not self.live or now - self._shown < 0.1:
            return
        self._shown = now
        progress, total = trainer.progress, trainer.epochs * trainer.batches
        means = progress.means() if progress.counted else {}
        name = next(iter(means), "")
        told = f"epoch {progress.epoch + 1}/{trainer.epochs}" + (f"  {name} {means[name]:.4g}" if name else "")
        done = progress.epoch * trainer.batches + trainer.batch
        if self._first is None:
            self._first = now, done
        if self._bar is None:
            self._begin(total, done)
        speed = _speed(now - self._first[0], done - self._first[1], total - done)
        self._bar.update(self._task, completed=done, description=visible(told, ""), speed=speed)

    def _begin(self, total: int, done: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(bar_width=12), MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"), console=output.error_console(), transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=total, completed=done, speed="")
        self._bar.start()

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _speed(seconds: float, steps: int, left: int) -> str:
    """How many steps a second, and how long those that are left will take at that."""
    if not seconds or steps <= 0:
        return ""
    rest = round(left * seconds / steps)
    hours = f"{rest // 3600}:{rest // 60 % 60:02}" if rest >= 3600 else f"{rest // 60}"
    return f"{steps / seconds:.3g} steps/s, {hours}:{rest % 60:02} left"

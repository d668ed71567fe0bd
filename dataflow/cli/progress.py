"""A bar on a terminal that says how much of some work is done."""

from __future__ import annotations

import sys
import time
from typing import Any

from dataflow.cli import output


class Progress:
    """A bar for work of a known length, on standard error where that is a terminal, drawn ten times a second."""

    def __init__(self, unit: str, live: bool = True):
        self.unit, self.live = unit, live and sys.stderr.isatty()
        self._shown = 0.0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def tick(self, done: int, total: int) -> None:
        """Show that so much of all is done."""
        now = time.monotonic()
        if not self.live or (now - self._shown < 0.1 and done < total):
            return
        self._shown = now
        if self._bar is None:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn(self.unit, markup=False),
                TimeRemainingColumn(), console=output.error_console(), transient=True,
            )  # fmt: skip
            self._task = self._bar.add_task("", total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done)

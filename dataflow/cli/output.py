"""What commands print: tables on a terminal, plain text when piped."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows under headers: drawn by rich on a terminal, columns of text otherwise. Numbers stand to the right."""
    right = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(headers))]
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        drawn = Table(box=None, header_style="bold", pad_edge=False)
        for header, to_right in zip(headers, right, strict=True):
            drawn.add_column(header, justify="right" if to_right else "left", overflow="fold")
        for row in cells:
            drawn.add_row(*(cell.replace("[", r"\[") for cell in row))
        Console(highlight=False).print(drawn)
        return
    widths = [max(len(line[i]) for line in [list(headers), *cells]) for i in range(len(headers))]
    for line in [list(headers), *cells]:
        parts = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)]
        click.echo("  ".join(parts).rstrip())


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def summary(value: Any) -> str:
    """A value in one line: itself when small, else its range."""
    import numpy as np

    if value.size <= 6:
        text = np.array2string(value, precision=6, separator=", ", threshold=6)
        return " ".join(text.split())
    if value.dtype.kind not in "fiub" and value.dtype.name != "bfloat16":
        return f"{value.size} values"
    wide = value.astype(np.float64)
    return f"min {wide.min():.6g}, mean {wide.mean():.6g}, max {wide.max():.6g}"

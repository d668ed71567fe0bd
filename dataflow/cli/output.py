"""What commands print: tables on a terminal, plain text when piped.

Modules that not every command needs are imported where they are used: `dataflow --help` imports this one.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from dataflow.core.errors import DataflowError, visible

if TYPE_CHECKING:
    from dataflow.core.dtypes import Array


class Unread(Exception):
    """Nobody reads the output any more: the other end of the pipe was closed."""


def say(text: str = "", err: bool = False) -> None:
    """Print a line, or several. All that commands print goes through here, or onto a terminal through `plain_text`."""
    try:
        click.echo(visible(text), err=err)
    except OSError as error:
        stream = sys.stderr if err else sys.stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # or Python complains again at exit
        if err:
            return
        if isinstance(error, BrokenPipeError):
            raise Unread from None
        raise DataflowError(f"standard output: cannot be written: {str(error.strerror).lower()}") from None


def columns() -> int:
    """The width of the terminal as shutil tells it, which takes longer to import than `dataflow --help` to print."""
    with suppress(ValueError):
        if (wanted := int(os.environ.get("COLUMNS", ""))) > 0:
            return wanted
    with suppress(AttributeError, ValueError, OSError):  # there is no output, it is closed, or no terminal
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    return 80


def plain_text(text: str) -> Any:
    """Text for rich, none of which is taken as markup."""
    from rich.text import Text

    return Text(visible(text, ""))


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows under headers: drawn by rich on a terminal, columns of text otherwise. Numbers are right-aligned."""
    right = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(headers))]
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        drawn = Table(box=None, header_style="bold", pad_edge=False)
        for header, to_right in zip(headers, right, strict=True):
            drawn.add_column(plain_text(header), justify="right" if to_right else "left", overflow="fold")
        for row in cells:
            drawn.add_row(*map(plain_text, row))
        Console(highlight=False).print(drawn)
        return
    widths = [max(len(line[i]) for line in [list(headers), *cells]) for i in range(len(headers))]
    for line in [list(headers), *cells]:
        parts = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)]
        say("  ".join(parts).rstrip())


def table_or_paragraphs(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table; on a terminal that is too narrow for it, each row by itself: its first cell, and the others below."""
    import textwrap

    width = columns()
    cells = [[_cell(value) for value in row] for row in rows]
    needed = sum(max(map(len, column)) + 2 for column in zip(headers, *cells, strict=True)) - 2
    if not sys.stdout.isatty() or needed <= width:
        table(headers, rows)
        return
    for first, *others in cells:
        pairs = [f"{header} {cell}".replace(" ", "\0") for header, cell in zip(headers[1:], others, strict=True)]
        told = textwrap.wrap(", ".join(pairs), width - 2, break_long_words=False, break_on_hyphens=False)
        say("\n  ".join([first, *(line.replace("\0", " ") for line in told)]))


def _cell(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def summary(value: Array) -> str:
    """A value in one line: itself when small, else its range."""
    import numpy as np

    from dataflow.core import dtypes

    if value.size <= 6:
        text = np.array2string(value, precision=6, separator=", ", threshold=6)
        return " ".join(text.split())
    if value.dtype.kind not in "fiub" and dtypes.name_of(value.dtype) not in ("bfloat16", *dtypes.narrow):
        return f"{value.size} values"
    with np.errstate(all="ignore"):
        low, mean, high = float(value.min()), value.mean(dtype=np.float64), float(value.max())  # no copy, may be large
    return f"min {low:.6g}, mean {mean:.6g}, max {high:.6g}"


def error_console() -> Any:
    """What rich draws on where standard error is a terminal."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def values(outputs: Mapping[str, Array]) -> None:
    """A row per output: name, type, and the value or its range."""
    summaries = _shown(outputs, summary)
    rows = [(name, f"{value.dtype.name}{list(value.shape)}", summaries[name]) for name, value in outputs.items()]
    table(("output", "type", "value"), rows)


def as_json(outputs: Mapping[str, Array]) -> None:
    """One line: an object with the value of each output as numbers and lists; nan is null, infinities are 1e999."""
    import json

    from dataflow.files.number_text import json_array

    parts = [f"{json.dumps(name)}: {text}" for name, text in _shown(outputs, json_array).items()]
    say(f"{{{', '.join(parts)}}}")


def rows(outputs: Mapping[str, Array], most: int = 10) -> None:
    """The first rows of outputs that have as many rows, and how many more there are; the others as `values` does."""
    counts = [len(value) for value in outputs.values() if value.ndim]
    count = max(counts, key=counts.count, default=0)
    listed = {name: value for name, value in outputs.items() if value.ndim and len(value) == count}
    if listed:
        table(("row", *listed), [(i, *(summary(v[i]) for v in listed.values())) for i in range(min(count, most))])
        if count > most:
            say(f"and {count - most:,} more rows")
    if others := {name: value for name, value in outputs.items() if name not in listed}:
        values(others)


def json_text(value: object) -> str:
    """Plain data as JSON, which has no NaN and no infinities: null takes their place."""
    import json

    return json.dumps(_without_nan(value), allow_nan=False)


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(outputs: Mapping[str, Array], show: Callable[[Array], Any]) -> dict[str, Any]:
    """What is shown of each output; DataflowError that names one for which memory is too short."""
    shown = {}
    for name, value in outputs.items():
        try:
            shown[name] = show(value)
        except MemoryError as error:
            type_ = f"{value.dtype.name}{list(value.shape)}"
            raise DataflowError(
                f"output '{name}': must have memory to show {type_} ({value.nbytes} bytes), got MemoryError; "
                "write it to a file with -o"
            ) from error
    return shown

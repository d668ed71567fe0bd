"""``dataflow runs``."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import click

import dataflow as flow
from dataflow.cli import output

_DEPTH = 3  # folders, from the current one on, that are searched for those of checkpoints


@click.command("runs")
@click.argument("places", metavar="[TRAINING]...", nargs=-1, type=click.Path())
@click.option("--list", "listed", is_flag=True, help="List two trainings instead of comparing them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(places: tuple[str, ...], listed: bool, as_json: bool) -> None:
    """List trainings by what differs between them, or say why two of them gave different results.

    A TRAINING is a folder of checkpoints or a record in it, such as digits.checkpoints/runs/2.json. Two are compared,
    of a folder the latest one; others are listed. Without any, those near the current folder are listed.
    """
    from dataflow.training.run_comparison import comparison, differences
    from dataflow.training.run_record import read_record

    if len(places) == 2 and not listed:
        one, other = (read_record(_records(place)[-1]) for place in places)
        lines = differences(one, other)
        output.say(json.dumps(lines) if as_json else "\n".join(lines))
        return
    named = {_name(path): read_record(path) for place in places for path in _records(place)}
    headers, rows = comparison(named or _near())
    if as_json:
        output.say(json.dumps([dict(zip(headers, row, strict=True)) for row in rows]))
    else:
        output.table_or_paragraphs(headers, rows)


def _near() -> dict[str, dict[str, Any]]:
    """The records in folders of checkpoints near the current folder; files that are none are passed over."""
    from dataflow.training.run_record import read_record, records

    folders = {path.parents[1] for depth in range(_DEPTH) for path in Path().glob("*/" * depth + "*/runs/*.json")}
    found = {}
    for path in (path for folder in sorted(folders) for path in records(folder)):
        with contextlib.suppress(flow.DataflowError):
            found[_name(path)] = read_record(path)
    if not found:
        raise flow.DataflowError("no training has been recorded near the current folder; dataflow train does so")
    return found


def _records(place: str) -> list[Path]:
    """The records that an argument names, at least one."""
    from dataflow.training.run_record import records

    if Path(place).is_file():
        return [Path(place)]
    if found := records(Path(place)):
        return found
    raise flow.DataflowError(f"{place}: must be a folder with a recorded training, or a record, got none; name another")


def _name(path: Path) -> str:
    """A record as it is listed: the folder of its checkpoints, and its number."""
    return f"{path.parents[1].as_posix()} {path.stem}" if path.parent.name == "runs" else path.as_posix()

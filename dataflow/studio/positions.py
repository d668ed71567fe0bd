"""Where cards were dragged to: ``NAME.layout.json`` beside the graph file, which is written after a drag alone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from dataflow.core.errors import DataflowError
from dataflow.files import RegularFile, Unreadable
from dataflow.files.atomic import write_text

MAX_CARDS = 10_000
MAX_BYTES = 2 << 20
FARTHEST = 1e6  # pixels

Positions = dict[str, tuple[float, float]]


def file_of(graph: Path) -> Path:
    """The file with the positions of the cards of a graph file."""
    return graph.with_suffix(".layout.json")


def read_positions(graph: Path) -> Positions:
    """The positions of cards by their ids; none where the file cannot be read, since a picture is drawn without."""
    try:
        with RegularFile(file_of(graph), MAX_BYTES) as file:
            told = json.loads(file.read(0, file.size))
    except (OSError, Unreadable, ValueError, RecursionError):
        return {}
    cards = told.get("cards") if isinstance(told, dict) else None
    found: Positions = {}
    for name, place in cards.items() if isinstance(cards, dict) else ():
        if len(found) < MAX_CARDS and (position := as_position(place)) is not None:
            found[name] = position
    return found


def write_positions(graph: Path, positions: Positions) -> None:
    """Write the positions; without any, the file goes."""
    path = file_of(graph)
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):  # a link to anywhere, or a pipe that blocks
        raise DataflowError(f"{path.name}: must be a file, got a link or a folder; remove it, and drag the cards again")
    if positions:
        lines = [f"  {json.dumps(name)}: [{x:g}, {y:g}]" for name, (x, y) in sorted(positions.items())]
        write_text(path, '{"cards": {\n' + ",\n".join(lines) + "\n}}\n")
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise DataflowError(f"{path.name}: cannot be removed: {error.strerror}") from None


def moved(positions: Positions, changes: Mapping[str, object]) -> Positions:
    """The positions after a drag; a card without one is placed by the layout again."""
    result = dict(positions)
    for name, place in changes.items():
        if place is None:
            result.pop(name, None)
            continue
        position = as_position(place)
        if position is None:
            raise DataflowError(f"position of '{name[:60]}': must be two numbers up to {FARTHEST:g}, or null")
        result[name] = position
    if len(result) > MAX_CARDS:
        raise DataflowError(f"at most {MAX_CARDS:,} cards may have positions, got {len(result):,}")
    return result


def as_position(place: object) -> tuple[float, float] | None:
    """Two numbers, to whole pixels; None of anything else."""
    if not isinstance(place, list) or len(place) != 2:
        return None
    numbers = [each for each in place if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) != 2 or not all(abs(each) <= FARTHEST for each in numbers):  # false of NaN
        return None
    return float(round(numbers[0])), float(round(numbers[1]))

"""Writes results into docs/performance.md and its plots: ``python -m tests.benchmarks.report results.json ...``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from . import goals
from .library.table import FAMILIES, table
from .names import LIBRARY, OURS
from .plots import Points, plot
from .results import Result, Results, load

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
SLOW = 1.5  # times of a kernel, from which a call is listed
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def main(args: Sequence[str]) -> int:
    """Write the page and the plots of results files, one for each run of the suite; the exit status."""
    if not args:
        print("usage: python -m tests.benchmarks.report results.json ...", file=sys.stderr)
        return 2
    write(load(*map(Path, args)), PAGE)
    return 0


def write(results: Results, page: Path) -> None:
    """Put tables between the page's markers, and plots into the folder of the page's name."""
    folder = page.with_suffix("")
    pictures = plots(results)
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    for name, picture in pictures.items():
        (folder / f"{name}.svg").write_text(picture, encoding="utf-8", newline="\n")
    text = page.read_text("utf-8")
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    links = [f"![{name.replace('_', ' ')}]({folder.name}/{name}.svg)" for name in pictures]
    body = "\n\n".join(["", markdown(results), *links, ""])
    page.write_text(text[:begin] + body + text[end:], encoding="utf-8", newline="\n")


# -- tables -----------------------------------------------------------------------------------------------------


def markdown(results: Results) -> str:
    """The goals beside what was measured, then a table per family."""
    parts = [
        f"Measured on {results.heading}.",
        "### Goals",
        _table(goals.HEADERS, [v.row() for v in goals.verdicts(results.cases)]),
    ]
    for family, found in results.families().items():
        if family not in FAMILIES:
            parts += [f"### {family}", *_family(found)]
    headers, rows = table(results.cases, SLOW)
    if rows:
        parts += [f"### {LIBRARY}", f"Calls that take at least {SLOW} times as long.", _table(headers, rows)]
    return "\n\n".join(parts)


def _family(found: Sequence[Result]) -> Iterable[str]:
    yardstick = found[0].subject.yardstick
    names = list(dict.fromkeys(name for r in found for name in r.values))
    names.sort(key=lambda name: not name.startswith(OURS))
    others = [name for name in names if name != yardstick]
    rows = [(r.subject.name, _absolute(r), *(_ratio(r, name) for name in others)) for r in found]
    yield _table(("", yardstick, *others), rows)
    notes = [f"{r.subject.name}: {name}: {note}" for r in found for name, note in r.notes.items()]
    if notes:
        yield "\n".join(f"- {note}" for note in notes)


def _ratio(result: Result, name: str) -> str:
    return f"{result.ratio(name, result.subject.yardstick):.3g}" if name in result.values else ""


def _absolute(result: Result) -> str:
    """What the yardstick itself took."""
    value = result.values[result.subject.yardstick].median
    if result.subject.unit == "bytes":
        return f"{value / 2**20:.3g} MiB"
    scale, name = next(((s, n) for s, n in ((1.0, "s"), (1e-3, "ms")) if value >= s), (1e-6, "us"))
    return f"{value / scale:.3g} {name}"


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# -- plots ------------------------------------------------------------------------------------------------------


def plots(results: Results) -> dict[str, str]:
    """Pictures by name: cost per element, per node and by the number of channels; those for which there are points."""
    groups: dict[tuple[str, str], list[Result]] = {}
    by_channels: dict[tuple[str, int], list[Result]] = {}
    for result in results.cases:
        subject = result.subject
        if subject.of in ("elements", "nodes") and subject.unit == "seconds":
            groups.setdefault((subject.label, subject.of), []).append(result)
        if subject.channels:
            about = round(float(f"{subject.size:.0e}"))  # sizes are multiples of the channels: not quite the same
            by_channels.setdefault((subject.title, about), []).append(result)
    made = {_name(label): _by_size(label, of, found) for (label, of), found in groups.items() if _several(found, _size)}
    for (title, size), found in by_channels.items():
        if _several(found, _channels):
            lines = _lines(found, _channels, 1e-9)
            heading = f"{title}, about {goals.short(size)} elements"
            made[_name(heading)] = plot(heading, "channels", "nanoseconds per element", lines)
    return made


def _by_size(label: str, of: str, found: Sequence[Result]) -> str:
    unit, word = (1e-9, "nanoseconds") if of == "elements" else (1e-6, "microseconds")
    return plot(label, of, f"{word} per {of.removesuffix('s')}", _lines(found, _size, unit))


def _lines(found: Sequence[Result], x: Any, unit: float) -> dict[str, Points]:
    """Cost per element or node by contender."""
    names = dict.fromkeys(name for r in found for name in r.values)
    return {
        name: sorted((x(r), r.values[name].median / r.subject.size / unit) for r in found if name in r.values)
        for name in names
    }


def _several(found: Sequence[Result], x: Any) -> bool:
    return len({x(result) for result in found}) > 1


def _size(result: Result) -> int:
    return result.subject.size


def _channels(result: Result) -> int:
    return result.subject.channels


def _name(heading: str) -> str:
    return re.sub(r"\W+", "_", heading)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

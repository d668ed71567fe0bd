"""What the scan measured as one table: a row per call, the slowest beside TensorFlow's kernel first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import names
from ..goals import short
from ..results import Result

FAMILIES = (names.LIBRARY, names.FUNCTIONS)


def table(results: Iterable[Result], least: float = 0.0) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Headers and rows, those that take at least so many times as long at some size."""
    by_title: dict[str, dict[int, Result]] = {}
    for result in results:
        if result.subject.family in FAMILIES and names.TENSORFLOW in result.values:
            by_title.setdefault(result.subject.title, {})[result.subject.size] = result
    sizes = sorted({size for found in by_title.values() for size in found}, reverse=True)
    rows = sorted(((_worst(found.values()), title, found) for title, found in by_title.items()), reverse=True)
    headers = ["times of TensorFlow's kernel", "functions of NumPy"]
    for size in sizes:
        headers += [f"TF us, {short(size)}", f"NumPy, {short(size)}", f"jit, {short(size)}"]
    return headers, [_row(title, found, sizes) for worst, title, found in rows if worst >= least]


def _row(title: str, found: dict[int, Result], sizes: Sequence[int]) -> list[str]:
    family = next(iter(found.values())).subject.family
    row = [title, "yes" * (family == names.FUNCTIONS)]
    for size in sizes:
        if size not in found:
            row += [""] * 3
            continue
        values = found[size].values
        row.append(f"{values[names.TENSORFLOW].median * 1e6:.0f}")
        row += [
            f"{found[size].ratio(ours, names.TENSORFLOW):.2f}" if ours in values else ""
            for ours in (names.FIRST, names.FIRST_JIT)
        ]
    return row


def _worst(results: Iterable[Result]) -> float:
    return max(
        r.ratio(ours, names.TENSORFLOW) for r in results for ours in (names.FIRST, names.FIRST_JIT) if ours in r.values
    )

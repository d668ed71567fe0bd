"""How many parameters are annotated with nothing but Any, by package; the number may not grow.

python tests/project/any_ratchet.py            print the figures
python tests/project/any_ratchet.py --write    lower those in any_ratchet.json; a higher one is never written

``self`` and ``cls`` are left out. A package that any_ratchet.json does not name may have none.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FIGURES = Path(__file__).with_suffix(".json")


class Count(NamedTuple):
    """Parameters annotated exactly Any, and all."""

    bare: int = 0
    all: int = 0


def parameter_annotations(source: str) -> Iterator[str]:
    """The annotation of each parameter of each function; empty where there is none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            more = [argument for argument in (given.vararg, given.kwarg) if argument]
            for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, *more):
                if argument.arg not in ("self", "cls"):
                    yield "" if argument.annotation is None else ast.unparse(argument.annotation)


def counts(root: Path) -> dict[str, Count]:
    """The figures of each package, ``dataflow/core``, and of the modules beside them, ``dataflow``."""
    found: dict[str, Count] = defaultdict(Count)
    for top in ("blocks", "dataflow"):
        for path in sorted((root / top).rglob("*.py")):
            package = "/".join(path.relative_to(root).parts[:-1][:2])
            given = [*parameter_annotations(path.read_text("utf-8"))]
            before = found[package]
            found[package] = Count(before.bare + given.count("Any"), before.all + len(given))
    return dict(sorted(found.items()))


def grown(found: Mapping[str, Count], allowed: Mapping[str, int]) -> list[str]:
    """The packages that have more than they may, each with what to do."""
    return [
        f"{package} may have {allowed.get(package, 0)} parameters annotated with Any alone, got {count.bare}; "
        "give them a type"
        for package, count in found.items()
        if count.bare > allowed.get(package, 0)
    ]


def lowered(found: Mapping[str, Count], allowed: Mapping[str, int]) -> dict[str, int]:
    """The new figures: for each package the lower of what it has and what it may have."""
    new = {package: min(count.bare, allowed.get(package, 0)) for package, count in found.items()}
    return {package: count for package, count in new.items() if count}


def table(found: Mapping[str, Count]) -> str:
    """The figures as lines of text."""
    lines = []
    tops = {top: [c for p, c in found.items() if p.partition("/")[0] == top] for top in ("blocks", "dataflow")}
    whole = {top: Count(sum(c.bare for c in of), sum(c.all for c in of)) for top, of in tops.items()}
    for package, count in [*found.items(), *((f"{top}/**", count) for top, count in whole.items())]:
        lines.append(f"{package:24} {count.bare:5} of {count.all:5}  {100 * count.bare / max(count.all, 1):5.1f} %")
    return "\n".join(lines)


def main() -> None:
    """Print the figures; with ``--write`` lower the committed ones."""
    found, allowed = counts(ROOT), json.loads(FIGURES.read_text("utf-8"))
    print(table(found))
    if "--write" in sys.argv:
        FIGURES.write_text(json.dumps(lowered(found, allowed), indent=1) + "\n", "utf-8")
    if wrong := grown(found, allowed):
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()

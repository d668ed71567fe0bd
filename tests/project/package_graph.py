"""The packages of dataflow/ as a graph: who imports whom, on which floor.

python tests/project/package_graph.py            print the picture
python tests/project/package_graph.py --write    put it into ARCHITECTURE.md

The floor of a package is the length of the longest chain of imports below it. Imports for typing alone do not count,
those within functions do. ``dataflow/__init__.py`` imports its public names lazily; what it names for typing counts.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- package graph: tests/project/package_graph.py --write -->\n```text\n", "```\n<!-- end -->"

Arrows = dict[str, dict[str, int]]  # package -> the packages it imports -> by how many import statements


def arrows(root: Path) -> Arrows:
    """The arrows between the direct children of a package, flat modules included."""
    children = {path.stem for path in root.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    found: Arrows = {child: {} for child in sorted(children)}
    for file in sorted(root.rglob("*.py")):
        child = file.relative_to(root).parts[0].removesuffix(".py")
        for names in _imported(ast.parse(file.read_text("utf-8")), root.name, typing=child == "__init__"):
            for target in {name if name in children else "__init__" for name in names} - {child}:
                found[child][target] = found[child].get(target, 0) + 1
    return found


def _imported(node: ast.AST, package: str, typing: bool) -> Iterator[list[str]]:
    """The first names below the package that each of its import statements names, those for typing if asked for."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not typing:
        for branch in node.orelse:
            yield from _imported(branch, package, typing)
    elif isinstance(node, ast.Import):
        names = [alias.name.split(".") for alias in node.names]
        yield [name[1] if name[1:] else "" for name in names if name[0] == package]
    elif isinstance(node, ast.ImportFrom) and node.module:
        top, *below = node.module.split(".")
        if top == package:
            yield below[:1] or [alias.name for alias in node.names]
    else:
        for inner in ast.iter_child_nodes(node):
            yield from _imported(inner, package, typing)


def floors(graph: Arrows) -> dict[str, int]:
    """The length of the longest chain of imports below each package; CycleError where imports go in a circle."""
    found: dict[str, int] = {}
    for child in TopologicalSorter(graph).static_order():
        found[child] = max((found[below] + 1 for below in graph[child]), default=0)
    return found


def layers() -> list[list[str]]:
    """The layers that pyproject.toml allows, from the top down."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (rows,) = [c["layers"] for c in contracts if c["type"] == "layers" and c["containers"] == ["dataflow"]]
    return [[name.strip() for name in row.split("|")] for row in rows]


def problems(graph: Arrows, rows: list[list[str]], most_floors: int = 8, most_modules: int = 3) -> list[str]:
    """What is wrong with a package graph, a line each: arrows that do not point down, floors and modules too many."""
    try:
        height = max(floors(graph).values()) + 1
    except CycleError as error:
        return [f"imports go in a circle: {' -> '.join(reversed(error.args[1]))}"]
    depth = {name: i for i, row in enumerate(rows) for name in row}
    found = [
        f"{name} has no layer in pyproject.toml" for name in graph if name not in depth | {"__init__": 0, "__main__": 0}
    ]
    found += [
        f"{above} imports {below}, which is not below it"
        for above, targets in graph.items()
        for below in targets
        if above in depth and below in depth and depth[below] <= depth[above]
    ]
    if height > most_floors:
        found.append(f"{height} floors; at most {most_floors}")
    modules = [name for name in graph if (ROOT / "dataflow" / f"{name}.py").exists()]
    if len(modules) > most_modules:
        found.append(f"{len(modules)} flat modules ({', '.join(modules)}); at most {most_modules}")
    return found


def picture(graph: Arrows) -> str:
    """The graph as text: a line per floor, the highest first; arrows that follow from others are left out."""
    floor = floors(graph)
    lines = []
    for level in range(max(floor.values()), -1, -1):
        drawn = []
        for name in sorted(n for n in graph if floor[n] == level):
            direct = [t for t in graph[name] if not any(t in _below(graph, other) for other in graph[name])]
            drawn.append(f"{name} -> {', '.join(sorted(direct))}" if direct else name)
        lines.append(f"{level} | {'    '.join(drawn)}")
    return "\n".join(lines) + "\n"


def _below(graph: Arrows, name: str) -> set[str]:
    """All that a package imports, and what that imports in turn."""
    return {name for target in graph[name] for name in (target, *_below(graph, target))}


def written(page: str, drawn: str) -> str:
    """The page with the picture in it in place of the one it had."""
    head, rest = page.split(BEGIN)
    return head + BEGIN + drawn + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    drawn = picture(arrows(ROOT / "dataflow"))
    if "--write" in sys.argv[1:]:
        PAGE.write_text(written(PAGE.read_text("utf-8"), drawn), "utf-8", newline="\n")
    print(drawn, end="")

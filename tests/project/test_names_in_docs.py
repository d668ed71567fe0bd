"""Files and modules that the pages name exist under that name."""

from __future__ import annotations

import re
from pathlib import Path

import places
import pytest

ROOT = places.ROOT
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob(".github/**/*.md"), *places.DOCS.glob("*.md"), *places.TESTS.glob("*.md")]
)
SUFFIXES = r"py|md|yaml|yml|toml|txt|json|svg"
TOPS = {path.name for path in ROOT.iterdir() if path.is_dir()}
PACKAGES = {path.name for path in (ROOT / "dataflow").iterdir() if path.is_dir()}
HOMES = (ROOT, ROOT / "dataflow", places.TESTS, places.DOCS)


def named(text: str) -> set[str]:
    """Paths into the repository and modules of it, in backticks or in commands."""
    found = set()
    for path in re.findall(rf"(?<![\w./$~-])((?:[\w.-]+/)+(?:[\w-]+\.(?:{SUFFIXES})\b)?)(?![\w<*.-])", text):
        if path.split("/")[0] in TOPS | PACKAGES:
            found.add(path)
    found |= set(re.findall(r"\b(?:dataflow|blocks)(?:\.[a-z_]\w*)+\b", text))
    return found


def exists(name: str) -> bool:
    if "/" in name:
        return any((home / name).exists() for home in HOMES)
    parts = name.split(".")
    return any(
        _module(ROOT.joinpath(*parts[:length])) and _inside(parts, length) for length in (len(parts), len(parts) - 1)
    )


def _module(path: Path) -> bool:
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def _inside(parts: list[str], length: int) -> bool:
    """What is left of a dotted name is a word of the module."""
    path = ROOT.joinpath(*parts[:length])
    file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    return all(re.search(rf"\b{part}\b", file.read_text("utf-8")) for part in parts[length:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_pages_name_exists(page: Path) -> None:
    assert [name for name in sorted(named(page.read_text("utf-8"))) if not exists(name)] == []


def test_names_are_found() -> None:
    text = "`engine/lower.py`, `tests/bad_graphs/` `dataflow.core.kinds` my/own.py `blocks/kernels/gone.py`"
    assert named(text) == {"engine/lower.py", "tests/bad_graphs/", "dataflow.core.kinds", "blocks/kernels/gone.py"}
    assert not exists("blocks/kernels/gone.py")
    assert not exists("dataflow.core.gone")


def test_tests_marked_slow_are_in_the_readme() -> None:
    """Each with the reason why; folders stand for all that is in them."""
    readme = (places.TESTS / "README.md").read_text("utf-8")
    marked = [path.relative_to(places.TESTS) for path in places.TESTS.rglob("test_*.py") if _is_slow(path)]
    assert marked
    assert [p for p in marked if f"`{p.as_posix()}`" not in readme and f"| `{p.parts[0]}/`" not in readme] == []


def _is_slow(path: Path) -> bool:
    return "pytest.mark." + "slow" in path.read_text("utf-8")

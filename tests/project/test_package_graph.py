"""Imports of packages point down, over few floors, and ARCHITECTURE.md draws them as they are."""

from __future__ import annotations

from pathlib import Path

import package_graph
import pytest


@pytest.fixture(scope="module")
def drawn() -> package_graph.Arrows:
    """The arrows of the framework."""
    return package_graph.arrows(package_graph.ROOT / "dataflow")


def test_arrows_point_down(drawn: package_graph.Arrows) -> None:
    assert package_graph.problems(drawn, package_graph.layers()) == []


def test_picture_is_current(drawn: package_graph.Arrows) -> None:
    page = package_graph.PAGE.read_text("utf-8")
    assert package_graph.written(page, package_graph.picture(drawn)) == page, "run package_graph.py --write"


def make(root: Path, **modules: str) -> package_graph.Arrows:
    """The arrows of a package ``house`` with these modules; one that has an underscore lies in a package."""
    for name, text in modules.items():
        path = root.joinpath("house", *name.split("_")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    return package_graph.arrows(root / "house")


def test_what_counts_as_an_arrow(tmp_path: Path) -> None:
    graph = make(
        tmp_path,
        roof_tiles="import numpy\nfrom house.wall import stone\nif TYPE_CHECKING:\n    from house.door import Door\n",
        wall_stone="def lay():\n    import house.floor.wood\n",
        floor_wood="import house\n",
        door="",
    )
    assert graph["roof"] == {"wall": 1}
    assert graph["wall"] == {"floor": 1}
    assert graph["floor"] == {"__init__": 1}
    assert graph["door"] == {}
    assert package_graph.picture(graph) == (
        "3 | roof -> wall\n2 | wall -> floor\n1 | floor -> __init__\n0 | __init__    door\n"
    )


@pytest.mark.parametrize(
    "graph, told",
    [
        ({"core": {"graph": 1}, "graph": {}}, "core imports graph, which is not below it"),
        ({"graph": {"files": 1}, "files": {}}, "graph imports files, which is not below it"),
        ({"core": {"graph": 1}, "graph": {"core": 2}}, "imports go in a circle: "),
        ({"attic": {}}, "attic has no layer in pyproject.toml"),
        ({str(i): {str(i + 1): 1} for i in range(9)} | {"9": {}}, "10 floors; at most 8"),
    ],
)
def test_what_is_wrong_is_told(graph: package_graph.Arrows, told: str) -> None:
    rows = [["graph", "files"], ["core"]]
    assert any(line.startswith(told) for line in package_graph.problems(graph, rows))

"""Where cards were dragged to, beside the graph file."""

from __future__ import annotations

from pathlib import Path

import pytest
from studio_pages import Page, Refused

from dataflow.core.errors import DataflowError
from dataflow.studio.positions import MAX_CARDS, file_of, moved, read_positions, write_positions


def test_written_and_read(tmp_path: Path) -> None:
    graph = tmp_path / "cnn.yaml"
    write_positions(graph, {"b": (1.0, -2.0), "a": (0.0, 100000.0)})
    assert file_of(graph).read_text() == '{"cards": {\n  "a": [0, 100000],\n  "b": [1, -2]\n}}\n'
    assert read_positions(graph) == {"b": (1.0, -2.0), "a": (0.0, 100000.0)}
    write_positions(graph, {})
    assert list(tmp_path.iterdir()) == []
    write_positions(graph, {})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"cards": 1}',
        '{"cards": [1, 2]}',
        '{"cards": {"a": 1, "b": [1], "c": [1, "2"], "d": [true, 1], "e": [1e999, 0], "f": [1e7, 0], "g": [NaN, 0]}}',
        '{"cards": {"a": [1' + "0" * 400 + ", 0]}}",
        '{"cards": ' + "[" * 100_000,
        "\ufeff{}",
    ],
)
def test_what_cannot_be_read_is_left_out(tmp_path: Path, text: str) -> None:
    file_of(tmp_path / "cnn.yaml").write_text(text)
    assert read_positions(tmp_path / "cnn.yaml") == {}


def test_moved() -> None:
    assert moved({"a": (1.0, 2.0)}, {"b": [1.4, 2.6], "a": None, "c": None}) == {"b": (1.0, 3.0)}
    for wrong in ([1], [1, 2, 3], ["1", 2], [True, 2], [float("inf"), 0], {"x": 1}, 7):
        with pytest.raises(DataflowError, match="position of 'a'"):
            moved({}, {"a": wrong})
    with pytest.raises(DataflowError, match="at most 10,000 cards"):
        moved({}, {str(i): [0, 0] for i in range(MAX_CARDS + 1)})


def test_a_drag_writes_the_file_and_nothing_else_does(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    page.edit({"op": "set", "place": "half.y", "value": 3})
    page.ask("save")
    assert [path.name for path in folder.iterdir()] == ["small.yaml"]
    page.ask("move", positions={"half": [700, 90]})
    assert (folder / "small.layout.json").exists()
    card = next(card for card in page.document["scene"]["cards"] if card["id"] == "half")
    assert (card["x"], card["y"]) == (700, 90)
    page.ask("move", positions={"half": None})
    assert [path.name for path in folder.iterdir()] == ["small.yaml"]


def test_shipped_graphs_have_positions_while_they_are_open(page: Page, folder: Path) -> None:
    page.ask("open", path="dataflow:basic/matmul.yaml")
    name = page.document["scene"]["cards"][0]["id"]
    page.ask("move", positions={name: [700, 90]})
    assert page.document["scene"]["cards"][0]["x"] == 700
    assert [path.name for path in folder.iterdir()] == ["small.yaml"]


def test_cards_of_layers_are_not_dragged(page: Page) -> None:
    page.ask("open", path="small.yaml")
    page.ask("view", layer="gradient")
    with pytest.raises(Refused, match="in the picture of the file"):
        page.ask("move", positions={"half": [1, 2]})


def test_a_card_with_another_name_stands_where_it_stood(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    page.ask("move", positions={"half": [700, 90], "output:y": [10, 500]})

    def places() -> dict[str, tuple[float, float]]:
        cards = {card["id"]: (card["x"], card["y"]) for card in page.document["scene"]["cards"]}
        return {name: place for name, place in cards.items() if place in ((700, 90), (10, 500))}

    page.edit({"op": "rename", "place": "half", "name": "third"}, {"op": "rename", "place": "outputs.y", "name": "z"})
    assert places() == {"third": (700, 90), "output:z": (10, 500)}
    assert read_positions(folder / "small.yaml").keys() == {"half", "output:y"}
    page.ask("save")
    assert read_positions(folder / "small.yaml").keys() == {"third", "output:z"}
    page.ask("undo", version=page.document["version"])
    assert places() == {"half": (700, 90), "output:y": (10, 500)}


def test_what_cannot_be_written_stays_where_it_was(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    (folder / "small.layout.json").mkdir()
    before = page.document["scene"]
    with pytest.raises(Refused, match="small"):
        page.ask("move", positions={"half": [700, 90]})
    page.ask("view")
    assert page.document["scene"] == before


def test_nothing_is_written_through_a_link(folder: Path, page: Page, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("elsewhere") / "precious"
    other.write_text("mine")
    file_of(folder / "small.yaml").symlink_to(other)
    page.ask("open", path="small.yaml")
    with pytest.raises(Refused, match=r"small\.layout\.json: must be a file, got a link"):
        page.ask("move", positions={"half": [1, 2]})
    page.edit({"op": "set", "place": "half.y", "value": 0.25})
    page.ask("save")
    assert page.document["saved"]
    assert other.read_text() == "mine"

"""Files in which something is wrong are drawn too: every card is there, in its place."""

from __future__ import annotations

from pathlib import Path

from places import GRAPHS, TESTS
from scene_geometry import check

from dataflow.graphfile.load import read
from dataflow.graphfile.outline import outline
from dataflow.inspection.elements import Card, Scene
from dataflow.inspection.scene import scene

WRONG = sorted((TESTS / "bad_graphs").glob("*.yaml"))
FLAT = GRAPHS / "digits/cnn_flat.yaml"


def drawn(path: Path, text: str | None = None, before: Scene | None = None) -> Scene:
    context = read(path, text=text)
    return scene(outline(context), context.graph, types=before.types if before else {})


def cards(found: Scene) -> dict[str, Card]:
    return {card.id: card for card in found.cards}


def test_every_wrong_file_can_be_drawn() -> None:
    assert len(WRONG) > 200
    for path in WRONG:
        context = read(path)
        outlined = outline(context)
        check(scene(outlined, context.graph), outlined)


def test_nothing_moves_when_a_node_becomes_wrong_and_what_depends_on_it_is_marked() -> None:
    right = drawn(FLAT)
    wrongly = drawn(FLAT, FLAT.read_text("utf-8").replace("padding: SAME", "padding: SANE", 1), right)
    before, after = cards(right), cards(wrongly)
    assert [(c.id, c.x, c.y, c.width, c.height) for c in right.cards] == [
        (c.id, c.x, c.y, c.width, c.height) for c in wrongly.cards
    ]
    assert [wire.path for wire in right.wires] == [wire.path for wire in wrongly.wires]
    assert not any(card.wrong for card in before.values())
    wrong = {name for name, card in after.items() if card.wrong}
    assert {"conv1/conv", "pool1", "loss", "output:loss"} <= wrong
    assert not {"image", "picture", "label"} & wrong
    assert [port.name for port in after["conv1/conv"].lefts] == ["input", "filter"]
    assert [port.type for port in after["conv1/conv"].rights] == ["float32[N, 8, 8, 32]"]  # as it was


def test_a_block_that_does_not_exist_has_the_ports_that_are_wired() -> None:
    after = cards(drawn(FLAT, FLAT.read_text("utf-8").replace("block: MaxPool", "block: MaxPul", 1)))
    assert after["pool1"].block == "MaxPul" and after["pool1"].wrong
    assert [(port.name, port.wire) for port in after["pool1"].lefts] == [("input", "conv1/y")]
    port = next(port for port in after["conv2/conv"].lefts if port.name == "input")
    assert port.chip is not None and port.chip.text == "pool1"  # there is no port that a wire could come from


def test_a_file_of_which_nothing_can_be_read_is_an_empty_scene() -> None:
    assert drawn(FLAT, "{").plain() == {"width": 0.0, "height": 0.0, "frames": [], "cards": [], "wires": []}

"""Cards that a person has put elsewhere."""

from __future__ import annotations

import pytest

from dataflow.graphfile.load import read
from dataflow.graphfile.outline import outline
from dataflow.inspection.elements import Scene
from dataflow.inspection.scene import scene

TEXT = """dataflow: 1
inputs:
  x: float32[N, 4]
nodes:
  # One row.
  half: {block: Mul, inputs: {x: x, y: 0.5}}
  relu: {block: Relu, inputs: {features: half}}
outputs:
  y: relu
"""
Positions = dict[str, tuple[float, float]]


@pytest.fixture(params=["right", "down"])
def direction(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def drawn(direction: str, positions: Positions | None = None) -> Scene:
    context = read("small.yaml", text=TEXT)
    return scene(outline(context), context.graph, direction=direction, positions=positions)


def test_nothing_moves_without_positions(direction: str) -> None:
    assert drawn(direction, {"nothing": (1.0, 2.0)}).plain() == drawn(direction).plain()


def test_a_card_is_put_elsewhere_with_its_wires(direction: str) -> None:
    before = {wire.id: wire.path for wire in drawn(direction).wires}
    found = drawn(direction, {"relu": (900.0, 700.0)})
    relu = next(card for card in found.cards if card.id == "relu")
    assert (relu.x, relu.y, relu.frame) == (900.0, 700.0, "")
    assert (found.width, found.height) == (900.0 + relu.width, 700.0 + relu.height)
    for wire in found.wires:
        touched = "relu" in (wire.source[0], wire.target[0])
        assert (wire.path != before[wire.id]) == touched
        if wire.target[0] == "relu":
            assert wire.path.endswith(f"{900 + relu.lefts[0].x:.1f} {700 + relu.lefts[0].y:.1f}")


def test_a_frame_grows_with_a_card_that_is_moved_within_it(direction: str) -> None:
    before = drawn(direction)
    relu = next(card for card in before.cards if card.id == "relu")
    found = drawn(direction, {"relu": (relu.x + relu.width / 3, relu.y + relu.height / 3)})
    card = next(card for card in found.cards if card.id == "relu")
    (frame,) = found.frames
    assert card.frame == frame.id == relu.frame
    assert frame.x <= card.x and card.x + card.width <= frame.x + frame.width
    assert frame.y <= card.y and card.y + card.height <= frame.y + frame.height
    assert frame.width >= before.frames[0].width and frame.height >= before.frames[0].height


def test_a_wire_goes_around_a_card_that_now_stands_in_its_way() -> None:
    before = drawn("right")
    cards = {card.id: card for card in before.cards}
    half, y = cards["half"], cards["output:y"]
    found = drawn("right", {"x": ((half.x + half.width + y.x) / 2 - 40, cards["relu"].y + 300)})
    assert [w.path for w in found.wires if w.source[0] != "x"] == [w.path for w in before.wires if w.source[0] != "x"]
    between = half.x + half.width + 60, half.y + half.rights[0].y - cards["x"].height / 2
    found = drawn("right", {"x": between, "relu": (between[0] + 400, half.y)})
    wire = next(wire for wire in found.wires if wire.id == "relu.features")
    assert wire.path.count("L") > 2  # with corners

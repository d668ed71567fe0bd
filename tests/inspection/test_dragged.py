"""Cards that a person has put elsewhere."""

from __future__ import annotations

import pytest

from dataflow.graphfile.load import read
from dataflow.graphfile.outline import outline
from dataflow.inspection.dragged import dragged
from dataflow.inspection.elements import Scene
from dataflow.inspection.scene import scene

TEXT = """dataflow: 1
inputs:
  x: float32[N, 4]
nodes:
  half: {block: Mul, inputs: {x: x, y: 0.5}}
  relu: {block: Relu, inputs: {features: half}}
outputs:
  y: relu
"""


@pytest.fixture(params=["right", "down"])
def drawn(request: pytest.FixtureRequest) -> Scene:
    context = read("small.yaml", text=TEXT)
    return scene(outline(context), context.graph, direction=request.param)


def test_nothing_moves_without_positions(drawn: Scene) -> None:
    before = drawn.plain()
    assert dragged(drawn, {"nothing": (1.0, 2.0)}).plain() == before


def test_a_card_is_put_elsewhere_with_its_wires(drawn: Scene) -> None:
    before = {wire.id: wire.path for wire in drawn.wires}
    dragged(drawn, {"relu": (900.0, 700.0)})
    relu = next(card for card in drawn.cards if card.id == "relu")
    assert (relu.x, relu.y, relu.frame) == (900.0, 700.0, "")
    assert (drawn.width, drawn.height) == (900.0 + relu.width, 700.0 + relu.height)
    for wire in drawn.wires:
        touched = "relu" in (wire.source[0], wire.target[0])
        assert (wire.path != before[wire.id]) == touched
        if wire.target[0] == "relu":
            assert wire.path.endswith(f" {900 + relu.lefts[0].x:.1f} {700 + relu.lefts[0].y:.1f}")


def test_a_card_that_stays_in_its_frame_belongs_to_it(drawn: Scene) -> None:
    relu = next(card for card in drawn.cards if card.id == "relu")
    frame = relu.frame
    dragged(drawn, {"relu": (relu.x, relu.y)})
    assert relu.frame == frame

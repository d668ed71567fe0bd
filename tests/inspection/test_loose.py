"""Cards that stand where they were asked for until a wire leads to them."""

from __future__ import annotations

import itertools

import pytest
from scene_geometry import check_ends, check_wires

from dataflow.graphfile.load import read
from dataflow.graphfile.outline import outline
from dataflow.inspection.arrangement import Memory
from dataflow.inspection.elements import Card, Scene
from dataflow.inspection.scene import scene

TEXT = """dataflow: 1
inputs:
  x: float32[N, 4]
nodes:
  # One row.
  half: {block: Mul, inputs: {x: x, y: 0.5}}
  relu: {block: Relu, inputs: {features: half}}
  # Another.
  tanh: {block: Tanh}
  sigmoid: {block: Sigmoid}
outputs:
  y: relu
"""
Positions = dict[str, tuple[float, float]]


@pytest.fixture(params=["right", "down"])
def direction(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def drawn(
    direction: str, asked: Positions, text: str = TEXT, positions: Positions | None = None, memory: Memory | None = None
) -> Scene:
    """The scene, in which no card lies on another; above and left of it there may be loose ones."""
    context = read("small.yaml", text=text)
    outlined = outline(context)
    found = scene(outlined, context.graph, direction=direction, asked=asked, positions=positions, memory=memory)
    check_ends(found)
    check_wires(found)
    for a, b in itertools.combinations(found.cards, 2):
        assert a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
    return found


def middles(found: Scene) -> Positions:
    return {card.id: (card.x + card.width / 2, card.y + card.height / 2) for card in found.cards}


def by_name(found: Scene) -> dict[str, Card]:
    return {card.id: card for card in found.cards}


def test_a_card_stands_where_it_was_asked_for_and_leaves_no_gap_where_it_would_have_been(direction: str) -> None:
    asked = {"tanh": (900.0, 1200.0), "sigmoid": (1500.0, 90.0)}
    found = drawn(direction, asked | {"gone": (0.0, 0.0)})
    at = middles(found)
    assert {name: at[name] for name in asked} == asked
    assert [frame.title for frame in found.frames] == ["One row"]
    assert by_name(found)["tanh"].frame == ""
    bare = {**middles(drawn(direction, {}, TEXT[: TEXT.index("  # Another")] + "outputs:\n  y: relu\n"))}
    assert {name: at[name] for name in bare} == bare


def test_where_another_stands_it_goes_to_the_nearest_place(direction: str) -> None:
    at = middles(drawn(direction, {}))["relu"]
    found = drawn(direction, {"tanh": at, "sigmoid": at})
    for name in ("tanh", "sigmoid"):
        x, y = middles(found)[name]
        assert 0 < abs(x - at[0]) + abs(y - at[1]) < 400


def test_a_wire_takes_it_to_its_row_and_a_drag_elsewhere(direction: str) -> None:
    asked = {"tanh": (900.0, 1200.0)}
    wired = TEXT.replace("{block: Tanh}", "{block: Tanh, inputs: {x: relu}}")
    assert middles(drawn(direction, asked, wired)) == middles(drawn(direction, {}, wired))
    card = by_name(drawn(direction, asked, positions={"tanh": (700.0, 900.0)}))["tanh"]
    assert (card.x, card.y) == (700.0, 900.0)


def test_a_card_that_loses_its_wires_stays_where_it_was(direction: str) -> None:
    """Or nearly so, where others come there; where it has a wire again it goes to its row."""
    memory, wired = Memory(), TEXT.replace("{block: Tanh}", "{block: Tanh, inputs: {x: half}}")
    before = middles(drawn(direction, {}, wired, memory=memory))
    more = TEXT.replace("outputs:", "  more: {block: Tanh, inputs: {x: relu}}\noutputs:")
    for text in (TEXT, more):
        x, y = middles(drawn(direction, {}, text, memory=memory))["tanh"]
        assert abs(x - before["tanh"][0]) + abs(y - before["tanh"][1]) < 150
    assert middles(drawn(direction, {}, wired, memory=memory)) == before


def test_all_cards_may_be_loose(direction: str) -> None:
    text = "dataflow: 1\nnodes:\n  a: {block: Relu}\n  b: {block: Relu}\n"
    asked = {"a": (300.0, 200.0), "b": (300.0, 200.0)}
    found = drawn(direction, asked, text)
    assert middles(found)["a"] == (300.0, 200.0) and found.frames == []

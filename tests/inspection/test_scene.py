"""Scenes of all graphs there are and of random ones: nothing overlaps, no wire runs over a card, all is shown."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from few import few
from places import GRAPHS
from scene_geometry import check, check_ends

from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graphfile.edit import Editor, edit
from dataflow.graphfile.graph_outline import outline_of
from dataflow.graphfile.load import load, read
from dataflow.graphfile.outline import outline
from dataflow.inspection import svg
from dataflow.inspection.arrangement import Memory
from dataflow.inspection.elements import Scene
from dataflow.inspection.scene import scene
from dataflow.training.step_graph import expand

FILES = sorted(GRAPHS.rglob("*.yaml"))
TRAINED = ["digits/cnn", "digits/cnn_flat", "wine/mlp", "xor/ce_auto", "components/symbolic_gradients"]


def drawn(name: str, direction: str = "right", unfolded: frozenset[str] = frozenset()) -> Scene:
    context = read(GRAPHS / f"{name}.yaml")
    return scene(outline(context), context.graph, direction=direction, unfolded=unfolded)


def zoom(found: Scene, width: float = 1000.0, height: float = 700.0) -> float:
    """That at which a scene fits into what a page of 1280 x 800 has for it."""
    return min(width / found.width, height / found.height)


@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("path", few(FILES), ids=lambda path: path.stem)
def test_every_graph_file(path: Path, direction: str) -> None:
    context = read(path)
    outlined = outline(context)
    check(scene(outlined, context.graph, direction=direction), outlined)
    everything = frozenset(outlined.nodes)
    check(scene(outlined, context.graph, direction=direction, unfolded=everything, values=False), outlined)


@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("name", few(TRAINED, TRAINED[-2:]))
def test_training_steps(name: str, direction: str) -> None:
    graph = expand(load(GRAPHS / f"{name}.yaml"))
    outlined = outline_of(graph)
    for values in (True, False):
        check(scene(outlined, graph, direction=direction, values=values), outlined)


@pytest.mark.parametrize("scope", ["conv1", "conv1/norm", "logits"])
def test_graph_files_used_as_blocks(scope: str) -> None:
    context = read(GRAPHS / "digits/cnn.yaml")
    outlined = outline(context, scope)
    check(scene(outlined, context.graph), outlined)


def random_graph(seed: int) -> Graph:
    """Additions, lists and blocks of several outputs between values far and near."""
    pick, graph = random.Random(seed), Graph()
    wires = [graph.input(f"x{i}", "float32", [4]) for i in range(pick.randint(1, 4))]
    for _ in range(pick.randint(1, 60)):
        near = wires[-pick.choice([2, 5, 100]) :]
        kind = pick.random()
        if kind < 0.6:
            wires.append(pick.choice(near) + pick.choice([*near, 1.0]))
        elif kind < 0.8:
            wires.append(blocks["AddN"]()(pick.choices(near, k=pick.randint(1, 9))))
        else:
            low, high = blocks["MinMaxObserver"]()(pick.choice(near))
            wires += [low + pick.choice(near), high * pick.choice(near)]
    for i, wire in enumerate(pick.choices(wires, k=pick.randint(1, 6))):
        graph.output(f"y{i}", wire)
    return graph


@pytest.mark.parametrize("seed", few(range(12), range(4)))
def test_random_graphs(seed: int) -> None:
    graph = random_graph(seed)
    outlined = outline_of(graph)
    for direction in ("right", "down"):
        found = scene(outlined, graph, direction=direction)
        check(found, outlined)
    assert found.plain() == scene(outlined, graph, direction=direction).plain()


@pytest.mark.parametrize(
    "name, least", [("digits/cnn", 0.6), ("digits/cnn_flat", 0.6), ("quant/digits_fake_quant", 0.5)]
)
def test_whole_graphs_can_be_read_on_a_page(name: str, least: float) -> None:
    """Names are 16 px, so that at this zoom they are at least 9 px."""
    found = zoom(drawn(name))
    assert found >= least
    assert 16 * found >= 9


def test_a_training_step_can_be_read_on_a_large_screen() -> None:
    """Names of ports are 12 px, so that they are at least 7.4 px: its frames leave their order, as one is very tall."""
    graph = expand(load(GRAPHS / "digits/cnn.yaml"))
    found = re.search(r'width="(\d+)" height="(\d+)"', svg(graph))
    assert found and min(1600 / int(found[1]), 1000 / int(found[2])) >= 0.62
    drawing = scene(outline_of(graph), graph, values=False)
    first, reverse, updates = drawing.frames
    assert updates.x == first.x < reverse.x and updates.y > first.y == reverse.y
    assert zoom(drawing) >= 0.45


def test_frames_stay_in_their_order_or_out_of_it_where_that_is_nearly_as_good() -> None:
    graph = expand(load(GRAPHS / "digits/cnn.yaml"))
    for values, anew in ((True, False), (False, True)):
        for was in (None, False, True):
            memory = Memory(free=was)
            scene(outline_of(graph), graph, values=values, memory=memory)
            assert memory.free == (anew if was is None else was), (values, was)


def test_a_scene_is_plain_data() -> None:
    found = drawn("digits/cnn")
    assert json.loads(json.dumps(asdict(found))) == json.loads(json.dumps(found.plain()))


def test_positions_that_the_user_gave_win_and_wires_keep_clear_of_every_card() -> None:
    context = read(GRAPHS / "digits/cnn_flat.yaml")
    outlined = outline(context)
    before = scene(outlined, context.graph)
    home = {card.id: card for card in before.cards}
    positions = {"conv1/y": (home["conv1/y"].x + 30, home["conv1/y"].y + 60), "xent": (40.0, before.height + 200)}
    found = scene(outlined, context.graph, positions=positions | {"gone": (0.0, 0.0)})
    cards = {card.id: card for card in found.cards}
    assert {name: (cards[name].x, cards[name].y) for name in positions} == positions
    assert all(
        (cards[name].x, cards[name].y) == (card.x, card.y) for name, card in home.items() if name not in positions
    )
    assert cards["conv1/y"].frame == home["conv1/y"].frame and cards["xent"].frame == ""
    assert {wire.id for wire in found.wires} == {wire.id for wire in before.wires}
    check(found, outlined)


@pytest.mark.parametrize("seed", few(range(20), range(4)))
def test_cards_moved_at_random(seed: int) -> None:
    """Cards may lie on each other then, but wires begin and end at their ports."""
    pick, graph = random.Random(seed), random_graph(seed)
    outlined = outline_of(graph)
    names = [*outlined.nodes, *outlined.inputs]
    positions = {
        n: (pick.uniform(-300, 1500), pick.uniform(-300, 1200)) for n in pick.sample(names, min(6, len(names)))
    }
    found = scene(outlined, graph, positions=positions, direction=pick.choice(["right", "down"]))
    check_ends(found)


def edited(name: str, change: Callable[[Editor], None], memory: Memory | None) -> tuple[Scene, Scene]:
    """The scenes before and after an edit of a shipped graph."""
    editor = edit(GRAPHS / f"{name}.yaml")

    def draw() -> Scene:
        context = read(GRAPHS / f"{name}.yaml", text=editor.text)
        outlined = outline(context)
        found = scene(outlined, context.graph, memory=memory)
        check(found, outlined)
        return found

    before = draw()
    change(editor)
    return before, draw()


def astray(before: Scene, after: Scene) -> float:
    """The part of the cards that moved otherwise than most did, by more than a little."""
    places = {card.id: (card.x, card.y) for card in before.cards}
    common = [card for card in after.cards if card.id in places]
    ways = Counter((round(c.x - places[c.id][0]), round(c.y - places[c.id][1])) for c in common)
    (x, y), _ = ways.most_common(1)[0]
    return sum(n for way, n in ways.items() if abs(way[0] - x) + abs(way[1] - y) > 40) / len(common)


@pytest.mark.slow
def test_an_edit_moves_less_of_a_picture_that_is_remembered() -> None:
    """Some node behind each node of graphs of several frames."""
    kept, anew = list[float](), list[float]()
    for name in ("digits/cnn_flat", "quant/digits_fake_quant"):
        for node in [*outline(read(GRAPHS / f"{name}.yaml")).nodes][::4]:

            def add(editor: Editor, node: str = node) -> None:
                editor.add("extra", "Relu", {"features": node}, after=node)

            kept.append(astray(*edited(name, add, Memory())))
            anew.append(astray(*edited(name, add, None)))
    assert sum(kept) <= 0.75 * sum(anew)
    assert sum(kept) / len(kept) < 0.25


def test_a_file_that_cannot_be_read_for_a_while_is_drawn_as_before() -> None:
    path, memory = GRAPHS / "digits/cnn_flat.yaml", Memory()
    text = path.read_text("utf-8")
    found = []
    for each in (text, "nodes: [", text):
        context = read(path, text=each)
        found.append(scene(outline(context), context.graph, memory=memory).plain())
    assert found[0] == found[2] != found[1]

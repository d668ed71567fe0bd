"""What must hold of every scene: nothing overlaps, no wire runs over a card, and all of it says what the file does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from dataflow.graphfile.outline import Outline
from dataflow.inspection.elements import Card, Frame, Scene

Point = tuple[float, float]
_T = TypeVar("_T")
_STEPS = 12  # points that are looked at of a curve


def check(scene: Scene, outline: Outline) -> None:
    """Assert all of it."""
    cards = {card.id: card for card in scene.cards}
    assert len(cards) == len(scene.cards)
    check_places(scene)
    check_ends(scene)
    check_wires(scene)
    check_ports(scene, cards)
    shown = {*cards, *(name for card in scene.cards for name in card.folded)}
    assert shown >= {*outline.nodes, *outline.inputs, *(f"output:{name}" for name in outline.outputs)}


def check_places(scene: Scene) -> None:
    """Cards are apart, each in its frame; frames are apart; all is within the scene."""
    for one, other in _pairs(scene.cards):
        assert _apart(_box(one), _box(other)), (one.id, other.id)
    for a, b in _pairs(scene.frames):
        assert _apart((a.x, a.y, a.width, a.height), (b.x, b.y, b.width, b.height)), (a.title, b.title)
    frames = {frame.id: frame for frame in scene.frames}
    for card in scene.cards:
        outer = frames.get(card.frame) or Frame("", "", 0.0, 0.0, scene.width, scene.height)
        x, y = outer.x, outer.y
        assert x - 0.1 <= card.x and card.x + card.width <= x + outer.width + 0.1, card.id
        assert y - 0.1 <= card.y and card.y + card.height <= y + outer.height + 0.1, card.id
        assert card.frame in frames or not card.frame


def check_ends(scene: Scene) -> None:
    """Each wire leads from the dot of its source to that of its target."""
    cards = {card.id: card for card in scene.cards}
    for wire in scene.wires:
        source, target = cards[wire.source[0]], cards[wire.target[0]]
        right = next(port for port in source.rights if port.name == wire.source[1])
        left = next(port for port in target.lefts if port.name == wire.target[1])
        points = [*traced(wire.path)]
        _near(points[0], (source.x + right.x, source.y + right.y), wire.id)
        _near(points[-1], (target.x + left.x, target.y + left.y), wire.id)


def check_wires(scene: Scene) -> None:
    """No wire touches a card on its way, and none leaves the scene."""
    for wire in scene.wires:
        points = [*traced(wire.path)]
        assert all(-1 <= x <= scene.width + 1 and -1 <= y <= scene.height + 1 for x, y in points), wire.id
        xs, ys = sorted(x for x, _ in points), sorted(y for _, y in points)
        for card in scene.cards:
            x, y, w, h = _box(card)
            if xs[-1] < x or xs[0] > x + w or ys[-1] < y or ys[0] > y + h:
                continue
            for px, py in points:
                over = x + 0.5 < px < x + w - 0.5 and y + 0.5 < py < y + h - 0.5
                assert not over, (wire.id, card.id, (px, py))


def check_ports(scene: Scene, cards: dict[str, Card]) -> None:
    """On a port that is wired there is a wire or a chip; a tag counts each reader that no wire leads to."""
    drawn = {wire.target: wire.source for wire in scene.wires}
    assert len(drawn) == len(scene.wires)
    tags: Counter[str] = Counter()
    for card in scene.cards:
        for left in card.lefts:
            wired = (card.id, left.name) in drawn
            assert not left.wire or (left.chip is None) == wired, (card.id, left.name)
            assert left.wire or not wired
            if left.wire and not wired and left.value_of:
                tags[left.value_of] += 1
            assert -0.1 <= left.row <= card.height and -0.1 <= left.x <= card.width + 0.1
    for card in scene.cards:
        for right in card.rights:
            if right.value_of:
                assert right.tags == tags[right.value_of], (card.id, right.name)


def traced(path: str) -> Iterator[Point]:
    """Points along the data of a path, close together."""
    at: Point = (0.0, 0.0)
    for command, text in re.findall(r"([MLC])([^MLC]*)", path):
        numbers = [float(word) for word in text.split()]
        points = [*zip(numbers[::2], numbers[1::2], strict=True)]
        if command == "M":
            at = points[0]
            yield at
            continue
        ends = [at, *points]
        far = max(abs(ends[-1][0] - at[0]), abs(ends[-1][1] - at[1]))
        steps = max(_STEPS, int(far / 8))
        if len(points) == 1:
            (ax, ay), (bx, by) = ends
            yield from ((ax + i / steps * (bx - ax), ay + i / steps * (by - ay)) for i in range(1, steps + 1))
        else:
            yield from (_at(ends, i / steps) for i in range(1, steps + 1))
        at = points[-1]


def _at(points: Sequence[Point], t: float) -> Point:
    """A point of a Bézier curve."""
    while len(points) > 1:
        points = [(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for a, b in pairwise(points)]
    return points[0]


def _near(one: Point, other: Point, name: str) -> None:
    assert abs(one[0] - other[0]) < 0.2 and abs(one[1] - other[1]) < 0.2, (name, one, other)


def _box(card: Card) -> tuple[float, float, float, float]:
    return card.x, card.y, card.width, card.height


def _apart(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]


def _pairs(items: Sequence[_T]) -> Iterator[tuple[_T, _T]]:
    for i, one in enumerate(items):
        for other in items[:i]:
            yield one, other

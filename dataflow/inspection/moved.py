"""Cards that stand where a user has put them, and the wires that must run otherwise for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dataflow.inspection.elements import Card, Frame
from dataflow.inspection.links import Link
from dataflow.inspection.paths import Path, Point
from dataflow.inspection.routing import Area, routed

Position = tuple[float, float]

_INSET = 16.0
_MOST = 300  # wires that are led around cards; more are plain curves


def move(cards: Mapping[str, Card], frames: Sequence[Frame], positions: Mapping[str, Position]) -> list[Card]:
    """Put cards where they shall stand, and return these.

    A frame grows with what is moved within it; a card that is moved out of its frame leaves it.
    """
    known = {frame.id: frame for frame in frames}
    found = []
    for name, (x, y) in positions.items():
        card = cards.get(name)
        if card is None:
            continue
        found.append(card)
        card.x, card.y = float(x), float(y)
        frame = known.get(card.frame)
        middle = card.x + card.width / 2, card.y + card.height / 2
        if frame is not None and not _inside(middle, _area_of_frame(frame)):
            card.frame = ""
    for card in found:
        if card.frame:
            _grow(known[card.frame], card)
    return found


def rerouted(
    paths: Iterable[tuple[Link, Path]], cards: Iterable[Card], moved: Iterable[Card], down: bool
) -> list[tuple[Link, Path]]:
    """The lines of wires, anew where an end was moved or where a card now stands in the way."""
    areas, others = [_area(card, down) for card in cards], {card: _area(card, down) for card in moved}
    found, count = [], 0
    for link, path in paths:
        if link.source in others or link.target in others or any(_meets(path, area) for area in others.values()):
            count += 1
            start = _port(link.source, link.source.rights[link.start].x, link.source.rights[link.start].y, down)
            end = _port(link.target, link.target.lefts[link.end].x, link.target.lefts[link.end].y, down)
            path = routed(start, end, areas if count <= _MOST else ())
        found.append((link, path))
    return found


def _port(card: Card, x: float, y: float, down: bool) -> Point:
    return (card.y + y, card.x + x) if down else (card.x + x, card.y + y)


def _area(card: Card, down: bool) -> Area:
    x, y = card.x + card.width, card.y + card.height
    return (card.y, card.x, y, x) if down else (card.x, card.y, x, y)


def _area_of_frame(frame: Frame) -> Area:
    return frame.x, frame.y, frame.x + frame.width, frame.y + frame.height


def _inside(point: Point, area: Area) -> bool:
    return area[0] <= point[0] <= area[2] and area[1] <= point[1] <= area[3]


def _meets(path: Path, area: Area) -> bool:
    """Whether a line may run over a card: whether the box around a piece of it does."""
    at = path.start
    for part in path.parts:
        points = (at, *part)
        low, high = (tuple(pick(p[i] for p in points) for i in (0, 1)) for pick in (min, max))
        if low[0] < area[2] and high[0] > area[0] and low[1] < area[3] and high[1] > area[1]:
            return True
        at = part[-1]
    return False


def _grow(frame: Frame, card: Card) -> None:
    """Make a frame hold a card."""
    left, top = min(frame.x, card.x - _INSET), min(frame.y, card.y - _INSET)
    frame.width = max(frame.x + frame.width, card.x + card.width + _INSET) - left
    frame.height = max(frame.y + frame.height, card.y + card.height + _INSET) - top
    frame.x, frame.y = left, top

"""Cards that no wire leads to, where a person asked for them: there, or at the nearest place that is free."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import product

from dataflow.inspection.elements import Card
from dataflow.inspection.links import Link
from dataflow.inspection.paths import Point
from dataflow.inspection.routing import Area

_GAP = 24.0  # from other cards
_NEAR = 40  # cards around a place that are looked at


def wired(links: Sequence[Link]) -> set[str]:
    """The cards that wires lead to or from."""
    return {card.id for link in links for card in (link.source, link.target)}


def settled(those: Collection[Card], asked: Mapping[str, Point], cards: Collection[Card]) -> dict[str, Point]:
    """The places of loose cards, the middles of which are asked for, beside ``cards``."""
    taken = [(card.x, card.y, card.x + card.width, card.y + card.height) for card in cards]
    found = {}
    for card in those:
        x, y = asked[card.id]
        found[card.id] = left, top = _free(x - card.width / 2, y - card.height / 2, card, taken)
        taken.append((left, top, left + card.width, top + card.height))
    return found


def _free(x: float, y: float, card: Card, taken: Sequence[Area]) -> Point:
    """The place nearest to a point where a card stands free: there, or beside others."""

    def free(left: float, top: float) -> bool:
        right, bottom = left + card.width + _GAP, top + card.height + _GAP
        return all(right <= a[0] or bottom <= a[1] or a[2] + _GAP <= left or a[3] + _GAP <= top for a in taken)

    def far(area: Area) -> float:
        return abs((area[0] + area[2]) / 2 - x) + abs((area[1] + area[3]) / 2 - y)

    if free(x, y):
        return x, y
    near = sorted(taken, key=far)[:_NEAR]
    xs = [x, *(side for a in near for side in (a[0] - card.width - _GAP, a[2] + _GAP))]
    ys = [y, *(side for a in near for side in (a[1] - card.height - _GAP, a[3] + _GAP))]
    places = sorted(product(xs, ys), key=lambda place: abs(place[0] - x) + abs(place[1] - y))
    below = x, max(area[3] for area in taken) + _GAP
    return next((place for place in places if free(*place)), below)

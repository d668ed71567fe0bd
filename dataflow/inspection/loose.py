"""Cards that no wire leads to, where a person asked for them: there, or at the nearest place that is free."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

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
    if not taken:
        return x, y
    left, top, right, bottom = np.array(taken).T
    before, behind = (left - card.width - _GAP, top - card.height - _GAP), (right + _GAP, bottom + _GAP)
    far = np.abs((left + right) / 2 - x) + np.abs((top + bottom) / 2 - y)
    near = np.argsort(far, kind="stable")[:_NEAR]
    xs, ys = (
        np.concatenate([[at], np.stack([first[near], last[near]], 1).ravel()])
        for at, first, last in zip((x, y), before, behind, strict=True)
    )
    # which of these places lie between the edges of each card, along one axis and along the other
    met = [
        ((first < places[:, None]) & (places[:, None] < last)).astype(np.float32)
        for places, first, last in zip((xs, ys), before, behind, strict=True)
    ]
    away = np.abs(xs - x)[:, None] + np.abs(ys - y)
    away[met[0] @ met[1].T > 0] = np.inf
    i, j = np.unravel_index(np.argmin(away), away.shape)
    return (float(xs[i]), float(ys[j])) if away[i, j] < np.inf else (x, float(bottom.max()) + _GAP)

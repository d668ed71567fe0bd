"""The scene of a graph file: a frame per paragraph, in it cards along the wires between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from dataflow.core.errors import DataflowError
from dataflow.graph.graph import Graph
from dataflow.graphfile.outline import Outline
from dataflow.inspection.arrangement import Arrangement, Memory, fit, fitted, known
from dataflow.inspection.cards import Cards
from dataflow.inspection.elements import Card, Frame, Scene, Wire
from dataflow.inspection.folding import folding
from dataflow.inspection.links import Group, Link, groups, links
from dataflow.inspection.loose import settled, wired
from dataflow.inspection.moved import move, rerouted
from dataflow.inspection.packing import nearly
from dataflow.inspection.paths import Path
from dataflow.inspection.sizes import Style, sized

_LIMITS = 1600.0, 1300.0, 1050.0, 850.0, 700.0  # pixels that a row may take
_MOST = 20_000  # cards: more would take many seconds and be unreadable
_WIRES = 0.9  # of its zoom, what a picture is worth in which no wires lead from frame to frame
_FEW = 150  # cards; of more the rows are as long as they may be


def scene(
    outline: Outline,
    graph: Graph,
    *,
    direction: str = "right",
    unfolded: Collection[str] = frozenset(),
    positions: Mapping[str, tuple[float, float]] | None = None,
    types: Mapping[str, str] = MappingProxyType({}),
    values: bool = True,
    memory: Memory | None = None,
    asked: Mapping[str, tuple[float, float]] = MappingProxyType({}),
) -> Scene:
    """The picture of a graph file, or of a graph file that a node of it uses.

    outline : of the file; ``graph`` is that of the loaded file, from which the types come.
    direction : in which wires lead, ``right`` or ``down``.
    unfolded : nodes that get a card of their own though they could be drawn within another.
    positions : of cards that stand elsewhere than where they would be placed, by id.
    types : what `Scene.types` of an earlier scene gave, for ports whose type is not known while something is wrong.
    values : whether the cards have room for the values of a run and the time it takes.
    memory : of the scene before an edit; it becomes that of this one.
    asked : where the middles of cards shall be until they are wired, as near as there is room; one that was wired
        before stays where it was.

    Raises DataflowError when there is too much to draw.
    """
    style = Style(direction == "down", values)
    cards = Cards(outline, graph, folding(outline, unfolded), unfolded, types).all()
    if len(cards) > _MOST:
        raise DataflowError(
            f"drawing: must have at most {_MOST:,} cards, got {len(cards):,}; "
            "draw its parts, or write DOT and let Graphviz draw it"
        )
    for card in cards.values():
        sized(card, style)
    found, given, memory = links(outline, cards), positions or {}, memory or Memory()
    held, asked = wired(found), {**memory.middles, **asked}
    apart = {name: cards[name] for name in asked if name in cards.keys() - held - given.keys()}
    laid = {name: card for name, card in cards.items() if name not in apart}
    parts = groups(outline, laid)
    made = _best(parts, found, style, memory)
    frames = made.place()
    paths = made.paths()
    width, height = (made.breadth, made.length) if style.down else (made.length, made.breadth)
    places = settled(apart.values(), asked, laid.values())
    if moved := move(cards, frames, {**places, **given}):
        paths = rerouted(paths, cards.values(), moved, style.down)
        placed: list[Card | Frame] = [*frames, *moved]
        width = max(width, *(each.x + each.width for each in placed))
        height = max(height, *(each.y + each.height for each in placed))
    if cards:  # of a file that cannot be read there are none
        made.remember()
        memory.middles = {name: _middle(card) for name, card in cards.items() if name in held or name in apart}
    wires = [_wire(link, path, style.down) for link, path in paths]
    return Scene(width, height, frames, [*cards.values()], wires)


def _best(parts: Sequence[Group], found: Sequence[Link], style: Style, memory: Memory) -> Arrangement:
    """The arrangement that a page shows largest.

    Frames leave their order only where that is worth the wires between them.
    """
    if sum(len(part.cards) for part in parts) > _FEW:
        return Arrangement(parts, found, [_LIMITS[0]] * len(parts), style, memory)
    orders = (False, True) if len(parts) > 2 else (False,)
    tried = {free: _lengths(parts, found, style, memory, free) for free in orders}
    free = max(orders, key=lambda each: tried[each][0] * (_WIRES if each else 1.0))
    was = memory.free
    if was in tried and nearly(tried[was][0], tried[free][0]):
        free = was
    return Arrangement(parts, found, tried[free][1], style, memory, free)  # anew, as each gives the cards other chips


def _lengths(
    parts: Sequence[Group], found: Sequence[Link], style: Style, memory: Memory, free: bool
) -> tuple[float, Sequence[float]]:
    """The zoom at which a page shows the best arrangement, and how long rows are in it.

    First rows of one length are tried, then frame by frame others. Where rows of the lengths that they had are nearly
    as good, they keep them.
    """
    sizes = {limit: Arrangement(parts, found, [limit] * len(parts), style, memory, free).sizes for limit in _LIMITS}

    @cache  # as rows of many frames end well before they may
    def zoom(*frames: tuple[float, float]) -> float:
        packing = fitted(frames, style.down, free=free)[0]
        return fit(packing.length, packing.breadth, style.down)

    def score(limits: Sequence[float]) -> tuple[float, float]:
        return zoom(*(sizes[limit][i] for i, limit in enumerate(limits))), sum(limits)

    best = max(([limit] * len(parts) for limit in _LIMITS), key=score)
    for i in range(len(parts)) if len(parts) > 1 else ():
        best = max(([*best[:i], limit, *best[i + 1 :]] for limit in _LIMITS), key=score)
    kept = [known(memory.limits, part.cards) or limit for part, limit in zip(parts, best, strict=True)]
    if nearly(score(kept)[0], score(best)[0]):
        best = kept
    return score(best)[0], best


def _middle(card: Card) -> tuple[float, float]:
    return card.x + card.width / 2, card.y + card.height / 2


def _wire(link: Link, path: Path, down: bool) -> Wire:
    source, target = link.source.rights[link.start], link.target.lefts[link.end]
    ends = (link.source.id, source.name), (link.target.id, target.name)
    return Wire(f"{link.target.id}.{target.name}", *ends, source.family, link.source.gradient, path.data(down))

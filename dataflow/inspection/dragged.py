"""Scenes in which some cards stand where a person has put them."""

from __future__ import annotations

from collections.abc import Mapping

from dataflow.inspection.elements import Card, LeftPort, RightPort, Scene

_BOW = 40.0  # pixels in which a wire leaves a port straight, at least


def dragged(scene: Scene, positions: Mapping[str, tuple[float, float]]) -> Scene:
    """The scene with cards at other positions, by id, and the wires that lead to them drawn anew; changed in place.

    A card that is put out of its frame belongs to none; frames stay as they are.
    """
    cards = {card.id: card for card in scene.cards}
    moved = cards.keys() & positions.keys()
    if not moved:
        return scene
    frames = {frame.id: frame for frame in scene.frames}
    for name in moved:
        card = cards[name]
        card.x, card.y = positions[name]
        frame = frames.get(card.frame)
        if frame is not None and not (
            frame.x <= card.x <= frame.x + frame.width - card.width
            and frame.y <= card.y <= frame.y + frame.height - card.height
        ):
            card.frame = ""
    for wire in scene.wires:
        if wire.source[0] in moved or wire.target[0] in moved:
            source, target = cards[wire.source[0]], cards[wire.target[0]]
            start = next(port for port in source.rights if port.name == wire.source[1])
            end = next(port for port in target.lefts if port.name == wire.target[1])
            wire.path = _curve(source, start, target, end)
    scene.width = max(scene.width, *(card.x + card.width for card in cards.values()))
    scene.height = max(scene.height, *(card.y + card.height for card in cards.values()))
    return scene


def _curve(source: Card, start: RightPort, target: Card, end: LeftPort) -> str:
    """A wire that leaves its card and arrives at another straight, to the right or downwards as the ports lie."""
    ax, ay, bx, by = source.x + start.x, source.y + start.y, target.x + end.x, target.y + end.y
    if start.x >= source.width:
        bow = max(abs(bx - ax) / 2, _BOW)
        return f"M{ax:.1f} {ay:.1f}C{ax + bow:.1f} {ay:.1f} {bx - bow:.1f} {by:.1f} {bx:.1f} {by:.1f}"
    bow = max(abs(by - ay) / 2, _BOW)
    return f"M{ax:.1f} {ay:.1f}C{ax:.1f} {ay + bow:.1f} {bx:.1f} {by - bow:.1f} {bx:.1f} {by:.1f}"

"""Wires from a row into the next: around rows and frames, in the gutters between them."""

from __future__ import annotations

from dataclasses import dataclass

from dataflow.inspection.packing import Packing, Rect
from dataflow.inspection.paths import Path, Point

_LANE = 7.0  # between wires in a gutter
_LANES = (0, 1, -1, 2, -2)


@dataclass(frozen=True, slots=True)
class Hop:
    """From a rectangle to the next one in its packing, which lies at this point."""

    packing: Packing
    source: Rect
    target: Rect
    origin: Point = (0.0, 0.0)


class Gutters:
    """Gives out lanes so that no two wires lie on each other."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, float], list[tuple[float, float]]] = {}
        self._known: dict[tuple[str, int], list[float]] = {}  # lanes by the port that a wire comes from

    def lead(self, path: Path, port: tuple[str, int], hop: Hop, end: Point) -> None:
        """Draw a wire on from the edge of a rectangle to a point on the edge of the next one.

        port : where it comes from; wires from one port share their lanes.
        """
        packing, source, target, (x, y) = hop.packing, hop.source, hop.target, hop.origin
        half, start = packing.gap / 2, path.end
        ahead = x + _end(packing, source) + half
        lanes = self._known.setdefault(port, [])
        if source.shelf == target.shelf and source.stack != target.stack:
            if not lanes:
                lanes.append(self._lane("along", ahead, start[1], end[1], half))
            if abs(end[1] - start[1]) < half:
                path.line((ahead - half / 2, start[1]))
                path.curve((ahead + half / 2, end[1]))
                path.line(end)
            else:
                path.corners([(lanes[0], start[1]), (lanes[0], end[1]), end])
            return
        if not lanes:
            stacked = source.shelf == target.shelf
            below = y + (source.across + source.breadth if stacked else packing.ends[source.shelf]) + half
            far = self._lane("along", ahead, start[1], below, half)
            behind = x + packing.shelves[target.shelf][target.stack].along - half
            near = self._lane("along", behind, below, end[1], half)
            lanes += far, self._lane("across", below, near, far, half), near
        far, level, near = lanes
        path.corners([(far, start[1]), (far, level), (near, level), (near, end[1]), end])

    def _lane(self, direction: str, middle: float, one: float, other: float, half: float) -> float:
        """A lane about the middle of a gutter that is free between two others; where none is, the middle."""
        low, high = min(one, other) - _LANE, max(one, other) + _LANE
        for step in (step for step in _LANES if abs(step) * _LANE < half - 2):
            at = round(middle + step * _LANE, 1)
            taken = self._taken.setdefault((direction, at), [])
            if all(high <= a or b <= low for a, b in taken):
                break
        else:
            at = round(middle, 1)
        self._taken[direction, at].append((low, high))
        return at


def _end(packing: Packing, rect: Rect) -> float:
    """Where the stack of a rectangle ends; of the last one on its shelf, where the rectangle does."""
    shelf = packing.shelves[rect.shelf]
    stack = shelf[rect.stack]
    return rect.along + rect.length if rect.stack + 1 == len(shelf) else stack.along + stack.length

"""The lines of wires: level pieces joined by curves, and right angles with round corners."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]  # along the wires, and across
Part = tuple[Point, ...]  # where a straight line leads, or the three points of a curve

_RADIUS = 9.0


class Path:
    """A line that is being drawn, from a point on."""

    def __init__(self, start: Point):
        self.start, self.end = start, start
        self.parts: list[Part] = []

    def line(self, to: Point) -> None:
        """Straight on to a point."""
        if to != self.end:
            self.parts.append((to,))
            self.end = to

    def curve(self, to: Point) -> None:
        """In a curve that begins and ends along the wires."""
        if to[1] == self.end[1]:
            self.line(to)
            return
        middle = (self.end[0] + to[0]) / 2
        self.parts.append(((middle, self.end[1]), (middle, to[1]), to))
        self.end = to

    def corners(self, points: Sequence[Point]) -> None:
        """Along points, round where it turns."""
        before = self.end
        for i, corner in enumerate(points):
            if i + 1 == len(points):
                self.line(corner)
                break
            after = points[i + 1]
            if before[0] == corner[0] == after[0] or before[1] == corner[1] == after[1]:
                continue  # no corner
            a, b = _toward(corner, before), _toward(corner, after)
            self.line(a)
            self.parts.append((_between(a, corner), _between(b, corner), b))
            self.end = before = b

    def data(self, down: bool) -> str:
        """The data of an SVG path; ``down``: wires lead from the top to the bottom."""

        def shown(point: Point) -> str:
            x, y = point[::-1] if down else point
            return f"{x:.1f} {y:.1f}"

        return f"M{shown(self.start)}" + "".join(
            "LC"[len(part) > 1] + " ".join(map(shown, part)) for part in self.parts
        )


def _toward(corner: Point, other: Point) -> Point:
    """The point before a corner where the round begins: at most half way to the other."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    far = max(abs(dx), abs(dy))
    part = min(_RADIUS, far / 2) / far if far else 0.0
    return corner[0] + dx * part, corner[1] + dy * part


def _between(end: Point, corner: Point) -> Point:
    """The control point of a quarter of a circle."""
    return end[0] + 0.55 * (corner[0] - end[0]), end[1] + 0.55 * (corner[1] - end[1])

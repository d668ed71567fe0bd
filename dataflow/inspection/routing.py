"""The line of a wire between cards that stand anywhere: along and across, around every card, with few turns."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

from dataflow.inspection.paths import Path, Point

Area = tuple[float, float, float, float]  # from here along and across, to there

_STUB, _CLEAR, _BEND = 16.0, 10.0, 60.0  # straight at both ends; from cards; what a turn costs, in pixels
_NEAR = 400.0  # how far around a wire cards are looked at
_DIRECTIONS = ((1, 0), (0, 1), (0, -1), (-1, 0))


def routed(start: Point, end: Point, cards: Iterable[Area]) -> Path:
    """A line from a port to another; where there is no way around the cards, a plain curve."""
    path = Path(start)
    out, into = (start[0] + _STUB, start[1]), (end[0] - _STUB, end[1])
    low = min(out[0], into[0]) - _NEAR, min(out[1], into[1]) - _NEAR
    high = max(out[0], into[0]) + _NEAR, max(out[1], into[1]) + _NEAR
    near = [a for a in cards if a[0] < high[0] and a[2] > low[0] and a[1] < high[1] and a[3] > low[1]]
    corners = _corners(out, into, near)
    if corners is None:
        path.curve(end)
    else:
        path.corners([*corners, end])
    return path


def _corners(start: Point, end: Point, cards: Sequence[Area]) -> list[Point] | None:
    """The points of the shortest way with few turns; None where there is none."""
    areas = [(a - _CLEAR, b - _CLEAR, c + _CLEAR, d + _CLEAR) for a, b, c, d in cards]
    xs = sorted({start[0], end[0], *(x for a in areas for x in (a[0], (a[0] + a[2]) / 2, a[2]))})
    ys = sorted({start[1], end[1], *(y for a in areas for y in (a[1], (a[1] + a[3]) / 2, a[3]))})
    blocked = {
        (i, j)
        for a in areas
        for i in range(bisect_right(xs, a[0]), bisect_left(xs, a[2]))
        for j in range(bisect_right(ys, a[1]), bisect_left(ys, a[3]))
    }
    first = xs.index(start[0]), ys.index(start[1])
    goal = xs.index(end[0]), ys.index(end[1])
    if first in blocked or goal in blocked:
        return None
    begin = (*first, 0)
    costs = {begin: 0.0}
    came: dict[tuple[int, int, int], tuple[int, int, int]] = {}
    waiting = [(0.0, begin)]
    while waiting:
        _, state = heappop(waiting)
        i, j, way = state
        if (i, j) == goal:
            return [(xs[a], ys[b]) for a, b, _ in _trail(state, came)]
        for turn, (di, dj) in enumerate(_DIRECTIONS):
            a, b = i + di, j + dj
            if turn + way == 3 or not (0 <= a < len(xs) and 0 <= b < len(ys)) or (a, b) in blocked:
                continue
            far = abs(xs[a] - xs[i]) + abs(ys[b] - ys[j])
            cost = costs[state] + far + _BEND * (turn != way) + _BEND * ((a, b) == goal and turn != 0)
            after = (a, b, turn)
            if cost < costs.get(after, float("inf")):
                costs[after], came[after] = cost, state
                left = abs(xs[a] - end[0]) + abs(ys[b] - end[1])
                heappush(waiting, (cost + left, after))
    return None


def _trail(
    state: tuple[int, int, int], came: dict[tuple[int, int, int], tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    found = [state]
    while found[-1] in came:
        found.append(came[found[-1]])
    return found[::-1]
